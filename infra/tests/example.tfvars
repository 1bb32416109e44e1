# A deployment to plan with; the variables that have no default, and an administrator to be told.
alert_emails    = ["admin@example.com"]
allowed_domains = ["example.com"]
oauth_client_id = "123-abc.apps.googleusercontent.com"
project_id      = "my-project"
sugar_url       = "https://sugar.example.com"
sugar_username  = "contact-sync"
