"""The command line: what there is, what it takes, and what a fault looks like."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from typing import NoReturn

from . import activity, checking, erasing, exporting, keys, linking, pausing, people, policy
from .deployment import Deployment
from .faults import fault, tell_log
from .screen import Screen

Command = Callable[[argparse.Namespace, Deployment, Screen], int]
Open = Callable[[argparse.Namespace], Deployment]

_ABOUT = """\
Commands for the administrator of the contact sync. They work on the deployment's own Firestore, with the rights of
whoever calls them (gcloud auth application-default login).

--project names the deployment, and --database where it is not (default); else GOOGLE_CLOUD_PROJECT and
FIRESTORE_DATABASE do. Everything else the functions recorded there at their start. Secrets that this shell does not
have are read from Secret Manager: TOKEN_KEYS for rotate-keys, erase, sugar-user and reconcile, SUGAR_PASSWORD for
sugar-user. Where no function ever started, the shell has to have the functions' variables.
Rights: Cloud Datastore User and Logs Writer for all; Secret Manager Secret Accessor where a secret is read; Cloud Tasks
Enqueuer, and Service Account User of TASKS_SERVICE_ACCOUNT, for reconcile; Cloud Datastore Backups Viewer for
rotate-keys.
What a command changes is in system/audit/entries and in the project's log, contact-sync-admin.
A user is named by the id or the e-mail address."""

_STATUS = (
    "exit status: 0 done, 1 something is not as it should be, 2 the command or the configuration is wrong"
)


def run(arguments: Sequence[str], open_deployment: Open, screen: Screen) -> int:
    """Carry out one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    screen.as_json = options.json
    command: Command = options.command
    deployment: Deployment | None = None
    try:
        deployment = open_deployment(options)
        return command(options, deployment, screen)
    except Exception as error:
        found = fault(error, deployment.place if deployment else "it")
        if found is None:
            raise
        for line in found.lines:
            screen.warn(line)
        return found.status
    finally:
        tell_log(screen)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a command in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}. --help tells more\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="infra/admin",
        description=_ABOUT,
        epilog=_STATUS,
        formatter_class=partial(argparse.RawDescriptionHelpFormatter, max_help_position=26, width=120),
    )
    common = _Parser(add_help=False)
    common.add_argument("--json", action="store_true", help="the result as JSON")
    common.add_argument(
        "--project", type=_filled, metavar="ID", help="the Google Cloud project (GOOGLE_CLOUD_PROJECT)"
    )
    common.add_argument(
        "--database", type=_filled, metavar="NAME", help="the Firestore database (FIRESTORE_DATABASE)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND [OPTIONS]")

    def add(name: str, command: Command, about: str) -> argparse.ArgumentParser:
        one = commands.add_parser(
            name, parents=[common], help=about, description=f"{about[:1].upper()}{about[1:]}."
        )
        one.set_defaults(command=command)
        return one

    def add_user(name: str, command: Command, about: str) -> argparse.ArgumentParser:
        one = add(name, command, about)
        one.add_argument("user", type=_filled, metavar="USER", help="id or e-mail address")
        return one

    _add_looks(add, add_user)
    _add_changes(add, add_user)
    return parser


Add = Callable[[str, Command, str], argparse.ArgumentParser]


def _add_looks(add: Add, add_user: Add) -> None:
    one = add("users", people.list_users, "list the users and how each stands")
    one.add_argument("--state", type=_filled, help="only those in this state, such as connected or reconnect")
    add_user("user", people.show_user, "show all about one user but the contacts")
    one = add_user("runs", activity.list_runs, "list a user's latest runs")
    one.add_argument("--limit", type=_positive, default=20, metavar="N", help="how many (20)")
    one = add("backlog", activity.list_backlog, "count what waits for a decision, by cause")
    one.add_argument(
        "user", type=_filled, metavar="USER", nargs="?", help="id or e-mail address; else all users"
    )
    one = add_user(
        "export", exporting.export, "write all that is stored about a user to a JSON file, without tokens"
    )
    one.add_argument("--to", type=_filled, required=True, metavar="FILE", help="a file that is not there yet")


def _add_changes(add: Add, add_user: Add) -> None:
    one = add("pause", pausing.pause, "let no run begin, for a user or for everyone")
    _one_or_all(one)
    one.add_argument("--reason", type=_filled, help="with --everyone: what users read")
    one = add("resume", pausing.resume, "let runs begin again; regular ones at once")
    _one_or_all(one)
    one = add(
        "policy",
        policy.apply_policy,
        "after a change of POLICY: put the schedule right for those it concerns",
    )
    one.add_argument("--dry-run", action="store_true", help="only show whom it concerns")
    one = add_user("sugar-user", linking.relink, "say which Sugar user a user is")
    one.add_argument(
        "sugar_user", type=_filled, metavar="ADDRESS", help="primary e-mail address of an active Sugar user"
    )
    one = add("rotate-keys", keys.rotate_keys, "encrypt all tokens with the newest key of TOKEN_KEYS")
    one.add_argument(
        "--check", action="store_true", help="only say which keys are still needed, and until when"
    )
    one = add_user("reconcile", checking.reconcile, "compare every pair of a user on both sides, and repair")
    one.add_argument("--report-only", action="store_true", help="only tell what would be repaired")
    one.add_argument(
        "--timeout", type=_positive, default=30, metavar="MINUTES", help="how long to watch (30)"
    )
    one = add_user(
        "erase", erasing.erase, "erase all that is stored about a user; the contacts stay on both sides"
    )
    one.add_argument("--yes", action="store_true", help="do it")
    one.add_argument(
        "--without-revoking", action="store_true", help="do not give the grant back to Google first"
    )


def _one_or_all(parser: argparse.ArgumentParser) -> None:
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument("user", type=_filled, metavar="USER", nargs="?", help="id or e-mail address")
    either.add_argument("--everyone", action="store_true", help="the whole deployment")


def _filled(value: str) -> str:
    if not value.strip():
        raise argparse.ArgumentTypeError("must not be empty")
    return value.strip()


def _positive(value: str) -> int:
    if not value.isdecimal() or len(value) > 9 or int(value) < 1:
        raise argparse.ArgumentTypeError("must be a whole number, 1 or more")
    return int(value)
