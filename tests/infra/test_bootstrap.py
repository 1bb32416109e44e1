"""infra/bootstrap prepares a project once, and does no harm when it is repeated."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from tests.infra.readme import TEXT, section
from tests.infra.terraform_files import INFRA, ROOT

GCLOUD = """#!/bin/sh
# Notes the call. What `describe` finds is a file: absent until the matching `create`.
echo "$*" >> "$CALLS"
case "$*" in
    *"buckets describe"*projectNumber*) cat "$MADE/bucket" ;;
    *"buckets create"*) echo 123456789012 > "$MADE/bucket" ;;
    *"topics describe"*) test -e "$MADE/topic" ;;
    *"topics create"*) touch "$MADE/topic" ;;
    *"subscriptions describe"*) test -e "$MADE/subscription" ;;
    *"subscriptions create"*) touch "$MADE/subscription" ;;
    *"sinks describe"*) cat "$MADE/exclusion" 2>/dev/null || true ;;
    *"--add-exclusion"*) echo "other contact-sync-hooks" > "$MADE/exclusion" ;;
    *"projects describe"*) echo 123456789012 ;;
esac
"""


class Project:
    """A Google Cloud that a stand-in of gcloud pretends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        gcloud = folder / "gcloud"
        gcloud.write_text(GCLOUD)
        gcloud.chmod(0o755)

    def bootstrap(self, *arguments: str) -> list[str]:
        """Run the command to its good end; the calls of gcloud it made."""
        done, calls = self.try_to_bootstrap(*arguments)
        done.check_returncode()
        return calls

    def try_to_bootstrap(self, *arguments: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        """Run the command; how it ended, and the calls of gcloud it made."""
        calls = self.folder / "calls"
        calls.write_text("")
        environment = os.environ | {
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "CALLS": str(calls),
            "MADE": str(self.folder),
        }
        done = subprocess.run(
            [str(ROOT / "infra/bootstrap"), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return done, calls.read_text().splitlines()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_everything_is_made_in_the_project_that_was_named(project: Project) -> None:
    calls = project.bootstrap("my-project")
    assert all(call.startswith("--project=my-project --quiet ") for call in calls)
    assert any(
        "buckets create gs://my-project-contact-sync-state --location=europe-west1" in call for call in calls
    )
    assert any("topics create contact-sync-secrets" in call for call in calls)


def test_repeating_it_makes_nothing_again(project: Project) -> None:
    project.bootstrap("my-project")
    again = project.bootstrap("my-project")
    assert not [call for call in again if " create" in call and "identity create" not in call]
    assert [call for call in again if "--update-exclusion" in call]
    assert not [call for call in again if "--add-exclusion" in call]


def excluded(project: Project) -> str:
    """What matches the addresses whose lines are not kept, whoever logs them."""
    (update,) = [call for call in project.bootstrap("my-project") if "sinks update" in call]
    found = re.search(r'contact-sync-hooks,filter=httpRequest\.requestUrl=~"([^",]+)"$', update)
    assert found, update
    return found[1]


def test_lines_whose_address_holds_a_token_a_code_or_a_contact_are_not_kept(project: Project) -> None:
    pattern = excluded(project)
    for path in (
        "/hooks/sugar/some-token",
        "/oauth/callback?state=s&code=c",
        "/api/why?q=ada@corp.test",
        "/statistics?q=Ada",
        "/api/history?run=r&contact=people/c1",
        "/api/mappings?state=linked&cursor=QWRh",
    ):
        assert re.search(pattern, f"https://web.example.com{path}"), path
    for path in ("/", "/health", "/api/status", "/statistics", "/api/history?run=r", "/hooks"):
        assert not re.search(pattern, f"https://web.example.com{path}"), path


def test_the_page_for_administrators_names_the_same_exclusion(project: Project) -> None:
    assert f'httpRequest.requestUrl=~"{excluded(project)}"' in TEXT


def test_every_word_that_a_caller_asks_by_is_not_kept_or_is_about_no_contact() -> None:
    """A new parameter has to be sorted in here, and into the exclusion if it may hold what concerns nobody else."""
    named = {
        found
        for path in sorted((ROOT / "functions/contact_sync/web").glob("*.py"))
        for asked in re.findall(r"^class \w+\(Asked.*?(?=^\S)", path.read_text(), re.MULTILINE | re.DOTALL)
        for found in re.findall(r"^    (\w+): ", asked, re.MULTILINE)
    }
    assert named == {"q", "contact", "cursor", "cause", "group", "kind", "run", "state"}


@pytest.mark.parametrize(
    "arguments", [(), ("",), ("--project", "my-project"), ("my-project", "r", "n", "more")]
)
def test_without_a_project_it_does_nothing_and_says_how(project: Project, arguments: tuple[str, ...]) -> None:
    done, calls = project.try_to_bootstrap(*arguments)
    assert done.returncode == 2
    assert "infra/bootstrap PROJECT" in done.stdout
    assert calls == []


@pytest.mark.parametrize("owner", ["210987654321", "1234567890123", "12345678901", ""])
def test_a_bucket_of_that_name_that_is_somebody_elses_gets_no_state(project: Project, owner: str) -> None:
    """Names of buckets are taken by whoever comes first, in all of Google."""
    (project.folder / "bucket").write_text(owner)
    done, calls = project.try_to_bootstrap("my-project")
    assert done.returncode == 1
    assert "gs://my-project-contact-sync-state belongs to another project" in done.stderr
    assert not [
        call for call in calls if "buckets update" in call or "buckets create" in call or "sinks" in call
    ]


@pytest.mark.parametrize(
    "names", ["old-contact-sync-hooks", "contact-sync-hooks-2 other", "contact-sync hooks"]
)
def test_an_exclusion_whose_name_only_contains_ours_is_another_one(project: Project, names: str) -> None:
    (project.folder / "exclusion").write_text(names)
    (update,) = [call for call in project.bootstrap("my-project") if "sinks update" in call]
    assert "--add-exclusion=" in update


@pytest.mark.parametrize("names", ["contact-sync-hooks", "a contact-sync-hooks b", "a b contact-sync-hooks"])
def test_our_exclusion_is_found_wherever_it_stands(project: Project, names: str) -> None:
    (project.folder / "exclusion").write_text(names + "\n")
    (update,) = [call for call in project.bootstrap("my-project") if "sinks update" in call]
    assert "--update-exclusion=" in update


def test_of_all_that_becomes_of_a_secret_only_its_renewal_is_kept_for_the_alert(project: Project) -> None:
    """Adding a version, or a label, is told to the same topic, and is no reason to wake anybody."""
    (made,) = [call for call in project.bootstrap("my-project") if "subscriptions create" in call]
    assert " contact-sync-secrets --topic=contact-sync-secrets " in made
    assert '--message-filter=attributes.eventType = "SECRET_ROTATE"' in made
    (topic,) = re.findall(r'topic = "(\S+)" }', section("Step 7: the variables (3 minutes)"))
    assert topic.endswith("/topics/$NAME-secrets")
    alert = next(line for line in (INFRA / "monitoring.tf").read_text().splitlines() if "pubsub_" in line)
    # The metric of the subscription, which has the name of the topic.
    assert "subscription_num_undelivered_messages" in alert
    assert 'subscription_id=\\"${try(split("/", var.secret_rotation.topic)[3]' in alert
