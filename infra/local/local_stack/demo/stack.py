"""What runs: two simulators, two stand-ins, three functions, and the configuration that joins them."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .processes import Process, Processes, ProcessFailed, free_ports

LOCAL = Path(__file__).resolve().parents[2]
FUNCTIONS = LOCAL.parents[1] / "functions"

PROJECT = "contact-sync-local"
DOMAIN = "corp.example"
QUEUES = [
    f"projects/{PROJECT}/locations/local/queues/{name}" for name in ("sync", "sync-urgent", "sync-bulk")
]
PLATFORMS = ("contact_sync", "contact_sync_user")
SERVICE_USER = "contact-sync"
CLIENT = "local-client"

PROPAGATION_SECONDS = 1.0
"""How long the simulated Google takes until its feed shows a change; the real one takes minutes at times."""

DELIVERY_SECONDS = 4.0
"""How often the simulated Sugar delivers its hooks; the real one does when its cron runs, every minute or two."""

_KEPT = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "JAVA_HOME", "LD_LIBRARY_PATH"})
_EMULATOR = Path("platform/cloud-firestore-emulator/cloud-firestore-emulator.jar")
_EMULATOR_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"


@dataclass(frozen=True)
class Stack:
    """The running system."""

    sugar: Process
    google: Process
    firestore: Process
    tasks: Process
    dispatcher: Process
    worker: Process
    web: Process
    sugar_password: str
    """Of the service user, who has to be made in the simulator before the first sync."""
    environ: Mapping[str, str] = field(repr=False)
    """The configuration of the functions, which the administrator's commands read, too."""


def start(processes: Processes, *, firestore_emulator: bool = False, hooks: bool = False) -> Stack:
    """Start everything and wait until it answers; with `hooks`, Sugar delivers its hooks. Raises ProcessFailed."""
    ports = dict(zip(("sugar", "google", "firestore", "tasks", *_TARGETS), free_ports(7), strict=True))
    password, client_secret = secrets.token_hex(16), secrets.token_hex(16)
    plain = _environment()

    def module(name: str, title: str, *arguments: str) -> Process:
        command = [sys.executable, "-m", f"local_stack.{name}", "--port", str(ports[name]), *arguments]
        return processes.start(title, command, ports[name], plain | {"PYTHONPATH": str(LOCAL)}, LOCAL)

    def function(target: str) -> Process:
        command = [sys.executable, "-m", "functions_framework", "--target", target, "--host", "127.0.0.1"]
        command += ["--source", str(FUNCTIONS / "main.py"), "--port", str(ports[target])]
        # gunicorn puts a control socket there; else it would go into the user's home.
        runtime = processes.folder / target
        runtime.mkdir()
        environ = plain | settings | {"XDG_RUNTIME_DIR": str(runtime)}
        return processes.start(target.capitalize(), command, ports[target], environ, FUNCTIONS)

    settings = _configuration(ports, password, client_secret)
    # The functions take longest to import what they need, so they start first.
    functions = [function(target) for target in _TARGETS]
    google = module(
        *("google", "Google simulator", "--client-id", CLIENT, "--client-secret", client_secret),
        *("--propagation-delay", str(PROPAGATION_SECONDS)),
    )
    sugar = module(
        *("sugar", "Sugar simulator"),
        *(word for platform in PLATFORMS for word in ("--platform", platform)),
        *(("--cron", str(DELIVERY_SECONDS)) if hooks else ()),
    )
    tasks = module("tasks", "Cloud Tasks", *(word for queue in QUEUES for word in ("--queue", queue)))
    if firestore_emulator:
        command = [*_emulator(), f"--port={ports['firestore']}"]
        firestore = processes.start("Firestore emulator", command, ports["firestore"], plain, LOCAL)
    else:
        firestore = module("firestore", "Firestore")
    processes.wait([sugar, google, firestore, tasks, *functions])
    dispatcher, worker, web = functions
    return Stack(sugar, google, firestore, tasks, dispatcher, worker, web, password, plain | settings)


_TARGETS = ("dispatcher", "worker", "web")


def _configuration(ports: Mapping[str, int], password: str, client_secret: str) -> dict[str, str]:
    """The environment of the three functions; the keys are new every time."""
    sugar, google, web, worker = (
        f"http://127.0.0.1:{ports[name]}" for name in ("sugar", "google", "web", "worker")
    )
    return {
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "FIRESTORE_EMULATOR_HOST": f"127.0.0.1:{ports['firestore']}",
        "SUGAR_URL": sugar,
        "SUGAR_PLATFORM": PLATFORMS[0],
        "SUGAR_SUDO_PLATFORM": PLATFORMS[1],
        "SUGAR_USERNAME": SERVICE_USER,
        "SUGAR_PASSWORD": password,
        "OAUTH_CLIENT_ID": CLIENT,
        "OAUTH_CLIENT_SECRET": client_secret,
        "GOOGLE_AUTH_URI": f"{google}/o/oauth2/v2/auth",
        "GOOGLE_TOKEN_URI": f"{google}/token",
        "GOOGLE_CERTS_URI": f"{google}/certs",
        "GOOGLE_REVOKE_URI": f"{google}/revoke",
        "PEOPLE_API_ENDPOINT": google,
        "ALLOWED_DOMAINS": DOMAIN,
        "WEB_URL": web,
        "WORKER_URL": worker,
        "TASKS_QUEUE": QUEUES[0],
        "TASKS_URGENT_QUEUE": QUEUES[1],
        "TASKS_BULK_QUEUE": QUEUES[2],
        "TASKS_EMULATOR_HOST": f"127.0.0.1:{ports['tasks']}",
        "TOKEN_KEYS": f"local:{_key()}",
        "INDEX_KEY": _key(),
        "SESSION_KEY": secrets.token_urlsafe(48),
        "HOOK_TOKENS": secrets.token_urlsafe(32),
    }


def _environment() -> dict[str, str]:
    """What a process needs of ours: no credentials, and no proxy between parts of one machine."""
    return {name: value for name, value in os.environ.items() if name in _KEPT}


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _emulator() -> list[str]:
    """The command that starts Google's Firestore emulator, without its port. Raises ProcessFailed."""
    java, gcloud = shutil.which("java"), shutil.which("gcloud")
    places = [Path(gcloud).resolve().parent.parent] if gcloud else []
    places += [Path(folder) / "google-cloud-sdk" for folder in ("/usr/lib", "/usr/share", "/opt")]
    jar = next((found for place in places if (found := place / _EMULATOR).is_file()), None)
    if java is None or jar is None:
        raise ProcessFailed(
            "Google's Firestore emulator was not found: it needs Java and the Google Cloud SDK with the component "
            "cloud-firestore-emulator.\n    Without --firestore-emulator the stand-in is used, which needs neither."
        )
    quick_start = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    return [java, *quick_start, "-cp", str(jar), _EMULATOR_CLASS, "start", "--host=127.0.0.1"]
