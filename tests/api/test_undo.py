"""A command, an import or a correlation is taken back as far as nobody built upon it, and what is left is told."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from rich.console import Console
from typer.testing import CliRunner

from api import undo as undoing
from api.access import USUAL_SCOPES, create_api_key
from api.cli import app
from api.forget import forget
from api.imports.run import ImportReport, import_file
from api.kpis import ask
from api.store import SYSTEM_ID, Store
from api.undo import NothingToUndo, undo
from api.undo_report import in_words
from domain import customer
from domain.customer import (
    Customer,
    CustomerActivated,
    CustomerPurchaseRecorded,
    CustomerPurchaseRefunded,
    CustomerRegistered,
    CustomerTagged,
    MergeCustomer,
)
from domain.event import CustomerId, Event
from domain.imports import ImportReverted
from domain.lead import Lead, LeadAssigned, LeadConversionReverted, LeadConverted, LeadQualified, LeadRetitled
from domain.merge import Absorbed, MergedInto, MergeReverted
from domain.money import Money
from domain.reattribution import Reattributed
from domain.ticket import Ticket, TicketOpened
from domain.workspace import WORKSPACE_ID, Workspace
from eventstore import log
from eventstore.bulk import append_bulk
from eventstore.database import Connection
from projections.kpi import kpis
from projections.read_models import read_models
from projections.sight import EVERYTHING
from replay.follow import catch_up
from replay.verification import verify
from tests.api.leads_file import BARE, MAPPING, OPEN, WON, written
from tests.facts import captured, given

BY = log.Envelope("system", SYSTEM_ID, "test")

Import = Callable[..., ImportReport]


@pytest.fixture
def take_in(store: Store, tmp_path: Path) -> Import:
    """Import rows of the usual columns with the usual mapping."""

    def imported(*rows: str) -> ImportReport:
        (tmp_path / "map.toml").write_text(MAPPING, encoding="utf-8")
        return import_file(store, "leads", written(tmp_path, *rows), tmp_path / "map.toml", Console(quiet=True))

    return imported


def appended(connection: Connection, *new: tuple[str, UUID, UUID, Event], correlation_id: UUID | None = None) -> None:
    """Append events, each as stream type, customer, stream and event, at the end of their streams."""
    events = [log.NewEvent(CustomerId(whose), noun, stream, None, event) for noun, whose, stream, event in new]
    log.append(connection, events, log.Envelope("system", SYSTEM_ID, "test", correlation_id))


def seen(store: Store) -> dict[str, list[dict[str, Any]]]:
    """What the read models and the figures say, without who said it where."""
    with store.following() as connection:
        catch_up(connection)
        tables = {
            name: connection.execute(f"SELECT * FROM {name} ORDER BY {key}".encode()).fetchall()
            for name, key in (("public.lead", "lead_id"), ("public.lead_stage_interval", "lead_id, valid_from"))
        }
        customers = "SELECT customer_id, kind, name, source, status, open_leads FROM public.customer_360 ORDER BY 1"
        tables["public.customer_360"] = connection.execute(customers.encode()).fetchall()
        # an age grows by itself
        lasting = [kpi for kpi in kpis().values() if kpi.slug != "lead_aging"]
        figures = [ask(connection, kpi, "UTC", None, None, None, None, None, sight=EVERYTHING) for kpi in lasting]
        for model in read_models().values():
            assert verify(connection, model).differing == 0
    own = (
        "position",
        "version",
        "last_event_at",
        "as_of",
        "period_from",
        "period_to",
        "status_position",
        "stage_position",
    )
    told = {name: [{k: v for k, v in row.items() if k not in own} for row in rows] for name, rows in tables.items()}
    return told | {"kpis": [{"slug": one.definition, "value": one.value} for one in figures]}


def kinds(store: Store, stream_id: UUID) -> list[str]:
    with store.pool.connection() as connection:
        return [recorded.type for recorded in log.load(connection, stream_id).history]


def lead_of(store: Store, key: str) -> UUID:
    return store.derived_id("imported lead", "erp", key)


def cancity(store: Store) -> UUID:
    return store.derived_id("imported customer", "erp", "Cancity")


def test_an_import_that_is_undone_leaves_all_as_it_was(store: Store, take_in: Import, client: TestClient) -> None:
    client.post("/v1/leads", json={"title": "Was here before"})
    before = seen(store)
    taken_in = take_in(WON, OPEN, BARE)
    with_it = seen(store)
    assert len(with_it["public.lead"]) == 4
    report = undo(store, BY, taken_in.import_id, reason="Wrong file")
    assert seen(store) == before
    assert (report.kind, report.records, report.gone, report.conflicts, report.left) == ("import", 4, 4, [], False)
    assert report.events == sum(1 for key in "789" for kind in kinds(store, lead_of(store, key))) - 3 + 1
    (kept,) = report.kept
    assert kept.types == {"workspace.member_invited": 2}
    assert client.get(f"/v1/leads/{lead_of(store, '7')}").status_code == 404
    assert client.post(f"/v1/leads/{lead_of(store, '8')}/qualify", json={}).status_code == 404
    assert client.post("/v1/leads", json={"title": "Hers", "customer_id": str(cancity(store))}).status_code == 404
    history = client.get(f"/v1/leads/{lead_of(store, '7')}/history").json()["data"]
    assert [event["undone"] for event in history] == [True] * (len(history) - 1) + [False]


def test_after_the_undo_the_same_file_gives_the_same_leads_again(store: Store, take_in: Import) -> None:
    rows = (WON, OPEN, BARE)
    first = take_in(*rows)
    with_it = seen(store)
    undo(store, BY, first.import_id)
    again = take_in(*rows)
    assert (again.created, again.refused) == (3, 0)
    # of what the file does not date the moment is that of the import
    undated = ("captured_at", "valid_from", "status_since", "stage_since", "flags", "kpis")
    for name, told in seen(store).items():
        kept = [{k: v for k, v in row.items() if k not in undated} for row in told]
        assert kept == [{k: v for k, v in row.items() if k not in undated} for row in with_it[name]], name
    assert take_in(*rows).unchanged == 3
    assert undo(store, BY, again.import_id).gone == 4


def standing_leads(store: Store) -> list[tuple[UUID, str]]:
    """The leads that there are, with whose they are."""
    tables = seen(store)
    names = {row["customer_id"]: row["name"] for row in tables["public.customer_360"]}
    return [(row["lead_id"], names[row["customer_id"]]) for row in tables["public.lead"]]


def test_a_wrong_import_is_corrected_after_its_undo_and_wrong_again_and_right_again(
    store: Store, take_in: Import
) -> None:
    wrong, right = WON.replace("Cancity", "Wrong"), WON.replace("Cancity", "Right")
    leads = []
    for row, name in ((wrong, "Wrong"), (right, "Right"), (wrong, "Wrong"), (right, "Right")):
        report = take_in(row, OPEN)
        assert (report.refused, report.created) == (0, 2)
        leads.append(next(lead_id for lead_id, whose in standing_leads(store) if whose == name))
        again = take_in(row, OPEN)
        assert (again.unchanged, again.refused) == (2, 0)
        if name == "Right":
            assert take_in(wrong).refused == 1, "its lead stands and is another customer's"
        with store.pool.connection() as connection:
            named = log.find_external_id(connection, "erp", "7")
        assert named and named.stream_id == leads[-1]
        assert len(standing_leads(store)) == 2
        assert undo(store, BY, report.import_id).gone == 4
    assert leads == leads[:2] * 2, "each in the history that it had"


def test_a_row_fits_the_customer_to_whom_its_lead_was_given_or_whose_it_is_by_a_merge(
    store: Store, take_in: Import, client: TestClient
) -> None:
    mistaken, renamed = WON.replace("Cancity", "Mistaken"), OPEN.replace("Cancity", "Formerly")
    take_in(mistaken, renamed, BARE.replace("9,", "9,Cancity"))
    assert take_in(WON, OPEN).refused == 2
    path = f"/v1/leads/{lead_of(store, '7')}/reattribute"
    assert client.post(path, json={"to_customer_id": str(cancity(store))}).status_code == 200
    formerly = store.derived_id("imported customer", "erp", "Formerly")
    path = f"/v1/customers/{formerly}/merge"
    assert client.post(path, json={"survivor_id": str(cancity(store))}).status_code == 200
    report = take_in(WON, OPEN)
    assert (report.changed, report.refused) == (2, 0), "their titles name the customer"
    assert take_in(mistaken, renamed).refused == 0, "the file of the first time fits still"


def test_what_people_worked_on_is_reported_and_stays_with_its_customer(
    store: Store, take_in: Import, client: TestClient
) -> None:
    taken_in = take_in(WON, OPEN, BARE)
    worked_on = lead_of(store, "8")
    assert client.post(f"/v1/leads/{worked_on}/qualify", json={}).status_code == 200
    dry = undo(store, BY, taken_in.import_id, dry_run=True)
    report = undo(store, BY, taken_in.import_id)
    same = {"undo_id", "dry_run"}
    assert dry.model_dump(exclude=same) == report.model_dump(exclude=same)
    assert (report.records, report.in_conflict, report.left) == (2, 2, True)
    told = {
        (str(conflict.event.stream_id), conflict.event.type, conflict.later.type, conflict.later.actor["kind"])
        for conflict in report.conflicts
    }
    assert told == {
        (str(worked_on), "lead.captured", "lead.qualified", "api_key"),
        (str(cancity(store)), "customer.registered", "lead.captured", "import"),
    }
    tables = seen(store)
    assert [row["lead_id"] for row in tables["public.lead"]] == [worked_on]
    assert [row["name"] for row in tables["public.customer_360"]] == ["Cancity"]
    with store.pool.connection() as connection:
        last = log.load(connection, taken_in.import_id).history[-1].event
    assert isinstance(last, ImportReverted)
    assert (last.compensated, last.conflicting) == (2, 2)


def test_an_undo_that_was_killed_goes_on_where_it_stood(
    store: Store, take_in: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_in = take_in(WON, OPEN, BARE, *(f"{number},,,,,,,,,,," for number in range(100, 120)))
    monkeypatch.setattr("eventstore.undoing._CHUNK", 5)
    appends = 0

    def dying(*arguments: Any) -> int:
        nonlocal appends
        appends += 1
        if appends == 3:
            raise KeyboardInterrupt
        return append_bulk(*arguments)

    with monkeypatch.context() as killed:
        killed.setattr(undoing, "append_bulk", dying)
        with pytest.raises(KeyboardInterrupt):
            undo(store, BY, taken_in.import_id)
    left = seen(store)
    assert 0 < len(left["public.lead"]) < 23
    report = undo(store, BY, taken_in.import_id)
    named = [row for row in left["public.customer_360"] if row["kind"]]
    assert (report.records, report.conflicts) == (len(left["public.lead"]) + len(named), [])
    assert report.already_undone > 0
    tables = seen(store)
    assert (tables["public.lead"], tables["public.customer_360"]) == ([], [])
    with store.pool.connection() as connection:
        last = log.load(connection, taken_in.import_id).history[-1].event
    assert isinstance(last, ImportReverted)
    assert (last.compensated, last.conflicting) == (24, 0)
    again = undo(store, BY, taken_in.import_id)
    assert (again.events, again.already_undone, again.left) == (0, report.events + report.already_undone, False)
    assert kinds(store, taken_in.import_id).count("import.reverted") == 1


def test_a_command_is_undone_and_the_record_can_be_written_again(store: Store, client: TestClient) -> None:
    first = client.post("/v1/leads", json={"title": "Roof", "customer_name": "Ann"}).json()
    path = f"/v1/leads/{first['lead_id']}"
    won = client.post(f"{path}/win", json={"value": {"amount": "10", "currency": "EUR"}})
    event = client.get(f"{path}/history").json()["data"][-1]
    answer = client.post("/v1/undo", json={"id": event["command_id"], "reason": "Not she"})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["kind"], answer.json()["events"], answer.json()["gone"]) == ("command", 1, 0)
    undone = client.get(f"{path}/history").json()["data"][-1]
    assert (undone["type"], undone["data"], undone["personal"]) == (
        "lead.events_undone", {"versions": [event["version"]]}, {"reason": "Not she"},
    )  # fmt: skip
    assert undone["actor"]["kind"] == "api_key"
    assert undone["correlation_id"] == answer.json()["undo_id"]
    now = client.get(path, headers={"Min-Position": str(undone["position"])})
    assert (now.json()["status"], now.json()["amount"], now.headers["ETag"]) == ("open", None, '"3"')
    stale = client.post(f"{path}/lose", json={}, headers={"If-Match": won.headers["ETag"]})
    assert stale.status_code == 412
    assert client.post(f"{path}/lose", json={}, headers={"If-Match": now.headers["ETag"]}).json()["status"] == "lost"
    page = client.post("/v1/undo", json={"id": event["command_id"]}).json()
    assert (page["events"], page["already_undone"]) == (0, 1)


def test_a_change_that_was_undone_does_not_bar_an_earlier_one(store: Store, client: TestClient) -> None:
    path = f"/v1/leads/{client.post('/v1/leads', json={'title': 'Roof'}).json()['lead_id']}"
    before = client.get(f"{path}/history").json()["data"][0]["occurred_at"]
    client.post(f"{path}/qualify", json={})
    assert client.post(f"{path}/lose", json={"occurred_at": before}).status_code == 409
    command = client.get(f"{path}/history").json()["data"][-1]["command_id"]
    client.post("/v1/undo", json={"id": command})
    assert client.post(f"{path}/lose", json={"occurred_at": before}).status_code == 200


def test_a_retry_of_a_command_that_was_undone_gets_its_first_answer(store: Store, client: TestClient) -> None:
    key, body = {"Idempotency-Key": "once"}, {"title": "Roof", "external_ids": {"web": "7"}}
    first = client.post("/v1/leads", json=body, headers=key)
    path = f"/v1/leads/{first.json()['lead_id']}"
    command = client.get(f"{path}/history").json()["data"][0]["command_id"]
    assert client.post("/v1/undo", json={"id": command}).json()["gone"] == 1
    again = client.post("/v1/leads", json=body, headers=key)
    assert (again.json(), again.headers["Location"]) == (first.json(), path)


def test_a_lead_of_the_same_external_id_begins_again_where_it_was(store: Store, client: TestClient) -> None:
    body = {"title": "Roof", "customer_name": "Ann", "external_ids": {"web": "7"}}
    first = client.post("/v1/leads", json=body).json()
    assert client.post("/v1/leads", json=body).status_code == 409
    command = client.get(f"/v1/leads/{first['lead_id']}/history").json()["data"][0]["command_id"]
    assert client.post("/v1/undo", json={"id": command}).json()["gone"] == 2
    key = {"Idempotency-Key": "second"}
    more = body | {"external_ids": {"web": "7", "erp": "9"}}
    again = client.post("/v1/leads", json=more, headers=key)
    assert again.status_code == 201, again.text
    assert {again.json()[name] for name in ("lead_id", "customer_id")} == {first["lead_id"], first["customer_id"]}
    assert (again.json()["version"], again.headers["Location"]) == (3, f"/v1/leads/{first['lead_id']}")
    assert client.post("/v1/leads", json=more, headers=key).json() == again.json()
    assert kinds(store, UUID(first["customer_id"])) == [
        "customer.registered",
        "customer.events_undone",
        "customer.registered",
    ]
    assert client.post("/v1/leads", json={"title": "Other", "external_ids": {"erp": "9"}}).status_code == 409


def test_an_external_id_of_which_nothing_stands_goes_to_whoever_it_is_given_to_next(
    store: Store, client: TestClient, take_in: Import
) -> None:
    body = {"title": "Roof", "customer_name": "Ann", "external_ids": {"web": "7"}}
    first = client.post("/v1/leads", json=body).json()
    other = client.post("/v1/leads", json={"title": "Wall", "customer_name": "Bea"}).json()
    hers = {"title": "Roof", "customer_id": other["customer_id"], "external_ids": {"web": "7"}}
    assert client.post("/v1/leads", json=hers).json()["code"] == "external_id_taken"
    assert undo(store, BY, command_of(store, UUID(first["lead_id"]))).gone == 2
    again = client.post("/v1/leads", json=hers)
    assert again.status_code == 201, again.text
    assert again.json()["customer_id"] == other["customer_id"]
    assert client.post("/v1/leads", json=body).json()["code"] == "external_id_taken"

    captured_there = client.post("/v1/leads", json=body | {"external_ids": {"erp": "8"}}).json()
    assert undo(store, BY, command_of(store, UUID(captured_there["lead_id"]))).gone == 2
    assert take_in(OPEN).created == 1
    assert (lead_of(store, "8"), "Cancity") in standing_leads(store)


def test_a_customer_who_stayed_is_not_registered_again(store: Store, client: TestClient) -> None:
    body = {"title": "Roof", "customer_name": "Ann", "external_ids": {"web": "7"}}
    first = client.post("/v1/leads", json=body).json()
    whose = UUID(first["customer_id"])
    with store.pool.connection() as connection:
        appended(connection, ("customer", whose, whose, CustomerTagged(tag="vip")))
    command = client.get(f"/v1/leads/{first['lead_id']}/history").json()["data"][0]["command_id"]
    report = client.post("/v1/undo", json={"id": command}).json()
    assert (report["gone"], [conflict["later"]["type"] for conflict in report["conflicts"]]) == (1, ["customer.tagged"])
    assert client.post("/v1/leads", json=body).json()["lead_id"] == first["lead_id"]
    assert kinds(store, whose) == ["customer.registered", "customer.tagged"]


def test_all_with_one_correlation_is_undone_row_by_row(store: Store) -> None:
    edit = uuid4()
    with store.pool.connection() as connection:
        (one, hers), (other, his) = given(connection, captured()), given(connection, captured())
        retitled = [("lead", hers, one, LeadRetitled(title="A")), ("lead", his, other, LeadRetitled(title="B"))]
        appended(connection, *retitled, correlation_id=edit)
        appended(connection, ("lead", his, other, LeadRetitled(title="C")))
    report = undo(store, BY, edit)
    assert (report.kind, report.events, report.in_conflict) == ("correlation", 1, 1)
    (conflict,) = report.conflicts
    assert (conflict.event.stream_id, conflict.field, conflict.later.version) == (other, "title", 3)
    assert sorted(row["title"] for row in seen(store)["public.lead"]) == ["C", "Ten seats"]


def test_merges_and_conversions_are_reverted_on_all_sides(store: Store) -> None:
    edit, merged, survivor, ticket, other, lead_id = uuid4(), uuid4(), uuid4(), uuid4(), uuid4(), uuid4()
    command, merge_id, tickets = MergeCustomer(survivor_id=survivor), uuid4(), uuid4()
    with store.pool.connection() as connection:
        for whose in (merged, survivor):
            appended(connection, ("customer", whose, whose, CustomerRegistered(kind="person", name="Ann")))
        for stream_id in (ticket, other):
            appended(connection, ("ticket", survivor, stream_id, TicketOpened(subject="No heat")))
        given(connection, captured(), lead_id=lead_id, customer_id=survivor)
        ann = customer.evolve(None, CustomerRegistered(kind="person", name="Ann"))
        appended(
            connection,
            ("customer", merged, merged, customer.merge(ann, command, CustomerId(merged), merge_id, Workspace())),
            ("customer", survivor, survivor, customer.absorb(ann, command, CustomerId(merged), merge_id)),
            ("ticket", survivor, ticket, MergedInto(survivor_id=other, merge_id=tickets)),
            ("ticket", survivor, other, Absorbed(merged_id=ticket, merge_id=tickets)),
            ("lead", survivor, lead_id, LeadConverted()),
            correlation_id=edit,
        )
    dry = undo(store, BY, edit, dry_run=True)
    report = undo(store, BY, edit, reason="Two of that name")
    assert (dry.reverted, report.reverted, report.events, report.left) == (3, 3, 0, False)
    with store.pool.connection() as connection:
        last = [log.load(connection, one).history[-1] for one in (merged, survivor, ticket, other, lead_id)]
        aliases = connection.execute("SELECT FROM log.customer_alias").rowcount
    assert [type(recorded.event) for recorded in last] == [MergeReverted] * 4 + [LeadConversionReverted]
    assert last[0].recorded_at == last[1].recorded_at, "both in one append"
    assert aliases == 0
    again = undo(store, BY, edit)
    assert (again.reverted, again.already_undone, again.left) == (0, 5, False)
    whole = undo(store, BY, report.undo_id)
    assert (whole.events, whole.left) == (0, True)
    assert "Do again" in whole.kept[0].detail


def command_of(store: Store, stream_id: UUID) -> UUID:
    """The command that was carried out last on a stream."""
    with store.pool.connection() as connection:
        command_id = log.load(connection, stream_id).history[-1].command_id
    assert command_id
    return command_id


def test_a_conversion_is_undone_with_its_merge_in_one_append(store: Store, client: TestClient) -> None:
    lead, known = (client.post("/v1/leads", json={"title": "Roof", "customer_name": "Ann"}).json() for _ in range(2))
    before = seen(store)
    lead_id, prospect, her = UUID(lead["lead_id"]), UUID(lead["customer_id"]), UUID(known["customer_id"])
    converted = client.post(f"/v1/leads/{lead_id}/convert-into", json={"customer_id": str(her)})
    assert converted.status_code == 200, converted.text
    command = command_of(store, lead_id)
    assert undo(store, BY, command, dry_run=True).reverted == 1
    report = undo(store, BY, command, reason="Another Ann")
    assert (report.reverted, report.already_undone, report.events, report.left) == (1, 0, 0, False)
    with store.pool.connection() as connection:
        last = [log.load(connection, one).history[-1] for one in (lead_id, prospect, her)]
    assert [one.type for one in last] == [
        "lead.conversion_reverted", "customer.merge_reverted", "customer.merge_reverted",
    ]  # fmt: skip
    assert len({one.recorded_at for one in last}) == 1, "in one append"
    assert seen(store) == before
    assert undo(store, BY, command).already_undone == 3


def test_a_conversion_that_cannot_be_reverted_keeps_its_merge(store: Store, client: TestClient) -> None:
    leads = [client.post("/v1/leads", json={"title": "Roof", "customer_name": "Ann"}).json() for _ in range(2)]
    lead_id, other = (lead["lead_id"] for lead in leads)
    client.post(f"/v1/leads/{lead_id}/convert-into", json={"customer_id": leads[1]["customer_id"]})
    command = command_of(store, UUID(lead_id))
    client.post(f"/v1/leads/{lead_id}/merge", json={"survivor_id": other})
    report = undo(store, BY, command)
    assert (report.reverted, report.left) == (0, True)
    (kept,) = report.kept
    assert kept.types == {"lead.converted": 1, "customer.merged_into": 1, "customer.absorbed": 1}
    assert "merged" in kept.detail
    assert kinds(store, UUID(leads[0]["customer_id"]))[-1] == "customer.merged_into"


def test_merged_leads_are_parted_and_what_is_gone_is_not_found(store: Store, client: TestClient) -> None:
    one, other = (client.post("/v1/leads", json={"title": "Roof"}).json()["lead_id"] for _ in range(2))
    gone = client.post("/v1/leads", json={"title": "Wall", "customer_name": "Bea"}).json()
    assert undo(store, BY, command_of(store, UUID(gone["lead_id"]))).gone == 2
    for survivor in (gone["lead_id"], str(uuid4())):
        assert client.post(f"/v1/leads/{one}/merge", json={"survivor_id": survivor}).status_code == 404
    assert client.post(f"/v1/leads/{gone['lead_id']}/merge", json={"survivor_id": one}).status_code == 404
    into_her = {"survivor_id": gone["customer_id"]}
    whose = client.get(f"/v1/leads/{one}", headers={"Min-Position": str(gone["position"])}).json()["customer_id"]
    assert client.post(f"/v1/customers/{whose}/merge", json=into_her).status_code == 404
    given_to_her = {"to_customer_id": gone["customer_id"]}
    assert client.post(f"/v1/leads/{one}/reattribute", json=given_to_her).status_code == 404
    before = seen(store)
    assert client.post(f"/v1/leads/{one}/merge", json={"survivor_id": other}).status_code == 200
    assert undo(store, BY, command_of(store, UUID(one))).reverted == 1
    assert (kinds(store, UUID(one))[-1], kinds(store, UUID(other))[-1]) == ("lead.merge_reverted",) * 2
    assert seen(store) == before


def test_a_lead_given_to_another_customer_goes_back_unless_it_was_given_on(store: Store, client: TestClient) -> None:
    lead, right, third = (
        client.post("/v1/leads", json={"title": "Roof", "customer_name": "Ann"}).json() for _ in "123"
    )
    lead_id, path = UUID(lead["lead_id"]), f"/v1/leads/{lead['lead_id']}"

    def give(to: dict[str, str]) -> UUID:
        answer = client.post(f"{path}/reattribute", json={"to_customer_id": to["customer_id"]})
        assert answer.status_code == 200, answer.text
        return command_of(store, lead_id)

    before = seen(store)
    given_away = give(right)
    report = undo(store, BY, given_away, reason="Hers after all")
    assert (report.reverted, report.left, kinds(store, lead_id)[-1]) == (1, False, "lead.reattributed")
    assert seen(store) == before
    assert undo(store, BY, given_away).already_undone == 1

    given_away = give(right)
    given_on = give(third)
    report = undo(store, BY, given_away)
    assert (report.reverted, report.left) == (0, True)
    assert "yet another customer" in report.kept[0].detail
    assert undo(store, BY, given_on).reverted == 1
    assert undo(store, BY, given_away).reverted == 1
    assert seen(store) == before


def test_a_customer_to_whom_a_record_was_given_stays(store: Store) -> None:
    register = uuid4()
    with store.pool.connection() as connection:
        (lead_id, wrong), right = given(connection, captured()), uuid4()
        registered = ("customer", right, right, CustomerRegistered(kind="person", name="Bea"))
        appended(connection, registered, correlation_id=register)
        moved = Reattributed(from_customer_id=CustomerId(wrong), to_customer_id=CustomerId(right))
        appended(connection, ("lead", wrong, lead_id, moved))
    report = undo(store, BY, register)
    assert [conflict.later.type for conflict in report.conflicts] == ["lead.reattributed"]
    with store.pool.connection() as connection:
        back = Reattributed(from_customer_id=CustomerId(right), to_customer_id=CustomerId(wrong))
        appended(connection, ("lead", wrong, lead_id, back))
    assert undo(store, BY, register).gone == 1


def test_what_is_anothers_by_now_is_undone_though_the_former_customer_was_forgotten(store: Store) -> None:
    edit = uuid4()
    with store.pool.connection() as connection:
        (lead_id, wrong), (_, right) = given(connection, captured()), given(connection, captured())
        moved = Reattributed(from_customer_id=CustomerId(wrong), to_customer_id=CustomerId(right))
        appended(connection, ("lead", wrong, lead_id, moved))
        appended(connection, ("lead", wrong, lead_id, LeadRetitled(title="A")), correlation_id=edit)
    forget(store, CustomerId(wrong), reason="Asked")
    assert undo(store, BY, edit, dry_run=True).events == 1
    forget(store, CustomerId(right), reason="Asked")
    report = undo(store, BY, edit)
    assert (report.events, [kept.types for kept in report.kept]) == (0, [{"lead.retitled": 1}])


def moved_purchase(store: Store, client: TestClient) -> tuple[UUID, UUID, UUID, UUID]:
    """A purchase of 100 EUR that was moved: from whom, to whom, under which new id, by which command."""
    wrong, right, purchase = uuid4(), uuid4(), uuid4()
    bought = CustomerPurchaseRecorded(purchase_id=purchase, total=Money(amount=Decimal(100), currency="EUR"))
    with store.pool.connection() as connection:
        for whose in (wrong, right):
            appended(connection, ("customer", whose, whose, CustomerRegistered(kind="person", name="Ann")))
        appended(connection, ("customer", wrong, wrong, bought))
    body = {"part_id": str(purchase), "to_customer_id": str(right)}
    assert client.post(f"/v1/customers/{wrong}/reattribute-part", json=body).status_code == 200
    with store.pool.connection() as connection:
        moved = log.load(connection, right).history[-1].event
    assert isinstance(moved, CustomerPurchaseRecorded)
    return wrong, right, moved.purchase_id, command_of(store, wrong)


def revenue(store: Store, *customers: UUID) -> list[Decimal]:
    """What each has bought by the read model, refunds taken off."""
    with store.following() as connection:
        catch_up(connection)
        statement = "SELECT customer_id, sum(net) AS net FROM public.purchase GROUP BY customer_id"
        net = {row["customer_id"]: row["net"] for row in connection.execute(statement)}
    return [net.get(customer_id, Decimal(0)) for customer_id in customers]


@pytest.mark.parametrize("side", ["there", "here", "forgotten"])
def test_a_purchase_that_was_moved_goes_back_whole_or_stays_whole(store: Store, client: TestClient, side: str) -> None:
    wrong, right, purchase, command = moved_purchase(store, client)
    refund = CustomerPurchaseRefunded(purchase_id=purchase, amount=Money(amount=Decimal(10), currency="EUR"))
    with store.pool.connection() as connection:
        match side:
            case "there":
                appended(connection, ("customer", right, right, refund))
            case "here":
                appended(connection, ("customer", wrong, wrong, CustomerActivated()))
    if side == "forgotten":
        forget(store, CustomerId(right), reason="Asked")
    before = revenue(store, wrong, right)
    assert sum(before) in (Decimal(90), Decimal(100))
    dry = undo(store, BY, command, dry_run=True)
    report = undo(store, BY, command)
    assert (report.events, report.left, dry.kept) == (0, True, report.kept)
    assert any("by halves" in kept.detail for kept in report.kept)
    assert revenue(store, wrong, right) == before


def test_a_purchase_that_was_moved_and_left_alone_goes_back(store: Store, client: TestClient) -> None:
    wrong, right, _, command = moved_purchase(store, client)
    assert revenue(store, wrong, right) == [0, 100]
    assert undo(store, BY, command).events == 2
    assert revenue(store, wrong, right) == [100, 0]


def test_settings_are_left_and_it_is_said_what_to_do_instead(store: Store) -> None:
    edit = uuid4()
    with store.pool.connection() as connection:
        history = log.load(connection, WORKSPACE_ID).history
        again = [("workspace", WORKSPACE_ID, WORKSPACE_ID, history[0].event)]
        appended(connection, *again, correlation_id=edit)
    report = undo(store, BY, edit)
    assert (report.events, report.left) == (0, True)
    assert "Publish the settings" in report.kept[0].detail


def test_of_whoever_was_forgotten_nothing_is_undone_and_the_others_are(store: Store) -> None:
    edit = uuid4()
    with store.pool.connection() as connection:
        (one, hers), (other, his) = given(connection, captured()), given(connection, captured())
        retitled = [("lead", hers, one, LeadRetitled(title="A")), ("lead", his, other, LeadRetitled(title="B"))]
        appended(connection, *retitled, correlation_id=edit)
    forget(store, CustomerId(hers), reason="Asked")
    report = undo(store, BY, edit)
    assert (report.events, [kept.types for kept in report.kept]) == (1, [{"lead.retitled": 1}])


def test_whoever_wrote_faster_is_taken_into_account(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    edit = uuid4()
    with store.pool.connection() as connection:
        lead_id, whose = given(connection, captured())
        appended(connection, ("lead", whose, lead_id, LeadAssigned(team="north")), correlation_id=edit)

    def overtaken(*arguments: Any) -> int:
        monkeypatch.undo()
        with store.pool.connection() as connection:
            appended(connection, ("lead", whose, lead_id, LeadAssigned(team="south")))
        return append_bulk(*arguments)

    monkeypatch.setattr(undoing, "append_bulk", overtaken)
    report = undo(store, BY, edit)
    assert (report.events, report.in_conflict) == (0, 1)


def test_an_undo_takes_no_version(store: Store, client: TestClient) -> None:
    lead = client.post("/v1/leads", json={"title": "Roof"}).json()
    command = str(command_of(store, UUID(lead["lead_id"])))
    refused = client.post("/v1/undo", json={"id": command}, headers={"If-Match": '"99"'})
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_if_match")
    assert client.post("/v1/undo", json={"id": command}).json()["gone"] == 1


@pytest.mark.parametrize("state", [Customer(), Lead(), Ticket()], ids=lambda state: type(state).__name__)
def test_what_an_undo_tells_of_a_record_is_in_words(state: object) -> None:
    told = {in_words(path) for path in paths(state)}
    assert not any("." in word or "_" in word or word.startswith("is ") for word in told), told
    assert {"merge", "merges", "follow-ups", "interactions"} <= told


def paths(state: object, name: str = "") -> Iterator[str]:
    """The fields of a state as an undo names them within the domain."""
    if is_dataclass(state) and not isinstance(state, type | Mapping):
        for field in fields(state):
            value = getattr(state, field.name)
            is_apart = getattr(type(value), "is_apart", False)
            yield from paths(value, name if is_apart else f"{name}.{field.name}".lstrip("."))
    else:
        yield name


def test_an_unknown_id_and_a_key_without_the_scope_are_refused(store: Store, client: TestClient) -> None:
    with pytest.raises(NothingToUndo):
        undo(store, BY, uuid4())
    assert client.post("/v1/undo", json={"id": str(uuid4())}).json()["code"] == "nothing_to_undo"
    assert client.post("/v1/undo", json={"id": "x"}).status_code == 422
    client.headers["Authorization"] = f"Bearer {create_api_key(store, 'usual', USUAL_SCOPES)}"
    assert client.post("/v1/undo", json={"id": str(uuid4())}).status_code == 403


def test_nothing_personal_is_in_the_report(store: Store) -> None:
    edit, whose = uuid4(), uuid4()
    with store.pool.connection() as connection:
        appended(connection, ("customer", whose, whose, CustomerRegistered(kind="person", name="Ann Secret")))
        appended(connection, ("customer", whose, whose, CustomerTagged(tag="ann-secret")), correlation_id=edit)
        appended(connection, ("customer", whose, whose, CustomerTagged(tag="ann-secret")))
    report = undo(store, BY, edit, reason="Ann Secret said so")
    assert report.conflicts[0].field == "tags"
    assert "secret" not in report.model_dump_json().lower()


def crm(store: Store, *arguments: str) -> tuple[int, str]:
    settings = store.settings
    assert settings.database_url
    environment = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "EVERFOLD_SECRET": "test",
        "EVERFOLD_DATA": str(settings.data),
    }
    result = CliRunner().invoke(app, list(arguments), env=environment)
    return result.exit_code, result.output


def test_the_command_line_tells_what_is_left_and_ends_with_3(store: Store) -> None:
    edit = uuid4()
    with store.pool.connection() as connection:
        lead_id, whose = given(connection, captured())
        appended(connection, ("lead", whose, lead_id, LeadQualified()), correlation_id=edit)
        appended(connection, ("lead", whose, lead_id, LeadRetitled(title="A")), correlation_id=edit)
        appended(connection, ("lead", whose, lead_id, LeadRetitled(title="B")))
    code, told = crm(store, "undo", str(edit), "--dry-run")
    assert (code, told.splitlines()[0]) == (3, "0 events of 0 records would be undone; 0 records are gone by it.")
    assert "CONFLICT" in told
    assert "lead.retitled (version 4" in told
    code, told = crm(store, "undo", str(edit), "--json")
    assert (code, json.loads(told)["events"]) == (3, 0)
    assert crm(store, "undo", str(uuid4()))[0] == 2
    with store.pool.connection() as connection:
        later = uuid4()
        appended(connection, ("lead", whose, lead_id, LeadAssigned(team="north")), correlation_id=later)
    code, told = crm(store, "undo", str(later), "--reason", "Mistyped")
    assert (code, told.splitlines()[0]) == (0, "1 event of 1 record undone; 0 records are gone by it.")
