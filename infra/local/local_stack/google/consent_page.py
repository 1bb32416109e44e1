"""The page on which a person chooses an account and what the application may do."""

from __future__ import annotations

import html
from collections.abc import Sequence

from .account import Account
from .grants import CONTACTS, SIGN_IN

_WORDS = {
    CONTACTS: "See, edit, download, and permanently delete your contacts",
    f"{CONTACTS}.readonly": "See and download your contacts",
}
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 28rem; margin: 3rem auto; padding: 0 1rem; }
fieldset { border: 1px solid #ccc; border-radius: .5rem; margin: 1rem 0; }
label { display: block; padding: .3rem 0; }
button { font: inherit; padding: .4rem 1.2rem; margin-right: .5rem; }
"""


def page(action: str, query: dict[str, str], accounts: Sequence[Account], scopes: set[str]) -> str:
    """The page as HTML; every parameter of the request travels in the form."""
    hidden = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in query.items()
    )
    hint = query.get("login_hint", "")
    chosen = next(
        (a.email for a in accounts if hint in (a.email, a.sub)), accounts[0].email if accounts else ""
    )
    choices = "".join(
        f'<label><input type="radio" name="account" value="{html.escape(account.email)}"'
        f"{' checked' if account.email == chosen else ''}> {html.escape(account.email)}</label>"
        for account in accounts
    )
    boxes = "".join(
        f'<label><input type="checkbox" name="granted" value="{html.escape(scope)}" checked> '
        f"{html.escape(_WORDS.get(scope, scope))}</label>"
        for scope in sorted(scopes - SIGN_IN)
    )
    access = f"<fieldset><legend>Select what the app can access</legend>{boxes}</fieldset>" if boxes else ""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in - simulated Google</title>'
        f"<style>{_STYLE}</style><h1>Sign in</h1><p>This is the simulator, not Google."
        f'<form method="post" action="{action}">{hidden}'
        f"<fieldset><legend>Choose an account</legend>{choices or 'There are none.'}</fieldset>{access}"
        '<button name="decision" value="allow">Continue</button>'
        '<button name="decision" value="deny">Cancel</button></form></html>'
    )
