# Where the functions' source lies, and where the images built from it go.

resource "google_storage_bucket" "source" {
  project                     = var.project_id
  name                        = "${var.project_id}-${var.name}-source"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  depends_on = [google_project_service.api]
}

# The name is the content's hash: another content is another object and deploys the functions anew; the same content,
# however often it is built, changes nothing.
resource "google_storage_bucket_object" "source" {
  bucket = google_storage_bucket.source.name
  name   = "${filesha256(local.source_zip)}.zip"
  source = local.source_zip

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  source_zip = "${path.module}/${var.source_zip}"
}

# Without it the images of every deployment would be kept for ever in a repository that nobody looks at.
resource "google_artifact_registry_repository" "images" {
  project       = var.project_id
  location      = var.region
  repository_id = var.name
  description   = "Images of the functions"
  format        = "DOCKER"

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"

    condition {
      older_than = "${7 * 24 * 60 * 60}s"
    }
  }

  cleanup_policies {
    id     = "keep-latest"
    action = "KEEP"

    most_recent_versions {
      keep_count = 3
    }
  }

  depends_on = [google_project_service.api]
}
