"""Field definitions of the simulated modules: stock names, types and lengths of Sugar's Contacts and its
neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Field:
    """One field. `stored` is false for what Sugar computes; `link` and `shows` say what a relate field
    shows.
    """

    name: str
    type: str = "varchar"
    length: int | None = None
    stored: bool = True
    options: str | None = None
    required: bool = False
    default: Any = None
    link: str | None = None
    shows: str | None = None
    id_name: str | None = None

    def metadata(self) -> dict[str, Any]:
        """The definition as GET /metadata gives it: lengths are strings."""
        entry: dict[str, Any] = {"name": self.name, "vname": f"LBL_{self.name.upper()}", "type": self.type}
        if self.length is not None:
            entry["len"] = str(self.length)
            if self.type == "text":
                entry["dbType"] = "varchar"
        if not self.stored:
            entry["source"] = "non-db"
        for key in ("options", "default", "link", "id_name"):
            if getattr(self, key) is not None:
                entry[key] = getattr(self, key)
        if self.required:
            entry["required"] = True
        if self.shows:
            entry["rname"] = self.shows
        return entry


TEXT_TYPES = frozenset(
    {"varchar", "phone", "enum", "text", "id", "name", "url", "user_name", "image", "fullname"}
)
"""Types whose values are strings to a filter."""

Fields = dict[str, Field]


def _table(*fields: Field) -> Fields:
    return {field.name: field for field in fields}


def _varchars(length: int, *names: str, type: str = "varchar") -> list[Field]:
    return [Field(name, type, length) for name in names]


def _person(name: str, link: str) -> list[Field]:
    """The pair that names a user of the record: `created_by` and `created_by_name`."""
    stem = name.removesuffix("_id") if name != "modified_user_id" else "modified_by"
    shown = f"{stem}_name"
    return [
        Field(name, "id", 36),
        Field(shown, "relate", 255, stored=False, link=link, shows="full_name", id_name=name),
    ]


def _system() -> list[Field]:
    return [
        Field("id", "id", 36, required=True),
        Field("date_entered", "datetime"),
        Field("date_modified", "datetime"),
        *_person("created_by", "created_by_link"),
        *_person("modified_user_id", "modified_user_link"),
        Field("description", "text"),
        Field("deleted", "bool", default="0"),
    ]


def _email() -> list[Field]:
    return [
        Field("email", "email", stored=False),
        Field("email1", "varchar", 100, stored=False),
        Field("email2", "varchar", 100, stored=False),
        Field("invalid_email", "bool", stored=False),
        Field("email_opt_out", "bool", stored=False),
    ]


def _shared() -> list[Field]:
    return [
        *_person("assigned_user_id", "assigned_user_link"),
        Field("team_name", "teamset", stored=False),
        Field("tag", "tag", stored=False),
        Field("following", "bool", stored=False),
        Field("my_favorite", "bool", stored=False),
        Field("locked_fields", "locked_fields", stored=False),
    ]


def _address(prefix: str) -> list[Field]:
    return [
        Field(f"{prefix}_street", "text", 150),
        Field(f"{prefix}_city", "varchar", 100),
        Field(f"{prefix}_state", "varchar", 100),
        Field(f"{prefix}_postalcode", "varchar", 20),
        Field(f"{prefix}_country", "varchar", 255),
    ]


CONTACTS = _table(
    *_system(),
    Field("salutation", "enum", 255, options="salutation_dom"),
    Field("first_name", "varchar", 100),
    Field("last_name", "varchar", 100, required=True),
    Field("name", "fullname", stored=False),
    Field("full_name", "fullname", stored=False),
    Field("title", "varchar", 100),
    Field("department", "varchar", 255),
    Field("account_id", "id", 36),
    Field("account_name", "relate", 255, stored=False, link="accounts", shows="name", id_name="account_id"),
    *_varchars(
        100,
        "phone_work",
        "phone_mobile",
        "phone_home",
        "phone_other",
        "phone_fax",
        "assistant_phone",
        type="phone",
    ),
    *_email(),
    *_address("primary_address"),
    *_address("alt_address"),
    Field("birthdate", "date"),
    Field("do_not_call", "bool", default="0"),
    Field("assistant", "varchar", 75),
    *_varchars(100, "facebook", "twitter", "googleplus", "mkto_id"),
    Field("picture", "image", 255),
    Field("lead_source", "enum", 255, options="lead_source_dom"),
    Field("reports_to_id", "id", 36),
    Field("report_to_name", "relate", 255, stored=False, link="reports_to_link", shows="full_name"),
    Field("preferred_language", "enum", 255, options="available_language_dom"),
    Field("dnb_principal_id", "varchar", 30),
    Field("portal_name", "varchar", 255),
    Field("portal_active", "bool", default="0"),
    Field("sync_contact", "bool", stored=False),
    Field("sync_key", "varchar", 100),
    *_shared(),
)

ACCOUNTS = _table(
    *_system(),
    Field("name", "name", 150, required=True),
    Field("account_type", "enum", 50, options="account_type_dom"),
    Field("industry", "enum", 50, options="industry_dom"),
    Field("website", "url", 255),
    Field("phone_office", "phone", 100),
    *_email(),
    *_address("billing_address"),
    *_shared(),
)

USERS = _table(
    *_system(),
    Field("user_name", "user_name", 60, required=True),
    Field("first_name", "varchar", 255),
    Field("last_name", "varchar", 255),
    Field("name", "fullname", stored=False),
    Field("full_name", "fullname", stored=False),
    Field("status", "enum", 100, options="user_status_dom"),
    Field("is_admin", "bool", default="0"),
    Field("title", "varchar", 50),
    Field("is_group", "bool", default="0"),
    Field("portal_only", "bool", default="0"),
    Field("last_login", "datetime"),
    *_email(),
)
HIDDEN_FROM_USERS = frozenset({"is_group", "portal_only", "last_login"})
"""Fields of Users that only administrators are shown."""

WEB_LOGIC_HOOKS = _table(
    *_system(),
    Field("name", "name", 255, required=True),
    Field("webhook_target_module", "enum", 255, required=True, options="moduleList"),
    Field("request_method", "enum", 255, required=True, options="web_hook_request_method_list"),
    Field("url", "url", 255, required=True),
    Field("trigger_event", "enum", 255, required=True, options="webLogicHookList"),
)

EMAIL_ADDRESSES = _table(
    Field("id", "id", 36),
    Field("email_address", "varchar", 255),
    Field("email_address_caps", "varchar", 255),
    Field("invalid_email", "bool"),
    Field("opt_out", "bool"),
)

MODULES: dict[str, Fields] = {
    "Contacts": CONTACTS,
    "Accounts": ACCOUNTS,
    "Users": USERS,
    "WebLogicHooks": WEB_LOGIC_HOOKS,
}


def _items(*keys: str) -> dict[str, str]:
    """A dropdown whose labels are its keys."""
    return {key: key for key in keys}


DROPDOWNS: dict[str, dict[str, str]] = {
    "salutation_dom": _items("", "Mr.", "Ms.", "Mrs.", "Miss", "Dr.", "Prof."),
    "lead_source_dom": _items("", "Cold Call", "Existing Customer", "Conference", "Email", "Other"),
    "available_language_dom": {"": "", "en_us": "English (US)", "de_DE": "Deutsch", "fr_FR": "Français"},
    "account_type_dom": _items("", "Customer", "Partner", "Prospect"),
    "industry_dom": _items("", "Banking", "Technology", "Other"),
    "user_status_dom": _items("Active", "Inactive"),
    "web_hook_request_method_list": _items("POST", "GET", "PUT", "DELETE"),
    "webLogicHookList": {
        "after_save": "After Save",
        "after_delete": "After Delete",
        "after_relationship_add": "After Relationship Add",
        "after_relationship_delete": "After Relationship Delete",
        "after_login": "After Login",
        "after_logout": "After Logout",
        "after_login_failed": "After Login Failed",
    },
    "moduleList": _items("Contacts", "Accounts", "Users"),
}
