"""The words of the pages: what the API names in code, said in plain language."""

from __future__ import annotations

from ...contacts.field_words import field_words
from ...contacts.side import Side

SIDES = {Side.SUGAR: "Sugar", Side.GOOGLE: "Google"}

KINDS = {
    "google_created": "Created in Google",
    "google_updated": "Updated in Google",
    "google_deleted": "Deleted in Google",
    "merged": "Linked and merged",
    "sugar_created": "Created in Sugar",
    "sugar_updated": "Updated in Sugar",
    "sugar_deleted": "Deleted in Sugar",
}
"""The seven counts of a preview and of a run, in the order they are shown."""

OTHER_KINDS = {
    "linked": "Linked",
    "agreed": "Same on both sides already",
    "quarantined": "Need a decision",
    "unlinked": "No longer linked",
    "out_of_scope": "Left the scope",
    "new": "Back in the scope",
    "gone": "Gone on both sides",
    "renewed": "Become contacts of their own",
    "google_stayed": "Stayed in Google, because they could not be deleted or are not the sync's own any more",
}

KIND_NOTES = {
    "google_deleted": "They were deleted in Sugar, and you chose to have such contacts deleted in Google too.",
    "sugar_deleted": "They were deleted in Google, and you chose to have such records deleted in Sugar too.",
    "merged": "The same person is in both address books: from now on the two are kept the same.",
    "linked": "The same person is in both address books, and both say the same already.",
    "agreed": "Nothing has to be written.",
    "quarantined": "Nothing is done to these until you decide. They go to the backlog.",
    "unlinked": "One side was deleted and the other is kept; it is not synced any more.",
    "out_of_scope": "They are no longer among the Sugar contacts that you sync. Both sides are kept as they are.",
    "new": "They are among the Sugar contacts that you sync again.",
    "gone": "Both sides are deleted; the sync only takes note of it.",
    "renewed": "The other side was deleted; what is left is synced as a contact of its own.",
}
"""What a count of a preview means, where its name does not say it all."""

ACTIONS = {
    "create": "Created",
    "update": "Updated",
    "delete": "Deleted",
    "merge": "Linked and merged",
    "link": "Linked",
    "unlinked": "No longer linked",
    "out_of_scope": "Left the scope",
    "new": "Back in the scope",
    "gone": "Gone on both sides",
    "linked": "Linked again",
}

TRIGGERS = {
    "schedule": "regular sync",
    "manual": "Sync Now",
    "hook": "a change in Sugar",
    "flag": "a flag set or taken away in Sugar",
    "continue": "continued sync",
    "preview": "preview",
    "apply": "applied preview",
    "undo": "undo",
    "reconcile": "full check",
    "disconnect": "disconnect",
    "clean": "clean-up of the scope",
    "inventory": "count",
}

RUNS = {
    "schedule": "Regular sync",
    "manual": "Sync Now",
    "hook": "Sync after a change in Sugar",
    "flag": "Sync after a flag was set or taken away in Sugar",
    "continue": "Continued sync",
    "preview": "Preview",
    "apply": "Applying a preview",
    "undo": "Undoing a change",
    "reconcile": "Full check",
    "disconnect": "Disconnecting",
    "clean": "Removing contacts that left the scope",
    "inventory": "Counting contacts",
}
"""A run as the heading of its page, by what asked for it."""

RUNS_DONE = {
    "preview": "The preview is ready.",
    "disconnect": "Your Google account is disconnected.",
    "inventory": "Your contacts are counted. Nothing was changed.",
}
"""What a run came to, where it is not told by counts."""

TAB_NOTES = {
    "preview": "What a sync would do, before it does it.",
    "history": "What was done, with what was there before, and undo.",
    "backlog": "Contacts that need a decision of yours.",
    "statistics": "Numbers, and why a contact is synced the way it is.",
}
"""What the other pages are for."""

PHASES = {
    "queued": "Waiting for its turn",
    "starting": "Starting",
    "reading": "Reading both address books",
    "writing": "Carrying out changes",
    "deleting": "Deleting",
    "revoking": "Giving the access back to Google",
    "done": "Done",
    "interrupted": "Interrupted",
    "failed": "Failed",
}

CAUSES = {
    "ambiguous": "Several contacts could be this one",
    "duplicate": "It looks like a contact that exists already",
    "deleted_and_edited": "Deleted on one side, edited on the other",
    "merged_in_google": "Merged into another contact in Google",
    "mass_delete": "Many contacts were deleted at once",
    "loop": "Something keeps changing it back",
    "refused": "It was refused",
    "failing": "It failed again and again",
    "no_name": "It has no name",
    "unreadable": "The sync stumbled over it",
}

STATES = {
    "new": "not linked yet",
    "creating": "being created",
    "linked": "linked",
    "unlinked": "not linked any more",
    "out_of_scope": "outside the scope",
    "gone": "gone on both sides",
    "google_only": "only in Google",
}

CONNECTION = {
    "connected": "Connected",
    "disconnected": "Not connected",
    "disconnecting": "Being disconnected",
    "permission_missing": "Permission needed",
    "reconnect": "Connection lost",
    "sugar_user_asked": "Waiting for who you are in Sugar",
    "sugar_user_missing": "No Sugar user found",
    "sugar_access_denied": "Sugar denies access",
    "too_many": "Too many contacts",
    "broken": "Something is broken",
}

ERRORS = {
    "interrupted": "It was interrupted. What was done stays done; the next sync goes on from there.",
    "lost": "Another sync took over.",
    "contention": "Your data kept changing meanwhile. Try again in a moment.",
    "reconnect": "Google does not accept the connection any more. Connect again.",
    "permission_missing": "Access to your Google contacts is not granted. Grant it, then sync again.",
    "sugar_user_asked": "Say first who you are in Sugar.",
    "sugar_user_missing": "There is no Sugar user for your e-mail address. Ask your Sugar administrator.",
    "sugar_access_denied": "Sugar does not let you reach contacts. Ask your Sugar administrator.",
    "too_many": "There are too many Sugar contacts in the scope. Choose a smaller scope.",
    "paused": "Syncing is paused. Ask your administrator.",
    "disabled": "Your administrator has switched syncing off.",
    "domain_not_allowed": "Accounts of your domain are not synced any more. Ask your administrator.",
    "disconnected": "Your Google account is not connected. Connect it, then sync again.",
    "disconnecting": "Your Google account is being disconnected.",
    "google_rate_limited": "Google asked us to slow down. The sync goes on by itself in a while.",
    "google_unavailable": "Google did not answer. The sync tries again by itself.",
    "firestore_unavailable": "Our own storage did not answer. The sync tries again by itself.",
    "tasks_unavailable": "The sync could not be started. Try again in a moment.",
    "sugar_busy": "Sugar is busy. The sync tries again by itself.",
    "sugar_down": "Sugar does not answer. The sync tries again by itself.",
    "sugar_timeout": "Sugar took too long to answer. The sync tries again by itself.",
    "count_changed": "By now more contacts left the scope than you confirmed, so the others stay in Google. "
    "Look again.",
    "out_of_time": "The time of this run was over. It goes on in the next one.",
    "not_revoked": "Your Google account is disconnected here, but Google did not confirm that the access ended. "
    "Remove it in your Google account, under Security, third-party connections.",
    "contacts_stayed": "Your Google account is disconnected, but some contacts could not be deleted and stayed in "
    "Google.",
    "disconnect_failed": "The contacts that the sync created could not be deleted in Google, so your account is still "
    "connected. Disconnect again later, or disconnect without deleting.",
    "internal": "Something went wrong on our side. It was logged; the next sync tries again.",
}

FAILED = "The sync did not finish ({code}). It tries again by itself; if this stays, ask your administrator."


def field(name: str) -> str:
    """A Contact's field in words, at the beginning of a line."""
    said = field_words(name)
    return said[:1].upper() + said[1:]


def done(action: str, side: Side | None) -> str:
    """What a history entry tells, in one line."""
    said = ACTIONS.get(action, action.replace("_", " ").capitalize())
    if side is None:
        return said
    return f"{said}, {SIDES[side]} updated" if action == "merge" else f"{said} in {SIDES[side]}"


def error(code: str) -> str:
    """What an error means, and the way out."""
    return ERRORS.get(code) or FAILED.format(code=code.replace("_", " "))


def kind(name: str) -> str:
    """What was or would be done, as a heading."""
    return KINDS.get(name) or OTHER_KINDS.get(name) or name.replace("_", " ").capitalize()


def cause(name: str) -> str:
    """Why a contact needs a decision, as a heading."""
    return CAUSES.get(name) or name.replace("_", " ").capitalize()


def contacts(count: int) -> str:
    """A number of contacts."""
    return "1 contact" if count == 1 else f"{count:,} contacts"


def left_out(count: int, *, regular: bool) -> str:
    """What becomes of the contacts that were unticked when a preview was applied; empty if there were none."""
    if not count:
        return ""
    them = "it" if count == 1 else "them"
    said = f"You left out {contacts(count)}: nothing was done about {them}."
    if regular:
        return (
            f"{said} The next regular sync does it, unless you change the settings or unlink {them} before."
        )
    stays = "it stays as it is" if count == 1 else "they stay as they are"
    return f"{said} As you do not sync regularly, {stays} until you sync again."


CREATES_PAUSED = {
    "google_full": "None are created in Google: its address book is full. Delete some contacts there.",
    "label_missing": "None are created in Google: the label you chose is gone. Choose another one.",
}
"""Why the sync creates no contacts for now."""
