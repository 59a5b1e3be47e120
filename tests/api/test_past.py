"""Reads as of a moment: what was known then, for a record, a list and a figure; the past stays as it was told."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from api import past
from api.forget import forget
from api.store import Store, append_to_workspace
from domain.customer import (
    CustomerContactPersonAdded,
    CustomerRegistered,
    CustomerRenamed,
)
from domain.event import CustomerId, MemberId
from domain.ticket import (
    TicketAssigned,
    TicketOpened,
    TicketRated,
    TicketReopened,
    TicketSlaBreached,
    TicketSlaMet,
    TicketSolved,
)
from domain.workspace import WorkspaceMemberInvited
from eventstore import log
from eventstore.database import Connection, connect
from replay import asof
from replay.follow import catch_up
from replay.versions import turn
from tests.api.test_cli import Crm
from tests.api.test_leads import act, capture
from tests.projections.records import merged, tell
from tests.waiting import comes


def now(connection: Connection) -> str:
    """A moment after all that was recorded, and before all that will be."""
    row = connection.execute("SELECT clock_timestamp() AS moment").fetchone()
    assert row is not None
    connection.execute("SELECT pg_sleep(0.001)")
    moment: datetime = row["moment"]
    return moment.astimezone(UTC).isoformat()


def asked(client: TestClient, path: str, as_of: str, **more: str) -> Any:
    answer = client.get(path, params={"as_of": as_of, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_lead_is_answered_as_it_was_known(client: TestClient, connection: Connection) -> None:
    before = now(connection)
    lead = capture(client)
    captured = now(connection)
    act(client, lead, "win")
    path = f"/v1/leads/{lead['lead_id']}"
    assert client.get(path, params={"as_of": before}).status_code == 404
    found = client.get(path, params={"as_of": captured, "axis": "recorded"})
    assert found.json() == {**lead, "position": found.json()["position"]}
    assert "ETag" not in found.headers
    assert asked(client, path, now(connection))["status"] == "won"


def test_lists_are_answered_as_they_were_known(client: TestClient, connection: Connection) -> None:
    before = now(connection)
    first, second = capture(client), capture(client, source="fair")
    captured = now(connection)
    act(client, first, "win")
    capture(client)
    assert asked(client, "/v1/leads", before)["data"] == []
    known = asked(client, "/v1/leads", captured)["data"]
    assert [lead["lead_id"] for lead in known] == [second["lead_id"], first["lead_id"]]
    assert {lead["status"] for lead in known} == {"open"}
    assert [one["lead_id"] for one in asked(client, "/v1/leads", captured, source="fair")["data"]] == [
        second["lead_id"]
    ]
    page = asked(client, "/v1/leads", captured, limit="1")
    rest = asked(client, "/v1/leads", captured, limit="1", cursor=page["next_cursor"])
    assert page["data"] + rest["data"] == known
    assert not rest["has_more"]
    assert len(asof.listed(connection)) == 2


def test_members_are_listed_as_they_were_known(client: TestClient, store: Store, connection: Connection) -> None:
    before = now(connection)
    append_to_workspace(connection, None, WorkspaceMemberInvited(member_id=MemberId(uuid4()), name="Anna"))
    assert asked(client, "/v1/members", before)["data"] == []
    assert [member["name"] for member in asked(client, "/v1/members", now(connection))["data"]] == ["Anna"]


def test_a_figure_says_what_was_known_and_leads_to_its_events(client: TestClient, connection: Connection) -> None:
    won, lost = capture(client), capture(client)
    act(client, won, "win")
    halfway = now(connection)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    position = act(client, lost, "lose").json()["position"]
    figure = asked(client, "/v1/kpis/win_rate", halfway)
    assert (figure["numerator"], figure["denominator"], figure["axis"]) == (1, 1, "recorded")
    behind = client.get(figure["events_url"]).json()["data"]
    assert [event["type"] for event in behind] == ["lead.won"]
    assert asked(client, "/v1/kpis/win_rate", yesterday)["sample_size"] == 0
    today = client.get("/v1/kpis/win_rate", headers={"Min-Position": str(position)}).json()
    assert (today["numerator"], today["denominator"]) == (1, 2)


@pytest.mark.parametrize("slug", ["backlog", "csat", "reopen_rate", "resolution_time", "sla_breach_rate"])
def test_what_was_known_of_tickets_stays(client: TestClient, connection: Connection, slug: str) -> None:
    ann, ticket, other = uuid4(), uuid4(), uuid4()
    today = datetime.now(UTC)
    met = TicketSlaMet(policy="gold", policy_version=1, target="resolution", due_at=today, remaining_seconds=60)
    begun = TicketOpened(subject="No heat"), TicketAssigned(team="north")
    solved = TicketSolved(), met, TicketRated(csat=5)
    days_ago = [today - timedelta(days=days) for days in (5, 4, 3, 2, 1)]
    tell(connection, ann, *begun, *solved, noun="ticket", stream_id=ticket, at=days_ago)
    tell(connection, ann, *begun, noun="ticket", stream_id=other, at=days_ago[:2])
    then = now(connection)
    first = asked(client, f"/v1/kpis/{slug}", then)
    known = {"backlog": 1, "csat": 1, "reopen_rate": 0, "resolution_time": 2, "sla_breach_rate": 0}
    assert (first["value"], first["sample_size"]) == (known[slug], 1)
    later = TicketReopened(), TicketRated(csat=1)
    tell(connection, ann, *later, noun="ticket", stream_id=ticket, at=days_ago[3:])
    breached = TicketSlaBreached.model_validate(met.model_dump(exclude={"remaining_seconds"}))
    tell(connection, ann, TicketSolved(), breached, noun="ticket", stream_id=other, at=days_ago[3:])
    position = tell(connection, ann, begun[0], noun="ticket", stream_id=uuid4(), at=days_ago[:1])[-1]
    assert asked(client, f"/v1/kpis/{slug}", then) == first
    known_now = client.get(f"/v1/kpis/{slug}", headers={"Min-Position": str(position)}).json()
    assert known_now["details"] != first["details"]


def test_a_late_fact_is_not_known_before_it_was_told(client: TestClient, connection: Connection) -> None:
    capture(client)
    told = now(connection)
    past_day = datetime.now(UTC) - timedelta(days=3)
    backdated = capture(client, occurred_at=past_day.isoformat())
    as_of = {"as_of": told}
    position = {"Min-Position": str(backdated["position"])}
    recorded = client.get("/v1/kpis/pipeline_as_of", params=as_of).json()
    occurred = client.get("/v1/kpis/pipeline_as_of", params={**as_of, "axis": "occurred"}, headers=position).json()
    assert (recorded["value"], occurred["value"]) == (1, 2)


def test_a_customer_is_answered_now_and_as_she_was_known(client: TestClient, connection: Connection) -> None:
    ann, person = uuid4(), uuid4()
    tell(connection, ann, CustomerRegistered(kind="organisation", name="Acme"))
    registered = now(connection)
    tell(connection, ann, CustomerContactPersonAdded(person_id=person, name="Ann"), about=person)
    last = tell(connection, ann, CustomerRenamed(name="Acme & Co"))[-1]
    path = f"/v1/customers/{ann}"
    live = client.get(path, headers={"Min-Position": str(last)})
    assert "ETag" not in live.headers
    assert (live.json()["name"], [one["name"] for one in live.json()["people"]]) == ("Acme & Co", ["Ann"])
    assert asked(client, path, now(connection)) == live.json()
    known = asked(client, path, registered)
    assert (known["name"], known["people"]) == ("Acme", [])
    assert client.get(f"/v1/customers/{uuid4()}").status_code == 404
    assert client.get(f"/v1/customers/{uuid4()}", params={"as_of": registered}).status_code == 404


def test_who_was_merged_is_answered_as_whom_she_lives_on_in(client: TestClient, connection: Connection) -> None:
    ann, bob = uuid4(), uuid4()
    for customer_id, name in ((ann, "Ann"), (bob, "Bob")):
        tell(connection, customer_id, CustomerRegistered(kind="person", name=name))
    apart = now(connection)
    merged(connection, "customer", ann, bob)
    position = {"Min-Position": str(tell(connection, bob, CustomerRenamed(name="Bobby"))[-1])}
    path = f"/v1/customers/{ann}"
    assert asked(client, path, apart)["customer_id"] == str(ann)
    assert asked(client, path, now(connection))["customer_id"] == str(bob)
    assert client.get(path, headers=position).json()["customer_id"] == str(bob)


PATHS = ("/v1/leads", "/v1/members", f"/v1/leads/{UUID(int=1)}", f"/v1/customers/{UUID(int=1)}", "/v1/kpis/win_rate")


@pytest.mark.parametrize("path", PATHS)
def test_what_has_not_come_yet_is_refused(client: TestClient, path: str) -> None:
    answer = client.get(path, params={"as_of": "2999-01-01T00:00:00Z"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_parameter")
    assert "in the future" in answer.json()["detail"]
    for bad in ("2026-01-01T00:00:00", "yesterday"):
        assert client.get(path, params={"as_of": bad}).status_code == 422


@pytest.mark.parametrize("path", PATHS[:4])
def test_what_had_happened_is_asked_of_figures(client: TestClient, path: str) -> None:
    answer = client.get(path, params={"as_of": "2026-01-01T00:00:00Z", "axis": "occurred"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_parameter")
    assert "recorded axis" in answer.json()["detail"]


def test_a_past_that_cannot_be_folded_now_is_said_so(
    client: TestClient, store: Store, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture(client)
    moment = now(connection)
    monkeypatch.setattr(past, "_PATIENCE", "50ms")
    with store.following() as other, turn(other, asof.WORK):
        answer = client.get("/v1/leads", params={"as_of": moment})
        assert (answer.status_code, answer.json()["code"]) == (503, "not_up_to_date")
    store.settings.asof_bytes = 1
    answer = client.get("/v1/leads", params={"as_of": moment})
    assert (answer.status_code, "EVERFOLD_ASOF_BYTES" in answer.json()["detail"]) == (422, True)


def test_what_makes_room_at_that_moment_is_asked_for_again(
    client: TestClient, store: Store, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def known_and_gone(own: Connection, position: int, *arguments: Any, **more: Any) -> None:
        asof.known_at(own, position, *arguments, **more)
        asof.drop(own, position)

    fake = type("", (), {**vars(asof), "known_at": staticmethod(known_and_gone)})
    monkeypatch.setattr(past, "asof", fake)
    assert client.get("/v1/leads", params={"as_of": now(connection)}).status_code == 503


def test_forgetting_somebody_drops_the_schemas_of_the_past(
    client: TestClient, store: Store, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = capture(client)
    moment = now(connection)
    assert asked(client, "/v1/leads", moment)["data"][0]["title"] == "Ten seats"
    customer_id = CustomerId(lead["customer_id"])
    monkeypatch.setattr(asof, "_LONGEST_WAIT", "50ms")
    (schema,) = [known.schema for known in asof.listed(connection)]
    with connection.transaction():
        connection.execute(f"SELECT FROM {schema}.lead".encode())
        done = forget(store, customer_id, reason="She asked for it")
        assert any(schema in left for left in done.left)
    assert asof.listed(connection) != []
    done = forget(store, customer_id, reason="She asked for it")
    assert done.left == ()
    assert asof.listed(connection) == []
    assert asked(client, "/v1/leads", moment)["data"][0]["title"] is None
    assert asked(client, f"/v1/leads/{lead['lead_id']}", moment)["title"] is None


@pytest.fixture
def crm(conninfo: str, tmp_path: Any) -> Crm:
    return Crm(conninfo, tmp_path / "data")


@pytest.mark.full
def test_the_command_names_a_schema_that_an_analyst_can_ask(
    crm: Crm, client: TestClient, connection: Connection
) -> None:
    capture(client)
    moment = now(connection)
    told = crm("asof", moment, "lead", "contact_point")
    (schema,) = [known.schema for known in asof.listed(connection)]
    assert told.startswith(f"{schema} holds what was known at {moment}")
    assert "2 read models" in told
    assert crm("psql", "-At", "-c", f"SELECT status FROM {schema}.lead") == "open\n"
    assert f'"schema": "{schema}"' in crm("asof", moment, "lead", "--json")
    assert crm("asof", "--list").startswith(f"{schema}: 2 read models")
    assert "no schema 'asof_x'" in crm("asof", "--drop", "asof_x", code=2)
    assert crm("asof", "--drop", schema) == f"Dropped: {schema}.\n"
    assert crm("asof", "--drop", "--all") == "Dropped: nothing.\n"
    assert "0 read" not in crm("asof", "2020-01-01")
    assert schemas_of(connection) == ["asof_0"]
    assert crm("asof", "--list", "--json").count('"schema"') == 1
    assert crm("asof", "--drop", "--all") == "Dropped: asof_0.\n"


def test_what_a_killed_command_left_is_not_taken_for_whole(crm: Crm, connection: Connection, conninfo: str) -> None:
    crm("key", "create", "tests")
    position, moment = catch_up(connection), log.now(connection).isoformat()
    waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'public.lead'::regclass"
    others = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with connect(conninfo) as busy, busy.transaction():
        busy.execute("LOCK TABLE public.lead IN ACCESS EXCLUSIVE MODE")
        process = crm.start("asof", moment, "lead")
        assert comes(lambda: connection.execute(waiting).fetchone() is not None)
        process.kill()
        process.wait()
    assert comes(lambda: connection.execute(others).fetchone() is None)
    assert [known.models for known in asof.listed(connection)] == [()]
    assert crm("asof", moment, "lead").startswith(f"asof_{position} holds")
    assert [known.models for known in asof.listed(connection)] == [("lead",)]


def schemas_of(connection: Connection) -> list[str]:
    return [known.schema for known in asof.listed(connection)]


@pytest.mark.full
def test_what_cannot_be_asked_is_said_in_a_sentence(crm: Crm, store: Store) -> None:
    for arguments, sentence in (
        ([], "Say as of when"),
        (["2999-01-01"], "has not come yet"),
        (["yesterday"], "a day such as 2026-03-03"),
        (["2026-01-01", "colours"], "There is no read model 'colours'"),
        (["--drop"], "Name the schema to drop"),
        (["asof_1", "--drop", "--all"], "Name the schema to drop"),
    ):
        assert sentence in crm("asof", *arguments, code=2)
