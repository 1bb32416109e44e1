"""The deployed functions' addresses, limits and callers fit what the code expects of them."""

from __future__ import annotations

import ast
import re
from datetime import timedelta

import pytest
from tests.infra.terraform_files import ROOT, local, resource, resources, variables

from contact_sync.composition import WorkerQueue
from contact_sync.config import Config
from contact_sync.services import tasks
from contact_sync.services.tasks import Task, TaskQueue
from contact_sync.sync import lease, schedule


class Enqueued(TaskQueue):
    """Keeps what it is asked to create."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks: list[Task] = []

    def enqueue_many(self, tasks: list[Task]) -> list[bool]:  # type: ignore[override]
        self.tasks += tasks
        return [True] * len(tasks)


def test_a_task_is_for_the_address_that_it_is_sent_to() -> None:
    queue = Enqueued()
    config = Config(
        worker_url="https://worker.example.com", tasks_queue="q", tasks_service_account="invoker@example.com"
    )
    WorkerQueue(config, queue)({"user": "u"})
    (task,) = queue.tasks
    assert (task.url, task.audience) == ("https://worker.example.com", "https://worker.example.com")
    assert local("settings")["WORKER_URL"]["value"] == '${local.addresses["worker"]}'


def test_the_schedulers_token_is_for_the_address_that_it_calls() -> None:
    (target,) = resource("google_cloud_scheduler_job", "dispatcher")["http_target"]
    (token,) = target["oidc_token"]
    assert target["uri"] == token["audience"] == '${local.addresses["dispatcher"]}'


def test_the_scheduler_and_the_tasks_call_as_the_account_that_may() -> None:
    (target,) = resource("google_cloud_scheduler_job", "dispatcher")["http_target"]
    (token,) = target["oidc_token"]
    invoker = '${google_service_account.this["invoker"].%s}'
    assert token["service_account_email"] == invoker % "email"
    assert local("settings")["TASKS_SERVICE_ACCOUNT"]["value"] == invoker % "email"
    assert resource("google_cloud_run_v2_service_iam_member", "invoker")["member"] == invoker % "member"


def test_only_web_is_public() -> None:
    public = {name: settings["public"] for name, settings in local("functions").items()}
    assert public == {"dispatcher": False, "worker": False, "web": True}
    everybody = [
        name for (_, name), body in resources() if body.get("member") in ("allUsers", "allAuthenticatedUsers")
    ]
    assert everybody == ["public"]


def test_the_entry_points_are_the_functions_of_main() -> None:
    defined = {
        node.name
        for node in ast.parse((ROOT / "functions/main.py").read_text()).body
        if hasattr(node, "name")
    }
    assert set(local("functions")) <= defined
    (build,) = resource("google_cloudfunctions2_function", "this")["build_config"]
    assert build["entry_point"] == "${each.key}"


def test_the_worker_outlives_a_lease_and_ends_before_its_task_is_given_up() -> None:
    timeout = timedelta(seconds=local("functions")["worker"]["timeout"])
    look = timedelta(seconds=100)  # two calls of at most 50 s may come before the lease
    assert lease.DURATION + look < timeout < tasks.DISPATCH_DEADLINE


def test_a_worker_does_one_run_at_a_time() -> None:
    assert local("functions")["worker"]["concurrency"] == 1
    assert local("functions")["worker"]["max_instances"] == "${sum(values(local.queues))}"


def test_a_scheduled_task_lasts_as_long_as_nobody_replaces_it() -> None:
    """The worker counts attempts and ends the task at the last one, where it can; else the queue keeps it."""
    (retries,) = resource("google_cloud_tasks_queue", "this")["retry_config"]
    assert retries["max_attempts"] == "${var.tasks_max_attempts}"
    kept = f"{int(schedule.LOST.total_seconds())}s"
    assert retries["max_retry_duration"] == f'${{each.key == "urgent" ? null : "{kept}"}}'


@pytest.mark.parametrize("account", ["dispatcher", "worker", "web", "invoker", "build"])
def test_only_the_deployment_may_administer_anything(account: str) -> None:
    roles = local("project_roles").get(account, [])
    assert [role for role in roles if re.search(r"(?i)(admin|owner|editor)$", role)] == []


def test_the_deployment_has_no_basic_role_and_grants_none() -> None:
    assert {"roles/owner", "roles/editor"} & set(local("project_roles")["deploy"]) == set()
    (condition,) = resource("google_project_iam_member", "deploy_grants")["condition"]
    assert (
        "modifiedGrantsByRole', []).hasOnly(${jsonencode(local.grantable_roles)})" in condition["expression"]
    )


@pytest.mark.parametrize("name", sorted(variables()))
def test_a_variable_is_typed_and_described(name: str) -> None:
    assert variables()[name]["type"]
    assert len(variables()[name]["description"]) > 15


def test_variables_are_in_alphabetical_order() -> None:
    assert list(variables()) == sorted(variables())
