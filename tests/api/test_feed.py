"""The feed gives every event once and in order; figures lead on to the events behind them; health tells the truth."""

from typing import Any
from uuid import uuid4

from fastapi.testclient import TestClient

from api.access import create_api_key
from api.store import Store, append_to_workspace
from domain.event import CustomerId, MemberId
from domain.ticket import TicketAssigned, TicketOpened
from domain.workspace import WorkspaceMemberInvited
from eventstore import log
from eventstore.database import Connection, connect
from tests.api.test_leads import act, capture
from tests.facts import NOBODY, captured, given
from tests.projections.records import tell


def pages(client: TestClient, **params: Any) -> list[dict[str, Any]]:
    events, cursor = list[dict[str, Any]](), None
    while True:
        page = client.get("/v1/events", params=params | ({"cursor": cursor} if cursor else {})).json()
        events += page["data"]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            return events


def test_the_feed_is_the_whole_log_in_order(client: TestClient, connection: Connection) -> None:
    lead = capture(client)
    act(client, lead, "win")
    positions = [event["position"] for event in pages(client, limit=2)]
    rows = connection.execute("SELECT position FROM log.event ORDER BY position").fetchall()
    assert positions == [row["position"] for row in rows]
    assert positions[0] == 1


def test_the_feed_goes_on_from_a_cursor_of_yesterday(client: TestClient) -> None:
    cursor = client.get("/v1/events").json()["next_cursor"]
    assert client.get("/v1/events", params={"cursor": cursor}).json()["data"] == []
    lead = capture(client)
    later = client.get("/v1/events", params={"cursor": cursor}).json()["data"]
    assert [event["type"] for event in later] == ["customer.registered", "lead.captured", "lead.valued"]
    assert later[1]["personal"]["title"] == lead["title"]
    assert "title" not in later[1]["data"]
    assert later[1]["actor"]["kind"] == "api_key"


def test_the_feed_is_filtered_by_type_and_customer(client: TestClient) -> None:
    lead, other = capture(client), capture(client)
    act(client, lead, "win")
    assert {event["stream_id"] for event in pages(client, types="lead.captured")} == {
        lead["lead_id"],
        other["lead_id"],
    }
    assert {event["customer_id"] for event in pages(client, customer_id=other["customer_id"])} == {other["customer_id"]}
    assert client.get("/v1/events?types=lead.nonsense").status_code == 422
    assert pages(client, customer_id=str(uuid4())) == []


def test_a_cursor_of_another_epoch_is_told_so(client: TestClient, connection: Connection) -> None:
    cursor = client.get("/v1/events").json()["next_cursor"]
    connection.execute("INSERT INTO log.epoch VALUES (gen_random_uuid(), clock_timestamp() + interval '1 s')")
    answer = client.get("/v1/events", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (410, "epoch_ended")


def test_a_stuck_writer_makes_the_feed_wait_and_then_say_so(
    client: TestClient, conninfo: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr("api.events._PATIENCE", 0.05)
    with connect(conninfo) as stuck, stuck.transaction():
        given(stuck, captured())
        answer = client.get("/v1/events")
        assert (answer.status_code, answer.json()["code"]) == (503, "held_up")
    assert client.get("/v1/events").status_code == 200


def test_a_forgotten_persons_events_stay_without_what_was_personal(client: TestClient, connection: Connection) -> None:
    lead = capture(client)
    connection.execute("DELETE FROM log.personal_data")
    event = client.get(f"/v1/leads/{lead['lead_id']}/history").json()["data"][0]
    assert event["personal"]["title"] == {"forgotten": True}
    assert act(client, lead, "win").json()["title"] is None


def test_health_is_told_apart_from_readiness(client: TestClient, store: Store) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    ready = client.get("/readyz").json()
    assert ready["status"] == "ready"
    assert set(ready["behind"]) >= {"lead", "lead_stage_interval"}
    assert store.follower is not None
    store.follower.stop()
    assert client.get("/readyz").status_code == 503


def test_members_are_listed(client: TestClient) -> None:
    assert client.get("/v1/members").json() == {"data": [], "has_more": False, "next_cursor": None}


def test_figures_are_asked_for_by_slug_and_lead_to_their_events(client: TestClient) -> None:
    won, lost = capture(client), capture(client, source="fair")
    capture(client)
    act(client, won, "win")
    position = act(client, lost, "lose").json()["position"]
    fresh = {"Min-Position": str(position)}
    result = client.get("/v1/kpis/win_rate?group_by=source", headers=fresh).json()
    assert (result["value"], result["numerator"], result["denominator"]) == (0.5, 1, 2)
    assert result["definition"] == "win_rate@1"
    assert {group["group"]: group["value"] for group in result["groups"]} == {"web": 1, "fair": 0}
    assert {group["label"] for group in result["groups"]} == {"web", "fair"}
    behind = client.get(result["events_url"]).json()["data"]
    assert [event["type"] for event in behind] == ["lead.won", "lead.lost"]
    first = client.get(f"{result['events_url']}&limit=1").json()
    second = client.get(result["events_url"], params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert [*first["data"], *second["data"]] == behind
    assert {kpi["slug"] for kpi in client.get("/v1/kpis").json()["data"]} >= {"win_rate", "sales_cycle"}


def test_a_figure_that_cannot_be_asked_for_is_explained(client: TestClient) -> None:
    assert client.get("/v1/kpis/nonsense").status_code == 404
    for bad in (
        "group_by=colour",
        "from=2026-02-01&to=2026-01-01",
        "from=yesterday",
        "zone=Mars/Olympus",
        "zone=Europe",
        f"zone={'x' * 300}",
        "zone=../../etc/passwd",
        "as_of=2999-01-01T00:00:00Z&axis=occurred",
        "as_of=2026-01-01T00:00:00&axis=occurred",
        "axis=sideways",
    ):
        answer = client.get(f"/v1/kpis/win_rate?{bad}")
        assert answer.status_code == 422, bad
        assert answer.json()["code"] in ("bad_parameter", "malformed")


def test_owners_of_one_name_are_two_and_are_named_to_those_who_may_know(
    client: TestClient, store: Store, connection: Connection
) -> None:
    owners = [uuid4(), uuid4()]
    for member_id in owners:
        append_to_workspace(
            connection, None, WorkspaceMemberInvited(member_id=MemberId(member_id), name="Anna Schmidt")
        )
    for owner_id in owners:
        position = act(client, capture(client, owner_id=str(owner_id)), "win").json()["position"]
    ask = ("/v1/kpis/win_rate?group_by=owner", {"Min-Position": str(position)})
    groups = client.get(ask[0], headers=ask[1]).json()["groups"]
    assert {group["group"] for group in groups} == {str(owner) for owner in owners}
    assert [group["label"] for group in groups] == ["Anna Schmidt"] * 2
    client.headers["Authorization"] = f"Bearer {create_api_key(store, 'figures only', ('kpis:read',))}"
    assert [group["label"] for group in client.get(ask[0], headers=ask[1]).json()["groups"]] == [None, None]


def test_assignees_of_tickets_are_named_to_those_who_may_know(
    client: TestClient, store: Store, connection: Connection
) -> None:
    anna = MemberId(uuid4())
    append_to_workspace(connection, None, WorkspaceMemberInvited(member_id=anna, name="Anna Schmidt"))
    told = TicketOpened(subject="No heat"), TicketAssigned(assignee_id=anna)
    fresh = {"Min-Position": str(tell(connection, uuid4(), *told, noun="ticket", stream_id=uuid4())[-1])}

    def named() -> list[tuple[str, str | None]]:
        groups = client.get("/v1/kpis/backlog?group_by=assignee", headers=fresh).json()["groups"]
        return [(group["group"], group["label"]) for group in groups]

    assert named() == [(str(anna), "Anna Schmidt")]
    behind = client.get("/v1/kpis/backlog/events").json()["data"]
    assert [event["type"] for event in behind] == ["ticket.assigned"]
    client.headers["Authorization"] = f"Bearer {create_api_key(store, 'figures only', ('kpis:read',))}"
    assert named() == [(str(anna), None)]


def test_figures_of_mixed_amounts_and_of_nothing(client: TestClient) -> None:
    def figure(slug: str) -> Any:
        return client.get(f"/v1/kpis/{slug}", headers={"Min-Position": str(position)}).json()

    position = client.get("/v1/events").json()["data"][-1]["position"]
    assert (figure("win_rate")["value"], figure("pipeline_as_of")["value"]) == (None, 0)
    for amount in ("100", "200", None):
        value = {"amount": amount, "currency": "EUR"} if amount else None
        position = act(client, capture(client, value=value), "win").json()["position"]
    size = figure("average_deal_size")
    assert (size["value"], size["numerator"], size["denominator"], size["excluded"]) == (150, 300, 2, 1)
    lost = capture(client, value={"amount": "300", "currency": "EUR"})
    position = act(client, lost, "lose").json()["position"]
    assert figure("win_rate")["details"]["by_value"] == 0.5
    position = act(client, capture(client, value={"amount": "5", "currency": "USD"}), "win").json()["position"]
    assert figure("average_deal_size")["value"] is None
    assert figure("average_deal_size")["details"]["by_currency"]["USD"]["mean"] == 5
    assert figure("win_rate")["details"]["by_value"] is None
    position = capture(client)["position"]
    assert figure("sales_cycle")["details"]["open"] == 1


def test_an_event_of_an_unknown_type_is_passed_on_as_it_is(client: TestClient, connection: Connection) -> None:
    row = log.new_row(
        NOBODY,
        customer_id=uuid4(),
        stream_type="aggregate",
        stream_id=uuid4(),
        version=1,
        type_="dogs:Registered",
        data={"name": "Fido"},
        personal=None,
        part_id=None,
        occurred_at=None,
    )
    log.append_rows(connection, [row], None)
    assert pages(client)[-1]["data"] == {"name": "Fido"}


def test_an_event_of_a_newer_program_is_named_and_not_misread(client: TestClient, connection: Connection) -> None:
    lead_id = uuid4()
    row = log.row_of(log.NewEvent(CustomerId(lead_id), "lead", lead_id, 1, captured("Ten seats")), NOBODY)
    log.append_rows(connection, [row | {"schema_version": 2}], None)
    answer = client.get("/v1/events")
    assert answer.status_code == 503
    assert answer.json()["code"] == "newer_event"
    assert "lead.captured in version 2" in answer.json()["detail"]
