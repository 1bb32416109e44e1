# The same as functions/contact_sync/store/indexes.py, which says why; a test holds the two together.

locals {
  # One line each: the collection, then its fields in order.
  composite_indexes = [
    { collection = "backlog", fields = ["cause ASCENDING", "since DESCENDING"] },
    { collection = "backlog", fields = ["group ASCENDING", "since DESCENDING"] },
    { collection = "backlog", fields = ["cause ASCENDING", "group ASCENDING", "since DESCENDING"] },
    { collection = "history", fields = ["state ASCENDING", "at DESCENDING"] },
    { collection = "history", fields = ["state ASCENDING", "run ASCENDING", "at DESCENDING"] },
    { collection = "history", fields = ["state ASCENDING", "contact_ids CONTAINS", "at DESCENDING"] },
    { collection = "history", fields = ["state ASCENDING", "run ASCENDING", "contact_ids CONTAINS", "at DESCENDING"] },
    { collection = "mappings", fields = ["state ASCENDING", "name ASCENDING"] },
    { collection = "mappings", fields = ["state ASCENDING", "google_id ASCENDING"] },
    { collection = "mappings", fields = ["state ASCENDING", "due_at ASCENDING"] },
  ]

  # Fields without any index, by collection.
  not_indexed = {
    actions      = ["after", "before", "changes", "expire_at"]
    backlog      = ["message", "records"]
    entries      = ["expire_at"]
    history      = ["before", "changes", "expire_at"]
    mappings     = ["base", "expire_at", "flips", "held", "seen"]
    previews     = ["counts", "expire_at", "moved"]
    private      = ["ids"]
    reservations = ["creates", "expire_at"]
    runs         = ["counts", "expire_at"]
    users        = ["cursors", "deletions", "last_run", "proof", "settings"]
  }

  # Collections whose documents Firestore deletes once the time in `expire_at` has come.
  expiring = ["actions", "entries", "history", "mappings", "previews", "reservations", "runs"]

  # Fields that are asked for in all users' collections at once.
  across_users = {
    mappings = ["sugar_id"]
  }

  indexes = { for index in local.composite_indexes : "${index.collection}: ${join(", ", index.fields)}" => index }

  exemptions = merge([
    for collection, fields in local.not_indexed : {
      for field in fields : "${collection}.${field}" => { collection = collection, field = field }
    }
  ]...)

  searched_everywhere = merge([
    for collection, fields in local.across_users : {
      for field in fields : "${collection}.${field}" => { collection = collection, field = field }
    }
  ]...)

  # What Firestore keeps by itself for a field: naming one index of a field means naming all of them.
  automatic = [
    { order = "ASCENDING", array_config = null, query_scope = "COLLECTION" },
    { order = "DESCENDING", array_config = null, query_scope = "COLLECTION" },
    { order = null, array_config = "CONTAINS", query_scope = "COLLECTION" },
  ]
}

resource "google_firestore_index" "this" {
  for_each = local.indexes

  project     = var.project_id
  database    = google_firestore_database.this.name
  collection  = each.value.collection
  query_scope = "COLLECTION"

  dynamic "fields" {
    for_each = [for field in each.value.fields : split(" ", field)]
    content {
      field_path   = fields.value[0]
      order        = fields.value[1] == "CONTAINS" ? null : fields.value[1]
      array_config = fields.value[1] == "CONTAINS" ? "CONTAINS" : null
    }
  }
}

resource "google_firestore_field" "not_indexed" {
  for_each = local.exemptions

  project    = var.project_id
  database   = google_firestore_database.this.name
  collection = each.value.collection
  field      = each.value.field

  index_config {}

  dynamic "ttl_config" {
    for_each = each.value.field == "expire_at" && contains(local.expiring, each.value.collection) ? [1] : []
    content {}
  }
}

resource "google_firestore_field" "across_users" {
  for_each = local.searched_everywhere

  project    = var.project_id
  database   = google_firestore_database.this.name
  collection = each.value.collection
  field      = each.value.field

  index_config {
    dynamic "indexes" {
      for_each = concat(local.automatic, [{ order = "ASCENDING", array_config = null, query_scope = "COLLECTION_GROUP" }])
      content {
        order        = indexes.value.order
        array_config = indexes.value.array_config
        query_scope  = indexes.value.query_scope
      }
    }
  }
}
