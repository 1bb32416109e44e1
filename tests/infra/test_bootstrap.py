"""infra/bootstrap prepares a project once, and does no harm when it is repeated."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from tests.infra.readme import TEXT
from tests.infra.terraform_files import ROOT

GCLOUD = """#!/bin/sh
# Notes the call. What `describe` finds is a file: absent until the matching `create`.
echo "$*" >> "$CALLS"
case "$*" in
    *"buckets describe"*) test -e "$MADE/bucket" ;;
    *"buckets create"*) touch "$MADE/bucket" ;;
    *"topics describe"*) test -e "$MADE/topic" ;;
    *"topics create"*) touch "$MADE/topic" ;;
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
        """Run the command; the calls of gcloud it made."""
        calls = self.folder / "calls"
        calls.write_text("")
        environment = os.environ | {
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "CALLS": str(calls),
            "MADE": str(self.folder),
        }
        subprocess.run(
            [str(ROOT / "infra/bootstrap"), *arguments],
            env=environment,
            check=True,
            capture_output=True,
            timeout=30,
        )
        return calls.read_text().splitlines()


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


def test_without_a_project_it_does_nothing_and_says_how(project: Project) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        project.bootstrap()
    assert refused.value.returncode == 2
    assert b"infra/bootstrap PROJECT" in refused.value.stdout
    assert (project.folder / "calls").read_text() == ""
