"""New keys for old tokens: everything that is encrypted is encrypted anew with the newest key of TOKEN_KEYS."""

from __future__ import annotations

import argparse
from collections import Counter

from contact_sync.store import system, tokens, users
from contact_sync.store.cipher import DecryptionError

from .deployment import KEYS, Deployment
from .screen import Screen


def rotate_keys(options: argparse.Namespace, deployment: Deployment, screen: Screen) -> int:
    """rotate-keys: may be interrupted and repeated; only what an older key encrypted is written."""
    cipher = deployment.engine(KEYS).cipher
    ring = deployment.key_ids()
    everybody = users.all_ids(deployment.db)
    before = tokens.keys(deployment.db, everybody)
    old = sorted(user_id for user_id, ids in before.items() if ids - {ring[0]})
    rotated, unreadable = 0, []
    if old:
        what = f"the tokens of {len(old):,} users are encrypted anew with {ring[0]}"
        deployment.commit([], "rotate-keys", what)
    with screen.progress("Tokens", len(old)) as show:
        for number, user_id in enumerate(old, 1):
            try:
                rotated += tokens.rotate(deployment.db, cipher, user_id)
            except DecryptionError:
                unreadable.append(user_id)
            show(number)
    session_unreadable = False
    try:
        rotated += system.rotate_session(deployment.db, cipher)
    except DecryptionError:
        session_unreadable = True
    in_use = _in_use(deployment, everybody)
    removable = [key for key in ring[1:] if not in_use[key]]
    left = sum(in_use[key] for key in ring[1:])
    screen.json(
        {
            "newest": ring[0],
            "rotated": rotated,
            "unreadable": unreadable,
            "in_use": dict(in_use),
            "removable": removable,
        }
    )
    screen.line(f"{rotated:,} encrypted anew with {ring[0]}.")
    screen.table(
        ["KEY", "IN USE BY", "IN TOKEN_KEYS"],
        [(key or "unreadable", in_use[key], key in ring) for key in dict.fromkeys([*ring, *in_use])],
    )
    if removable:
        screen.line(f"No longer needed in TOKEN_KEYS: {', '.join(removable)}")
    if unreadable:
        screen.warn(
            f"{len(unreadable):,} cannot be read with these keys: put the key back into TOKEN_KEYS, or have these "
            f"users connect again: {', '.join(unreadable)}"
        )
    if session_unreadable:
        screen.warn(
            "The service user's session cannot be read with these keys; the sync signs in to Sugar anew."
        )
    if left:
        screen.warn("Some were written at the same moment. Repeat the command before you take a key away.")
    return 1 if unreadable or left else 0


def _in_use(deployment: Deployment, everybody: list[str]) -> Counter[str]:
    """How many documents each key encrypts."""
    held = [*tokens.keys(deployment.db, everybody).values(), system.session_keys(deployment.db)]
    return Counter(key for ids in held for key in ids)
