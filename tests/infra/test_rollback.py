"""infra/rollback sends all three functions back to one and the same deployment."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.infra.terraform_files import ROOT, local

GCLOUD = """#!/usr/bin/env python3
import json, os, re, sys
folder, words = os.environ["PLACE"], sys.argv[1:]
with open(folder + "/calls", "a") as calls:
    print(*words, file=calls)
if os.path.exists(folder + "/refused") and open(folder + "/refused").read() in " ".join(words):
    sys.exit("ERROR: no permission\\nERROR: (gcloud.run) PERMISSION_DENIED")
if "revisions" in words:
    (service,) = [word.removeprefix("--service=") for word in words if word.startswith("--service=")]
    print(json.dumps(json.load(open(folder + "/revisions"))[service]))
elif "describe" in words:
    print(json.dumps(json.load(open(folder + "/services"))[words[3]]))
"""


class Cloud:
    """Three services and what was deployed to them, oldest first: each deployment gives new revisions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "gcloud").write_text(GCLOUD)
        (folder / "gcloud").chmod(0o755)
        (folder / "calls").write_text("")
        self.revisions: dict[str, list[dict[str, Any]]] = {f"n-{name}": [] for name in local("functions")}
        self.traffic: dict[str, str] = {}
        self.day = 0

    def deploy(self, mark: str | None, *services: str, ready: bool = True) -> None:
        self.day += 1
        for service in services or tuple(self.revisions):
            known = self.revisions[service]
            name = f"{service}-{len(known) + 1:05}-abc"
            marked = [{"name": "DEPLOYMENT", "value": mark}] if mark else []
            container = {"image": "x", "env": [{"name": "POLICY", "value": "{}"}, *marked]}
            known.append(
                {
                    "metadata": {"name": name, "creationTimestamp": f"2026-03-{self.day:02}T10:00:00Z"},
                    "spec": {"containers": [container]},
                    "status": {"conditions": [{"type": "Ready", "status": "True" if ready else "False"}]},
                }
            )
            if ready:
                self.traffic[service] = name

    def __call__(self, *arguments: str, **environ: str) -> tuple[int, str, str]:
        (self.folder / "revisions").write_text(json.dumps({n: r[::-1] for n, r in self.revisions.items()}))
        served = {
            n: {"status": {"traffic": [{"revisionName": r, "percent": 100}]}} for n, r in self.traffic.items()
        }
        (self.folder / "services").write_text(json.dumps(served))
        done = subprocess.run(
            [ROOT / "infra/rollback", *arguments],
            env={
                "PATH": f"{self.folder}:{os.environ['PATH']}",
                "PLACE": str(self.folder),
                "PROJECT": "p",
                "REGION": "r",
                "NAME": "n",
                **environ,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def sent(self) -> dict[str, str]:
        """Where each service's traffic was sent."""
        calls = [line.split() for line in (self.folder / "calls").read_text().splitlines()]
        moves = [call for call in calls if call[2] == "update-traffic"]
        assert all({"--project=p", "--region=r", "--quiet"} <= set(call) for call in calls)
        return {call[3]: call[4] for call in moves}


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path)


def to(number: int) -> dict[str, str]:
    return {f"n-{name}": f"--to-revisions=n-{name}-{number:05}-abc=100" for name in local("functions")}


def test_all_three_go_back_to_the_deployment_before(cloud: Cloud) -> None:
    for mark in ("aaa", "bbb", "ccc"):
        cloud.deploy(mark)
    status, out, _ = cloud()
    assert (status, cloud.sent()) == (0, to(2))
    assert "until the next deployment" in out


def test_back_again_goes_one_further(cloud: Cloud) -> None:
    for mark in ("aaa", "bbb", "ccc"):
        cloud.deploy(mark)
    cloud.traffic = {
        service: revisions[1]["metadata"]["name"] for service, revisions in cloud.revisions.items()
    }
    assert cloud()[0] == 0
    assert cloud.sent() == to(1)


def test_a_restart_for_a_secret_is_no_deployment(cloud: Cloud) -> None:
    cloud.deploy("aaa")
    cloud.deploy("bbb")
    cloud.deploy("bbb", "n-web", "n-worker")
    assert cloud()[0] == 0
    assert cloud.sent() == to(1)


@pytest.mark.parametrize("named", ["aaa", "n-worker-00001-abc"])
def test_a_deployment_is_named_by_its_mark_or_by_one_of_its_revisions(cloud: Cloud, named: str) -> None:
    for mark in ("aaa", "bbb", "ccc"):
        cloud.deploy(mark)
    assert cloud(named)[0] == 0
    assert cloud.sent() == to(1)


def test_one_that_never_worked_or_is_not_whole_is_passed_over(cloud: Cloud) -> None:
    cloud.deploy("aaa")
    cloud.deploy("bad", "n-web", ready=False)
    cloud.deploy("bad", "n-worker", "n-dispatcher")
    cloud.deploy("ccc")
    assert cloud()[0] == 0
    assert set(cloud.sent().values()) == {f"--to-revisions=n-{n}-00001-abc=100" for n in local("functions")}


def test_revisions_from_before_there_were_marks_are_one_deployment(cloud: Cloud) -> None:
    cloud.deploy(None)
    cloud.deploy(None)
    cloud.deploy("aaa")
    assert cloud()[0] == 0
    assert cloud.sent() == to(2)


def test_it_shows_what_there_is(cloud: Cloud) -> None:
    cloud.deploy("aaa")
    cloud.deploy("bbb")
    _, out, _ = cloud("--list")
    assert [line.split()[0] for line in out.splitlines()] == ["bbb", "aaa"]
    assert out.splitlines()[0].endswith("served now")
    assert cloud.sent() == {}


def test_the_newest_is_served_again_when_asked_for(cloud: Cloud) -> None:
    cloud.deploy("aaa")
    assert cloud("--latest")[0] == 0
    assert set(cloud.sent().values()) == {"--to-latest"} and len(cloud.sent()) == 3


@pytest.mark.parametrize("arguments", [[], ["ddd"]])
def test_where_there_is_nothing_to_go_back_to_nothing_is_moved(cloud: Cloud, arguments: list[str]) -> None:
    cloud.deploy("aaa")
    status, _, err = cloud(*arguments)
    assert (status, err.count("\n"), cloud.sent()) == (1, 1, {})


@pytest.mark.parametrize("arguments", [[""], ["--project", ""], ["aaa", "--latest"], ["--list", "--latest"]])
def test_a_wrong_call_moves_nothing(cloud: Cloud, arguments: list[str]) -> None:
    cloud.deploy("aaa")
    cloud.deploy("bbb")
    assert cloud(*arguments)[0] == 2
    assert cloud.sent() == {}


def test_without_a_project_it_asks_for_one(cloud: Cloud) -> None:
    assert cloud(PROJECT="")[0] == 2


def test_one_that_cannot_be_moved_is_told_with_those_that_were(cloud: Cloud) -> None:
    cloud.deploy("aaa")
    cloud.deploy("bbb")
    (cloud.folder / "refused").write_text("update-traffic n-web")
    status, _, err = cloud()
    assert status == 1
    assert "n-web was not moved: ERROR: (gcloud.run) PERMISSION_DENIED" in err
    assert "moved already: n-dispatcher, n-worker" in err and err.count("\n") == 1


def test_every_function_gets_a_new_revision_by_whatever_changes() -> None:
    assert (
        local("environments") and "DEPLOYMENT = local.deployment" in (ROOT / "infra/settings.tf").read_text()
    )
    assert "filesha256(local.source_zip), local.settings" in str(local("deployment"))
