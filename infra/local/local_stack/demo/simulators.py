"""The back doors of the two simulators: what a person does in Sugar and in Google Contacts, and what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import requests

Record = dict[str, Any]
_SECONDS = 60.0


class Refused(Exception):
    """A simulator did not take what it was given; the message is its own."""


class BackDoor:
    """Calls a simulator's own interface."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = requests.Session()
        self._http.trust_env = False

    def __call__(self, action: str, **arguments: Any) -> Any:
        """Carry out an action and return its result. Raises Refused."""
        answer = self._http.post(f"{self.url}/_control/{action}", json=arguments, timeout=_SECONDS)
        content = answer.json()
        if answer.status_code != 200:
            raise Refused(str(content.get("error", content)))
        return content.get("result")


class SugarBook(BackDoor):
    """The simulated SugarCRM."""

    def records(self) -> list[Record]:
        """Every live contact of the instance."""
        return cast(list[Record], self("contacts"))

    def load(self, records: Sequence[Record]) -> list[str]:
        """Add contacts; returns their ids."""
        return cast(list[str], self("load", records=list(records)))

    def versions(self) -> dict[str, str]:
        """When each contact was last saved, by id."""
        return {record["id"]: str(record["date_modified"]) for record in self.records()}

    def hook_calls(self) -> list[Record]:
        """Deliveries of web logic hooks so far: `event`, `record_id`, and `begun` and `ended` in seconds."""
        return cast(list[Record], self("hook_calls"))

    def calls(self) -> int:
        """Requests to the REST API since `forget_calls`."""
        return int(self("stats")["calls"])

    def forget_calls(self) -> None:
        """Count from now."""
        self("forget_calls")


class GoogleBook(BackDoor):
    """The simulated Google, as seen from one account."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.sub = ""

    def open(self, email: str, domain: str) -> None:
        """Make the account."""
        self.sub = str(self("add_account", email=email, hd=domain))

    def records(self) -> list[Record]:
        """Every contact of the account."""
        return cast(list[Record], self("contacts", sub=self.sub))

    def record(self, google_id: str) -> Record:
        """One contact of the account."""
        return cast(Record, self("contact", sub=self.sub, resource_name=f"people/{google_id}"))

    def load(self, persons: Sequence[Record]) -> list[str]:
        """Add contacts; returns their resource names."""
        return cast(list[str], self("load", sub=self.sub, persons=list(persons)))

    def versions(self) -> dict[str, str]:
        """The etag of each contact, by resource name."""
        return {person["resourceName"]: str(person["etag"]) for person in self.records()}

    def calls(self) -> int:
        """Requests to Google since `forget_calls`."""
        return len(self("calls"))

    def forget_calls(self) -> None:
        """Count from now."""
        self("calls", clear=True)
