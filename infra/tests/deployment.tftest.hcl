# A deployment, applied to a Google Cloud that only pretends: what is in it, and that a second one changes nothing.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  alert_emails    = ["admin@example.com"]
  allowed_domains = ["example.com", "example.org"]
  oauth_client_id = "123-abc.apps.googleusercontent.com"
  project_id      = "my-project"
  secret_rotation = { topic = "projects/my-project/topics/contact-sync-secrets" }
  source_zip      = "firestore.rules" # any file: its hash is all that counts here
  sugar_url       = "https://sugar.example.com"
  sugar_username  = "contact-sync"
}

run "first" {
  command = apply

  assert {
    condition     = [for function, bindings in google_cloud_run_v2_service_iam_member.public : "${function} ${bindings.member}"] == ["web allUsers"]
    error_message = "Web, and only web, is public."
  }
  assert {
    condition     = keys(google_cloud_run_v2_service_iam_member.invoker) == ["dispatcher", "worker"]
    error_message = "The invoker may call dispatcher and worker."
  }
  assert {
    condition = alltrue([
      for function in ["dispatcher", "worker"] :
      google_cloudfunctions2_function.this[function].service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
    ])
    error_message = "Nothing from outside reaches dispatcher and worker."
  }
  assert {
    condition     = google_cloudfunctions2_function.this["worker"].service_config[0].environment_variables["WORKER_URL"] == "https://contact-sync-worker-123456789012.europe-west1.run.app"
    error_message = "The worker knows its own address."
  }
  assert {
    condition     = google_cloudfunctions2_function.this["web"].service_config[0].environment_variables["WEB_URL"] == "https://contact-sync-web-123456789012.europe-west1.run.app"
    error_message = "Web knows its own address."
  }
  assert {
    condition = alltrue([
      google_cloud_scheduler_job.dispatcher.http_target[0].uri == "https://contact-sync-dispatcher-123456789012.europe-west1.run.app",
      google_cloud_scheduler_job.dispatcher.http_target[0].oidc_token[0].audience == google_cloud_scheduler_job.dispatcher.http_target[0].uri,
    ])
    error_message = "The scheduler's token is for the address that it calls."
  }
  assert {
    condition = (
      google_cloudfunctions2_function.this["worker"].service_config[0].max_instance_count ==
      sum([for queue in google_cloud_tasks_queue.this : queue.rate_limits[0].max_concurrent_dispatches])
    )
    error_message = "There are as many workers as both queues dispatch to."
  }
  assert {
    condition = alltrue([
      for queue in google_cloud_tasks_queue.this :
      queue.rate_limits[0].max_dispatches_per_second == 5 * queue.rate_limits[0].max_concurrent_dispatches
    ])
    error_message = "A queue dispatches as fast as its runs could end."
  }
  assert {
    condition = alltrue([
      for queue in google_cloud_tasks_queue.this :
      tostring(queue.retry_config[0].max_attempts) == google_cloudfunctions2_function.this["worker"].service_config[0].environment_variables["TASKS_MAX_ATTEMPTS"]
    ])
    error_message = "The worker knows which attempt is the last."
  }
  assert {
    condition = alltrue([
      for function in google_cloudfunctions2_function.this :
      function.service_config[0].environment_variables["THREADS"] == tostring(function.service_config[0].max_instance_request_concurrency)
    ])
    error_message = "Every request that Cloud Run sends at a time has a thread."
  }
  assert {
    condition     = alltrue([for secret, settings in google_secret_manager_secret.this : length(settings.rotation) == (secret == "INDEX_KEY" ? 0 : 1)])
    error_message = "Every secret but the index key is to be renewed."
  }
  assert {
    condition     = [for channel in google_monitoring_notification_channel.email : channel.labels.email_address] == ["admin@example.com"]
    error_message = "The alerts go to alert_emails."
  }
}

run "second" {
  command = plan
}
