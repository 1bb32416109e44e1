# Containers only. Values are added with `gcloud secrets versions add`; none ever passes through Terraform or its state.
# The functions read the newest version themselves, under the very name that the variable would have.

locals {
  secrets = {
    HOOK_TOKENS         = { readers = ["web"], rotated = true }
    INDEX_KEY           = { readers = ["worker", "web"], rotated = false }
    OAUTH_CLIENT_SECRET = { readers = ["worker", "web"], rotated = true }
    SESSION_KEY         = { readers = ["web"], rotated = true }
    SUGAR_PASSWORD      = { readers = ["worker", "web"], rotated = true }
    TOKEN_KEYS          = { readers = ["worker", "web"], rotated = true }
  }

  secret_readers = merge([
    for secret, settings in local.secrets : {
      for reader in settings.readers : "${secret}/${reader}" => { secret = secret, reader = reader }
    }
  ]...)
}

resource "google_secret_manager_secret" "this" {
  for_each = local.secrets

  project   = var.project_id
  secret_id = each.key

  # A secret takes all its versions along, and nothing brings them back: without TOKEN_KEYS every user connects anew, with
  # another INDEX_KEY nobody is recognized any more. Neither a plan nor Terraform's provider may take one away.
  deletion_protection = true

  replication {
    dynamic "auto" {
      for_each = length(var.secret_locations) == 0 ? [1] : []
      content {}
    }

    dynamic "user_managed" {
      for_each = length(var.secret_locations) == 0 ? [] : [1]
      content {
        dynamic "replicas" {
          for_each = var.secret_locations
          content {
            location = replicas.value
          }
        }
      }
    }
  }

  # The index key stays: all e-mail addresses would have to be hashed anew.
  dynamic "topics" {
    for_each = each.value.rotated && var.secret_rotation != null ? [var.secret_rotation] : []
    content {
      name = topics.value.topic
    }
  }

  dynamic "rotation" {
    for_each = each.value.rotated && var.secret_rotation != null ? [var.secret_rotation] : []
    content {
      next_rotation_time = timeadd(plantimestamp(), "${rotation.value.days * 24}h")
      rotation_period    = "${rotation.value.days * 24 * 60 * 60}s"
    }
  }

  lifecycle {
    prevent_destroy = true

    # Secret Manager moves the time on after every notice. Where a secret lies is chosen once: other locations would be
    # another secret, an empty one.
    ignore_changes = [replication, rotation[0].next_rotation_time]
  }

  depends_on = [google_project_service.api]
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = local.secret_readers

  project   = var.project_id
  secret_id = google_secret_manager_secret.this[each.value.secret].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.this[each.value.reader].member
}
