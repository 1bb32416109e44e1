resource "google_cloud_scheduler_job" "dispatcher" {
  project     = var.project_id
  region      = var.region
  name        = "${var.name}-dispatcher"
  description = "Every minute: a task for each user who is due"
  schedule    = "* * * * *"
  time_zone   = "Etc/UTC"

  # Longer than the function's own limit: a call that runs into that one has ended before this one is given up.
  attempt_deadline = "${local.functions["dispatcher"].timeout + 30}s"

  # The next minute is the repetition.
  retry_config {
    retry_count = 0
  }

  http_target {
    http_method = "POST"
    uri         = local.addresses["dispatcher"]

    oidc_token {
      service_account_email = google_service_account.this["invoker"].email
      audience              = local.addresses["dispatcher"]
    }
  }

  depends_on = [google_cloud_run_v2_service_iam_member.invoker]
}
