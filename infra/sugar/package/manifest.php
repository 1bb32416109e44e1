<?php

// What Sugar's module loader reads first. PHP 8.1 is what Sugar 13 and later run on.

$manifest = [
    'id' => 'contact_sync_hook',
    'name' => 'Contact sync: tells it when a contact has changed',
    'description' => 'Calls the contact sync, signed and with ids only, whenever a contact is saved, deleted, restored, '
        . 'related or unrelated.',
    'version' => '1.0.0',
    'author' => 'Contact sync',
    'type' => 'module',
    'is_uninstallable' => true,
    'published_date' => '2026-01-01 00:00:00',
    'acceptable_sugar_flavors' => ['PRO', 'ENT', 'ULT'],
    'acceptable_sugar_versions' => [
        'regex_matches' => ['^(13|14|25|26)\..*$'],
    ],
];

$installdefs = [
    'id' => 'contact_sync_hook',
    'copy' => [
        [
            'from' => '<basepath>/custom/modules/Contacts/ContactSyncHook.php',
            'to' => 'custom/modules/Contacts/ContactSyncHook.php',
        ],
        [
            'from' => '<basepath>/custom/Extension/modules/Contacts/Ext/LogicHooks/contact_sync.php',
            'to' => 'custom/Extension/modules/Contacts/Ext/LogicHooks/contact_sync.php',
        ],
    ],
];
