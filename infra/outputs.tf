output "deploy_account" {
  description = "The account that cloudbuild.yaml runs as."
  value       = google_service_account.this["deploy"].email
}

output "empty_secrets" {
  description = "Secrets to be filled once: gcloud secrets versions add NAME --data-file=-"
  value       = sort(keys(google_secret_manager_secret.this))
}

output "oauth_redirect_uri" {
  description = "What the OAuth client must allow as redirect address."
  value       = "${local.web_url}/oauth/callback"
}

output "sugar_hook_address" {
  description = "Where Sugar's web logic hooks go, followed by one of HOOK_TOKENS."
  value       = "${local.web_url}/hooks/sugar/"
}

output "web_url" {
  description = "Where users sign in."
  value       = local.web_url
}
