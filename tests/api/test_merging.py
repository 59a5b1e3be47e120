"""Merging, converting and moving records: one append on all streams concerned, safe to retry, taken back exactly."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from api import merging
from api.access import create_api_key
from api.forget import forget
from api.store import Store, append_to_workspace
from api.streams import Streams
from api.undo import undo
from domain import ticket
from domain.business_time import WEEKDAYS, BusinessCalendar, WeeklyHours
from domain.customer import CustomerContactPersonAdded, CustomerRegistered
from domain.event import CustomerId, Event
from domain.interaction import InteractionLogged
from domain.ticket import Ticket, TicketEvent, TicketOpened
from domain.workspace import WORKSPACE_ID, WorkspaceBusinessCalendarPublished
from eventstore import log
from eventstore.database import Connection
from projections.read_models import read_models
from replay.follow import catch_up
from replay.verification import verify
from tests.api.test_leads import act, capture
from tests.domain.tickets import AROUND_THE_CLOCK, GOLD
from tests.facts import NOBODY

NOUNS = ("customer", "lead", "ticket")
EACH = pytest.mark.parametrize("noun", NOUNS)


def begin(connection: Connection, noun: str, event: Event, customer_id: UUID | None = None) -> UUID:
    stream_id = uuid4()
    owner = CustomerId(customer_id or stream_id)
    log.append(connection, [log.NewEvent(owner, noun, stream_id, 1, event)], NOBODY)
    return stream_id


def registered(connection: Connection, name: str = "Ann Example") -> UUID:
    return begin(connection, "customer", CustomerRegistered(kind="person", name=name))


def record(client: TestClient, connection: Connection, noun: str) -> UUID:
    """A new customer, or a lead or ticket of one."""
    match noun:
        case "customer":
            return registered(connection)
        case "lead":
            return UUID(capture(client)["lead_id"])
        case _:
            return begin(connection, "ticket", TicketOpened(subject="Printer"), registered(connection))


def post(client: TestClient, noun: str, record_id: UUID, command: str, body: object, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"/v1/{noun}s/{record_id}/{command}", json=body, headers=named)


def merge(client: TestClient, noun: str, record_id: UUID, survivor_id: UUID, **headers: str) -> Any:
    return post(client, noun, record_id, "merge", {"survivor_id": str(survivor_id)}, **headers)


def types(connection: Connection, stream_id: UUID) -> list[str]:
    return [recorded.type for recorded in log.load(connection, stream_id).history]


def merge_of(connection: Connection, stream_id: UUID) -> str:
    """The id of the last merge in a stream."""
    ids = [getattr(one.event, "merge_id", None) for one in log.load(connection, stream_id).history]
    return str([merge_id for merge_id in ids if merge_id][-1])


def rows(connection: Connection, model: str, *ids: UUID) -> list[dict[str, Any]]:
    """The rows of these records, without what counts their events."""
    catch_up(connection)
    key = read_models()[model].table_key
    found = connection.execute(f"SELECT * FROM {model} WHERE {key} = ANY(%s) ORDER BY 1, 2".encode(), [list(ids)])
    return [{name: row[name] for name in row if name not in ("version", "position", "last_event_at")} for row in found]


def live_is_replayed(connection: Connection) -> bool:
    catch_up(connection)
    return not any(verify(connection, model).differing for model in read_models().values())


@EACH
def test_a_merge_is_one_append_on_both_and_a_retry_acts_once(
    client: TestClient, connection: Connection, noun: str
) -> None:
    one, survivor = record(client, connection, noun), record(client, connection, noun)
    first = merge(client, noun, one, survivor, Idempotency_Key="k")
    assert first.status_code == 200, first.text
    assert first.json()["created_id"] == merge_of(connection, one)
    assert types(connection, one)[-1] == f"{noun}.merged_into"
    assert types(connection, survivor)[-1] == f"{noun}.absorbed"
    last = [log.load(connection, stream_id).history[-1] for stream_id in (one, survivor)]
    assert last[0].command_id == last[1].command_id
    assert (first.json()["version"], first.json()["position"]) == (last[0].version, max(at.position for at in last))
    assert first.headers["ETag"] == f'"{last[0].version}"'
    again = merge(client, noun, one, survivor, Idempotency_Key="k")
    assert (again.status_code, again.json(), again.headers["ETag"]) == (200, first.json(), first.headers["ETag"])
    other = merge(client, noun, one, record(client, connection, noun), Idempotency_Key="k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert [types(connection, stream_id).count(f"{noun}.absorbed") for stream_id in (one, survivor)] == [0, 1]
    assert live_is_replayed(connection)


@EACH
def test_a_retry_is_answered_also_after_the_merge_was_reverted(
    client: TestClient, connection: Connection, noun: str
) -> None:
    one, survivor = record(client, connection, noun), record(client, connection, noun)
    first = merge(client, noun, one, survivor, Idempotency_Key="k")
    body = {"merge_id": merge_of(connection, one)}
    reverted = post(client, noun, survivor, "revert-merge", body, Idempotency_Key="r")
    assert reverted.status_code == 200, reverted.text
    assert merge(client, noun, one, survivor, Idempotency_Key="k").json() == first.json()
    again = post(client, noun, survivor, "revert-merge", body, Idempotency_Key="r")
    assert (again.status_code, again.json()) == (200, reverted.json())
    assert types(connection, one)[-2:] == [f"{noun}.merged_into", f"{noun}.merge_reverted"]
    assert types(connection, survivor)[-2:] == [f"{noun}.absorbed", f"{noun}.merge_reverted"]


@EACH
def test_what_does_not_fit_is_refused_and_leaves_nothing(client: TestClient, connection: Connection, noun: str) -> None:
    one, survivor, third = (record(client, connection, noun) for _ in range(3))
    nobody = uuid4()
    assert merge(client, noun, nobody, survivor).status_code == 404
    unknown = merge(client, noun, one, nobody)
    assert (unknown.status_code, "survivor_id" in unknown.json()["detail"]) == (404, True)
    assert merge(client, noun, one, one).json()["code"] == "merged_into_itself"
    stale = merge(client, noun, one, survivor, If_Match='"7"')
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    assert post(client, noun, one, "revert-merge", {"merge_id": str(nobody)}).json()["code"] == "unknown_merge"
    lengths = [len(types(connection, stream_id)) for stream_id in (one, survivor, third)]
    assert merge(client, noun, one, survivor, If_Match=f'"{lengths[0]}"').status_code == 200
    back, twice, around = (
        merge(client, noun, survivor, one),
        merge(client, noun, one, third),
        merge(client, noun, third, one),
    )
    assert [answer.status_code for answer in (back, twice, around)] == [409, 409, 409]
    assert [len(types(connection, stream_id)) for stream_id in (one, survivor, third)] == [
        lengths[0] + 1, lengths[1] + 1, lengths[2]
    ]  # fmt: skip


def test_only_the_nouns_own_scope_lets_through(client: TestClient, connection: Connection, store: Store) -> None:
    one, survivor = registered(connection), registered(connection)
    client.headers["Authorization"] = f"Bearer {create_api_key(store, 'little', ('leads:write', 'tickets:write'))}"
    assert merge(client, "customer", one, survivor).status_code == 403


def test_what_merges_customers_needs_the_scope_for_customers(
    client: TestClient, connection: Connection, store: Store
) -> None:
    lead, known = capture(client), registered(connection)
    body, every = {"customer_id": str(known)}, client.headers["Authorization"]
    client.headers["Authorization"] = f"Bearer {create_api_key(store, 'leads', ('leads:read', 'leads:write'))}"
    assert act(client, lead, "convert-into", body).status_code == 403
    client.headers["Authorization"] = every
    assert act(client, lead, "convert-into", body).status_code == 200
    client.headers["Authorization"] = f"Bearer {create_api_key(store, 'leads', ('leads:read', 'leads:write'))}"
    assert act(client, lead, "revert-conversion").status_code == 403
    assert aliases(connection) != {}


def test_a_merged_customer_gets_no_new_leads_and_the_survivor_is_named(
    client: TestClient, connection: Connection
) -> None:
    one, survivor = registered(connection), registered(connection)
    assert merge(client, "customer", one, survivor).status_code == 200
    refused = client.post("/v1/leads", json={"title": "Roof", "customer_id": str(one)})
    assert (refused.status_code, refused.json()["code"]) == (409, "customer_merged")
    assert str(survivor) in refused.json()["detail"]
    assert client.post("/v1/leads", json={"title": "Roof", "customer_id": str(survivor)}).status_code == 201


def test_a_customer_is_not_merged_into_a_lead_or_the_workspace(client: TestClient, connection: Connection) -> None:
    one, lead = registered(connection), capture(client)
    for other in (UUID(lead["lead_id"]), WORKSPACE_ID):
        assert merge(client, "customer", one, other).status_code == 404
        assert merge(client, "customer", other, one).status_code == 404


def test_a_prospect_of_whom_only_a_lead_is_known_can_be_merged(client: TestClient, connection: Connection) -> None:
    stranger = UUID(capture(client, customer_name=None)["customer_id"])
    survivor = registered(connection)
    first = merge(client, "customer", stranger, survivor, Idempotency_Key="k")
    assert (first.status_code, first.json()["version"]) == (200, 1)
    assert merge(client, "customer", stranger, survivor, Idempotency_Key="k").json() == first.json()
    assert live_is_replayed(connection)


def crosswise(client: TestClient, noun: str, one: UUID, other: UUID) -> list[int]:
    """Two people merge the two at once, each into the other's: both statuses."""
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda pair: merge(client, noun, *pair), [(one, other), (other, one)])
        return sorted(answer.status_code for answer in answers)


def is_circle(connection: Connection, noun: str, *ids: UUID) -> bool:
    return all(f"{noun}.merged_into" in types(connection, stream_id) for stream_id in ids)


@EACH
def test_of_two_who_merge_crosswise_one_wins(client: TestClient, connection: Connection, noun: str) -> None:
    for _ in range(50):
        one, other = record(client, connection, noun), record(client, connection, noun)
        assert crosswise(client, noun, one, other) == [200, 409]
        assert not is_circle(connection, noun, one, other)
    assert live_is_replayed(connection)


def together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have decided on what they loaded before either appends."""
    both, met, follow = threading.Barrier(2), threading.local(), Streams.follow

    def meet(self: Streams, *arguments: Any) -> list[log.NewEvent]:
        if not hasattr(met, "once"):
            met.once = True
            both.wait(20)
        return follow(self, *arguments)

    monkeypatch.setattr(Streams, "follow", meet)


@EACH
def test_they_meet_in_the_append_at_the_latest(
    client: TestClient, connection: Connection, noun: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = record(client, connection, noun), record(client, connection, noun)
    together(monkeypatch)
    assert crosswise(client, noun, one, other) == [200, 409]
    assert not is_circle(connection, noun, one, other)


@EACH
def test_the_planted_bug_of_a_survivor_who_is_not_expected_makes_a_circle(
    client: TestClient, connection: Connection, noun: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(read: Any, rule: Any, absorb: Any, command: Any, record_id: UUID, merge_id: UUID) -> Any:
        decided = merging.merged(read, rule, absorb, command, record_id, merge_id)
        return {record_id: decided[record_id]}

    for module in ("customer", "work"):
        monkeypatch.setattr(f"api.commands.{module}.merged", forgetful)
    one, other = record(client, connection, noun), record(client, connection, noun)
    together(monkeypatch)
    assert crosswise(client, noun, one, other) == [200, 200]
    assert is_circle(connection, noun, one, other)


def test_a_merged_lead_leaves_the_board_and_the_figures_and_comes_back_as_it_was(
    client: TestClient, connection: Connection
) -> None:
    one, survivor = UUID(capture(client)["lead_id"]), UUID(capture(client)["lead_id"])
    before = [rows(connection, model, one, survivor) for model in ("lead", "lead_stage_interval")]

    def pipeline() -> Any:
        catch_up(connection)
        told = client.get("/v1/kpis/pipeline_as_of").json()
        return told["value"], told["sample_size"]

    counted = pipeline()
    merged = merge(client, "lead", one, survivor).json()
    assert (merged["status"], merged["merged_into"]) == ("merged", str(survivor))
    assert (counted, pipeline()) == ((2, 2), (1, 1))
    listed = client.get("/v1/leads?status=open", headers={"Min-Position": str(merged["position"])}).json()["data"]
    assert [lead["lead_id"] for lead in listed] == [str(survivor)]
    assert [lead["lead_id"] for lead in client.get("/v1/leads?status=merged").json()["data"]] == [str(one)]
    assert live_is_replayed(connection)
    refused = act(client, {"lead_id": one}, "win")
    assert (refused.status_code, refused.json()["code"]) == (409, "lead_merged")
    assert act(client, {"lead_id": survivor}, "retitle", {"title": "Both"}).status_code == 200
    parted = post(client, "lead", one, "revert-merge", {"merge_id": merge_of(connection, one)})
    assert (parted.json()["status"], parted.json()["merged_into"]) == ("open", None)
    after = [rows(connection, model, one, survivor) for model in ("lead", "lead_stage_interval")]
    (changed,) = (row for row in after[0] if row["lead_id"] == survivor)
    assert changed["title"] == "Both"
    changed["title"] = "Ten seats"
    assert (after[0], pipeline()) == (before[0], counted)
    assert live_is_replayed(connection)


def test_a_customer_comes_back_as_she_was_and_with_what_was_recorded_since(
    client: TestClient, connection: Connection
) -> None:
    one, survivor = registered(connection, "Ann"), registered(connection, "Anna")
    before = rows(connection, "customer_360", one, survivor)
    merged = merge(client, "customer", one, survivor).json()
    lead = capture(client, customer_name=None, customer_id=str(survivor))
    assert aliases(connection) == {one: survivor}
    parted = post(client, "customer", one, "revert-merge", {"merge_id": merged["merge_id"]})
    assert parted.json()["merge_id"] == merged["merge_id"]
    assert aliases(connection) == {}
    since = [row | {"open_leads": int(row["customer_id"] == survivor)} for row in before]
    assert rows(connection, "customer_360", one, survivor) == since
    assert client.get(f"/v1/leads/{lead['lead_id']}").json()["customer_id"] == str(survivor)
    again = post(client, "customer", one, "revert-merge", {"merge_id": merged["merge_id"]})
    assert again.json()["code"] == "unknown_merge"
    assert live_is_replayed(connection)


def aliases(connection: Connection) -> dict[UUID, UUID]:
    found = connection.execute("SELECT customer_id, survivor_id FROM log.customer_alias")
    return {row["customer_id"]: row["survivor_id"] for row in found}


def test_a_conversion_into_a_known_customer_is_one_append_and_can_be_taken_back(
    client: TestClient, connection: Connection
) -> None:
    lead, known = capture(client), registered(connection)
    lead_id, prospect = UUID(lead["lead_id"]), UUID(lead["customer_id"])
    before = [rows(connection, "lead", lead_id), rows(connection, "customer_360", prospect, known)]
    body = {"customer_id": str(known)}
    first = post(client, "lead", lead_id, "convert-into", body, Idempotency_Key="k")
    assert first.status_code == 200, first.text
    assert first.json()["converted_at"] is not None
    assert first.json()["created_id"] == merge_of(connection, prospect)
    assert aliases(connection) == {prospect: known}
    assert post(client, "lead", lead_id, "convert-into", body, Idempotency_Key="k").json() == first.json()
    assert post(client, "lead", lead_id, "convert-into", body).json()["code"] == "lead_already_converted"
    streams = [log.load(connection, stream_id).history[-1] for stream_id in (lead_id, prospect, known)]
    assert [one.type for one in streams] == ["lead.converted", "customer.merged_into", "customer.absorbed"]
    assert len({one.command_id for one in streams}) == 1
    reverted = act(client, lead, "revert-conversion", headers={"Idempotency-Key": "r"})
    assert (reverted.status_code, aliases(connection)) == (200, {})
    assert act(client, lead, "revert-conversion", headers={"Idempotency-Key": "r"}).json() == reverted.json()
    assert act(client, lead, "revert-conversion").json()["code"] == "lead_not_converted"
    assert [rows(connection, "lead", lead_id), rows(connection, "customer_360", prospect, known)] == before
    assert live_is_replayed(connection)


def test_a_prospect_who_was_merged_on_and_on_is_converted_into_who_she_is_by_now(
    client: TestClient, connection: Connection
) -> None:
    lead, between, known = capture(client), registered(connection), registered(connection)
    assert merge(client, "customer", UUID(lead["customer_id"]), between).status_code == 200
    assert merge(client, "customer", between, known).status_code == 200
    converted = post(client, "lead", UUID(lead["lead_id"]), "convert-into", {"customer_id": str(known)})
    assert (converted.status_code, types(connection, known)[-1]) == (200, "customer.absorbed")
    other = capture(client, customer_name=None, customer_id=str(known))
    assert (
        post(client, "lead", UUID(other["lead_id"]), "convert-into", {"customer_id": str(between)}).status_code == 409
    )


def test_a_new_lead_is_captured_of_the_survivor_and_not_of_who_was_merged_into_her(
    client: TestClient, connection: Connection
) -> None:
    one, survivor = registered(connection), registered(connection)
    assert merge(client, "customer", one, survivor).status_code == 200
    refused = client.post("/v1/leads", json={"title": "Ten seats", "customer_id": str(one)})
    assert (refused.status_code, refused.json()["code"]) == (409, "customer_merged")
    assert str(survivor) in refused.json()["detail"]
    assert client.post("/v1/leads", json={"title": "Ten seats", "customer_id": str(survivor)}).status_code == 201


def test_what_was_begun_on_a_lead_that_was_merged_is_done_there(client: TestClient) -> None:
    lead, survivor = capture(client), capture(client)
    task = str(uuid4())
    due = {"task_id": task, "what": "Call back", "due_at": "2027-01-01T09:00:00Z"}
    assert act(client, lead, "schedule-follow-up", due).status_code == 200
    assert merge(client, "lead", UUID(lead["lead_id"]), UUID(survivor["lead_id"])).status_code == 200
    assert act(client, lead, "complete-follow-up", {"task_id": task}).json()["open_follow_ups"] == 0
    assert act(client, lead, "schedule-follow-up", due | {"task_id": str(uuid4())}).json()["code"] == "lead_merged"


def test_a_value_is_chosen_only_of_a_field_that_there_is(client: TestClient, connection: Connection) -> None:
    one, survivor = registered(connection), registered(connection)
    body = {"survivor_id": str(survivor), "field_choices": {"nonsense": "merged"}}
    assert post(client, "customer", one, "merge", body).json()["code"] == "no_field_to_choose"
    assert post(client, "customer", one, "merge", body | {"field_choices": {"name": "merged"}}).status_code == 200


def test_a_contact_person_of_the_customer_or_of_who_she_is_by_now_has_a_part_in_the_deal(
    client: TestClient, connection: Connection
) -> None:
    lead, survivor, ann, bob = capture(client), registered(connection), uuid4(), uuid4()
    customer = CustomerId(UUID(lead["customer_id"]))
    for whose, person_id in ((customer, ann), (CustomerId(survivor), bob)):
        added = CustomerContactPersonAdded(person_id=person_id, name="Ann")
        log.append(connection, [log.NewEvent(whose, "customer", whose, 2, added)], NOBODY)
    add = {"person_id": str(ann), "role": "champion"}
    assert act(client, lead, "add-stakeholder", add).status_code == 200
    assert act(client, lead, "add-stakeholder", add).json()["code"] == "stakeholder_already_added"
    assert act(client, lead, "add-stakeholder", {"person_id": str(bob)}).json()["code"] == "unknown_contact_person"
    assert merge(client, "customer", customer, survivor).status_code == 200
    assert act(client, lead, "add-stakeholder", {"person_id": str(bob)}).status_code == 200
    assert act(client, lead, "remove-stakeholder", {"person_id": str(ann)}).status_code == 200
    assert act(client, lead, "remove-stakeholder", {"person_id": str(ann)}).json()["code"] == "unknown_stakeholder"


def test_a_conversion_is_taken_back_whole_also_when_the_lead_is_anothers_by_now_or_the_merge_is_undone(
    client: TestClient, connection: Connection
) -> None:
    lead, known, other = capture(client), registered(connection), registered(connection)
    lead_id, prospect = UUID(lead["lead_id"]), UUID(lead["customer_id"])
    body = {"customer_id": str(known)}
    assert post(client, "lead", lead_id, "convert-into", body).status_code == 200
    assert act(client, lead, "reattribute", {"to_customer_id": str(other)}).status_code == 200
    assert (act(client, lead, "revert-conversion").status_code, aliases(connection)) == (200, {})
    assert act(client, lead, "reattribute", {"to_customer_id": str(prospect)}).status_code == 200
    assert post(client, "lead", lead_id, "convert-into", body).status_code == 200
    undone = {"merge_id": merge_of(connection, prospect)}
    assert post(client, "customer", known, "revert-merge", undone).status_code == 200
    lengths = [len(types(connection, customer_id)) for customer_id in (prospect, known)]
    assert act(client, lead, "revert-conversion").json()["converted_at"] is None
    assert [len(types(connection, customer_id)) for customer_id in (prospect, known)] == lengths


def test_a_conversion_in_her_own_right_touches_the_lead_alone(client: TestClient, connection: Connection) -> None:
    lead = capture(client)
    first = act(client, lead, "convert", headers={"Idempotency-Key": "k"})
    assert act(client, lead, "convert", headers={"Idempotency-Key": "k"}).json() == first.json()
    assert act(client, lead, "convert").json()["code"] == "lead_already_converted"
    assert types(connection, UUID(lead["customer_id"])) == ["customer.registered"]
    assert act(client, lead, "revert-conversion").json()["converted_at"] is None


def test_a_conversion_whose_prospect_is_merged_elsewhere_meanwhile_is_decided_again(
    client: TestClient, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead, known, other = capture(client), registered(connection), registered(connection)
    prospect = UUID(lead["customer_id"])
    follow: Callable[..., list[log.NewEvent]] = Streams.follow

    def late(self: Streams, *arguments: Any) -> list[log.NewEvent]:
        monkeypatch.setattr(Streams, "follow", follow)
        assert merge(client, "customer", prospect, other).status_code == 200
        return follow(self, *arguments)

    monkeypatch.setattr(Streams, "follow", late)
    answer = post(client, "lead", UUID(lead["lead_id"]), "convert-into", {"customer_id": str(known)})
    assert (answer.status_code, answer.json()["code"]) == (409, "customer_merged")
    assert types(connection, UUID(lead["lead_id"]))[-1] != "lead.converted"
    assert types(connection, known) == ["customer.registered"]


def test_a_lead_filed_under_the_wrong_customer_is_shown_with_the_right_one(
    client: TestClient, connection: Connection, store: Store
) -> None:
    lead, right = capture(client), registered(connection, "Bob")
    body = {"to_customer_id": str(right), "reason": "Another Ann"}
    first = act(client, lead, "reattribute", body, headers={"Idempotency-Key": "k"})
    assert (first.status_code, first.json()["customer_id"]) == (200, str(right)), first.text
    assert act(client, lead, "reattribute", body, headers={"Idempotency-Key": "k"}).json() == first.json()
    assert act(client, lead, "reattribute", body).json()["code"] == "already_attributed"
    assert act(client, lead, "reattribute", {"to_customer_id": str(uuid4())}).status_code == 404
    assert act(client, lead, "qualify").json()["customer_id"] == str(right)
    assert {row["customer_id"] for row in rows(connection, "lead_stage_interval", UUID(lead["lead_id"]))} == {right}
    assert [one["lead_id"] for one in client.get(f"/v1/leads?customer_id={right}").json()["data"]] == [lead["lead_id"]]
    assert live_is_replayed(connection)

    forget(store, CustomerId(UUID(lead["customer_id"])))
    assert client.get(f"/v1/leads/{lead['lead_id']}").json()["title"] == "Ten seats"
    assert act(client, lead, "retitle", {"title": "Twenty seats"}).json()["title"] == "Twenty seats"
    back = act(client, lead, "reattribute", {"to_customer_id": lead["customer_id"]})
    assert (back.status_code, back.json()["code"]) == (409, "customer_already_forgotten")
    forget(store, CustomerId(right))
    assert client.get(f"/v1/leads/{lead['lead_id']}").json()["title"] is None
    assert live_is_replayed(connection)
    refused = act(client, lead, "win")
    assert (refused.status_code, refused.json()["code"]) == (409, "subject_forgotten")


def test_a_ticket_filed_under_the_wrong_customer_goes_to_the_right_one(
    client: TestClient, connection: Connection
) -> None:
    ticket, right = record(client, connection, "ticket"), registered(connection)
    body = {"to_customer_id": str(right)}
    first = post(client, "ticket", ticket, "reattribute", body, Idempotency_Key="k")
    assert (first.status_code, first.json()["version"], first.json()["merge_id"]) == (200, 2, None)
    assert post(client, "ticket", ticket, "reattribute", body, Idempotency_Key="k").json() == first.json()
    assert types(connection, ticket) == ["ticket.opened", "ticket.reattributed"]


def clocked(connection: Connection, customer_id: UUID) -> UUID:
    """A ticket whose clocks run, around the clock."""
    ticket_id, now = uuid4(), datetime.now(UTC)
    opened = ticket.with_clocks(None, [TicketOpened(subject="Printer", sla_policy=GOLD)], now, AROUND_THE_CLOCK)
    new = [
        log.NewEvent(CustomerId(customer_id), "ticket", ticket_id, version, event, now)
        for version, event in enumerate(opened, start=1)
    ]
    log.append(connection, new, NOBODY)
    return ticket_id


def clocks(connection: Connection, ticket_id: UUID) -> dict[str, str | None]:
    """How each target of a ticket ended."""
    state: Ticket | None = None
    for one in log.load(connection, ticket_id).standing:
        assert isinstance(one.event, TicketEvent)
        state = ticket.evolve(state, one.event)
    return {target: clock.outcome for target, clock in state.clocks.items()} if state else {}


def test_a_merged_ticket_owes_nothing_any_more_and_owes_it_again_once_parted(
    client: TestClient, connection: Connection, store: Store
) -> None:
    customer = registered(connection)
    one, survivor = clocked(connection, customer), clocked(connection, customer)
    unknown = merge(client, "ticket", one, survivor)
    assert (unknown.status_code, unknown.json()["code"]) == (409, "unknown_calendar")
    always = tuple(WeeklyHours(weekday=day, opens="00:00", closes="24:00") for day in WEEKDAYS)
    calendar = BusinessCalendar(name="default", version=1, zone="UTC", weekly_hours=always)
    append_to_workspace(connection, None, WorkspaceBusinessCalendarPublished(calendar=calendar))

    running = {"first_response": None, "resolution": None}
    assert clocks(connection, one) == running
    answer = merge(client, "ticket", one, survivor, Idempotency_Key="k")
    assert answer.status_code == 200, answer.text
    assert (clocks(connection, one), clocks(connection, survivor)) == (dict.fromkeys(running, "cancelled"), running)
    assert answer.json()["version"] == len(types(connection, one))
    assert merge(client, "ticket", one, survivor, Idempotency_Key="k").json() == answer.json()
    parted = post(client, "ticket", survivor, "revert-merge", {"merge_id": answer.json()["merge_id"]})
    assert parted.status_code == 200, parted.text
    assert clocks(connection, one) == running

    assert merge(client, "ticket", one, survivor).status_code == 200
    command = log.load(connection, one).history[-1].command_id
    assert command
    report = undo(store, NOBODY, command)
    assert (report.reverted, report.left, clocks(connection, one)) == (1, False, running)
    assert live_is_replayed(connection)


def test_what_lies_at_the_wrong_customer_is_taken_back_there_and_recorded_at_the_right_one(
    client: TestClient, connection: Connection
) -> None:
    wrong, right, part_id = registered(connection, "Ann"), registered(connection, "Bob"), uuid4()
    said = InteractionLogged(interaction_id=part_id, kind="call", direction="inbound", summary="Wants red tiles")
    happened = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
    log.append(connection, [log.NewEvent(CustomerId(wrong), "customer", wrong, 2, said, happened)], NOBODY)
    body = {"part_id": str(part_id), "to_customer_id": str(right)}
    first = post(client, "customer", wrong, "reattribute-part", body, Idempotency_Key="k")
    assert first.status_code == 200, first.text
    assert post(client, "customer", wrong, "reattribute-part", body, Idempotency_Key="k").json() == first.json()
    assert types(connection, wrong)[-1] == "customer.interaction_retracted"
    (moved,) = log.load(connection, right).history[1:]
    assert isinstance(moved.event, InteractionLogged)
    assert (moved.event.summary, moved.occurred_at, moved.customer_id) == ("Wants red tiles", happened, right)
    assert moved.event.interaction_id != part_id
    assert first.json()["created_id"] == str(moved.event.interaction_id)
    unknown = post(client, "customer", wrong, "reattribute-part", body | {"part_id": str(uuid4())})
    assert (unknown.status_code, unknown.json()["code"]) == (409, "unknown_part")


def test_a_merge_may_not_predate_the_last_change_of_either(client: TestClient, connection: Connection) -> None:
    early = "2026-01-01T00:00:00Z"
    one, survivor = registered(connection), registered(connection)
    refused = post(client, "customer", one, "merge", {"survivor_id": str(survivor), "occurred_at": early})
    assert (refused.status_code, refused.json()["code"]) == (409, "predates_last_change")
    later = post(
        client, "customer", one, "merge", {"survivor_id": str(survivor), "occurred_at": "2999-01-01T00:00:00Z"}
    )
    assert (later.status_code, later.json()["code"]) == (422, "occurred_in_future")
    assert types(connection, survivor) == ["customer.registered"]
