# Numbers that Cloud Logging counts out of the functions' log lines. A filter names lines and fields that the code
# writes; a test holds the two together.

locals {
  # value: the field whose numbers are gathered (sum, count, distribution); without one the lines are counted.
  metrics = {
    dispatched = {
      description = "Ticks of the dispatcher, and how many tasks each enqueued"
      filter      = "jsonPayload.message=\"dispatched\""
      value       = "jsonPayload.count"
      labels      = []
    }
    errors = {
      description = "Errors of any function: bugs, and what the operator has to put right"
      # The request log calls each answer of 5xx an error as well: those are in request_count, and in runs_failing.
      filter = "severity>=ERROR AND NOT log_id(\"run.googleapis.com/requests\")"
      value  = null
      labels = ["code"]
    }
    hooks = {
      description = "Calls of Sugar's hooks, and how many users each woke"
      filter      = "jsonPayload.message=\"hook\""
      value       = "jsonPayload.count"
      labels      = []
    }
    quarantined = {
      description = "Contacts newly put into the backlog"
      filter      = "jsonPayload.message=\"run ended\" AND jsonPayload.counts.quarantined>0"
      value       = "jsonPayload.counts.quarantined"
      labels      = []
    }
    runs = {
      description = "Runs that came to their end, by what started them and how they ended"
      filter      = "jsonPayload.message=\"run ended\""
      value       = null
      labels      = ["code", "phase", "trigger"]
    }
    shared_faults = {
      description = "Attempts that a fault of all users stopped: Sugar, Firestore or Cloud Tasks down"
      filter      = "jsonPayload.message=\"run failed\""
      value       = null
      labels      = ["code"]
    }
    waiting = {
      description = "Contacts of one user that wait for the next run"
      filter      = "jsonPayload.message=\"run ended\" AND jsonPayload.waiting>0"
      value       = "jsonPayload.waiting"
      labels      = []
    }
  }

  of_ours = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=(${join(" OR ", [for name in values(local.function_names) : "\"${name}\""])})",
  ])
}

resource "google_logging_metric" "this" {
  for_each = local.metrics

  project     = var.project_id
  name        = "${var.name}/${each.key}"
  description = each.value.description
  filter      = "${local.of_ours} AND ${each.value.filter}"

  value_extractor  = each.value.value == null ? null : "EXTRACT(${each.value.value})"
  label_extractors = { for label in each.value.labels : label => "EXTRACT(jsonPayload.${label})" }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = each.value.value == null ? "INT64" : "DISTRIBUTION"
    unit        = "1"

    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.value
        value_type = "STRING"
      }
    }
  }

  dynamic "bucket_options" {
    for_each = each.value.value == null ? [] : [1]
    content {
      exponential_buckets {
        num_finite_buckets = 16
        growth_factor      = 2
        scale              = 1
      }
    }
  }

  depends_on = [google_project_service.api]
}
