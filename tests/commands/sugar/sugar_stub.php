<?php

// As much of Sugar as the package's hook touches. Reads a scenario from standard input, has the hooks called as Sugar
// calls them, and prints what was sent and logged.

declare(strict_types=1);

namespace Sugarcrm\Sugarcrm\Security\HttpClient {
    final class ExternalResourceClient
    {
        public function __construct(private float $timeout = 10, private int $maxRedirects = 3)
        {
        }

        public function post(string $url, $body, array $headers = []): object
        {
            $GLOBALS['calls'][] = [
                'url' => $url,
                'body' => $body,
                'headers' => $headers,
                'timeout' => $this->timeout,
                'redirects' => $this->maxRedirects,
            ];
            $answer = $GLOBALS['scenario']['answer'];
            if (is_string($answer)) {
                throw new \RuntimeException($answer);
            }
            return new class ($answer) {
                public function __construct(private int $status)
                {
                }

                public function getStatusCode(): int
                {
                    return $this->status;
                }
            };
        }
    }
}

namespace {
    error_reporting(E_ALL);
    set_error_handler(function (int $level, string $message): bool {
        throw new ErrorException($message, 0, $level);
    });

    final class SugarConfig
    {
        public static function getInstance(): self
        {
            return new self();
        }

        public function get(string $key, $default = null)
        {
            return $GLOBALS['scenario']['config'][$key] ?? $default;
        }
    }

    final class LoggerManager
    {
        public static function getLogger(): self
        {
            return new self();
        }

        public function __call(string $level, array $arguments): void
        {
            $GLOBALS['log'][] = [$level, $arguments[0]];
        }
    }

    $calls = $log = $hook_array = [];
    $scenario = json_decode(stream_get_contents(STDIN), true);
    foreach (['custom/modules/Contacts/ContactSyncHook.php', 'custom/Extension/modules/Contacts/Ext/LogicHooks/contact_sync.php'] as $file) {
        require $scenario['package'] . '/' . $file;
    }
    foreach ($scenario['events'] as [$event, $bean, $arguments]) {
        foreach ($hook_array[$event] as [$order, $label, $unused, $class, $method]) {
            (new $class())->$method(is_array($bean) ? (object) $bean : $bean, $event, $arguments);
        }
    }
    echo json_encode(['calls' => $calls, 'log' => $log, 'events' => array_keys($hook_array)]);
}
