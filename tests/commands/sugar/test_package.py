"""The package for Sugar: built the same every time, what Sugar takes, and its calls are understood by our route."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.web.browser import Place

from contact_sync.config import Config
from contact_sync.contacts.settings import Auto, SyncSettings
from contact_sync.web.app import create_app
from contact_sync.web.hooks import SIGNATURE_HEADER, signature

BUILD = Path(__file__).parents[3] / "infra/sugar/build-package"
STUB = Path(__file__).with_name("sugar_stub.php")
SECRET = "s" * 40
CONFIG = {"contact_sync_url": "https://sync.corp.test/", "contact_sync_secret": SECRET}
ANA = {"id": "ana", "assigned_user_id": "user-ada", "last_name": "Ruiz", "email1": "ana@corp.test"}
EVENTS = [
    "after_save",
    "after_delete",
    "after_restore",
    "after_relationship_add",
    "after_relationship_delete",
]
SAVED = ["after_save", ANA, {"isUpdate": True, "stateChanges": {}, "dataChanges": []}]


def build(folder: Path, *arguments: str) -> Path:
    command = [sys.executable, str(BUILD), str(folder), *arguments]
    return Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())


@pytest.fixture(scope="session")
def php() -> str:
    """PHP's own program; without it, or with PHP=no, the tests that need it are left out."""
    if os.environ.get("PHP") == "no":
        pytest.skip("PHP=no")
    found = shutil.which("php")
    if found is None:
        pytest.skip("they need PHP: apt-get install php-cli")
    return found


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked package."""
    folder = tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(build(folder)) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


class Sugar:
    """Sugar's side of the package, as far as the hook touches it."""

    def __init__(self, php: str, package: Path) -> None:
        self.php = php
        self.package = package

    def __call__(
        self, *events: Any, config: dict[str, str] = CONFIG, answer: int | str = 204
    ) -> dict[str, Any]:
        """Have these things happen to contacts; what was sent and logged."""
        scenario = {"package": str(self.package), "config": config, "events": events, "answer": answer}
        done = subprocess.run(
            [self.php, str(STUB)], input=json.dumps(scenario), capture_output=True, text=True
        )
        assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found


@pytest.fixture
def sugar(php: str, package: Path) -> Sugar:
    return Sugar(php, package)


def test_two_builds_are_identical(tmp_path: Path) -> None:
    first, second = build(tmp_path / "one"), build(tmp_path / "two")
    assert first.read_bytes() == second.read_bytes()


def test_the_zip_is_laid_out_as_the_module_loader_expects(tmp_path: Path) -> None:
    made = build(tmp_path)
    assert made.name == "contact-sync-1.0.0.zip"
    with zipfile.ZipFile(made) as archive:
        names = archive.namelist()
        manifest = archive.read("manifest.php").decode()
    copied = re.findall(r"'<basepath>/(.*?)',\s*'to' => '(.*?)'", manifest)
    assert [source for source, _ in copied] == [target for _, target in copied]
    assert sorted(names) == sorted(["manifest.php", *(source for source, _ in copied)])
    assert len(copied) == 2


def test_another_version_is_written_into_the_manifest(tmp_path: Path) -> None:
    made = build(tmp_path, "2.3.4")
    assert made.name == "contact-sync-2.3.4.zip"
    with zipfile.ZipFile(made) as archive:
        assert "'version' => '2.3.4'" in archive.read("manifest.php").decode()


@pytest.mark.parametrize(
    "arguments", [["folder", "latest"], ["folder", "1"], ["folder", "1.0", "2.0"], ["--wrong"]]
)
def test_a_wrong_call_builds_nothing(tmp_path: Path, arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, str(BUILD), *arguments], cwd=tmp_path, capture_output=True)
    assert done.returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_every_file_is_valid_php(php: str, package: Path) -> None:
    files = sorted(package.rglob("*.php"))
    assert len(files) == 3
    for file in files:
        done = subprocess.run(
            [php, "-d", "error_reporting=-1", "-l", str(file)], capture_output=True, text=True
        )
        assert done.returncode == 0 and "No syntax errors" in done.stdout, done.stdout
        assert "Deprecated" not in done.stdout + done.stderr


def test_nothing_in_it_is_what_sugars_package_scanner_refuses(package: Path) -> None:
    names = r"curl_\w+|\w+_contents|fopen|fsockopen|eval|exec|call_user_func\w*|array_map|usort|include|require\w*"
    variable_calls = r"\$\w+\s*\(|new\s+\$|->\$|::\$\w+\s*\("
    for file in package.rglob("*.php"):
        found = re.findall(rf"\b(?:{names})\b|{variable_calls}", file.read_text())
        assert found == [], file.name


def test_sugar_accepts_the_manifest(php: str, package: Path) -> None:
    script = "require $argv[1]; echo json_encode([$manifest, $installdefs]);"
    command = [php, "-r", script, "--", str(package / "manifest.php")]
    manifest, definitions = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert manifest["type"] == "module" and manifest["id"] == definitions["id"]
    (versions,) = manifest["acceptable_sugar_versions"]["regex_matches"]
    assert [
        re.search(versions, release) is not None for release in ("13.0.2", "14.2.0", "25.1.0", "12.0.4")
    ] == [
        True,
        True,
        True,
        False,
    ]


def test_each_event_makes_one_short_signed_call(sugar: Sugar) -> None:
    done = sugar(*([event, ANA, {"id": "ana"}] for event in EVENTS))
    assert done["events"] == EVENTS
    assert [json.loads(call["body"])["event"] for call in done["calls"]] == EVENTS
    for call in done["calls"]:
        assert call["url"] == "https://sync.corp.test/hooks/sugar/signed"
        assert call["headers"]["Content-Type"] == "application/json"
        assert call["timeout"] <= 2 and call["redirects"] == 0
        given = call["headers"][SIGNATURE_HEADER]
        seconds = int(re.fullmatch(r"t=(\d+),v1=[0-9a-f]{64}", given)[1])  # type: ignore[index]
        assert given == signature(SECRET, call["body"].encode(), seconds)


def test_a_call_holds_ids_and_nothing_of_the_contact(sugar: Sugar) -> None:
    change = {"field_name": "assigned_user_id", "before": "user-bob", "after": "user-ada"}
    changes = {"assigned_user_id": change, "last_name": {"before": "Ruiz", "after": "Diaz"}}
    related = {"related_module": "Users", "related_id": "user-eve", "related_name": "Eve", "name": "Ana Ruiz"}
    done = sugar(
        ["after_save", ANA, {"stateChanges": changes, "dataChanges": changes}],
        ["after_relationship_add", ANA, {"id": "ana", "module": "Contacts", "link": "users", **related}],
    )
    data = {"id": "ana", "assigned_user_id": "user-ada"}
    common = {"bean": "Contact", "id": "ana", "data": data}
    owners = {"assigned_user_id": {"before": "user-bob", "after": "user-ada"}}
    assert [json.loads(call["body"]) for call in done["calls"]] == [
        {"event": "after_save", **common, "stateChanges": owners},
        {
            "event": "after_relationship_add",
            **common,
            "related_id": "user-eve",
            "related_module": "Users",
        },
    ]


@pytest.mark.parametrize("missing", ["contact_sync_url", "contact_sync_secret"])
def test_without_its_two_values_nothing_is_sent(sugar: Sugar, missing: str) -> None:
    done = sugar(SAVED, config={**CONFIG, missing: ""})
    assert done["calls"] == [] and done["log"] == []


@pytest.mark.parametrize("answer", ["timed out", f"refused {SECRET}", 404, 500, 302])
def test_whatever_the_call_meets_the_users_save_goes_on_and_the_log_says_why(
    sugar: Sugar, answer: int | str
) -> None:
    done = sugar(SAVED, answer=answer)
    ((level, said),) = done["log"]
    assert level == "error" and said.startswith("Contact sync: ")
    assert SECRET not in said


def test_what_was_answered_is_logged_for_debugging_only(sugar: Sugar) -> None:
    assert [level for level, _ in sugar(SAVED)["log"]] == ["debug"]


def test_a_mass_update_waits_once_for_a_receiver_that_does_not_answer(sugar: Sugar) -> None:
    done = sugar(*[SAVED] * 50, answer="timed out")
    assert len(done["calls"]) == 1 and len(done["log"]) == 1


@pytest.mark.parametrize(
    "event",
    [
        ["after_save", None, None],
        ["after_save", "a text", {"stateChanges": "none"}],
        ["after_save", {"id": None}, {"stateChanges": {"assigned_user_id": "user-ada"}}],
        ["after_delete", {"id": "ana"}, None],
        ["after_relationship_add", ANA, {"related_id": None, "related_module": "Accounts"}],
    ],
)
def test_what_sugar_has_never_passed_yet_does_not_break_the_save(sugar: Sugar, event: list[Any]) -> None:
    assert len(sugar(event)["log"]) == 1


def test_the_route_takes_the_calls_and_wakes_whom_they_concern(sugar: Sugar) -> None:
    place = Place()
    values = {name: getattr(place.config, name) for name in place.config.__slots__}
    place.config = Config(**{**values, "hook_tokens": ("o" * 40, SECRET)})
    place.app = create_app(place.config, place.engine)
    place.person("ada")
    ada = place.signed_in("ada")
    place.change(ada.sub, settings=SyncSettings(auto=Auto(enabled=True)))

    def post(call: dict[str, Any]) -> int:
        path = call["url"].removeprefix("https://sync.corp.test")
        client = place.app.test_client()
        return client.post(path, data=call["body"].encode(), headers=call["headers"]).status_code

    (call,) = sugar(SAVED)["calls"]
    assert post(call) == 204
    assert place.payloads() == [{"user": ada.sub, "trigger": "hook"}]
    assert post({**call, "body": call["body"].replace("user-ada", "user-eve")}) == 404
    (forged,) = sugar(SAVED, config={**CONFIG, "contact_sync_secret": "f" * 40})["calls"]
    assert post(forged) == 404
