"""What monitoring counts are lines and fields that the code writes."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

import pytest
from tests.infra.terraform_files import INFRA, ROOT, local

from contact_sync import logs

METRICS = local("metrics")
SOURCES = [ROOT / "functions/main.py", *sorted((ROOT / "functions/contact_sync").rglob("*.py"))]
TREES = [ast.parse(path.read_text()) for path in SOURCES]


def calls() -> Iterator[ast.Call]:
    for tree in TREES:
        yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def written() -> dict[str, list[set[str]]]:
    """The messages that the code logs, each with the fields that its calls add."""
    found: dict[str, list[set[str]]] = defaultdict(list)
    for call in calls():
        if not (isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "log" and call.args):
            continue
        message = call.args[0]
        if isinstance(message, ast.Constant):
            extra = next((word.value for word in call.keywords if word.arg == "extra"), None)
            keys = extra.keys if isinstance(extra, ast.Dict) else []
            found[message.value].append({key.value for key in keys if isinstance(key, ast.Constant)})
    return found


def codes(*errors: str) -> set[str]:
    """The codes that errors of these classes are raised with, where the code says them in place."""
    return {
        call.args[0].value
        for call in calls()
        if isinstance(call.func, ast.Name) and call.func.id in errors and call.args
        if isinstance(call.args[0], ast.Constant)
    }


def words() -> set[str]:
    """Every string in the code."""
    nodes = (node for tree in TREES for node in ast.walk(tree))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def fields_of(metric: str) -> set[str]:
    """The fields of a line that a metric's filter, value and labels speak of, the message aside."""
    text = f"{METRICS[metric]['filter']} {METRICS[metric]['value']}"
    return {*re.findall(r"jsonPayload\.(\w+)", text), *METRICS[metric]["labels"]} - {"message"}


def message_of(metric: str) -> str | None:
    found = re.search(r'jsonPayload\.message="([^"]*)"', METRICS[metric]["filter"])
    return found[1] if found else None


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_a_metric_speaks_of_a_line_and_of_fields_that_are_written(metric: str) -> None:
    message, fields = message_of(metric), fields_of(metric)
    assert fields <= set(logs.FIELDS)
    if message is not None:
        assert written()[message], f"nobody logs {message!r}"
        assert all(fields <= added for added in written()[message])


def test_the_filter_without_a_message_goes_by_severity_and_leaves_out_answers_that_the_request_log_calls_errors() -> (
    None
):
    assert [metric for metric in METRICS if message_of(metric) is None] == ["errors"]
    wanted = 'severity>=ERROR AND NOT log_id("run.googleapis.com/requests")'
    assert METRICS["errors"]["filter"].replace('\\"', '"') == wanted


def test_the_count_of_a_run_that_is_gathered_is_one_that_runs_keep() -> None:
    kept = {
        node.slice.value
        for tree in TREES
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("counts")
        if isinstance(node.slice, ast.Constant)
    }
    counted = {name for metric in METRICS for name in re.findall(r"counts\.(\w+)", str(METRICS[metric]))}
    assert counted
    assert counted <= kept


def test_codes_that_concern_the_user_are_those_that_the_code_raises() -> None:
    assert codes("UserMustAct") <= set(local("user_codes"))
    assert set(local("user_codes")) <= words()


def test_codes_of_quotas_are_those_that_the_code_raises() -> None:
    assert set(local("rate_codes")) == codes("RateLimited")


def test_every_metric_is_looked_at_and_no_other() -> None:
    queries = (INFRA / "monitoring.tf").read_text()
    used = {name for name in re.findall(r"\$\{local\.log_metric\}_([a-z_]+)\{", queries)}
    assert {re.sub("_(count|sum|bucket)$", "", name) for name in used} == set(METRICS)


def test_numbers_are_taken_only_from_metrics_that_have_them() -> None:
    queries = (INFRA / "monitoring.tf").read_text()
    used = {name for name in re.findall(r"\$\{local\.log_metric\}_([a-z_]+)\{", queries)}
    numbered = {name for name in used if re.search("_(count|sum|bucket)$", name)}
    assert {re.sub("_(count|sum|bucket)$", "", name) for name in numbered} == {
        metric for metric in METRICS if METRICS[metric]["value"] is not None
    }


def test_labels_that_queries_select_by_are_labels_of_their_metric() -> None:
    selectors = re.findall(
        r"\$\{local\.log_metric\}_(\w+)\{\$\{local\.from_run\},(.*)", (INFRA / "monitoring.tf").read_text()
    )
    assert {metric for metric, _ in selectors} == {"runs"}
    for metric, conditions in selectors:
        assert set(re.findall(r"(\w+)(?:=~|!~|!=|=)\\\"", conditions)) <= set(METRICS[metric]["labels"])
