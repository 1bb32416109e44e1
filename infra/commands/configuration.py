"""Whether the functions take what Terraform will tell them: their own check, on the values of the variables.

Reads what infra/values writes; prints a line for each thing that is wrong.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, get_args

from contact_sync.config import ConfigError, Function, load

VARIABLES = {
    "ALLOWED_DOMAINS": "allowed_domains",
    "FIRESTORE_DATABASE": "firestore_database",
    "GOOGLE_CLOUD_PROJECT": "project_id",
    "HISTORY_DAYS": "history_days",
    "OAUTH_CLIENT_ID": "oauth_client_id",
    "POLICY": "policy",
    "QUIET_HOURS": "quiet_hours",
    "SUGAR_CLIENT_ID": "sugar_client_id",
    "SUGAR_PLATFORM": "sugar_platform",
    "SUGAR_REST_VERSION": "sugar_rest_version",
    "SUGAR_SUDO_PLATFORM": "sugar_sudo_platform",
    "SUGAR_URL": "sugar_url",
    "SUGAR_USERNAME": "sugar_username",
    "TASKS_MAX_ATTEMPTS": "tasks_max_attempts",
    "WEB_URL": "web_address",
}
"""What the functions are told, and the variable it comes from, as in settings.tf."""
_COMPUTED = {
    "TASKS_BULK_QUEUE": "projects/p/locations/l/queues/bulk",
    "TASKS_QUEUE": "projects/p/locations/l/queues/scheduled",
    "TASKS_SERVICE_ACCOUNT": "invoker@p.iam.gserviceaccount.com",
    "TASKS_URGENT_QUEUE": "projects/p/locations/l/queues/urgent",
    "WEB_URL": "https://web.example.com",
    "WORKER_URL": "https://worker.example.com",
}
"""What Terraform computes: nothing that an administrator could get wrong."""
_KEY = "A" * 43 + "="
_SECRETS = {
    "HOOK_TOKENS": "x" * 32,
    "INDEX_KEY": _KEY,
    "SESSION_KEY": "x" * 32,
    "TOKEN_KEYS": f"k:{_KEY}",
}
"""Secrets lie elsewhere and are looked at by the functions alone: here each one is there and right."""


def values(written: str) -> dict[str, Any]:
    """The variables' values: JSON, written as Terraform writes a text."""
    # It doubles the sign before a brace, which would begin a template.
    found: dict[str, Any] = json.loads(json.loads(written).replace("$${", "${").replace("%%{", "%{"))
    return found


def environment(given: Mapping[str, Any]) -> dict[str, str]:
    """What the functions will be told."""
    told = {name: _text(given.get(variable)) for name, variable in VARIABLES.items()}
    return _COMPUTED | {name: text for name, text in told.items() if text}


def problems(given: Mapping[str, Any]) -> list[str]:
    """A line for each thing that a function would refuse at its start."""
    environ, found = environment(given), dict[str, None]()
    for function in get_args(Function):
        try:
            load(environ, function, lambda name: _SECRETS.get(name, "x"))
        except ConfigError as error:
            found |= dict.fromkeys(error.problems)
    return [_named(problem) for problem in found]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return ",".join(map(_text, value)) if isinstance(value, list) else str(value)


def _named(problem: str) -> str:
    name, _, wrong = problem.partition(" ")
    return f"{VARIABLES.get(name, name)} {wrong}"


if __name__ == "__main__":
    found = problems(values(sys.stdin.read()))
    print(
        *(found or ["The functions take these variables."]),
        sep="\n",
        file=sys.stderr if found else sys.stdout,
    )
    sys.exit(1 if found else 0)
