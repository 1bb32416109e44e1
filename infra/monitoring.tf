# What wakes somebody, and what they then look at. All queries are PromQL: it can say "nothing at all was counted" and
# put two numbers in relation, and unlike a threshold it may be created before its metric has seen a first line.

locals {
  # Codes of runs that ended because only the user can help: sign in again, grant, ask for rights, make room.
  user_codes = [
    "google_full", "label_missing", "permission_missing", "reconnect", "sugar_access_denied", "sugar_user_missing", "too_many",
  ]

  # Codes of runs that a quota put off.
  rate_codes = ["google_exhausted", "google_rate_limited", "sugar_busy"]

  log_metric = "logging_googleapis_com:user_${replace(var.name, "-", "_")}"
  from_run   = "monitored_resource=\"cloud_run_revision\""
  from_queue = "monitored_resource=\"cloud_tasks_queue\",queue_id=~\"${join("|", values(local.queue_names))}\""

  ended       = "${local.log_metric}_runs{${local.from_run}}"
  user_ended  = "${local.log_metric}_runs{${local.from_run},phase=\"done\",code=~\"${join("|", local.user_codes)}\"}"
  rate_ended  = "${local.log_metric}_runs{${local.from_run},code=~\"${join("|", local.rate_codes)}\"}"
  error_ended = "${local.log_metric}_runs{${local.from_run},phase=\"done\",code!=\"\",code!~\"${join("|", local.user_codes)}\"}"
  broken_off  = "run_googleapis_com:request_count{${local.from_run},service_name=\"${local.function_names["worker"]}\",response_code_class=\"5xx\"}"
  dispatched  = "${local.log_metric}_dispatched_count{${local.from_run}}"
  quarantined = "${local.log_metric}_quarantined_sum{${local.from_run}}"
  errors      = "${local.log_metric}_errors{${local.from_run}}"
  depth       = "cloudtasks_googleapis_com:queue_depth{${local.from_queue}}"
  requests    = "run_googleapis_com:request_count{${local.from_run},service_name=~\"${join("|", values(local.function_names))}\"}"

  failed_half_hour = "(sum(increase(${local.error_ended}[30m])) or vector(0)) + (sum(increase(${local.broken_off}[30m])) or vector(0))"
  ended_half_hour  = "(sum(increase(${local.ended}[30m])) or vector(0)) + (sum(increase(${local.broken_off}[30m])) or vector(0))"

  # Seconds that all but one in twenty tasks of a queue began late, by queue.
  late = {
    for queue, name in local.queue_names : queue => join("", [
      "histogram_quantile(0.95, sum by (le) (increase(cloudtasks_googleapis_com:queue_task_attempt_delays_bucket",
      "{monitored_resource=\"cloud_tasks_queue\",queue_id=\"${name}\"}[15m]))) / 1000",
    ])
  }

  alerts = merge({
    backlog_growing = {
      title    = "Backlog growing"
      severity = "WARNING"
      query    = "sum(increase(${local.quarantined}[6h])) > ${var.alert_thresholds.backlog_entries}"
      lasting  = "0s"
      advice   = "Many contacts wait for a decision. Their causes say whether it is one fault of many: a required field in Sugar, a right, duplicates."
    }
    dispatcher_silent = {
      title    = "Dispatcher silent"
      severity = "CRITICAL"
      query    = "(sum(increase(${local.dispatched}[10m])) or vector(0)) < 1"
      lasting  = "300s"
      advice   = "No scheduled sync begins. Look at the scheduler job's last result and at the dispatcher's log."
    }
    errors = {
      title    = "Errors"
      severity = "ERROR"
      query    = "sum by (code) (increase(${local.errors}[15m])) > 0"
      lasting  = "0s"
      advice   = "The code names what the operator has to put right (Sugar's password or platform, a secret, the OAuth client); a line with a stack trace is a bug."
    }
    queue_deep = {
      title    = "Queue deep"
      severity = "WARNING"
      query    = "max by (queue_id) (${local.depth}) > ${var.alert_thresholds.queue_depth}"
      lasting  = "900s"
      advice   = "Tasks come faster than they are done. More queue_concurrency helps as long as Sugar bears it."
    }
    queue_late_scheduled = {
      title    = "Scheduled runs late"
      severity = "WARNING"
      query    = "${local.late["scheduled"]} > ${var.alert_thresholds.scheduled_delay_seconds}"
      lasting  = "600s"
      advice   = "Users wait longer than their interval says. Many first syncs at once pass by themselves."
    }
    queue_late_urgent = {
      title    = "Sync Now and hooks late"
      severity = "WARNING"
      query    = "${local.late["urgent"]} > ${var.alert_thresholds.urgent_delay_seconds}"
      lasting  = "600s"
      advice   = "People wait in front of the page. Look for a mass update in Sugar, or a slow Sugar."
    }
    quota_errors = {
      title    = "Quota errors"
      severity = "WARNING"
      query    = "sum by (code) (increase(${local.rate_ended}[1h])) > ${var.alert_thresholds.rate_limited_runs}"
      lasting  = "0s"
      advice   = "Google's or Sugar's limit puts runs off; nothing is lost. Ask Google for more, or lower queue_concurrency for Sugar."
    }
    runs_failing = {
      title    = "Runs failing"
      severity = "CRITICAL"
      query    = "100 * (${local.failed_half_hour}) / (${local.ended_half_hour}) > ${var.alert_thresholds.failing_percent} and (${local.failed_half_hour}) >= 5"
      lasting  = "300s"
      advice   = "The code of the run says which system is at fault. Nothing is lost: runs begin again where they stopped."
    }
    users_disconnected = {
      title    = "Users disconnected"
      severity = "WARNING"
      query    = "sum(increase(${local.user_ended}[1h])) >= ${var.alert_thresholds.disconnected_users}"
      lasting  = "0s"
      advice   = "Several users at once point to the Workspace administrator (access withdrawn), the consent screen (testing mode ends grants after seven days) or Sugar's rights."
    }
    }, var.secret_rotation == null ? {} : {
    secrets_old = {
      title    = "Secrets to renew"
      severity = "WARNING"
      # The topic is told of every change of a secret; its subscription of the same name keeps SECRET_ROTATE alone, for a day.
      query   = "max(pubsub_googleapis_com:subscription_num_undelivered_messages{monitored_resource=\"pubsub_subscription\",subscription_id=\"${try(split("/", var.secret_rotation.topic)[3], "")}\"}) > 0"
      lasting = "0s"
      advice  = "A secret has reached the age at which you wanted to be told. Add a new version; the functions take it with their next instance."
    }
  })

  charts = {
    "Runs by trigger"                    = "sum by (trigger) (increase(${local.ended}[5m]))"
    "Runs that failed, by code"          = "sum by (code) (increase(${local.error_ended}[5m]))"
    "Users who have to act, by code"     = "sum by (code) (increase(${local.user_ended}[1h]))"
    "Runs put off by a quota"            = "sum by (code) (increase(${local.rate_ended}[5m]))"
    "Attempts stopped by a common fault" = "sum by (code) (increase(${local.log_metric}_shared_faults{${local.from_run}}[5m]))"
    "Contacts into the backlog"          = "sum(increase(${local.quarantined}[1h]))"
    "Contacts waiting, largest"          = "histogram_quantile(1, sum by (le) (increase(${local.log_metric}_waiting_bucket{${local.from_run}}[15m])))"
    "Tasks enqueued by the dispatcher"   = "sum(increase(${local.log_metric}_dispatched_sum{${local.from_run}}[5m]))"
    "Users woken by Sugar's hooks"       = "sum(increase(${local.log_metric}_hooks_sum{${local.from_run}}[5m]))"
    "Tasks waiting, by queue"            = "max by (queue_id) (${local.depth})"
    "Scheduled tasks late (s)"           = local.late["scheduled"]
    "Urgent tasks late (s)"              = local.late["urgent"]
    "Requests by function and status"    = "sum by (service_name, response_code_class) (increase(${local.requests}[5m]))"
    "Errors by code"                     = "sum by (code) (increase(${local.errors}[5m]))"
  }
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.alert_emails

  project      = var.project_id
  display_name = "${var.name}: ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }

  depends_on = [google_project_service.api]
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.alerts

  project               = var.project_id
  display_name          = "${var.name}: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = [for channel in google_monitoring_notification_channel.email : channel.name]

  conditions {
    display_name = each.value.title

    condition_prometheus_query_language {
      query                     = each.value.query
      duration                  = each.value.lasting
      evaluation_interval       = "60s"
      disable_metric_validation = true
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "${each.value.advice}\n\nMore in the runbook: infra/README.md, \"${each.value.title}\"."
  }

  alert_strategy {
    auto_close = "86400s"
  }

  depends_on = [google_logging_metric.this]
}

resource "google_monitoring_dashboard" "this" {
  project = var.project_id

  dashboard_json = jsonencode({
    displayName = var.name
    gridLayout = {
      columns = "2"
      widgets = [
        for title, query in local.charts : {
          title = title
          xyChart = {
            dataSets = [{
              plotType        = "LINE"
              timeSeriesQuery = { prometheusQuery = query }
            }]
          }
        }
      ]
    }
  })

  depends_on = [google_logging_metric.this]
}
