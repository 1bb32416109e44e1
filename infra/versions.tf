terraform {
  required_version = ">= 1.9, < 2.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50, < 9.0"
    }
  }

  # Which bucket is said at `terraform init -backend-config=bucket=...`: every deployment has its own.
  backend "gcs" {
    prefix = "contact-sync"
  }
}

provider "google" {
  project = var.project_id
  region  = var.region

  # The Firebase Rules API refuses calls of a person that are charged to no project.
  user_project_override = true
  billing_project       = var.project_id

  default_labels = { app = var.name }
}

data "google_project" "this" {
  project_id = var.project_id
}
