# Where the tests of a deployment run: infra/cloudbuild-test.yaml, a build of its own. What they try out, and what they
# install for it, is code that nobody has tested yet, so their account has no role in the project: this bucket is all it
# reaches.

resource "google_storage_bucket" "tests" {
  project                     = var.project_id
  name                        = "${var.project_id}-${var.name}-tests"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age = 30
    }
  }

  depends_on = [google_project_service.api]
}

# Cloud Build writes the log as the account of the build, and asks for this role to do so.
resource "google_storage_bucket_iam_member" "tests" {
  bucket = google_storage_bucket.tests.name
  role   = "roles/storage.admin"
  member = google_service_account.this["test"].member
}
