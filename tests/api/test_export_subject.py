"""Everything about one person: all events of hers and of whoever was merged into her, and nothing of anybody else."""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from api.access import create_api_key
from api.forget import forget
from api.store import Store
from domain.customer import CustomerContactPersonAdded, CustomerRenamed
from domain.event import CustomerId
from domain.interaction import InteractionLogged
from domain.lead import LeadStakeholderAdded
from eventstore.audit.accesses import accesses
from eventstore.database import Connection
from tests.api.exported import lived_in
from tests.api.test_cli import Crm
from tests.api.test_cli import crm as crm
from tests.facts import captured, given
from tests.projections.records import merged, registered, tell, undone

SCRIPT = "<script>alert(1)</script>"


def everything(client: TestClient, customer_id: UUID, **asked: str) -> Any:  # Any: JSON
    answer = client.get(f"/v1/customers/{customer_id}/export", params=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def page(client: TestClient, customer_id: UUID, **asked: str) -> str:
    answer = client.get(f"/v1/customers/{customer_id}/export", params={"format": "html", **asked})
    assert answer.headers["content-type"].startswith("text/html")
    return answer.text


def in_log(connection: Connection, *customers: UUID) -> list[int]:
    rows = connection.execute(
        "SELECT position FROM log.event WHERE customer_id = ANY (%s) ORDER BY position", [list(customers)]
    )
    return [row["position"] for row in rows]


def test_every_event_is_in_it_with_what_is_personal(client: TestClient, connection: Connection) -> None:
    ann, _ = lived_in(connection)
    bea = registered(connection, "Bea")
    merged(connection, "customer", ann, bea)
    registered(connection, "Somebody else")
    for asked in (ann, bea):
        found = everything(client, asked)
        assert [event["position"] for event in found["events"]] == in_log(connection, ann, bea)
        assert set(found["records"]) == {str(ann), str(bea)}
    types = {event["type"] for event in found["events"]}
    assert {"lead.captured", "ticket.opened", "customer.purchase_recorded", "customer.merged_into"} <= types
    said = {event["type"]: event["said"] for event in found["events"]}
    assert (said["lead.captured"]["title"], said["ticket.opened"]["subject"]) == ("=1+1", "No heat")
    (summed_up,) = found["profile"]["customer_360"]
    assert (summed_up["name"], summed_up["phone"]) == ("Bea", "+4930901820")
    assert [person["name"] for person in found["profile"]["contact_person"]] == ["Bo Buyer"]
    assert "Somebody else" not in json.dumps(found)


def test_the_page_says_the_same_for_people_and_runs_nothing(client: TestClient, connection: Connection) -> None:
    ann = registered(connection, SCRIPT)
    tell(
        connection,
        ann,
        CustomerRenamed(name="Ann"),
        InteractionLogged(interaction_id=uuid4(), kind="note", summary="& so"),
    )
    undone(connection, "customer", ann, 2)
    text = page(client, ann)
    assert "<script" not in text
    assert f"name: {SCRIPT}" in unescape(text)
    assert "summary: &amp; so" in text
    assert text.count('class="undone"') == 1
    assert not re.search(r"(src|href)=", text)
    assert "default-src 'none'" in text
    assert text.rstrip().endswith("</html>")


def test_who_gets_it_is_noted_and_told_in_it(client: TestClient, connection: Connection) -> None:
    ann, bea = registered(connection), registered(connection, "Bea")
    merged(connection, "customer", ann, bea)
    found = everything(client, ann)
    way = "GET /v1/customers/{customer_id}/export"
    assert {(access["customer_id"], access["way"]) for access in found["accesses"]} == {
        (str(ann), way),
        (str(bea), way),
    }
    assert {seen.customer_id for seen in accesses(connection, [ann, bea], 9)} == {ann, bea}
    assert way in page(client, bea)


def test_of_a_contact_person_only_what_is_about_her(client: TestClient, connection: Connection) -> None:
    acme, bo = lived_in(connection, "Acme")
    eve = uuid4()
    tell(connection, acme, CustomerContactPersonAdded(person_id=eve, name="Eve", role="user"), about=eve)
    given(connection, captured("Hers"), LeadStakeholderAdded(person_id=bo, role="champion"), customer_id=acme)
    found = everything(client, acme, person_id=str(bo))
    assert [event["type"] for event in found["events"]] == [
        "customer.contact_person_added",
        "customer.contact_point_added",
        "lead.stakeholder_added",
    ]
    assert [point["written"] for point in found["profile"]["contact_point"]] == ["bo@example.org"]
    assert [person["name"] for person in found["profile"]["contact_person"]] == ["Bo Buyer"]
    for others in ("Eve", "Acme", "901820", "Hers"):
        assert others not in json.dumps(found)
        assert others not in page(client, acme, person_id=str(bo))


def test_of_whoever_was_forgotten_is_told_that_something_happened(
    client: TestClient, store: Store, connection: Connection
) -> None:
    ann = registered(connection, "Unspeakable")
    forget(store, CustomerId(ann), reason="Asked by letter")
    found = everything(client, ann)
    assert found["events"][0]["said"]["name"] == {"forgotten": True}
    assert "Unspeakable" not in json.dumps(found)
    assert "name: (forgotten)" in page(client, ann)


def test_whom_nobody_knows_is_not_found(client: TestClient, connection: Connection) -> None:
    ann = registered(connection)
    unknown = client.get(f"/v1/customers/{uuid4()}/export")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_customer")
    person = client.get(f"/v1/customers/{ann}/export", params={"person_id": str(uuid4())})
    assert (person.status_code, person.json()["code"]) == (404, "unknown_person")
    assert accesses(connection, [ann], 9) == []


@pytest.mark.parametrize("missing", ["audit:read", "customers:read", "personal:read"])
def test_a_key_needs_all_three_scopes(
    store: Store, anonymous: TestClient, connection: Connection, missing: str
) -> None:
    ann = registered(connection)
    scopes = {"audit:read", "customers:read", "personal:read"} - {missing}
    anonymous.headers["Authorization"] = f"Bearer {create_api_key(store, 'less', tuple(scopes))}"
    assert anonymous.get(f"/v1/customers/{ann}/export").status_code == 403


@pytest.mark.full
def test_the_command_makes_a_folder_for_its_owner_alone(crm: Crm, connection: Connection, tmp_path: Path) -> None:
    acme, bo = lived_in(connection, "Acme")
    folder = tmp_path / "folder"
    assert "data.json for programs" in crm("export", "--subject", str(acme), "--output", str(folder))
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "data.json": 0o600,
        "page.html": 0o600,
    }
    assert folder.stat().st_mode & 0o777 == 0o700
    found = json.loads((folder / "data.json").read_text())
    assert [event["position"] for event in found["events"]] == in_log(connection, acme)
    assert "Bo Buyer" in (folder / "page.html").read_text()
    assert "is there already" in crm("export", "--subject", str(acme), "--output", str(folder), code=2)
    hers = tmp_path / "hers"
    crm("export", "--subject", str(acme), "--person", str(bo), "--output", str(hers))
    assert "Acme" not in (hers / "page.html").read_text() + (hers / "data.json").read_text()
    nobody = crm("export", "--subject", str(uuid4()), "--output", str(tmp_path / "nobody"), code=2)
    assert "There is no customer" in nobody
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "data") == ["folder", "hers"]
    assert "Say where to" in crm("export", "--subject", str(acme), code=2)
    assert "give only --output" in crm("export", "leads", "--subject", str(acme), code=2)
    assert "goes with --subject" in crm("export", "leads", "--person", str(bo), code=2)


def test_a_record_filed_under_the_wrong_customer_is_the_right_ones(client: TestClient, connection: Connection) -> None:
    from domain.reattribution import Reattributed

    ann, bea = registered(connection, "Ann"), registered(connection, "Bea")
    lead_id, _ = given(connection, captured("Misfiled"), customer_id=ann)
    reattributed = Reattributed(from_customer_id=CustomerId(ann), to_customer_id=CustomerId(bea))
    given(connection, reattributed, lead_id=lead_id, customer_id=ann, version=1)
    assert "Misfiled" in json.dumps(everything(client, bea))
    assert "Misfiled" not in json.dumps(everything(client, ann))
