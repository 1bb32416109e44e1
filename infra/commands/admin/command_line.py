"""The command line: what there is, what it takes, and what a fault looks like."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial

from google.api_core.exceptions import Forbidden
from google.auth.exceptions import GoogleAuthError

from contact_sync.config import ConfigError
from contact_sync.errors import OperatorMustAct, SyncError

from . import activity, checking, erasing, exporting, keys, linking, pausing, people, policy
from .deployment import Deployment
from .failure import Failure
from .screen import Screen

Command = Callable[[argparse.Namespace, Deployment, Screen], int]
Open = Callable[[argparse.Namespace], Deployment]

_ABOUT = """\
Commands for the administrator of the contact sync. They work on the deployment's own Firestore, with the rights of
whoever calls them (gcloud auth application-default login).

The configuration comes from the variables that the functions have. GOOGLE_CLOUD_PROJECT is always needed, or --project;
FIRESTORE_DATABASE where it is not (default). Beyond that:
  POLICY        what is forced on everyone, as the functions have it: users, user, resume, policy, reconcile
  TOKEN_KEYS    rotate-keys, erase, sugar-user, reconcile; else read from Secret Manager
  SUGAR_URL, SUGAR_USERNAME, SUGAR_PLATFORM, SUGAR_SUDO_PLATFORM, SUGAR_PASSWORD (else from Secret Manager)
                sugar-user
  WORKER_URL, TASKS_QUEUE, TASKS_SERVICE_ACCOUNT
                reconcile
Rights: Cloud Datastore User for all; Secret Manager Secret Accessor where a secret is read; for reconcile Cloud Tasks
Enqueuer, and Service Account User of TASKS_SERVICE_ACCOUNT.
A user is named by the id or the e-mail address."""

_STATUS = (
    "exit status: 0 done, 1 something is not as it should be, 2 the command or the configuration is wrong"
)
_TRY_AGAIN = "Repeat the command in a minute."
_OPERATOR = "Correct the configuration, then repeat the command."


def run(arguments: Sequence[str], open_deployment: Open, screen: Screen) -> int:
    """Carry out one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    screen.as_json = options.json
    command: Command = options.command
    try:
        return command(options, open_deployment(options), screen)
    except Failure as failure:
        screen.warn(str(failure))
        return failure.status
    except ConfigError as error:
        for problem in error.problems:
            screen.warn(f"{problem}; --help says what each command needs")
        return 2
    except SyncError as error:
        advice = _OPERATOR if isinstance(error, OperatorMustAct) else _TRY_AGAIN
        screen.warn(f"{error.message.rstrip('.')}. {advice}")
        return 1
    except GoogleAuthError:
        screen.warn("Google does not know who you are. Sign in: gcloud auth application-default login")
        return 2
    except Forbidden:
        screen.warn(
            "You lack a right in the project. --help says what each command uses; ask its owner for it."
        )
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="infra/admin",
        description=_ABOUT,
        epilog=_STATUS,
        formatter_class=partial(argparse.RawDescriptionHelpFormatter, max_help_position=26, width=120),
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="the result as JSON")
    common.add_argument("--project", metavar="ID", help="the Google Cloud project (GOOGLE_CLOUD_PROJECT)")
    common.add_argument("--database", metavar="NAME", help="the Firestore database (FIRESTORE_DATABASE)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND [OPTIONS]")

    def add(name: str, command: Command, about: str) -> argparse.ArgumentParser:
        one = commands.add_parser(
            name, parents=[common], help=about, description=f"{about[:1].upper()}{about[1:]}."
        )
        one.set_defaults(command=command)
        return one

    def add_user(name: str, command: Command, about: str) -> argparse.ArgumentParser:
        one = add(name, command, about)
        one.add_argument("user", metavar="USER", help="id or e-mail address")
        return one

    _add_looks(add, add_user)
    _add_changes(add, add_user)
    return parser


Add = Callable[[str, Command, str], argparse.ArgumentParser]


def _add_looks(add: Add, add_user: Add) -> None:
    one = add("users", people.list_users, "list the users and how each stands")
    one.add_argument("--state", help="only those in this state, such as connected or reconnect")
    add_user("user", people.show_user, "show all about one user but the contacts")
    one = add_user("runs", activity.list_runs, "list a user's latest runs")
    one.add_argument("--limit", type=_positive, default=20, metavar="N", help="how many (20)")
    one = add("backlog", activity.list_backlog, "count what waits for a decision, by cause")
    one.add_argument("user", metavar="USER", nargs="?", help="id or e-mail address; else all users")
    one = add_user(
        "export", exporting.export, "write all that is stored about a user to a JSON file, without tokens"
    )
    one.add_argument("--to", required=True, metavar="FILE", help="a file that is not there yet")


def _add_changes(add: Add, add_user: Add) -> None:
    one = add("pause", pausing.pause, "let no run begin, for a user or for everyone")
    _one_or_all(one)
    one.add_argument("--reason", help="with --everyone: what users read")
    one = add("resume", pausing.resume, "let runs begin again; regular ones at once")
    _one_or_all(one)
    one = add(
        "policy",
        policy.apply_policy,
        "after a change of POLICY: put the schedule right for those it concerns",
    )
    one.add_argument("--dry-run", action="store_true", help="only show whom it concerns")
    one = add_user("sugar-user", linking.relink, "say which Sugar user a user is")
    one.add_argument("sugar_user", metavar="ADDRESS", help="primary e-mail address of an active Sugar user")
    add("rotate-keys", keys.rotate_keys, "encrypt all tokens with the newest key of TOKEN_KEYS")
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
    either.add_argument("user", metavar="USER", nargs="?", help="id or e-mail address")
    either.add_argument("--everyone", action="store_true", help="the whole deployment")


def _positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number
