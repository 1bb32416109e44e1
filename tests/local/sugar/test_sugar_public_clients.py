"""Clients that others wrote for real Sugar instances, unchanged, over a socket on loopback."""

import json
import sys
import threading

import pysugarcrm
import pytest
from zucker import model
from zucker.client import RequestsClient
from zucker.exceptions import SugarError

from local_stack.loopback_server import LoopbackServer


@pytest.fixture
def url(sugar):
    server = LoopbackServer(sugar.app)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def api_25(sugar, url, tmp_path, monkeypatch):
    """sugarcrm-25-api reads its settings from the working directory at import."""
    sugar.add_account("Acme", id="acme")
    (tmp_path / ".env").write_text(
        f"SUGAR_URL={url}\nSUGAR_PLATFORM=sync\nSUGAR_USERNAME=admin\nSUGAR_PASSWORD=secret\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "sugarcrm_25_api", raising=False)
    import sugarcrm_25_api

    yield sugarcrm_25_api
    monkeypatch.delitem(sys.modules, "sugarcrm_25_api", raising=False)


def test_sugarcrm_25_api_asks_about_the_instance(api_25):
    assert api_25.ping() == {"ping": "pong", "user": "admin"}
    assert api_25.me()["current_user"]["type"] == "admin"
    assert {"Contacts", "Accounts", "Users"} <= set(api_25.modules())
    assert api_25.fields("Contacts")["birthdate"] == "date"


def test_sugarcrm_25_api_works_with_records(api_25, sugar):
    created = api_25.create_record(
        "Contacts", {"last_name": "Rodriguez", "email": [{"email_address": "r@ex.org"}]}
    )
    contact_id = created["id"]
    assert (
        api_25.get_record("Contacts", contact_id, fields="last_name,email")["email"][0]["primary_address"]
        is True
    )
    assert api_25.update_record("Contacts", contact_id, {"title": "CTO"})["title"] == "CTO"
    found = api_25.list_records(
        "Contacts", {"last_name": {"$starts": "rod"}}, fields=["title"], order_by="date_modified:desc"
    )
    assert [(record["id"], record["title"]) for record in found["records"]] == [(contact_id, "CTO")]
    client = api_25.default_client()
    client.relate("Contacts", contact_id, "accounts", "acme")
    assert sugar.contact(contact_id)["account_name"] == "Acme"
    client.unrelate("Contacts", contact_id, "accounts", "acme")
    assert sugar.contact(contact_id)["account_name"] == ""
    assert client.delete("Contacts", contact_id) == {"id": contact_id}
    with pytest.raises(api_25.SugarError, match="-> 404: Could not find record"):
        api_25.get_record("Contacts", contact_id)


def test_sugarcrm_25_api_works_in_bulk_with_parallel_workers(api_25, sugar):
    api_25.ping()
    people = [{"last_name": f"Bulk {number}", "department": "bulk"} for number in range(45)]
    result = api_25.bulk_create("Contacts", people, chunk=20, parallel=2, progress=False)
    assert (result["succeeded"], result["failed"]) == (45, 0)
    changes = [{"id": contact["id"], "title": "x"} for contact in sugar.contacts()]
    assert api_25.bulk_update("Contacts", changes, progress=False)["succeeded"] == 45
    assert api_25.bulk_delete("Contacts", {"department": "bulk"}, progress=False)["matched"] == 45
    assert (
        api_25.bulk_delete("Contacts", {"department": "bulk"}, dry_run=False, progress=False)["deleted"] == 45
    )
    assert sugar.contacts() == []
    assert sugar.calls.count(("POST", "/oauth2/token")) == 1


def test_sugarcrm_25_api_refreshes_an_expired_token_and_logs_in_after_a_revocation(api_25, sugar, tmp_path):
    api_25.ping()
    first = json.loads((tmp_path / ".sugar_token.json").read_text())
    sugar.expire_tokens()
    assert api_25.ping()["ping"] == "pong"
    second = json.loads((tmp_path / ".sugar_token.json").read_text())
    assert second["refresh_token"] != first["refresh_token"]
    sugar.revoke_tokens()
    assert api_25.ping()["ping"] == "pong"
    assert sugar.calls.count(("POST", "/oauth2/token")) == 4


def test_sugarcrm_25_api_reports_a_refused_platform(api_25, sugar):
    sugar.platforms.discard("sync")
    with pytest.raises(api_25.SugarError, match=r"Auth failed \(422\).*EXCEPTION_INVALID_PLATFORM"):
        api_25.ping()


def test_pysugarcrm_logs_in_reads_writes_and_logs_out(sugar, url):
    sugar.platforms.add("api")
    with pysugarcrm.sugar_api(f"{url}/", "admin", "secret") as api:
        assert api.me["current_user"]["user_name"] == "admin"
        created = api.post("/Contacts", json={"first_name": "Ana", "last_name": "Ruiz"})
        api.post("/Contacts", json={"last_name": "Ng"})
        page = api.get("/Contacts", query_params={"max_num": 1, "fields": "last_name"})
        assert (len(page["records"]), page["next_offset"]) == (1, 1)
        assert api.put(f"/Contacts/{created['id']}", json={"title": "CTO"})["title"] == "CTO"
        token = api.secret_token
    assert api.is_closed is True
    with pytest.raises(ValueError, match="No access token"):
        pysugarcrm.SugarCRM(f"{url}/", "admin", "wrong")
    api.is_closed, api.secret_token = False, token
    assert api.me["error"] == "invalid_grant"


@pytest.fixture
def zucker(sugar, url):
    """The client, and a contact as a user of zucker declares it."""
    sugar.platforms.add("zucker")
    client = RequestsClient(url, "admin", "secret")

    class Contact(model.SyncModule, client=client, api_name="Contacts"):
        first_name = model.StringField()
        last_name = model.StringField()
        title = model.StringField()
        do_not_call = model.BooleanField()

    return client, Contact


def test_zucker_reads_metadata(zucker):
    client, _ = zucker
    client.fetch_metadata("server_info", "full_module_list")
    assert client.server_info[0] == "ENT"
    assert "Contacts" in client
    assert "Nothings" not in client


def test_zucker_creates_changes_refreshes_and_deletes(zucker, sugar):
    _, contact_type = zucker
    ana = contact_type(first_name="Ana", last_name="Ruiz")
    ana.save()
    ana.title = "CTO"
    ana.save()
    assert sugar.contact(ana._id)["title"] == "CTO"
    sugar.edit_contact(ana._id, title="CEO")
    ana.refresh()
    assert ana.title == "CEO"
    contact_id = ana._id
    ana.delete()
    assert sugar.deleted_ids() == {contact_id}
    with pytest.raises(KeyError):
        contact_type.get_by_id(contact_id)


def test_zucker_counts_filters_and_walks_pages(zucker, sugar):
    _, contact_type = zucker
    sugar.load({"first_name": "A" if n % 2 else "B", "last_name": f"N{n}", "title": "x"} for n in range(5))
    sugar.add_contact(last_name="Last")
    assert len(contact_type.find()) == 6
    assert {contact.last_name for contact in contact_type.find(contact_type.first_name == "A")} == {
        "N1",
        "N3",
    }
    chosen = contact_type.find(contact_type.last_name.values("N0", "N4"))
    assert {contact.last_name for contact in chosen} == {"N0", "N4"}
    assert len(contact_type.find(contact_type.title.not_empty())) == 5
    either = (contact_type.last_name == "Last") | (contact_type.last_name.starts_with("N3"))
    assert len(contact_type.find(either)) == 2
    assert len(contact_type.find(contact_type.last_name == "Nobody")) == 0


def test_zucker_is_told_of_a_missing_record(zucker, sugar):
    _, contact_type = zucker
    contact_id = "5f0b2a1c-0000-4000-8000-000000000001"
    sugar.add_contact(id=contact_id, last_name="Ruiz")
    contact = contact_type.get_by_id(contact_id)
    sugar.delete_contact(contact_id)
    with pytest.raises(SugarError) as raised:
        contact.refresh()
    assert raised.value.status_code == 404
