"""infra/pin: what a deployment is built with is named by its content, and what no longer fits is refused."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.infra.terraform_files import ROOT

BUILDS = ("cloudbuild.yaml", "infra/cloudbuild-test.yaml")
IMAGES = sorted(
    {image for build in BUILDS for image in re.findall(r"name: (\S+:\S+)", (ROOT / build).read_text())}
)
IMAGES = sorted({image.partition("@")[0] for image in IMAGES})

DOCKER = """#!/bin/sh
# Tells of an image what the registry would.
[ "$1 $2 $3" = "buildx imagetools inspect" ] || exit 64
grep "^$4 " "$(dirname "$0")/registry" | cut -d' ' -f2-
"""
TERRAFORM = """#!/bin/sh
# Writes a lock where none is, as `terraform providers lock` does, and keeps the call.
folder=${1#-chdir=}
[ "$2 $3" = "providers lock" ] && [ ! -e "$folder/.terraform.lock.hcl" ] && [ -e "$folder/versions.tf" ] || exit 64
echo "$*" > "$(dirname "$0")/call"
cat "$(dirname "$0")/provider" > "$folder/.terraform.lock.hcl"
"""


class Checkout:
    """What infra/pin reads and writes, and the programs that it asks."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.programs = folder / "checkout", folder / "programs"
        (self.folder / "infra").mkdir(parents=True)
        self.programs.mkdir()
        for file in (*BUILDS, "infra/pin", *(f"infra/{path.name}" for path in (ROOT / "infra").glob("*.tf"))):
            shutil.copy(ROOT / file, self.folder / file)
        for build in BUILDS:
            self.write(build, re.sub(r"@sha256:\S+", "", self.read(build)))
        self.has("docker", DOCKER)
        self.has("terraform", TERRAFORM)
        self.registry = {image: digest(number) for number, image in enumerate(IMAGES)}
        (self.programs / "provider").write_text("# the newest provider\n")

    def has(self, name: str, script: str) -> None:
        (self.programs / name).write_text(script)
        (self.programs / name).chmod(0o755)

    def read(self, file: str) -> str:
        return (self.folder / file).read_text()

    def write(self, file: str, text: str) -> None:
        (self.folder / file).write_text(text)

    def pin(self, *options: str) -> subprocess.CompletedProcess[str]:
        answers = [f"{image} {json.dumps({'digest': found})}\n" for image, found in self.registry.items()]
        (self.programs / "registry").write_text("".join(answers))
        return subprocess.run(
            [sys.executable, str(self.folder / "infra/pin"), *options],
            env={"PATH": f"{self.programs}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def files(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_every_image_of_both_builds_is_named_by_what_its_tag_holds_now(checkout: Checkout) -> None:
    done = checkout.pin()
    assert done.returncode == 0, done.stderr
    for build in BUILDS:
        named = re.findall(r"^ +name: (\S+)$", checkout.read(build), re.MULTILINE)
        assert named and all(
            image.partition("@")[2] == checkout.registry[image.partition("@")[0]] for image in named
        )
    assert checkout.read("infra/images.lock").splitlines() == [
        f"{one}@{checkout.registry[one]}" for one in IMAGES
    ]
    assert checkout.pin("--check").returncode == 0


def test_nothing_but_the_digests_is_changed_in_a_build(checkout: Checkout) -> None:
    before = {build: checkout.read(build) for build in BUILDS}
    checkout.pin()
    assert {build: re.sub(r"@sha256:\w+", "", checkout.read(build)) for build in BUILDS} == before


def test_the_provider_is_locked_anew_for_every_platform(checkout: Checkout) -> None:
    checkout.write("infra/.terraform.lock.hcl", "# an older one\n")
    assert checkout.pin().returncode == 0
    assert checkout.read("infra/.terraform.lock.hcl") == "# the newest provider\n"
    asked = (checkout.programs / "call").read_text()
    assert {"linux_amd64", "darwin_arm64"} <= set(re.findall(r"-platform=(\w+)", asked))


def test_repeating_it_takes_what_is_newer(checkout: Checkout) -> None:
    checkout.pin()
    checkout.registry[IMAGES[0]] = digest(99)
    assert checkout.pin().returncode == 0
    assert f"{IMAGES[0]}@{digest(99)}\n" in checkout.read("infra/images.lock")
    assert checkout.pin("--check").returncode == 0


def test_another_tag_with_the_digest_of_the_old_one_is_refused(checkout: Checkout) -> None:
    """It is the digest that counts: the build would go on with the old image, whatever the tag says."""
    checkout.pin()
    checkout.write(BUILDS[0], checkout.read(BUILDS[0]).replace("terraform:1.11.4", "terraform:1.12.0"))
    done = checkout.pin("--check")
    assert done.returncode == 1
    assert "cloudbuild.yaml: the digest of hashicorp/terraform:1.12.0 is not the one in" in done.stderr
    assert "Run infra/pin" in done.stderr


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("behind", ["", "@sha256:abc", "@latest"])
def test_an_image_without_its_digest_is_refused(checkout: Checkout, build: str, behind: str) -> None:
    checkout.pin()
    checkout.write(build, re.sub(r"(python:\S+)@sha256:\w+", rf"\1{behind}", checkout.read(build)))
    done = checkout.pin("--check")
    assert done.returncode == 1
    assert f"{build}: python:3.12-bookworm has no digest" in done.stderr


def test_what_was_never_pinned_is_refused_and_left_alone(checkout: Checkout) -> None:
    before = checkout.files()
    done = checkout.pin("--check")
    assert done.returncode == 1
    assert "infra/.terraform.lock.hcl is missing" in done.stderr
    assert checkout.files() == before


@pytest.mark.parametrize(
    "program, script, said",
    [
        ("docker", "#!/bin/sh\nexit 1\n", "docker did not do it"),
        ("docker", "#!/bin/sh\necho none\n", "docker tells no digest of"),
        ("docker", '#!/bin/sh\necho \'{"digest": "sha256:12"}\'\n', "docker tells no digest of"),
        ("terraform", "#!/bin/sh\nexit 1\n", "terraform did not do it"),
    ],
)
def test_a_failure_leaves_everything_as_it_was(
    checkout: Checkout, program: str, script: str, said: str
) -> None:
    before = checkout.files()
    checkout.has(program, script)
    done = checkout.pin()
    assert done.returncode == 1
    assert said in done.stderr and "Nothing was written." in done.stderr
    assert checkout.files() == before


def test_without_a_program_it_says_which(checkout: Checkout) -> None:
    (checkout.programs / "docker").unlink()
    (checkout.programs / "python3").symlink_to(sys.executable)
    done = subprocess.run(
        [sys.executable, str(checkout.folder / "infra/pin")],
        env={"PATH": str(checkout.programs)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "This needs docker, which is not installed here." in done.stderr


def test_help_is_help_and_writes_nothing(checkout: Checkout) -> None:
    before = checkout.files()
    done = checkout.pin("--help")
    assert done.returncode == 0 and "infra/images.lock" in done.stdout
    assert checkout.files() == before


def test_the_command_can_be_called() -> None:
    assert os.access(ROOT / "infra/pin", os.X_OK)
