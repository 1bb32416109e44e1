"""Google's sign-in and token endpoints."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote, urlencode, urlsplit

from . import consent_page
from .account import Account
from .errors import Json, OAuthError
from .grants import CONTACTS, EMAIL, SIGN_IN, AccessToken, Authorization, Grants, split_scopes
from .knobs import Knobs

AUTH_PATH = "/o/oauth2/v2/auth"


class Page(NamedTuple):
    """An answer for a browser: status line, HTML, and where to go instead if anywhere."""

    status: str
    body: str = ""
    location: str = ""


@dataclass(frozen=True)
class Approval:
    """How the consent page is answered without anybody looking at it.

    `email` chooses the account ("": the one of login_hint, else the only one).
    """

    email: str = ""
    untick_contacts: bool = False
    deny: bool = False


class OAuth:
    """The consent page, /token, /revoke, /tokeninfo and /userinfo for one client."""

    def __init__(
        self,
        grants: Grants,
        accounts: dict[str, Account],
        client_secret: str,
        now: Callable[[], datetime],
        knobs: Knobs,
    ) -> None:
        self.grants = grants
        self.approval: Approval | None = None
        self._accounts = accounts
        self._client_secret = client_secret
        self._now = now
        self._knobs = knobs

    def show(self, query: dict[str, str]) -> Page:
        """GET of the consent page; with an automatic approval, or if nothing is to be asked, the way back."""
        refused = self._refused(query)
        if refused:
            return refused
        if self.approval:
            email = self.approval.email or query.get("login_hint", "")
            account = self._account(email) or (
                next(iter(self._accounts.values())) if len(self._accounts) == 1 else None
            )
            if account:
                denied = {CONTACTS} if self.approval.untick_contacts else set()
                return self._answer(query, account, denied, self.approval.deny)
        if query.get("prompt") == "none":
            account = self._account(query.get("login_hint", ""))
            if account is None or not self._wanted(query) <= self.grants.granted(account.sub):
                return self._back(query, {"error": "interaction_required"})
            return self._answer(query, account, set(), deny=False)
        return Page(
            "200 OK", consent_page.page(AUTH_PATH, query, list(self._accounts.values()), self._wanted(query))
        )

    def submit(self, form: dict[str, str], ticked: list[str]) -> Page:
        """POST of the consent page: the account chosen, the scopes ticked, or a refusal."""
        query = {
            name: value for name, value in form.items() if name not in ("account", "granted", "decision")
        }
        refused = self._refused(query)
        if refused:
            return refused
        account = self._account(form.get("account", ""))
        if account is None:
            return Page("400 Bad Request", "<h1>400</h1><p>Choose an account.")
        denied = self._wanted(query) - SIGN_IN - set(ticked)
        return self._answer(query, account, denied, form.get("decision") == "deny")

    def token(self, form: dict[str, str], authorization: str) -> Json:
        """POST /token, for a code or a refresh token; the client shows itself in the form or by Basic."""
        self._check_client(form, authorization)
        kind = form.get("grant_type")
        if kind == "authorization_code":
            return self.grants.redeem(
                form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier", "")
            )
        if kind == "refresh_token":
            return self.grants.refresh(form.get("refresh_token", ""), form.get("scope", ""))
        raise OAuthError(400, "unsupported_grant_type", f"Invalid grant_type: {kind}")

    def token_info(self, token: str) -> Json:
        """What an access token stands for."""
        entry = self._live(token)
        account = self._accounts[entry.sub]
        info: Json = {
            "azp": self.grants.client_id,
            "aud": self.grants.client_id,
            "sub": entry.sub,
            "scope": " ".join(entry.scopes),
            "exp": str(int(entry.expires.timestamp())),
            "expires_in": str(max(0, int((entry.expires - self._now()).total_seconds()))),
            "access_type": "offline",
        }
        if EMAIL in entry.scopes:
            info |= {"email": account.email, "email_verified": str(account.email_verified).lower()}
        return info

    def user_info(self, token: str) -> Json:
        """Who an access token belongs to."""
        try:
            entry = self._live(token)
        except OAuthError as error:
            raise OAuthError(401, "invalid_request", "Invalid Credentials") from error
        account = self._accounts[entry.sub]
        info: Json = {"sub": entry.sub}
        if EMAIL in entry.scopes:
            info |= {"email": account.email, "email_verified": account.email_verified}
        return info | ({"hd": account.hd} if account.hd else {})

    def _live(self, token: str) -> AccessToken:
        entry = self.grants.check(token)
        if entry is None or entry.expires <= self._now():
            raise OAuthError(400, "invalid_token", "Invalid Value")
        return entry

    def _check_client(self, form: dict[str, str], authorization: str) -> None:
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        kind, _, encoded = authorization.partition(" ")
        if kind.lower() == "basic":
            try:
                client, _, secret = base64.b64decode(encoded).decode().partition(":")
            except ValueError:
                client = ""
            client, secret = unquote(client), unquote(secret)
        if client != self.grants.client_id:
            raise OAuthError(401, "invalid_client", "The OAuth client was not found.")
        if secret != self._client_secret:
            raise OAuthError(401, "invalid_client", "Unauthorized")

    def _refused(self, query: dict[str, str]) -> Page | None:
        """The error page for a request that must not be sent back to the address it names."""
        address = query.get("redirect_uri", "")
        registered = self._knobs.redirect_uris
        if query.get("client_id") != self.grants.client_id:
            return _error_page("401 Unauthorized", "invalid_client", "The OAuth client was not found.")
        known = urlsplit(address).scheme in ("http", "https") if registered is None else address in registered
        if not known:
            return _error_page("400 Bad Request", "redirect_uri_mismatch", address)
        if query.get("response_type") != "code" or not query.get("scope"):
            return _error_page("400 Bad Request", "invalid_request", "Required parameter is missing.")
        if query.get("code_challenge") and query.get("code_challenge_method") != "S256":
            return _error_page("400 Bad Request", "invalid_request", "Only S256 is supported here.")
        return None

    def _answer(self, query: dict[str, str], account: Account, denied: set[str], deny: bool) -> Page:
        if deny:
            return self._back(query, {"error": "access_denied"})
        asked = [scope for scope in split_scopes(query["scope"]) if scope not in denied]
        before = self.grants.granted(account.sub)
        first = not set(asked) <= before
        if query.get("include_granted_scopes") == "true":
            asked += sorted(before - set(asked) - denied)
        consented = first or "consent" in query.get("prompt", "").split()
        code = self.grants.authorize(
            Authorization(
                account.sub,
                tuple(asked),
                query["redirect_uri"],
                query.get("nonce", ""),
                query.get("code_challenge", ""),
                offline=query.get("access_type") == "offline" and consented,
                at=self._now(),
            )
        )
        answer = {"code": code, "scope": " ".join(asked), "authuser": "0"}
        if account.hd:
            answer["hd"] = account.hd
        return self._back(query, answer | {"prompt": "consent" if consented else "none"})

    def _back(self, query: dict[str, str], answer: dict[str, str]) -> Page:
        address = query["redirect_uri"]
        if "state" in query:
            answer = {"state": query["state"]} | answer
        return Page("302 Found", location=address + ("&" if "?" in address else "?") + urlencode(answer))

    def _wanted(self, query: dict[str, str]) -> set[str]:
        return set(split_scopes(query.get("scope", "")))

    def _account(self, name: str) -> Account | None:
        return next((a for a in self._accounts.values() if name and name in (a.email, a.sub)), None)


def _error_page(status: str, error: str, description: str) -> Page:
    return Page(
        status,
        f"<!doctype html><title>Error {status}</title><h1>Access blocked</h1>"
        f"<p>Error {status.split()[0]}: {html.escape(error)}<p>{html.escape(description)}",
    )
