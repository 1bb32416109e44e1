locals {
  queues = {
    # Regular syncs.
    scheduled = var.queue_concurrency.scheduled
    # Sync Now, previews, whatever a person ordered, and hooks: somebody is waiting.
    urgent = var.queue_concurrency.urgent
    # First syncs, continuations, reconciles: much work for which nobody waits, and which nobody has to wait for.
    bulk = var.queue_concurrency.bulk
  }

  queue_names = { for queue in keys(local.queues) : queue => "${var.name}-${queue}" }
  queue_paths = {
    for queue, name in local.queue_names :
    queue => "projects/${var.project_id}/locations/${var.region}/queues/${name}"
  }

  # Nobody waits for what the dispatcher enqueues.
  queue_users = {
    scheduled = ["dispatcher", "worker", "web"]
    urgent    = ["worker", "web"]
    bulk      = ["dispatcher", "worker", "web"]
  }

  queue_members = merge([
    for queue, functions in local.queue_users : {
      for function in functions : "${queue}/${function}" => { queue = queue, function = function }
    }
  ]...)
}

resource "google_cloud_tasks_queue" "this" {
  for_each = local.queues

  project  = var.project_id
  name     = local.queue_names[each.key]
  location = var.region

  rate_limits {
    max_concurrent_dispatches = each.value
    # A run takes a fifth of a second at the very least, so this never holds one back, and 100 runs at a time reach the 500
    # that Cloud Tasks allows. What ends at once, because it has nothing to do, comes no faster for it.
    max_dispatches_per_second = 5 * each.value
  }

  # The worker answers an error only for a fault that all users share, so its successors wait for minutes: 30 s, 60 s,
  # 120 s, 240 s. At the last attempt, which it knows by counting, it records the failure and ends the task itself.
  # Where even that is not possible, because it cannot be reached or the database does not answer, nobody replaces a
  # scheduled task for six hours, so its queue keeps it that long: both limits must be used up. What a person waits for
  # is given up sooner, and hooks, of which many would wait, too.
  retry_config {
    max_attempts       = var.tasks_max_attempts
    max_retry_duration = each.key == "urgent" ? null : "21600s"
    min_backoff        = "30s"
    max_backoff        = "300s"
    max_doublings      = 3
  }

  # A queue takes its tasks along, disconnects that people ordered among them, and its name is not free again for days.
  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.api]
}

resource "google_cloud_tasks_queue_iam_member" "enqueuer" {
  for_each = local.queue_members

  project  = var.project_id
  location = var.region
  name     = google_cloud_tasks_queue.this[each.value.queue].name
  role     = "roles/cloudtasks.enqueuer"
  member   = google_service_account.this[each.value.function].member
}
