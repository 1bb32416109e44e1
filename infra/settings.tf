# What the functions are told by their environment. Secrets they read themselves (secrets.tf).

locals {
  # Every variable that the code reads, and which function does; a test holds this against the code. What is empty is not
  # set: the code then takes its default.
  settings = {
    ALLOWED_DOMAINS       = { value = join(",", var.allowed_domains), readers = ["web", "worker"] }
    FIRESTORE_DATABASE    = { value = var.firestore_database, readers = ["dispatcher", "worker", "web"] }
    GOOGLE_CLOUD_PROJECT  = { value = var.project_id, readers = ["dispatcher", "worker", "web"] }
    HISTORY_DAYS          = { value = tostring(var.history_days), readers = ["worker", "web"] }
    OAUTH_CLIENT_ID       = { value = var.oauth_client_id, readers = ["worker", "web"] }
    POLICY                = { value = var.policy, readers = ["worker", "web"] }
    QUIET_HOURS           = { value = var.quiet_hours == null ? "" : var.quiet_hours, readers = ["worker", "web"] }
    SUGAR_CLIENT_ID       = { value = var.sugar_client_id, readers = ["worker", "web"] }
    SUGAR_PLATFORM        = { value = var.sugar_platform, readers = ["worker", "web"] }
    SUGAR_REST_VERSION    = { value = var.sugar_rest_version, readers = ["worker", "web"] }
    SUGAR_SUDO_PLATFORM   = { value = var.sugar_sudo_platform, readers = ["worker", "web"] }
    SUGAR_URL             = { value = var.sugar_url, readers = ["worker", "web"] }
    SUGAR_USERNAME        = { value = var.sugar_username, readers = ["worker", "web"] }
    TASKS_BULK_QUEUE      = { value = local.queue_paths["bulk"], readers = ["dispatcher", "worker", "web"] }
    TASKS_MAX_ATTEMPTS    = { value = tostring(var.tasks_max_attempts), readers = ["worker"] }
    TASKS_QUEUE           = { value = local.queue_paths["scheduled"], readers = ["dispatcher", "worker", "web"] }
    TASKS_SERVICE_ACCOUNT = { value = google_service_account.this["invoker"].email, readers = ["dispatcher", "worker", "web"] }
    TASKS_URGENT_QUEUE    = { value = local.queue_paths["urgent"], readers = ["worker", "web"] }
    WEB_URL               = { value = local.web_url, readers = ["web"] }
    WORKER_URL            = { value = local.addresses["worker"], readers = ["dispatcher", "worker", "web"] }
  }

  deployment = substr(sha256(jsonencode([filesha256(local.source_zip), local.settings, local.functions])), 0, 12)

  environments = {
    for function in keys(local.functions) : function => merge(
      {
        for name, setting in local.settings : name => setting.value
        if contains(setting.readers, function) && setting.value != ""
      },
      {
        # Else Cloud Functions sets it to true, and the framework takes the logs out of our hands.
        LOG_EXECUTION_ID = "false"
        # The framework's server would have four threads, however many requests Cloud Run sends at a time.
        THREADS = tostring(local.functions[function].concurrency)
        # What one deployment made, infra/rollback finds by it: whatever changes, all three functions get a new revision.
        DEPLOYMENT = local.deployment
      },
    )
  }
}
