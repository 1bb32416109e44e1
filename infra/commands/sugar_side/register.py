"""`infra/sugar/register`: checks the connection to Sugar, and creates, lists and removes our web logic hooks there."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TextIO

import requests

from contact_sync.composition import http_session, secret_reader, utc_now
from contact_sync.config import ConfigError
from contact_sync.errors import SyncError

from . import checks, vendor, web_hooks
from .advice import advice
from .instance import Instance, connect
from .settings import Settings

_ABOUT = """\
Checks the connection to Sugar, and creates, lists and removes the web logic hooks by which Sugar tells the sync that a
contact has changed.

Sugar's values come from the variables that the functions have, too: SUGAR_URL, SUGAR_USERNAME, SUGAR_PASSWORD,
SUGAR_PLATFORM, SUGAR_SUDO_PLATFORM, and where they differ from the default SUGAR_REST_VERSION and SUGAR_CLIENT_ID.
SUGAR_PASSWORD and HOOK_TOKENS are read from Secret Manager where they are not set and --project names the project."""

_MORE = """\
Sugar keeps one session per user and platform: signing in here ends the session of the functions, which then sign in
again by themselves. The same goes for their token of the user for whom `check` acts.

To rotate the token, put the new one first in HOOK_TOKENS and the old one behind it; wait until the functions have
started anew; run `create`; then take the old one away.

exit status: 0 all is well, 1 something is not or was refused, 2 the command or the configuration is wrong"""

_MARKS = {"ok": "ok", "warning": "warning", "failed": "FAILED", "skipped": "-"}
_DONE = {"keep": "kept", "create": "created", "update": "corrected", "remove": "removed"}


@dataclass(frozen=True)
class World:
    """What the command touches."""

    environ: Mapping[str, str]
    http: requests.Session
    out: TextIO
    err: TextIO
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    secrets: Callable[[str], Callable[[str], str]]
    """The reader of a project's secrets."""


def run(arguments: Sequence[str], world: World) -> int:
    """Carry out one command; returns the exit status."""
    wanted = _parser().parse_args(arguments)
    try:
        return _COMMANDS[wanted.command](wanted, world)
    except ConfigError as error:
        print(*error.problems, sep="\n", file=world.err)
        return 2
    except SyncError as error:
        print(f"{error.message[:1].upper()}{error.message[1:]}. {advice(error)}".rstrip(), file=world.err)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="infra/sugar/register",
        description=_ABOUT,
        epilog=_MORE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        found = commands.add_parser(name, help=text, description=text)
        found.add_argument("--project", metavar="ID", help="Google Cloud project whose secrets are read")
        found.add_argument("--json", action="store_true", help="answer JSON")
        return found

    check = command("check", "try everything that the sync needs of Sugar; changes nothing")
    check.add_argument("--user", metavar="NAME", help="Sugar user to act for; default: anyone active")
    create = command("create", "have exactly one right hook per event; repeating it changes nothing")
    create.add_argument("--url", metavar="WEB_URL", help="address of the web function; default: WEB_URL")
    listing = command("list", "show our hooks")
    remove = command("remove", "remove our hooks")
    for changing in (create, remove):
        changing.add_argument("--dry-run", action="store_true", help="only say what would be done")
    for named in (create, listing, remove):
        named.add_argument(
            "--name",
            default=web_hooks.NAME,
            help="first words of our hooks' names, where several deployments share a Sugar; default: %(default)s",
        )
    return parser


def _check(wanted: argparse.Namespace, world: World) -> int:
    instance = _instance(_settings(wanted, world), world)
    findings = []
    for found in checks.run(instance, wanted.user):
        findings.append(found)
        if not wanted.json:
            print(
                f"  {_MARKS[found.status]:<8} {found.check:<34} {found.message}", file=world.out, flush=True
            )
            if found.advice:
                print(f"  {'':<8} {'':<34} {found.advice}", file=world.out)
    good = not any(found.status in ("failed", "skipped") for found in findings)
    asked = [found.request for found in findings if found.request]
    text = vendor.block(instance.config, checks.release(instance) if asked else "", asked)
    if wanted.json:
        _print_json(world, {"ok": good, "findings": [asdict(found) for found in findings], "vendor": text})
    elif text:
        print(f"\nTo send to whoever runs this Sugar:\n\n{text}", file=world.out)
    return 0 if good else 1


def _list(wanted: argparse.Namespace, world: World) -> int:
    instance = _instance(_settings(wanted, world), world)
    everything = web_hooks.read_all(instance.caller)
    here = web_hooks.ours(everything, wanted.name)
    others = len(everything) - len(here)
    if wanted.json:
        _print_json(world, {"hooks": [_shown(hook) for hook in here], "others": others})
        return 0
    for hook in here:
        print(f"  {hook.event:<26} {hook.method:<5} {hook.shown_url}  {hook.id}", file=world.out)
    print(f"  {len(here)} of ours, {others} of others", file=world.out)
    return 0


def _create(wanted: argparse.Namespace, world: World) -> int:
    settings = _settings(wanted, world)
    url = web_hooks.address(settings.web_url(wanted.url), settings.newest_token())
    instance = _instance(settings, world)

    def plan() -> list[web_hooks.Change]:
        return web_hooks.plan(
            web_hooks.ours(web_hooks.read_all(instance.caller), wanted.name), wanted.name, url
        )

    return _change(wanted, world, instance, plan)


def _remove(wanted: argparse.Namespace, world: World) -> int:
    instance = _instance(_settings(wanted, world), world)

    def plan() -> list[web_hooks.Change]:
        return web_hooks.removal(web_hooks.ours(web_hooks.read_all(instance.caller), wanted.name))

    return _change(wanted, world, instance, plan)


def _change(
    wanted: argparse.Namespace, world: World, instance: Instance, plan: Callable[[], list[web_hooks.Change]]
) -> int:
    """Carry out the plan, and look whether Sugar kept what it was told."""
    changes = plan()
    left = 0
    if not wanted.dry_run:
        web_hooks.carry_out(instance.caller, changes)
        left = sum(change.kind != "keep" for change in plan())
    if wanted.json:
        shown = [{"action": change.kind, "why": change.why} | _shown(change.hook) for change in changes]
        _print_json(world, {"ok": not left, "dry_run": wanted.dry_run, "changes": shown})
    else:
        for change in changes:
            done = f"would {change.kind}" if wanted.dry_run else _DONE[change.kind]
            why = f"  ({change.why})" if change.why else ""
            print(f"  {done:<13} {change.hook.event:<26} {change.hook.shown_url}{why}", file=world.out)
        if not changes:
            print("  There are no hooks of ours.", file=world.out)
    if left:
        print(
            f"Sugar took the changes, but {left} hooks are not as they should be. Repeat the command.",
            file=world.err,
        )
    return 1 if left else 0


_COMMANDS = {"check": _check, "create": _create, "list": _list, "remove": _remove}


def _settings(wanted: argparse.Namespace, world: World) -> Settings:
    return Settings(world.environ, world.secrets(wanted.project) if wanted.project else None)


def _instance(settings: Settings, world: World) -> Instance:
    return connect(settings.sugar(), world.http, world.now, world.sleep)


def _shown(hook: web_hooks.Hook) -> dict[str, str]:
    return {
        "id": hook.id,
        "name": hook.name,
        "event": hook.event,
        "method": hook.method,
        "url": hook.shown_url,
    }


def _print_json(world: World, value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False), file=world.out)


if __name__ == "__main__":
    real = World(os.environ, http_session(), sys.stdout, sys.stderr, utc_now, time.sleep, secret_reader)
    sys.exit(run(sys.argv[1:], real))
