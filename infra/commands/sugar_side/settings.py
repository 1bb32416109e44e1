"""What the command needs to know: the functions' own variables about Sugar, and the token of the hooks' address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from contact_sync import config_formats as formats
from contact_sync.config import ConfigError, SecretReader
from contact_sync.errors import SyncError
from contact_sync.services.sugar import SugarConfig

_DEFAULTS: Final = {"SUGAR_REST_VERSION": "v11_12", "SUGAR_CLIENT_ID": "sugar"}
_SECRETS: Final = frozenset({"SUGAR_PASSWORD", "HOOK_TOKENS"})


class Settings:
    """Reads variables as the functions do: from the environment, a secret else from Secret Manager."""

    def __init__(self, environ: Mapping[str, str], secret_reader: SecretReader | None) -> None:
        self._environ = environ
        self._secret_reader = secret_reader
        self._problems: list[str] = []

    def sugar(self) -> SugarConfig:
        """The instance and who we are there. Raises ConfigError with a line for everything that is wrong."""
        found = SugarConfig(
            url=self._read("SUGAR_URL", formats.address),
            rest_version=self._read("SUGAR_REST_VERSION", formats.rest_version),
            client_id=self._read("SUGAR_CLIENT_ID", formats.text),
            platform=self._read("SUGAR_PLATFORM", formats.sugar_platform),
            sudo_platform=self._read("SUGAR_SUDO_PLATFORM", formats.sugar_platform),
            username=self._read("SUGAR_USERNAME", formats.text),
            password=self._read("SUGAR_PASSWORD", formats.text),
        )
        if found.platform and found.platform == found.sudo_platform:
            self._problems.append("SUGAR_SUDO_PLATFORM must not be SUGAR_PLATFORM")
        self._stop_if_wrong()
        return found

    def web_url(self, given: str | None) -> str:
        """The address of the web function: the one given, else WEB_URL. Raises ConfigError."""
        if given is not None:
            try:
                return formats.address(given)
            except formats.Malformed as wrong:
                raise ConfigError((f"--url {wrong}",)) from None
        found = self._read("WEB_URL", formats.address)
        self._stop_if_wrong()
        return found

    def newest_token(self) -> str:
        """The first of HOOK_TOKENS, which new hooks get. Raises ConfigError."""
        raw = self._read("HOOK_TOKENS", formats.text)
        self._stop_if_wrong()
        try:
            return formats.hook_tokens(raw)[0]
        except formats.Malformed as wrong:
            raise ConfigError((f"HOOK_TOKENS {wrong}",)) from None

    def _read(self, name: str, parse: Callable[[str], str]) -> str:
        try:
            return parse(self._raw(name))
        except formats.Malformed as wrong:
            self._problems.append(f"{name} {wrong}")
            return ""

    def _raw(self, name: str) -> str:
        raw = self._environ.get(name, "").strip() or _DEFAULTS.get(name, "")
        if not raw and name in _SECRETS and self._secret_reader:
            try:
                raw = self._secret_reader(name).strip()
            except SyncError as error:
                raise formats.Malformed(f"is not set, and {error.message}") from error
        if not raw:
            raise formats.Malformed("is not set")
        return raw

    def _stop_if_wrong(self) -> None:
        if self._problems:
            raise ConfigError(tuple(self._problems))
