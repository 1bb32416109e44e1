<?php

// Order, label, file (none: the class is found by its name), class, method.

$hook_array['after_save'][] = [100, 'Contact sync', null, 'Sugarcrm\\Sugarcrm\\custom\\modules\\Contacts\\ContactSyncHook', 'call'];
$hook_array['after_delete'][] = [100, 'Contact sync', null, 'Sugarcrm\\Sugarcrm\\custom\\modules\\Contacts\\ContactSyncHook', 'call'];
$hook_array['after_restore'][] = [100, 'Contact sync', null, 'Sugarcrm\\Sugarcrm\\custom\\modules\\Contacts\\ContactSyncHook', 'call'];
$hook_array['after_relationship_add'][] = [100, 'Contact sync', null, 'Sugarcrm\\Sugarcrm\\custom\\modules\\Contacts\\ContactSyncHook', 'call'];
$hook_array['after_relationship_delete'][] = [100, 'Contact sync', null, 'Sugarcrm\\Sugarcrm\\custom\\modules\\Contacts\\ContactSyncHook', 'call'];
