"""New keys for old tokens: everything that is encrypted is encrypted anew with the newest key of TOKEN_KEYS.

An older key is needed beyond that: what it encrypted is in the backups still. So it is noted since when a key is in no
document any more, and the key stays until every backup of the time before has ended.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from contact_sync.store import system, tokens, users
from contact_sync.store.backups import keeps_until
from contact_sync.store.cipher import DecryptionError

from .deployment import KEYS, Deployment
from .screen import Screen


@dataclass(frozen=True)
class Rotation:
    """What was encrypted anew, and for whom that could not be done."""

    done: int = 0
    unreadable: tuple[str, ...] = ()
    session_unreadable: bool = False


@dataclass(frozen=True)
class Standing:
    """How the keys stand, those of TOKEN_KEYS and those that something is or was encrypted with."""

    ring: tuple[str, ...]
    in_use: Counter[str]
    """How many documents each key encrypts."""
    unused: dict[str, datetime]
    """Since when a key encrypts nothing any more."""
    needed_until: dict[str, datetime]
    """The end of the last backup that needs a key, of those that are needed for nothing else."""

    @property
    def older_in_use(self) -> int:
        """Documents that an older key of the ring encrypts."""
        return sum(self.in_use[key] for key in self.ring[1:])

    @property
    def removable(self) -> list[str]:
        """Keys of the ring that nothing needs."""
        return [key for key in self.ring[1:] if not self.in_use[key] and key not in self.needed_until]

    @property
    def missing(self) -> list[str]:
        """Keys that something needs and the ring does not hold."""
        return [key for key in (*self.in_use, *self.needed_until) if key and key not in self.ring]


def rotate_keys(options: argparse.Namespace, deployment: Deployment, screen: Screen) -> int:
    """rotate-keys: may be interrupted and repeated; only what an older key or version encrypted is written."""
    everybody = users.all_ids(deployment.db)
    # Asked first: where the right to is missing, nothing has been done yet.
    kept = deployment.backups()
    rotation = Rotation() if options.check else _rotate(deployment, everybody, screen)
    now, noted = deployment.now(), system.keys_unused(deployment.db)
    ring, in_use = deployment.key_ids(), _in_use(deployment, everybody)
    unused = {key: noted.get(key, now) for key in (*ring[1:], *noted) if not in_use[key]}
    until = {key: keeps_until(since, kept) for key, since in unused.items()}
    standing = Standing(ring, in_use, unused, {key: end for key, end in until.items() if end > now})
    if not options.check:
        _note(deployment, standing, noted)
    _show(standing, rotation, screen, options.check)
    return (
        1 if rotation.unreadable or standing.missing or (standing.older_in_use and not options.check) else 0
    )


def _rotate(deployment: Deployment, everybody: list[str], screen: Screen) -> Rotation:
    cipher = deployment.engine(KEYS).cipher
    newest = deployment.key_ids()[0]
    old = tokens.outdated_of(deployment.db, cipher, everybody)
    rotated, unreadable = 0, []
    if old:
        what = f"the tokens of {len(old):,} users are encrypted anew with {newest}"
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
    return Rotation(rotated, tuple(unreadable), session_unreadable)


def _in_use(deployment: Deployment, everybody: list[str]) -> Counter[str]:
    held = [*tokens.keys(deployment.db, everybody).values(), system.session_keys(deployment.db)]
    return Counter(key for ids in held for key in ids)


def _note(deployment: Deployment, standing: Standing, noted: dict[str, datetime]) -> None:
    """Keep since when keys are unused, as long as that says anything."""
    kept = {
        key: since
        for key, since in standing.unused.items()
        if key in standing.ring or key in standing.needed_until
    }
    if kept != noted:
        deployment.db.commit([system.put_keys_unused(kept)])


def _show(standing: Standing, rotation: Rotation, screen: Screen, only_checked: bool) -> None:
    ring, in_use, until = standing.ring, standing.in_use, standing.needed_until
    screen.json(
        {
            "newest": ring[0],
            "rotated": rotation.done,
            "unreadable": list(rotation.unreadable),
            "in_use": dict(in_use),
            "needed_until": until,
            "removable": standing.removable,
            "missing": standing.missing,
        }
    )
    if not only_checked:
        screen.line(f"{rotation.done:,} encrypted anew with {ring[0]}.")
    screen.table(
        ["KEY", "IN USE BY", "IN TOKEN_KEYS", "NEEDED"],
        [
            (
                key or "unreadable",
                in_use[key],
                key in ring,
                f"for backups until {until[key]:%Y-%m-%d}" if key in until else key not in standing.removable,
            )
            for key in dict.fromkeys([*ring, *in_use, *until])
        ],
    )
    if standing.removable:
        screen.line(f"No longer needed in TOKEN_KEYS: {', '.join(standing.removable)}")
    if standing.missing:
        screen.warn(
            f"Needed, and not in TOKEN_KEYS: {', '.join(standing.missing)}. Put it back, behind the others."
        )
    _warn(standing, rotation, screen, only_checked)


def _warn(standing: Standing, rotation: Rotation, screen: Screen, only_checked: bool) -> None:
    if rotation.unreadable:
        screen.warn(
            f"{len(rotation.unreadable):,} cannot be read with these keys: put the key back into TOKEN_KEYS, or have "
            f"these users connect again: {', '.join(rotation.unreadable)}"
        )
    if rotation.session_unreadable:
        screen.warn(
            "The service user's session cannot be read with these keys; the sync signs in to Sugar anew."
        )
    if standing.older_in_use and only_checked:
        screen.line("Older keys are in use: infra/admin rotate-keys encrypts with the newest.")
    elif standing.older_in_use:
        screen.warn("Some were written at the same moment. Repeat the command before you take a key away.")
