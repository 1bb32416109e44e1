# The three functions: one zip, one entry point each.

locals {
  functions = {
    dispatcher = {
      public      = false
      timeout     = 120
      concurrency = 1
      # Cloud Scheduler never has two calls of one job under way; the second instance is for one that hangs.
      min_instances = 0
      max_instances = 2
    }
    worker = {
      public = false
      # Longer than a run's lease, shorter than Cloud Tasks' patience: a run is ended here before another attempt begins.
      timeout       = 540
      concurrency   = 1
      min_instances = 0
      max_instances = sum(values(local.queues))
    }
    web = {
      public        = true
      timeout       = 60
      concurrency   = var.web_capacity.concurrency
      min_instances = var.web_capacity.min_instances
      max_instances = var.web_capacity.max_instances
    }
  }

  function_names = { for function in keys(local.functions) : function => "${var.name}-${function}" }

  # Cloud Run's second address of a service, which is known before the service exists: a function is told its own, and
  # Cloud Run accepts it as the audience of a token.
  addresses = {
    for function, name in local.function_names :
    function => "https://${name}-${data.google_project.this.number}.${var.region}.run.app"
  }

  web_url = coalesce(var.web_address, local.addresses["web"])

  # Every variable that the code reads, the secrets aside. What is empty is not set: the code then takes its default.
  settings = {
    ALLOWED_DOMAINS       = join(",", var.allowed_domains)
    FIRESTORE_DATABASE    = var.firestore_database
    GOOGLE_CLOUD_PROJECT  = var.project_id
    HISTORY_DAYS          = tostring(var.history_days)
    OAUTH_CLIENT_ID       = var.oauth_client_id
    POLICY                = var.policy
    QUIET_HOURS           = var.quiet_hours == null ? "" : var.quiet_hours
    SUGAR_CLIENT_ID       = var.sugar_client_id
    SUGAR_PLATFORM        = var.sugar_platform
    SUGAR_REST_VERSION    = var.sugar_rest_version
    SUGAR_SUDO_PLATFORM   = var.sugar_sudo_platform
    SUGAR_URL             = var.sugar_url
    SUGAR_USERNAME        = var.sugar_username
    TASKS_MAX_ATTEMPTS    = tostring(var.tasks_max_attempts)
    TASKS_QUEUE           = local.queue_paths["scheduled"]
    TASKS_SERVICE_ACCOUNT = google_service_account.this["invoker"].email
    TASKS_URGENT_QUEUE    = local.queue_paths["urgent"]
    WEB_URL               = local.web_url
    WORKER_URL            = local.addresses["worker"]
  }

  everywhere = ["FIRESTORE_DATABASE", "GOOGLE_CLOUD_PROJECT", "TASKS_QUEUE", "TASKS_SERVICE_ACCOUNT", "WORKER_URL"]
  runs = [
    "HISTORY_DAYS", "OAUTH_CLIENT_ID", "POLICY", "QUIET_HOURS", "SUGAR_CLIENT_ID", "SUGAR_PLATFORM", "SUGAR_REST_VERSION",
    "SUGAR_SUDO_PLATFORM", "SUGAR_URL", "SUGAR_USERNAME", "TASKS_URGENT_QUEUE",
  ]

  # Which function reads which of them.
  reads = {
    dispatcher = local.everywhere
    worker     = concat(local.everywhere, local.runs, ["TASKS_MAX_ATTEMPTS"])
    web        = concat(local.everywhere, local.runs, ["ALLOWED_DOMAINS", "WEB_URL"])
  }

  environments = {
    for function, names in local.reads : function => merge(
      { for name in names : name => local.settings[name] if local.settings[name] != "" },
      {
        # Else Cloud Functions sets it to true, and the framework takes the logs out of our hands.
        LOG_EXECUTION_ID = "false"
        # The framework's server would have four threads, however many requests Cloud Run sends at a time.
        THREADS = tostring(local.functions[function].concurrency)
      },
    )
  }
}

resource "google_cloudfunctions2_function" "this" {
  for_each = local.functions

  project     = var.project_id
  name        = local.function_names[each.key]
  location    = var.region
  description = local.accounts[each.key]

  build_config {
    runtime           = "python312"
    entry_point       = each.key
    service_account   = google_service_account.this["build"].id
    docker_repository = google_artifact_registry_repository.images.id

    source {
      storage_source {
        bucket = google_storage_bucket_object.source.bucket
        object = google_storage_bucket_object.source.name
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.this[each.key].email
    environment_variables            = local.environments[each.key]
    available_cpu                    = "1"
    available_memory                 = "512Mi"
    timeout_seconds                  = each.value.timeout
    max_instance_request_concurrency = each.value.concurrency
    min_instance_count               = each.value.min_instances
    max_instance_count               = each.value.max_instances
    ingress_settings                 = each.value.public ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"
    all_traffic_on_latest_revision   = true
  }

  depends_on = [
    google_cloud_tasks_queue.this,
    google_firestore_database.this,
    google_project_iam_member.build_reads_sources,
    google_project_iam_member.this,
    google_secret_manager_secret_iam_member.reader,
    google_service_account_iam_member.deploy_acts_as,
  ]
}
