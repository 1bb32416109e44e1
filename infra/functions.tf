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
      timeout       = 120
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
