"""Deployment configuration: read once at start, validated, one frozen value.

Each function needs only what it reads; what it does not need may be missing, but is checked where it is set.
A secret is taken from the environment or, where it is not there, from Secret Manager under the same name.
What is missing or malformed stops the function with one line that names it and says what it must be, and
never shows a value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from . import config_formats as formats
from .config_formats import Malformed, Policy, QuietHours, TokenKey
from .errors import SyncError

Function = Literal["dispatcher", "worker", "web"]
SecretReader = Callable[[str], str]
"""Reads a secret by its name, or raises a SyncError that names it."""


class ConfigError(Exception):
    """The configuration cannot be used. The message is the first problem; `problems` holds a line each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(problems[0])
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The environment's values, by the lower-case names of their variables.

    Addresses have no slash at the end. What the function does not need and was not set is empty.
    """

    google_cloud_project: str = ""
    firestore_database: str = ""
    firestore_emulator_host: str | None = None
    sugar_url: str = ""
    sugar_rest_version: str = ""
    sugar_client_id: str = ""
    sugar_platform: str = ""
    sugar_sudo_platform: str = ""
    sugar_username: str = ""
    sugar_password: str = field(default="", repr=False)
    oauth_client_id: str = ""
    oauth_client_secret: str = field(default="", repr=False)
    google_auth_uri: str = ""
    google_token_uri: str = ""
    google_certs_uri: str = ""
    google_revoke_uri: str = ""
    people_api_endpoint: str = ""
    allowed_domains: tuple[str, ...] = ()
    web_url: str = ""
    worker_url: str = ""
    tasks_queue: str = ""
    tasks_urgent_queue: str = ""
    tasks_bulk_queue: str = ""
    tasks_emulator_host: str | None = None
    tasks_service_account: str = ""
    tasks_max_attempts: int = 0
    token_keys: tuple[TokenKey, ...] = field(default=(), repr=False)
    index_key: bytes = field(default=b"", repr=False)
    session_key: str = field(default="", repr=False)
    hook_tokens: tuple[str, ...] = field(default=(), repr=False)
    policy: Policy = field(default_factory=Policy)
    history_days: int = 0
    quiet_hours: QuietHours | None = None


class _Variable(NamedTuple):
    name: str
    parse: Callable[[str], Any]
    needed_by: frozenset[str] = frozenset()
    default: str | None = None
    secret: bool = False


_ALL = frozenset({"dispatcher", "worker", "web"})
_SYNC = frozenset({"worker", "web"})
_WEB = frozenset({"web"})
_WORKER = frozenset({"worker"})

_VARIABLES = (
    _Variable("GOOGLE_CLOUD_PROJECT", formats.text, _ALL),
    _Variable("FIRESTORE_DATABASE", formats.text, default="(default)"),
    _Variable("FIRESTORE_EMULATOR_HOST", formats.host_and_port),
    _Variable("SUGAR_URL", formats.address, _SYNC),
    _Variable("SUGAR_REST_VERSION", formats.rest_version, default="v11_12"),
    _Variable("SUGAR_CLIENT_ID", formats.text, default="sugar"),
    _Variable("SUGAR_PLATFORM", formats.sugar_platform, _SYNC),
    _Variable("SUGAR_SUDO_PLATFORM", formats.sugar_platform, _SYNC),
    _Variable("SUGAR_USERNAME", formats.text, _SYNC),
    _Variable("SUGAR_PASSWORD", formats.text, _SYNC, secret=True),
    _Variable("OAUTH_CLIENT_ID", formats.text, _SYNC),
    _Variable("OAUTH_CLIENT_SECRET", formats.text, _SYNC, secret=True),
    _Variable("GOOGLE_AUTH_URI", formats.address, default="https://accounts.google.com/o/oauth2/v2/auth"),
    _Variable("GOOGLE_TOKEN_URI", formats.address, default="https://oauth2.googleapis.com/token"),
    _Variable("GOOGLE_CERTS_URI", formats.address, default="https://www.googleapis.com/oauth2/v1/certs"),
    _Variable("GOOGLE_REVOKE_URI", formats.address, default="https://oauth2.googleapis.com/revoke"),
    _Variable("PEOPLE_API_ENDPOINT", formats.address, default="https://people.googleapis.com"),
    _Variable("ALLOWED_DOMAINS", formats.domains, _SYNC),
    _Variable("WEB_URL", formats.address, _WEB),
    _Variable("WORKER_URL", formats.address, _ALL),
    _Variable("TASKS_QUEUE", formats.queue_name, _ALL),
    _Variable("TASKS_URGENT_QUEUE", formats.queue_name, _WEB),
    _Variable("TASKS_BULK_QUEUE", formats.queue_name),
    _Variable("TASKS_EMULATOR_HOST", formats.host_and_port),
    _Variable("TASKS_SERVICE_ACCOUNT", formats.email_address),
    _Variable("TASKS_MAX_ATTEMPTS", formats.number(1, 100), default="5"),
    _Variable("TOKEN_KEYS", formats.token_keys, _SYNC, secret=True),
    _Variable("INDEX_KEY", formats.key_of_32_bytes, _SYNC, secret=True),
    _Variable("SESSION_KEY", formats.session_key, _WEB, secret=True),
    _Variable("HOOK_TOKENS", formats.hook_tokens, _WEB, secret=True),
    _Variable("POLICY", formats.policy, default="{}"),
    _Variable("HISTORY_DAYS", formats.number(1, 3650), default="90"),
    _Variable("QUIET_HOURS", formats.quiet_hours),
)


def told(environ: Mapping[str, str]) -> dict[str, str]:
    """What the environment says, by variable, without secrets: everything else is open."""
    values = {
        variable.name: environ.get(variable.name, "").strip()
        for variable in _VARIABLES
        if not variable.secret
    }
    return {name: value for name, value in values.items() if value}


def names() -> frozenset[str]:
    """Every variable that belongs to a deployment, secrets too."""
    return frozenset(variable.name for variable in _VARIABLES)


def load(environ: Mapping[str, str], function: Function, secret_reader: SecretReader | None = None) -> Config:
    """The configuration of one function. Raises ConfigError."""
    needed = {variable.name for variable in _VARIABLES if function in variable.needed_by}
    return load_needed(environ, needed, secret_reader)


def load_needed(
    environ: Mapping[str, str], needed: Collection[str], secret_reader: SecretReader | None = None
) -> Config:
    """The configuration where just these variables have to be there, as for one command. Raises ConfigError."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for variable in _VARIABLES:
        try:
            raw = _raw(variable, environ, variable.name in needed, secret_reader)
            if raw is not None:
                values[variable.name.lower()] = variable.parse(raw)
        except Malformed as wrong:
            problems.append(f"{variable.name} {wrong}")
    config = Config(**values)
    problems += _contradictions(config, enqueues="TASKS_QUEUE" in needed)
    if problems:
        raise ConfigError(tuple(problems))
    return config


def _raw(
    variable: _Variable, environ: Mapping[str, str], needed: bool, secret_reader: SecretReader | None
) -> str | None:
    """The variable's text, None where it is neither set nor needed."""
    raw = environ.get(variable.name, "").strip() or variable.default
    if raw or not needed:
        return raw
    if variable.secret and secret_reader:
        try:
            raw = secret_reader(variable.name).strip()
        except SyncError as error:
            raise Malformed(f"is not set, and {error.message}") from error
    if not raw:
        raise Malformed("is not set")
    return raw


def _contradictions(config: Config, *, enqueues: bool) -> list[str]:
    problems = []
    if config.sugar_platform and config.sugar_platform == config.sugar_sudo_platform:
        problems.append(
            "SUGAR_SUDO_PLATFORM must not be SUGAR_PLATFORM: Sugar keeps one session per user and platform"
        )
    if enqueues and not config.tasks_service_account and not config.tasks_emulator_host:
        problems.append("TASKS_SERVICE_ACCOUNT is not set")
    return problems
