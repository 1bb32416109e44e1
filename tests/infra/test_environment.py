"""Each function is told what its code reads, and nothing else; each secret has its readers, and they its right."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import pytest
from tests.infra.terraform_files import ROOT, local, resource, resources, variables

from contact_sync import config

FUNCTIONS: tuple[config.Function, ...] = get_args(config.Function)
PACKAGE = ROOT / "functions/contact_sync"
LEFT_TO_DEFAULTS = {
    *("GOOGLE_AUTH_URI", "GOOGLE_TOKEN_URI", "GOOGLE_CERTS_URI", "GOOGLE_REVOKE_URI", "PEOPLE_API_ENDPOINT"),
    *("FIRESTORE_EMULATOR_HOST", "TASKS_EMULATOR_HOST"),
}
"""Only tests and the local system point these elsewhere."""

NAMES = {variable.name for variable in config._VARIABLES}


def read_in(nodes: Iterable[ast.AST]) -> set[str]:
    """Variables whose values are taken from a configuration in this code."""
    attributes = {
        inner.attr.upper() for node in nodes for inner in ast.walk(node) if isinstance(inner, ast.Attribute)
    }
    return attributes & NAMES


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def definitions(path: Path, *names: str) -> list[ast.AST]:
    """The functions and methods of these names."""
    found = [
        node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef) and node.name in names
    ]
    assert {node.name for node in found} == set(names)
    return list(found)


def needed(function: config.Function) -> set[str]:
    """What the code of one function reads of its configuration, and what it refuses to start without."""
    composition, main = PACKAGE / "composition.py", ROOT / "functions/main.py"
    used = {
        "dispatcher": [*definitions(composition, "database", "_task"), *definitions(main, "dispatcher")],
        "worker": [*definitions(composition, "database", "_task", "engine"), *definitions(main, "worker")],
        "web": [
            *definitions(composition, "database", "_task", "engine"),
            *definitions(main, "web", "_web_app"),
            *(tree(path) for path in sorted((PACKAGE / "web").rglob("*.py"))),
        ],
    }[function]
    demanded = {variable.name for variable in config._VARIABLES if function in variable.needed_by}
    # The dispatcher's tasks are never urgent: it knows only `many`.
    spared = {"TASKS_URGENT_QUEUE"} if function == "dispatcher" else set()
    return (read_in(used) | demanded) - LEFT_TO_DEFAULTS - spared


def told(function: config.Function) -> set[str]:
    return {name for name, setting in local("settings").items() if function in setting["readers"]}


def may_read(function: config.Function) -> set[str]:
    return {name for name, secret in local("secrets").items() if function in secret["readers"]}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_told_what_it_reads_and_nothing_else(function: config.Function) -> None:
    assert told(function) | may_read(function) == needed(function)


def test_every_variable_of_the_code_is_set_or_left_to_its_default() -> None:
    assert {*local("settings"), *local("secrets")} == NAMES - LEFT_TO_DEFAULTS


def test_what_is_secret_is_a_secret_and_nothing_else_is() -> None:
    assert set(local("secrets")) == {variable.name for variable in config._VARIABLES if variable.secret}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_the_right_to_read_the_secrets_it_needs_and_no_other(
    function: config.Function,
) -> None:
    wanted = {v.name for v in config._VARIABLES if v.secret and function in v.needed_by}
    assert may_read(function) == wanted


def test_every_secret_is_created_and_bound_to_each_of_its_readers_alone() -> None:
    created = resource("google_secret_manager_secret", "this")
    assert (created["for_each"], created["secret_id"]) == ("${local.secrets}", "${each.key}")
    bound = resource("google_secret_manager_secret_iam_member", "reader")
    assert bound["for_each"] == "${local.secret_readers}"
    assert bound["role"] == "roles/secretmanager.secretAccessor"
    assert bound["member"] == "${google_service_account.this[each.value.reader].member}"


def test_no_value_of_a_secret_passes_through_terraform() -> None:
    assert "google_secret_manager_secret_version" not in {kind for (kind, _), _ in resources()}
    assert not {name for name in variables() if re.search("password|token|secret_value|_key", name)}


def test_code_reads_its_environment_in_one_place() -> None:
    elsewhere = {
        path.name
        for path in PACKAGE.rglob("*.py")
        if {"environ", "getenv"}
        & {node.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}
    }
    assert elsewhere == set()


def test_who_may_enqueue_is_who_is_told_the_queue() -> None:
    members = local("queue_users")
    assert members["scheduled"] == [function for function in FUNCTIONS if "TASKS_QUEUE" in told(function)]
    assert members["urgent"] == [function for function in FUNCTIONS if "TASKS_URGENT_QUEUE" in told(function)]
    assert members["bulk"] == [function for function in FUNCTIONS if "TASKS_BULK_QUEUE" in told(function)]
    assert local("enqueuers") == members["scheduled"]
