variable "alert_emails" {
  description = "Who is told when an alert opens and closes."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))])
    error_message = "Each of alert_emails must be an e-mail address."
  }
}

variable "alert_thresholds" {
  description = <<-TEXT
    From when on somebody is told:
    failing_percent        share of the runs of half an hour that failed (at least five of them)
    backlog_entries        contacts newly put into the backlog within six hours, over all users
    disconnected_users     users within an hour who have to sign in, grant or ask for rights again
    rate_limited_runs      runs within an hour that Google or Sugar put off
    urgent_delay_seconds   95 of 100 urgent tasks begin within this time
    scheduled_delay_seconds  likewise for the scheduled ones
    queue_depth            tasks that wait in one queue
  TEXT
  type = object({
    failing_percent         = optional(number, 10)
    backlog_entries         = optional(number, 100)
    disconnected_users      = optional(number, 3)
    rate_limited_runs       = optional(number, 20)
    urgent_delay_seconds    = optional(number, 60)
    scheduled_delay_seconds = optional(number, 1800)
    queue_depth             = optional(number, 1000)
  })
  default = {}

  validation {
    condition     = alltrue([for threshold in values(var.alert_thresholds) : threshold > 0])
    error_message = "Every one of alert_thresholds must be above 0."
  }
}

variable "allowed_domains" {
  description = "Domains whose Google accounts may sign in."
  type        = list(string)

  validation {
    condition = length(var.allowed_domains) > 0 && alltrue([
      for domain in var.allowed_domains : can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", domain))
    ])
    error_message = "The allowed_domains must be one or more domain names in lower case, such as example.com."
  }
}

variable "backup_days" {
  description = "How long the daily and the weekly backup of Firestore are kept; what was erased lives on in them so long."
  type = object({
    daily  = optional(number, 7)
    weekly = optional(number, 28)
  })
  default = {}

  validation {
    condition     = alltrue([for days in values(var.backup_days) : days >= 1 && days <= 98 && floor(days) == days])
    error_message = "Firestore keeps a backup for 1 to 98 whole days."
  }
}

variable "firestore_database" {
  description = "Name of the Firestore database. (default) is the one with a free quota."
  type        = string
  default     = "(default)"

  validation {
    condition     = can(regex("^(\\(default\\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$", var.firestore_database))
    error_message = "The firestore_database must be (default), or 4 to 63 of a-z 0-9 -, starting with a letter."
  }
}

variable "firestore_location" {
  description = "Location of the database, such as eur3 (several regions) or europe-west1; null: the region. Never changes again."
  type        = string
  default     = null
}

variable "history_days" {
  description = "How long history entries are kept, in days."
  type        = number
  default     = 90

  validation {
    condition     = var.history_days >= 1 && var.history_days <= 3650 && floor(var.history_days) == var.history_days
    error_message = "The history_days must be a whole number from 1 to 3650."
  }
}

variable "name" {
  description = "Beginning of the names of everything that is created. One project holds one deployment: its secrets have fixed names."
  type        = string
  default     = "contact-sync"

  validation {
    # The longest one made of it is a service account's, of at most 30 characters.
    condition     = can(regex("^[a-z][a-z0-9-]{1,17}[a-z0-9]$", var.name))
    error_message = "The name must be 3 to 19 of a-z 0-9 -, starting with a letter and not ending with -."
  }
}

variable "oauth_client_id" {
  description = "Client id of the OAuth web client that users sign in with."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-z-]+\\.apps\\.googleusercontent\\.com$", var.oauth_client_id))
    error_message = "The oauth_client_id must be a client id that ends with .apps.googleusercontent.com."
  }
}

variable "policy" {
  description = "What is decided for all users, as JSON: {\"forced\": {\"from_google.delete\": false}, \"disabled\": null}."
  type        = string
  default     = "{}"

  validation {
    # What it may hold, infra/check knows.
    condition     = can(regex("^\\s*\\{", var.policy))
    error_message = "The policy must be a JSON object."
  }
}

variable "project_id" {
  description = "Id of the Google Cloud project, best one of its own."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "The project_id must be 6 to 30 of a-z 0-9 -, starting with a letter and not ending with -."
  }
}

variable "queue_concurrency" {
  description = "Runs at the same time from each queue. A run has one call to Sugar under way: the sum is what the Sugar server bears."
  type = object({
    scheduled = optional(number, 2)
    urgent    = optional(number, 2)
    bulk      = optional(number, 1)
  })
  default = {}

  validation {
    condition     = alltrue([for runs in values(var.queue_concurrency) : runs >= 1 && runs <= 100 && floor(runs) == runs])
    error_message = "Each queue_concurrency must be a whole number from 1 to 100."
  }
}

variable "quiet_hours" {
  description = "Hours of the day in UTC in which no full comparison starts, such as 22-6; null: none."
  type        = string
  default     = null

  validation {
    condition     = var.quiet_hours == null || can(regex("^([01]?[0-9]|2[0-3])-([01]?[0-9]|2[0-3])$", var.quiet_hours))
    error_message = "The quiet_hours must be two hours from 0 to 23, such as 22-6."
  }
}

variable "region" {
  description = "Region of the functions, the queues and the scheduler."
  type        = string
  default     = "europe-west1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "The region must be a region such as europe-west1."
  }
}

variable "secret_locations" {
  description = "Regions that hold the secrets; none: wherever Google chooses, at the price of one. Chosen once: secrets that exist stay where they are."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for location in var.secret_locations : can(regex("^[a-z]+-[a-z]+[0-9]+$", location))])
    error_message = "Each of secret_locations must be a region such as europe-west1."
  }
}

variable "secret_rotation" {
  description = <<-TEXT
    Reminds you to renew secrets: a notice to a Pub/Sub topic (projects/P/topics/T) after so many days, and by it an e-mail
    to alert_emails. infra/bootstrap makes the topic, and beside it the subscription of the same name that picks these
    notices out. Null: nobody is reminded.
  TEXT
  type = object({
    topic = string
    days  = optional(number, 180)
  })
  default = null

  validation {
    condition     = var.secret_rotation == null || can(regex("^projects/[^/]+/topics/[^/]+$", var.secret_rotation.topic))
    error_message = "The topic of secret_rotation must be a full name: projects/PROJECT/topics/TOPIC."
  }
  validation {
    condition     = var.secret_rotation == null || try(var.secret_rotation.days >= 1 && var.secret_rotation.days <= 3650, false)
    error_message = "The days of secret_rotation must be from 1 to 3650."
  }
}

variable "source_zip" {
  description = "The zip that infra/build_zip made, seen from the folder infra."
  type        = string
  default     = "build/source.zip"

  validation {
    condition     = fileexists("${path.module}/${var.source_zip}")
    error_message = "There is no such source_zip: run infra/build_zip first."
  }
}

variable "sugar_client_id" {
  description = "OAuth key that Sugar knows this program by."
  type        = string
  default     = "sugar"

  validation {
    condition     = can(regex("\\S", var.sugar_client_id))
    error_message = "The sugar_client_id must not be empty."
  }
}

variable "sugar_platform" {
  description = "API platform registered in Sugar for the service user's own session."
  type        = string
  default     = "contact_sync"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,127}$", var.sugar_platform)) && !contains(["base", "mobile", "portal"], lower(var.sugar_platform))
    error_message = "The sugar_platform must be one of your own, of a-z A-Z 0-9 - _, not base, mobile or portal."
  }
}

variable "sugar_rest_version" {
  description = "Version of Sugar's REST API."
  type        = string
  default     = "v11_12"

  validation {
    condition     = can(regex("^v[0-9]+(_[0-9]+)?$", var.sugar_rest_version))
    error_message = "The sugar_rest_version must be a version such as v11_12."
  }
}

variable "sugar_sudo_platform" {
  description = "API platform registered in Sugar for the sessions in users' names; another one than sugar_platform."
  type        = string
  default     = "contact_sync_user"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,127}$", var.sugar_sudo_platform)) && var.sugar_sudo_platform != var.sugar_platform
    error_message = "The sugar_sudo_platform must be of a-z A-Z 0-9 - _, and not sugar_platform: Sugar keeps one session per user and platform."
  }
}

variable "sugar_url" {
  description = "Address of the Sugar instance, without a path of the API."
  type        = string

  validation {
    condition     = can(regex("^https://[^\\s?#@]+$", var.sugar_url))
    error_message = "The sugar_url must be an https address."
  }
}

variable "sugar_username" {
  description = "Name of the service administrator in Sugar."
  type        = string

  validation {
    condition     = can(regex("\\S", var.sugar_username))
    error_message = "The sugar_username must not be empty."
  }
}

variable "tasks_max_attempts" {
  description = "How often a run is tried that all users' common fault stopped, before its failure is recorded."
  type        = number
  default     = 5

  validation {
    condition     = var.tasks_max_attempts >= 1 && var.tasks_max_attempts <= 100 && floor(var.tasks_max_attempts) == var.tasks_max_attempts
    error_message = "The tasks_max_attempts must be a whole number from 1 to 100."
  }
}

variable "web_address" {
  description = "Address of your own that leads to the web function, such as https://contacts.example.com; null: the address that Cloud Run gives."
  type        = string
  default     = null

  validation {
    condition     = var.web_address == null || can(regex("^https://[^\\s/?#@]+$", var.web_address))
    error_message = "The web_address must be an https address without a path."
  }
}

variable "web_capacity" {
  description = "Of the web function: requests that one instance answers at a time, and how many instances there are at least and at most."
  type = object({
    concurrency   = optional(number, 40)
    min_instances = optional(number, 0)
    max_instances = optional(number, 4)
  })
  default = {}

  validation {
    condition = (
      var.web_capacity.concurrency >= 20 && var.web_capacity.concurrency <= 1000 &&
      var.web_capacity.min_instances >= 0 && var.web_capacity.min_instances <= var.web_capacity.max_instances &&
      var.web_capacity.max_instances >= 1
    )
    error_message = "The web_capacity must have a concurrency from 20 to 1000, and no more instances at least than at most."
  }
}
