<?php

declare(strict_types=1);

namespace Sugarcrm\Sugarcrm\custom\modules\Contacts;

use Sugarcrm\Sugarcrm\Security\HttpClient\ExternalResourceClient;

/**
 * Tells the contact sync that a contact has changed: ids only, signed with a secret that both sides know.
 *
 * Two values in config_override.php; without both nothing is sent:
 *
 *     $sugar_config['contact_sync_url'] = 'https://sync.example.com';   // the address of the web function
 *     $sugar_config['contact_sync_secret'] = '...';                     // one of its HOOK_TOKENS
 *
 * What is sent is a hint: the sync reads the contact itself, and finds what no hint told it about at its next regular
 * look. So a call that fails is neither repeated nor allowed to disturb the user who saves.
 */
class ContactSyncHook
{
    private const PATH = '/hooks/sugar/signed';
    private const HEADER = 'X-Contact-Sync-Signature';

    /** The user waits for it. A call that is cut off here has usually arrived all the same. */
    private const TIMEOUT_SECONDS = 2.0;

    /** So long no call is tried after one that failed: a mass update must not wait once for every record. */
    private const PAUSE_SECONDS = 30;

    private static int $silentUntil = 0;

    /**
     * The hook of all events. The parameters carry no types: a value of another type would end the user's save.
     *
     * @param \SugarBean $bean
     * @param string $event
     * @param array $arguments
     */
    public function call($bean, $event, $arguments): void
    {
        $secret = '';
        try {
            $config = \SugarConfig::getInstance();
            $url = (string) $config->get('contact_sync_url', '');
            $secret = (string) $config->get('contact_sync_secret', '');
            if ($url === '' || $secret === '' || time() < self::$silentUntil) {
                return;
            }
            $this->send(rtrim($url, '/') . self::PATH, $secret, $this->body($bean, (string) $event, $arguments));
        } catch (\Throwable $failure) {
            self::$silentUntil = time() + self::PAUSE_SECONDS;
            $said = str_replace($secret, '***', $failure->getMessage());
            \LoggerManager::getLogger()->error('Contact sync: the call failed: ' . $said);
        }
    }

    private function send(string $url, string $secret, string $body): void
    {
        $seconds = time();
        $signature = hash_hmac('sha256', $seconds . '.' . $body, $secret);
        $headers = [
            'Content-Type' => 'application/json',
            self::HEADER => 't=' . $seconds . ',v1=' . $signature,
        ];
        $answer = (new ExternalResourceClient(self::TIMEOUT_SECONDS, 0))->post($url, $body, $headers);
        $status = $answer->getStatusCode();
        if ($status === 204) {
            \LoggerManager::getLogger()->debug('Contact sync: called');
        } elseif ($status === 404) {
            $why = 'contact_sync_secret is none of its HOOK_TOKENS, or the clocks are five minutes apart';
            \LoggerManager::getLogger()->error('Contact sync: the call was not recognized: ' . $why);
        } else {
            \LoggerManager::getLogger()->error('Contact sync: the call was answered with ' . $status);
        }
    }

    /** The ids of the contact, of its owners now and before, and of what it was related to or parted from. */
    private function body($bean, string $event, $arguments): string
    {
        $arguments = is_array($arguments) ? $arguments : [];
        $payload = [
            'bean' => 'Contact',
            'event' => $event,
            'id' => $bean->id,
            'data' => ['id' => $bean->id, 'assigned_user_id' => $bean->assigned_user_id ?? null],
        ];
        // Older releases know dataChanges alone; newer ones keep it for audited fields only.
        $change = $arguments['stateChanges']['assigned_user_id'] ?? $arguments['dataChanges']['assigned_user_id'] ?? null;
        if (is_array($change)) {
            $owners = ['before' => $change['before'] ?? null, 'after' => $change['after'] ?? null];
            $payload['stateChanges'] = ['assigned_user_id' => $owners];
        }
        if (isset($arguments['related_id'], $arguments['related_module'])) {
            $payload['related_id'] = $arguments['related_id'];
            $payload['related_module'] = $arguments['related_module'];
        }
        return json_encode($payload, JSON_THROW_ON_ERROR);
    }
}
