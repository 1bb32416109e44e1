"""Reads what `terraform test -json -verbose` prints and judges it: every run passed, the deployment that was applied
holds what infra/tests/inventory.txt lists, the plan after it changes nothing, and Terraform refuses to destroy what
cannot be got back. It tries to, for each file of tests ends with the destruction of all that was applied.

    terraform test -json -verbose | python -m tests.infra.second_plan
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

INVENTORY = Path(__file__).parents[2] / "infra/tests/inventory.txt"
AGAIN = "second"
"""The run that plans what was applied before."""
KEPT = ("google_cloud_tasks_queue", "google_firestore_database", "google_secret_manager_secret")
"""What Terraform may never destroy."""


def problems(lines: Iterable[str], inventory: str) -> list[str]:
    """What is wrong, a line each; nothing if all is well."""
    messages = [json.loads(line) for line in lines if line.startswith("{")]
    refused = {(message.get("@testfile"), address) for message in messages for address in _refused(message)}
    found = [
        _told(message) for message in messages if message.get("@level") == "error" and not _expected(message)
    ]
    plans = [
        (message.get("@testfile"), message["test_plan"])
        for message in messages
        if message.get("@testrun") == AGAIN and "test_plan" in message
    ]
    if not plans:
        return [*found, f"no plan of a run named {AGAIN!r}: it proves nothing"]
    for file, plan in plans:
        found += [
            f"{_address(change)} could be destroyed"
            for change in plan["resource_changes"]
            if change["type"] in KEPT and (file, _address(change)) not in refused
        ]
        found += [f"{_address(change)} would be changed again" for change in _changes(plan)]
        held = listed(plan)
        if held != inventory:
            found.append(f"the inventory differs; found:\n{held}")
    return found


def listed(plan: dict[str, Any]) -> str:
    """How many resources of each type there are, a line each."""
    counts = Counter(change["type"] for change in plan["resource_changes"] if change["mode"] == "managed")
    return "".join(f"{count:3} {kind}\n" for kind, count in sorted(counts.items()))


def _changes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    outputs = [
        {"address": f"output.{name}", "change": change} for name, change in plan["output_changes"].items()
    ]
    return [
        entry for entry in (*plan["resource_changes"], *outputs) if entry["change"]["actions"] != ["no-op"]
    ]


def _address(change: dict[str, Any]) -> str:
    return str(change["address"])


def _refused(message: dict[str, Any]) -> list[str]:
    """The resource whose destruction Terraform refuses in this message."""
    diagnostic = message.get("diagnostic", {})
    if diagnostic.get("summary") != "Instance cannot be destroyed":
        return []
    return re.findall(r"^Resource (\S+) has", diagnostic.get("detail", ""))


def _expected(message: dict[str, Any]) -> bool:
    """Whether this is the refusal that is wanted, or the list of what stays because of it."""
    return message.get("type") == "test_cleanup" or any(
        address.partition(".")[0] in KEPT for address in _refused(message)
    )


def _told(message: dict[str, Any]) -> str:
    diagnostic = message.get("diagnostic", {})
    return " ".join(filter(None, (message["@message"], diagnostic.get("detail"))))


if __name__ == "__main__":
    wrong = problems(sys.stdin, INVENTORY.read_text())
    print(
        "\n".join(wrong)
        or "terraform test: all runs passed, the second plan is empty, the inventory is as listed, what cannot be got "
        "back is kept"
    )
    sys.exit(bool(wrong))
