"""Terraform's state after a plan of secrets was carried out, and one more that the configuration no longer knows.

python -m tests.infra.applied_secrets PLAN.json >terraform.tfstate
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

KIND = "google_secret_manager_secret"
LEFT_OUT = "LEFT_OUT"
"""The secret that is in the state alone."""


def state(plan: dict[str, Any]) -> dict[str, Any]:
    """The state, of a plan as `terraform show -json` shows it."""
    planned = [entry for entry in plan["resource_changes"] if entry["type"] == KIND]
    instances = [
        {"index_key": index, "schema_version": 0, "attributes": entry["change"]["after"]}
        for entry in planned
        for index in (entry["index"], LEFT_OUT)
        if index == entry["index"] or entry is planned[0]
    ]
    secrets = {
        "mode": "managed",
        "type": KIND,
        "name": planned[0]["name"],
        "provider": f'provider["{planned[0]["provider_name"]}"]',
        "instances": instances,
    }
    return {
        "version": 4,
        "terraform_version": plan["terraform_version"],
        "serial": 1,
        "lineage": "applied-secrets",
        "outputs": {},
        "resources": [secrets],
    }


if __name__ == "__main__":
    json.dump(state(json.loads(Path(sys.argv[1]).read_text())), sys.stdout)
