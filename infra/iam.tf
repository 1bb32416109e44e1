# Who may do what. Rights are given one by one (member), never as whole lists (policy, binding): those would take away
# what Google itself or somebody else has given in this project.

locals {
  accounts = {
    dispatcher = "finds the users who are due and enqueues a task for each"
    worker     = "synchronises one user"
    web        = "pages, API and hooks"
    invoker    = "whom Cloud Tasks and Cloud Scheduler call the functions as"
    build      = "builds the functions' images, and nothing else"
    deploy     = "runs cloudbuild.yaml"
    test       = "runs the tests of a deployment, and has no role in the project"
  }

  # Roles in the whole project: those of the functions, and what building an image takes.
  project_roles = {
    # It writes one document: with what it works, in system/deployment.
    dispatcher = ["roles/datastore.user"]
    worker     = ["roles/datastore.user"]
    web        = ["roles/datastore.user"]
    build      = ["roles/artifactregistry.writer", "roles/logging.logWriter"]
    deploy = [
      "roles/artifactregistry.admin",
      "roles/cloudfunctions.admin",
      "roles/cloudscheduler.admin",
      "roles/cloudtasks.admin",
      "roles/datastore.owner",
      "roles/firebaserules.admin",
      "roles/iam.serviceAccountAdmin",
      "roles/logging.configWriter",
      "roles/logging.logWriter",
      "roles/monitoring.editor",
      "roles/run.admin",
      "roles/secretmanager.admin",
      "roles/serviceusage.serviceUsageAdmin",
      "roles/storage.admin",
    ]
  }

  project_members = merge([
    for account, roles in local.project_roles : {
      for role in roles : "${account}/${trimprefix(role, "roles/")}" => { account = account, role = role }
    }
  ]...)

  # Whom the deployment makes something run as.
  acted_as = setsubtract(keys(local.accounts), ["deploy", "test"])

  # What the deployment may give to others: the roles above, its own left out.
  grantable_roles = distinct(concat(flatten([
    for account, roles in local.project_roles : roles if account != "deploy"
  ]), ["roles/storage.objectViewer"]))

  # A function that enqueues tasks lets Cloud Tasks act as the invoker.
  enqueuers = ["dispatcher", "worker", "web"]
}

resource "google_service_account" "this" {
  for_each = local.accounts

  project      = var.project_id
  account_id   = "${var.name}-${each.key}"
  display_name = "${var.name} ${each.key}"
  description  = each.value

  depends_on = [google_project_service.api]
}

resource "google_project_iam_member" "this" {
  for_each = local.project_members

  project = var.project_id
  role    = each.value.role
  member  = google_service_account.this[each.value.account].member
}

# Cloud Functions copies the source into a bucket of its own, which exists only after the first build.
resource "google_project_iam_member" "build_reads_sources" {
  project = var.project_id
  role    = "roles/storage.objectViewer"
  member  = google_service_account.this["build"].member

  condition {
    title       = "sources of functions only"
    description = "Other buckets hold what a build has no business with."
    expression = join(" || ", [
      "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${data.google_project.this.number}-\")",
      "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.source.name}/\")",
    ])
  }
}

# Without this condition whoever deploys could make themselves owner.
resource "google_project_iam_member" "deploy_grants" {
  project = var.project_id
  role    = "roles/resourcemanager.projectIamAdmin"
  member  = google_service_account.this["deploy"].member

  condition {
    title       = "roles of the functions only"
    description = "A deployment gives and takes these roles; its own are changed by a person."
    expression  = "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(${jsonencode(local.grantable_roles)})"
  }
}

resource "google_service_account_iam_member" "deploy_acts_as" {
  for_each = local.acted_as

  service_account_id = google_service_account.this[each.value].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.this["deploy"].member
}

resource "google_service_account_iam_member" "acts_as_invoker" {
  for_each = toset(local.enqueuers)

  service_account_id = google_service_account.this["invoker"].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.this[each.value].member
}

resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = { for function, settings in local.functions : function => settings if !settings.public }

  project  = var.project_id
  location = var.region
  name     = google_cloudfunctions2_function.this[each.key].name
  role     = "roles/run.invoker"
  member   = google_service_account.this["invoker"].member
}

# A function of the second generation is a Cloud Run service of the same name, and that is where a caller is checked.
resource "google_cloud_run_v2_service_iam_member" "public" {
  for_each = { for function, settings in local.functions : function => settings if settings.public }

  project  = var.project_id
  location = var.region
  name     = google_cloudfunctions2_function.this[each.key].name
  role     = "roles/run.invoker"
  member   = "allUsers"
}
