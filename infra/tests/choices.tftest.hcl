# What the variables change, and what they refuse.

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

run "as_little_as_possible" {
  command = apply

  assert {
    condition     = !contains(keys(google_cloudfunctions2_function.this["worker"].service_config[0].environment_variables), "QUIET_HOURS")
    error_message = "What is not chosen is not set."
  }
  assert {
    condition     = alltrue([for secret in google_secret_manager_secret.this : length(secret.rotation) == 0 && length(secret.replication[0].auto) == 1])
    error_message = "Without locations and rotation Google chooses where secrets lie, and nobody is reminded."
  }
  assert {
    condition     = google_firestore_database.this.location_id == "europe-west1"
    error_message = "The database is in the region."
  }
  assert {
    condition     = google_firebaserules_release.this.name == "cloud.firestore"
    error_message = "The rules are those of the default database."
  }
}

run "secrets_stay_where_they_are" {
  command = apply

  variables {
    secret_locations = ["europe-west1", "europe-west3"]
  }

  assert {
    condition     = alltrue([for secret in google_secret_manager_secret.this : length(secret.replication[0].auto) == 1])
    error_message = "Other locations for secrets that exist would be other secrets, empty ones."
  }
}

run "refused" {
  command = plan

  variables {
    allowed_domains     = []
    alert_emails        = ["nobody"]
    backup_days         = { weekly = 99 }
    history_days        = 0
    name                = "a-name-that-is-too-long-for-accounts"
    oauth_client_id     = "123"
    policy              = "on"
    queue_concurrency   = { urgent = 0 }
    quiet_hours         = "22-24"
    secret_rotation     = { topic = "secrets" }
    source_zip          = "none.zip"
    sugar_client_id     = ""
    sugar_sudo_platform = "contact_sync"
    sugar_url           = "http://sugar.example.com"
    sugar_username      = " "
    web_address         = "https://contacts.example.com/sync"
    web_capacity        = { min_instances = 9 }
  }

  expect_failures = [
    var.allowed_domains, var.alert_emails, var.backup_days, var.history_days, var.name, var.oauth_client_id, var.policy,
    var.queue_concurrency, var.quiet_hours, var.secret_rotation, var.source_zip, var.sugar_client_id,
    var.sugar_sudo_platform, var.sugar_url, var.sugar_username, var.web_address, var.web_capacity,
  ]
}
