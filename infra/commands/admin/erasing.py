"""Erase a user: everything stored about them. The contacts on both sides stay."""

from __future__ import annotations

import argparse

from contact_sync.errors import SyncError, UserMustAct
from contact_sync.store import personal, tokens, users
from contact_sync.store.cipher import DecryptionError
from contact_sync.store.records import User
from contact_sync.sync.engine import Engine

from .deployment import KEYS, Deployment
from .failure import Failure
from .pausing import change
from .people import find
from .screen import Screen

_POLL = 2.0
"""Seconds between two looks at a lease."""
_PASSES = 3
"""So often what is left is deleted again: a run that had lost its lease may have told of its end."""
_REMOVE_IT = "They can remove it in their Google account, under Security, Third-party connections."


def erase(options: argparse.Namespace, deployment: Deployment, screen: Screen) -> int:
    """erase: pause, wait for the run under way, give the grant back, delete, and look whether anything is left."""
    user = find(deployment, options.user)
    if not options.yes:
        raise Failure(
            f"This erases all that is stored about {user.email}: settings, links, history. The contacts in Sugar and "
            "Google stay. Say so with --yes.",
            2,
        )
    engine = None if options.without_revoking else deployment.engine(KEYS)
    # Before anything is deleted: whoever is erased is erased again where an older database is restored.
    deployment.commit([], "erase", "all that is stored about this user", user.id)
    stopped = {"paused": True, "next_sync_at": None}
    change(deployment, user.id, lambda fresh: {} if fresh.paused else stopped, "pause", "for the erasure")
    _wait_for_lease(deployment, user, screen)
    revoked = engine is not None and _revoke(deployment, engine, user)
    removed = 0
    with screen.progress("Deleting") as show:
        for _ in range(_PASSES):
            gone = 0
            for gone in personal.remove(deployment.db, user.id):
                show(removed + gone)
            removed += gone
            if not personal.is_left(deployment.db, user.id):
                break
        else:
            raise Failure(f"Something writes about user {user.id} again and again. Repeat the command.")
    screen.json({"erased": user.id, "documents": removed, "grant_revoked": revoked})
    screen.line(f"Erased: {removed:,} documents about {user.email}; nothing is left.")
    screen.line(
        "The grant was given back to Google." if revoked else "There was no grant to give back to Google."
    )
    if options.without_revoking:
        screen.warn(f"The grant was not given back to Google. {_REMOVE_IT}")
    return 0


def _wait_for_lease(deployment: Deployment, user: User, screen: Screen) -> None:
    """A run under way ends within five minutes; paused, no other begins."""
    with screen.progress("Waiting for the run under way; seconds") as show:
        began = deployment.now()
        while True:
            found = users.read(deployment.db, user.id)
            lease = found[0].lease if found is not None else None
            if lease is None or lease.until <= deployment.now():
                return
            show(round((deployment.now() - began).total_seconds()))
            deployment.sleep(_POLL)


def _revoke(deployment: Deployment, engine: Engine, user: User) -> bool:
    """Give the grant back; whether there was one. Raises Failure where Google does not confirm it."""
    why = "Google did not confirm that the grant ended"
    try:
        held = users.load(deployment.db, engine.cipher, user.id).tokens
        token = held.google_refresh or held.google_access
        if not token:
            return False
        engine.oauth.revoke(token)
    except UserMustAct:
        # The grant is over already.
        return True
    except DecryptionError:
        why = "The tokens cannot be read with the keys in TOKEN_KEYS"
    except SyncError:
        pass
    else:
        deployment.db.commit([tokens.forget(user.id)])
        return True
    raise Failure(
        f"{why}. Repeat the command, or add --without-revoking. {_REMOVE_IT} The sync is paused for them."
    )
