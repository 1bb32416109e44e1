# A deployment of which everything lies, and is called, other than by default.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  allowed_domains = ["example.com"]
  oauth_client_id = "123-abc.apps.googleusercontent.com"
  project_id      = "my-project"
  source_zip      = "firestore.rules"
  sugar_url       = "https://sugar.example.com"
  sugar_username  = "contact-sync"
}

run "as_much_as_possible" {
  command = plan

  variables {
    queue_concurrency = { scheduled = 100 }
  }

  assert {
    condition     = google_cloud_tasks_queue.this["scheduled"].rate_limits[0].max_dispatches_per_second == 500
    error_message = "Cloud Tasks allows a queue 500 dispatches a second, and no more."
  }
}

run "everything_elsewhere" {
  command = apply

  variables {
    firestore_database = "contacts"
    firestore_location = "eur3"
    name               = "sync"
    queue_concurrency  = { scheduled = 6 }
    secret_locations   = ["europe-west1", "europe-west3"]
    web_address        = "https://contacts.example.com"
  }

  assert {
    condition     = google_cloudfunctions2_function.this["web"].service_config[0].environment_variables["WEB_URL"] == "https://contacts.example.com"
    error_message = "Users, Google and Sugar see an address of your own."
  }
  assert {
    condition     = google_cloudfunctions2_function.this["web"].service_config[0].environment_variables["WORKER_URL"] == "https://sync-worker-123456789012.europe-west1.run.app"
    error_message = "Tasks go to Cloud Run's address: only there they count as internal."
  }
  assert {
    condition     = google_cloudfunctions2_function.this["worker"].service_config[0].max_instance_count == 9
    error_message = "Six scheduled, two urgent runs and one of bulk need nine workers."
  }
  assert {
    condition     = google_firebaserules_release.this.name == "cloud.firestore/contacts" && google_firestore_database.this.location_id == "eur3"
    error_message = "The database, its place and its rules follow the variables."
  }
  assert {
    condition     = alltrue([for secret in google_secret_manager_secret.this : length(secret.replication[0].user_managed[0].replicas) == 2])
    error_message = "Secrets lie where they were put."
  }
}
