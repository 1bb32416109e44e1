"""Web logic hooks: registered by REST, queued on events, delivered once by a later cron run."""

import json

import pytest


class Receiver:
    def __init__(self):
        self.got = []

    def __call__(self, method, url, headers, body):
        self.got.append((method, url, headers, json.loads(body)))

    @property
    def bodies(self):
        return [body for *_, body in self.got]


def hook(event, **more):
    return {
        "name": f"on {event}",
        "webhook_target_module": "Contacts",
        "trigger_event": event,
        "request_method": "POST",
        "url": f"https://sync.test/hooks/{event}",
    } | more


@pytest.fixture
def receiver():
    return Receiver()


@pytest.fixture
def hooked(sugar, admin):
    for event in ("after_save", "after_delete", "after_relationship_add", "after_relationship_delete"):
        admin.post("/WebLogicHooks", hook(event))
    return sugar


def test_hooks_are_records_that_only_admins_reach(admin, jane):
    record = admin.post("/WebLogicHooks", hook("after_save"))
    assert admin.get(f"/WebLogicHooks/{record['id']}")["url"] == "https://sync.test/hooks/after_save"
    moved = admin.put(f"/WebLogicHooks/{record['id']}", {"url": "https://other.test/" + "x" * 300})
    assert len(moved["url"]) == 255
    assert len(admin.get("/WebLogicHooks")["records"]) == 1
    for method, path in (("GET", "/WebLogicHooks"), ("POST", "/WebLogicHooks"), ("GET", "/WebLogicHooks/x")):
        assert jane.send(method, path, hook("after_save") if method == "POST" else None).status_code == 403
    assert admin.delete(f"/WebLogicHooks/{record['id']}") == {"id": record["id"]}
    assert admin.get("/WebLogicHooks")["records"] == []


@pytest.mark.parametrize("name", ["name", "webhook_target_module", "trigger_event", "request_method", "url"])
def test_every_field_of_a_hook_is_required(admin, name):
    answer = admin.send("POST", "/WebLogicHooks", hook("after_save", **{name: ""}))
    assert (answer.status_code, answer.json()["error"]) == (422, "missing_parameter")


def test_a_save_is_delivered_later_without_any_signature(hooked, receiver):
    contact = hooked.add_contact(id="a", last_name="Ruiz", assigned_user_id="jane-id")
    assert receiver.got == []
    assert hooked.flush_hooks(receiver) == 1
    method, url, headers, body = receiver.got[0]
    assert (method, url) == ("POST", "https://sync.test/hooks/after_save")
    assert headers == {"Content-Type": "application/json", "User-Agent": "SugarCrm"}
    assert (body["bean"], body["event"], body["isUpdate"]) == ("Contact", "after_save", False)
    assert (body["data"]["id"], body["data"]["assigned_user_id"]) == (contact, "jane-id")
    assert hooked.flush_hooks(receiver) == 0


@pytest.mark.parametrize(
    ("variant", "keys"),
    [
        ("A", {"bean", "data", "event", "isUpdate", "dataChanges", "stateChanges"}),
        ("B", {"bean", "data", "event", "dataChanges"}),
        ("C", {"bean", "data", "event", "isUpdate", "dataChanges", "stateChanges"}),
    ],
)
def test_payload_variants_of_an_update(hooked, admin, receiver, variant, keys):
    hooked.add_contact(id="a", last_name="Ruiz", title="CEO")
    hooked.flush_hooks(receiver)
    hooked.hooks.variant = variant
    admin.put("/Contacts/a", {"title": "CTO"})
    hooked.flush_hooks(receiver)
    body = receiver.bodies[-1]
    assert body.keys() == keys
    assert body["dataChanges"]["title"] == {
        "field_name": "title",
        "data_type": "varchar",
        "before": "CEO",
        "after": "CTO",
    }


def test_deletion_and_its_variants(hooked, receiver):
    for name in "ab":
        hooked.add_contact(id=name, last_name=name)
    hooked.flush_hooks()
    hooked.delete_contact("a")
    hooked.hooks.variant = "B"
    hooked.delete_contact("b")
    hooked.flush_hooks(receiver)
    later, older = receiver.bodies
    assert (later["event"], later["id"], later["data"]["id"]) == ("after_delete", "a", "a")
    assert (older["event"], older.get("id"), older["data"]["id"]) == ("after_delete", None, "b")


def test_there_is_no_restore_event(hooked, receiver):
    hooked.add_contact(id="a", last_name="a")
    hooked.delete_contact("a")
    hooked.flush_hooks(receiver)
    hooked.restore_contact("a")
    assert hooked.flush_hooks(receiver) == 0


def test_relationships_name_both_ends(hooked, receiver, jane):
    hooked.add_account("Acme", id="acme")
    hooked.add_contact(id="a", last_name="Ruiz", account_id="acme")
    hooked.set_flag("jane-id", "a", True)
    jane.put("/Contacts/a", {"sync_contact": False, "account_id": ""})
    hooked.flush_hooks(receiver)
    related = [
        (body["event"], body["link"], body["id"], body["related_id"])
        for body in receiver.bodies
        if "link" in body
    ]
    assert related == [
        ("after_relationship_add", "accounts", "a", "acme"),
        ("after_relationship_add", "user_sync", "a", "jane-id"),
        ("after_relationship_delete", "accounts", "a", "acme"),
        ("after_relationship_delete", "user_sync", "a", "jane-id"),
    ]


def test_data_is_limited_by_the_rights_of_whoever_acted(hooked, sugar, sign_in, receiver):
    sugar.add_user("lim", "x", id="lim-id", acl={"Contacts": {"fields": {"title": {"read": "no"}}}})
    sugar.add_contact(id="a", last_name="Ruiz", title="CEO")
    sign_in("lim", "x").put("/Contacts/a", {"department": "Sales"})
    sugar.edit_user("lim-id", acl={"Contacts": {"view": "no"}})
    sugar.edit_contact("a", _by="lim-id", department="Ops")
    hooked.flush_hooks(receiver)
    assert "title" not in receiver.bodies[1]["data"]
    assert receiver.bodies[2]["data"] == {"id": "a"}


def test_a_failed_delivery_is_dropped_and_the_next_one_goes_out(hooked, receiver):
    hooked.add_contact(id="a", last_name="a")
    hooked.add_contact(id="b", last_name="b")
    hooked.add_contact(id="c", last_name="c")

    def flaky(method, url, headers, body):
        if b'"id":"a"' in body:
            raise ConnectionError("receiver is down")
        receiver(method, url, headers, body)

    assert hooked.flush_hooks(flaky, limit=2) == 2
    assert [body["data"]["id"] for body in receiver.bodies] == ["b"]
    assert [delivery.record_id for delivery in hooked.hooks.dropped] == ["a"]
    assert hooked.flush_hooks(receiver) == 1
    assert hooked.hooks.queue == []


def test_a_bulk_load_is_silent(hooked):
    hooked.load([{"last_name": "x"}])
    assert hooked.hooks.queue == []
