"""The zip that the functions are deployed from: the same bytes from the same source, with all that is needed alone."""

from __future__ import annotations

import ast
import base64
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tests.infra import clean_environment
from tests.infra.terraform_files import ROOT

from local_stack.demo.processes import free_ports

BUILD_ZIP = ROOT / "infra/build_zip"


def build(target: Path, root: Path = ROOT) -> str:
    """Build the zip; what was printed."""
    command = [sys.executable, str(root / "infra/build_zip"), str(target)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("zip") / "source.zip"
    build(target)
    return target


def modules(names: set[str]) -> dict[str, str]:
    """The modules among the names of files, each with its file."""
    return {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): name
        for name in names
        if name.endswith(".py")
    }


def imported(text: str, package: str) -> Iterator[str]:
    """What a module imports, and what it imports from there, which may be a module too."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            yield origin
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def reached() -> set[str]:
    """The files of all modules that main.py imports, directly or not."""
    functions = ROOT / "functions"
    files = modules({path.relative_to(functions).as_posix() for path in functions.rglob("*.py")})
    wanted, found = ["main"], set()
    while wanted:
        name = wanted.pop()
        if name not in files or files[name] in found:
            continue
        found.add(files[name])
        package = name if files[name].endswith("__init__.py") else name.rpartition(".")[0]
        text = (functions / files[name]).read_text()
        wanted += [name.rpartition(".")[0], *imported(text, package)]
    return found


def test_it_holds_every_module_that_the_functions_import_and_no_other(source: Path) -> None:
    with zipfile.ZipFile(source) as archive:
        assert reached() == {name for name in archive.namelist() if name.endswith(".py")}


def test_beside_modules_it_holds_the_pages_and_the_requirements_alone(source: Path) -> None:
    with zipfile.ZipFile(source) as archive:
        others = {name for name in archive.namelist() if not name.endswith(".py")}
        assert archive.read("requirements.txt") == (ROOT / "requirements.txt").read_bytes()
    pages = ("contact_sync/web/templates/", "contact_sync/web/static/", "contact_sync/py.typed")
    assert {name for name in others if not name.startswith(pages)} == {"requirements.txt"}


def test_the_same_source_gives_the_same_bytes_wherever_and_whenever_it_is_checked_out(
    source: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "clone"
    for folder in ("functions", "infra"):
        (elsewhere / folder).mkdir(parents=True)
    shutil.copytree(
        ROOT / "functions", elsewhere / "functions", dirs_exist_ok=True, copy_function=shutil.copyfile
    )
    shutil.copy(ROOT / "requirements.txt", elsewhere)
    shutil.copy(BUILD_ZIP, elsewhere / "infra")
    (elsewhere / "functions/__pycache__/left.cpython-311.pyc").parent.mkdir(exist_ok=True)
    (elsewhere / "functions/__pycache__/left.cpython-311.pyc").write_bytes(b"left behind")
    os.utime(elsewhere / "functions/main.py", (0, 0))
    (elsewhere / "functions/main.py").chmod(0o700)
    build(tmp_path / "again.zip", elsewhere)
    assert (tmp_path / "again.zip").read_bytes() == source.read_bytes()


def test_another_source_gives_another_hash(source: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "clone"
    shutil.copytree(ROOT / "functions", elsewhere / "functions")
    (elsewhere / "infra").mkdir()
    shutil.copy(ROOT / "requirements.txt", elsewhere)
    shutil.copy(BUILD_ZIP, elsewhere / "infra")
    before = build(tmp_path / "one.zip", elsewhere).split()[0]
    (elsewhere / "requirements.txt").write_text("functions-framework==3.10.1\n")
    assert build(tmp_path / "one.zip", elsewhere).split()[0] != before


class Checkout:
    """A small project of its own, under Git or not."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "infra").mkdir(parents=True)
        (root / "functions").mkdir()
        shutil.copy(BUILD_ZIP, root / "infra")
        for file in ("functions/main.py", "requirements.txt"):
            (root / file).write_text("# nothing\n")

    def track(self) -> None:
        for arguments in (["init", "-q"], ["add", "-A"]):
            subprocess.run(["git", "-C", str(self.root), *arguments], check=True, timeout=60)

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(self.root / "infra/build_zip"), *arguments]
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False, timeout=60)

    def packed(self) -> set[str]:
        assert self.call("source.zip").returncode == 0
        with zipfile.ZipFile(self.root / "source.zip") as archive:
            return set(archive.namelist())


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "project")


def test_what_lies_about_and_is_not_tracked_is_not_deployed(checkout: Checkout) -> None:
    (checkout.root / ".gitignore").write_text("*.sqlite3\n")
    checkout.track()
    for name in ("key.json", "new.py", "left.sqlite3", ".env"):
        (checkout.root / "functions" / name).write_text("secret")
    assert checkout.packed() == {"main.py", "requirements.txt"}
    named = checkout.call("source.zip").stderr.splitlines()
    assert [line.rpartition(" ")[2] for line in named] == ["functions/key.json", "functions/new.py"]


def test_a_tracked_file_is_packed_as_it_is_now_and_one_that_is_gone_is_not(checkout: Checkout) -> None:
    (checkout.root / "functions/gone.py").write_text("")
    checkout.track()
    (checkout.root / "functions/gone.py").unlink()
    (checkout.root / "functions/main.py").write_text("# changed\n")
    assert checkout.packed() == {"main.py", "requirements.txt"}
    with zipfile.ZipFile(checkout.root / "source.zip") as archive:
        assert archive.read("main.py") == b"# changed\n"


def test_an_archive_of_a_commit_is_packed_without_git(checkout: Checkout) -> None:
    """Even where it was unpacked inside of another repository, which tracks none of it."""
    assert checkout.packed() == {"main.py", "requirements.txt"}
    subprocess.run(["git", "init", "-q", str(checkout.root.parent)], check=True, timeout=60)
    assert checkout.packed() == {"main.py", "requirements.txt"}


@pytest.mark.parametrize(
    "arguments, status", [(["--help"], 0), (["-h"], 0), (["--wrong"], 2), (["a", "b"], 2)]
)
def test_it_tells_how_it_is_called_and_makes_nothing(
    checkout: Checkout, arguments: list[str], status: int
) -> None:
    before = set(checkout.root.rglob("*"))
    done = checkout.call(*arguments)
    assert done.returncode == status
    assert "infra/build_zip" in done.stdout + done.stderr
    assert set(checkout.root.rglob("*")) == before


@pytest.fixture(scope="module")
def deployed(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The unpacked zip, and the Python of an environment with its requirements alone."""
    folder = tmp_path_factory.mktemp("deployed")
    with zipfile.ZipFile(source) as archive:
        archive.extractall(folder / "functions")
    shutil.move(folder / "functions/requirements.txt", folder)
    return folder, clean_environment.make(folder / "venv", folder / "requirements.txt")


KEY = base64.b64encode(bytes(32)).decode()
WEB = {
    "GOOGLE_CLOUD_PROJECT": "my-project",
    "FIRESTORE_EMULATOR_HOST": "127.0.0.1:9",
    "SUGAR_URL": "https://sugar.example.com",
    "SUGAR_PLATFORM": "contact_sync",
    "SUGAR_SUDO_PLATFORM": "contact_sync_user",
    "SUGAR_USERNAME": "contact-sync",
    "SUGAR_PASSWORD": "password",
    "OAUTH_CLIENT_ID": "client",
    "OAUTH_CLIENT_SECRET": "secret",
    "ALLOWED_DOMAINS": "example.com",
    "WEB_URL": "https://web.example.com",
    "WORKER_URL": "https://worker.example.com",
    "TASKS_QUEUE": "projects/p/locations/l/queues/scheduled",
    "TASKS_URGENT_QUEUE": "projects/p/locations/l/queues/urgent",
    "TASKS_SERVICE_ACCOUNT": "invoker@my-project.iam.gserviceaccount.com",
    "TOKEN_KEYS": f"one:{KEY}",
    "INDEX_KEY": KEY,
    "SESSION_KEY": "s" * 32,
    "HOOK_TOKENS": "h" * 32,
}
"""As Terraform sets it: in the root of the zip the framework finds main.py by itself."""


@pytest.mark.slow
def test_web_starts_from_the_zip_with_its_requirements_alone(
    deployed: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, python = deployed
    (port,) = free_ports(1)
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    environ |= {
        **WEB,
        "FUNCTION_TARGET": "web",
        "PORT": str(port),
        "THREADS": "40",
        "LOG_EXECUTION_ID": "false",
    }
    command = [str(python), "-m", "functions_framework"]
    with (tmp_path / "printed").open("wb") as printed:
        process = subprocess.Popen(
            command, cwd=folder / "functions", env=environ, stdout=printed, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + 40
        while True:
            assert process.poll() is None, (tmp_path / "printed").read_text()
            try:
                answer = requests.get(f"http://127.0.0.1:{port}/health", timeout=10)
                break
            except requests.ConnectionError:
                assert time.monotonic() < deadline, (tmp_path / "printed").read_text()
                time.sleep(0.1)
        assert answer.status_code == 200
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.slow
def test_the_functions_from_the_zip_sync_two_address_books(
    deployed: tuple[Path, Path], tmp_path: Path
) -> None:
    """The demo runs the functions that lie beside it: here those of the zip, and with its requirements alone."""
    folder, python = deployed
    local_stack = folder / "infra/local"
    ignored = shutil.ignore_patterns(".venv", "__pycache__")
    shutil.copytree(ROOT / "infra/local", local_stack, ignore=ignored)
    command = [str(python), str(local_stack / "demo"), "--no-venv", "--once", "--contacts", "60"]
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
