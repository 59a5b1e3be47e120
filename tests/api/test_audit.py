"""The audit: every event with before and after, as of any moment, through merges and undos; and who has looked."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from psycopg import errors

from api.access import USUAL_SCOPES, create_api_key
from api.audit.formats import in_blocks, safe
from api.forget import forget
from api.store import SYSTEM_ID, Store
from api.undo import undo
from domain import changes
from domain.customer import CustomerRegistered, CustomerRenamed
from domain.event import CustomerId, Event, MemberId
from domain.follow_up import FollowUpCompleted, FollowUpRescheduled, FollowUpScheduled
from domain.interaction import InteractionCorrected, InteractionLogged
from domain.lead import LeadLost, LeadRetitled
from domain.ticket import TicketOpened
from domain.undo import EventsUndone
from domain.workspace import WORKSPACE_ID, WorkspaceMemberInvited
from eventstore import log
from eventstore.audit import trail
from eventstore.database import Connection
from replay.follow import catch_up
from tests.api.test_cli import Crm
from tests.api.test_cli import crm as crm
from tests.api.test_leads import act, capture
from tests.api.test_merging import merge, merge_of, post, registered
from tests.facts import NOBODY, captured

DUE = datetime(2026, 3, 2, tzinfo=UTC)


def record(
    connection: Connection,
    stream_id: UUID,
    *events: Event,
    noun: str = "customer",
    customer_id: UUID | None = None,
    at: datetime | None = None,
    by: log.Envelope = NOBODY,
) -> int:
    """Append to a stream whatever is there; returns the last position."""
    whose = CustomerId(customer_id or stream_id)
    return log.append(connection, [log.NewEvent(whose, noun, stream_id, None, one, at) for one in events], by)[-1]


def history(client: TestClient, customer_id: object, **asked: str | UUID) -> list[dict[str, Any]]:
    """All events, streamed."""
    answer = client.get(
        f"/v1/customers/{customer_id}/history",
        params={name: str(value) for name, value in asked.items()},
        headers={"Accept": "application/x-ndjson"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


def touched(entry: dict[str, Any]) -> dict[str, tuple[object, object]]:
    return {change["field"]: (change["before"], change["after"]) for change in entry["changes"]}


def told(entries: Sequence[dict[str, Any]]) -> list[str]:
    return [entry["type"] for entry in entries]


def problem(client: TestClient, customer_id: object, status: int, where: str = "history", **asked: str) -> str:
    answer = client.get(f"/v1/customers/{customer_id}/{where}", params=asked)
    assert answer.status_code == status, answer.text
    return str(answer.json()["detail"])


def accesses(connection: Connection) -> list[dict[str, Any]]:
    statement = (
        "SELECT *, unnest(customers) AS customer_id FROM access.personal_access ORDER BY request_id, customer_id"
    )
    return connection.execute(statement).fetchall()


def with_scopes(client: TestClient, store: Store, *scopes: str) -> TestClient:
    client.headers["Authorization"] = f"Bearer {create_api_key(store, 'narrow', scopes)}"
    return client


def recorded_at(connection: Connection, position: int) -> datetime:
    (event,) = log.read_positions(connection, [position])
    return event.recorded_at


def test_each_event_says_who_when_why_and_each_field_before_and_after(
    client: TestClient, connection: Connection
) -> None:
    bea = MemberId(uuid4())
    record(connection, WORKSPACE_ID, WorkspaceMemberInvited(member_id=bea, name="Bea Buyer"), noun="workspace")
    catch_up(connection)
    ann = registered(connection)
    record(connection, ann, CustomerRenamed(name="Anna"), at=DUE, by=log.Envelope("user", bea, "console"))
    lead_id = uuid4()
    record(connection, lead_id, captured(), LeadLost(reason="price"), noun="lead", customer_id=ann)
    begun, renamed, first, lost = history(client, ann)
    assert touched(begun)["name"] == (None, "Ann Example")
    assert touched(renamed) == {"name": ("Ann Example", "Anna")}
    assert renamed["actor"] == {"kind": "user", "id": str(bea), "name": "Bea Buyer"}
    assert (renamed["channel"], renamed["occurred_at"], renamed["on_behalf_of"]) == (
        "console", "2026-03-02T00:00:00Z", None,
    )  # fmt: skip
    assert renamed["recorded_at"] > renamed["occurred_at"]
    assert (lost["reason"], touched(lost), lost["stream_id"]) == ("price", {"status": ("open", "lost")}, str(lead_id))
    assert [entry["position"] for entry in (begun, renamed, first, lost)] == sorted(
        entry["position"] for entry in (begun, renamed, first, lost)
    )


def test_the_filters_leave_what_is_asked_for(client: TestClient, connection: Connection) -> None:
    ann, bea = registered(connection), uuid4()
    record(connection, ann, FollowUpScheduled(task_id=uuid4(), what="Call", due_at=DUE))
    position = record(connection, ann, CustomerRenamed(name="Anna"), by=log.Envelope("user", bea, "api"))
    last = record(connection, ann, CustomerRenamed(name="Hannah"))
    assert told(history(client, ann, type="customer.renamed")) == ["customer.renamed"] * 2
    assert told(history(client, ann, actor=bea)) == ["customer.renamed"]
    who = history(client, ann, field="name")
    assert [touched(one)["name"] for one in who] == [
        (None, "Ann Example"), ("Ann Example", "Anna"), ("Anna", "Hannah"),
    ]  # fmt: skip
    assert all(touched(one).keys() == {"name"} for one in who)
    assert told(history(client, ann, field="due_at")) == ["customer.follow_up_scheduled"]
    assert told(history(client, ann, field="follow_ups")) == ["customer.follow_up_scheduled"]
    assert history(client, ann, field="nam") == []
    since, until = recorded_at(connection, position), recorded_at(connection, last)
    found = history(client, ann, **{"from": since.isoformat(), "to": until.isoformat()})
    assert [one["position"] for one in found] == [position]


def test_as_of_a_moment_only_what_was_known_or_had_happened_counts(client: TestClient, connection: Connection) -> None:
    ann = registered(connection)
    known = record(connection, ann, CustomerRenamed(name="Anna"))
    record(connection, ann, CustomerRenamed(name="Late"), at=DUE)
    assert len(history(client, ann, as_of="2026-03-03")) == 0
    then = recorded_at(connection, known).isoformat()
    assert [touched(one)["name"][1] for one in history(client, ann, as_of=then)] == ["Ann Example", "Anna"]
    happened = history(client, ann, as_of="2026-03-03", axis="occurred")
    assert [touched(one)["name"] for one in happened] == [(None, "Late")]
    assert len(history(client, ann, as_of="2026-03-02", axis="occurred")) == 1, "a day is its first moment"
    assert len(history(client, ann, as_of="2026-03-01", axis="occurred")) == 0


def test_pages_are_the_stream_cut_in_pieces_also_while_events_are_appended(
    client: TestClient, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "_CHUNK", 2)
    ann, task, call, lead_id = registered(connection), uuid4(), uuid4(), uuid4()
    record(connection, ann, FollowUpScheduled(task_id=task, what="Call", due_at=DUE), CustomerRenamed(name="A"))
    record(connection, lead_id, captured(), LeadRetitled(title="B"), noun="lead", customer_id=ann)
    record(connection, ann, CustomerRenamed(name="B"), InteractionLogged(interaction_id=call, kind="call", summary="S"))
    record(connection, ann, EventsUndone(versions=(3, 5)))
    record(connection, lead_id, LeadRetitled(title="C"), noun="lead", customer_id=ann)
    record(connection, ann, FollowUpRescheduled(task_id=task, due_at=DUE + timedelta(days=1)))
    record(connection, ann, FollowUpCompleted(task_id=task))
    whole = history(client, ann)
    (undone,) = (one for one in whole if one["type"] == "customer.events_undone")
    assert touched(undone) == {
        f"interactions[{call}]": ("logged", None),
        f"interactions[{call}].kind": ("call", None),
        f"interactions[{call}].summary": ("S", None),
    }
    for limit in (1, 3):
        pages: list[dict[str, Any]] = []
        cursor = None
        while True:
            asked = {"limit": limit} | ({"cursor": cursor} if cursor else {})
            page = client.get(f"/v1/customers/{ann}/history", params=asked).json()
            pages += page["data"]
            record(connection, ann, CustomerRenamed(name="Meanwhile"))
            cursor = page["next_cursor"]
            assert page["has_more"] == (cursor is not None)
            if not cursor:
                break
        assert pages[: len(whole)] == whole
        assert {touched(one)["name"][1] for one in pages[len(whole) :]} <= {"Meanwhile"}
        whole = history(client, ann)


def test_a_cursor_belongs_to_its_question(client: TestClient, connection: Connection) -> None:
    ann, bea = registered(connection), registered(connection)
    for whose in (ann, bea):
        record(connection, whose, CustomerRenamed(name="B"))
    path = f"/v1/customers/{ann}/history"
    cursor = client.get(path, params={"limit": 1}).json()["next_cursor"]
    assert client.get(path, params={"limit": 1, "cursor": cursor}).json()["has_more"] is False
    for where, more in (
        (path, {"field": "name"}),
        (path, {"axis": "occurred"}),
        (path.replace(str(ann), str(bea)), {}),
    ):
        assert client.get(where, params={"cursor": cursor, **more}).status_code == 400
    connection.execute("INSERT INTO log.epoch (epoch, started_at) VALUES (gen_random_uuid(), clock_timestamp())")
    assert client.get(path, params={"cursor": cursor}).status_code == 410


@pytest.mark.parametrize("remembers", [2_000, 1])
def test_what_was_forgotten_by_the_reader_is_looked_up(
    client: TestClient, connection: Connection, monkeypatch: pytest.MonkeyPatch, remembers: int
) -> None:
    monkeypatch.setattr(changes.FieldHistory.__init__, "__defaults__", (lambda _: (), remembers))
    ann, calls = registered(connection), [uuid4() for _ in range(3)]
    for number, call in enumerate(calls):
        record(connection, ann, InteractionLogged(interaction_id=call, kind="call", summary=f"{number}"))
    record(connection, ann, InteractionCorrected(interaction_id=calls[0], kind="call", summary="x"))
    record(connection, ann, EventsUndone(versions=(5,)))
    record(connection, ann, InteractionCorrected(interaction_id=calls[1], kind="call", summary="y"))
    record(connection, ann, InteractionCorrected(interaction_id=calls[0], kind="call", summary="z"))
    said = [one for entry in history(client, ann)[4:] for one in touched(entry).values()]
    assert said == [("0", "x"), ("x", "0"), ("1", "y"), ("0", "z")]


def test_a_merge_brings_both_histories_together_and_an_un_merge_parts_them(
    client: TestClient, connection: Connection
) -> None:
    ann, anna = registered(connection), registered(connection, "Anna")
    ticket = uuid4()
    opened = record(connection, ticket, TicketOpened(subject="No heat"), noun="ticket", customer_id=ann)
    before = {whose: history(client, whose) for whose in (ann, anna)}
    assert merge(client, "customer", ann, anna).status_code == 200
    both = history(client, ann)
    assert both == history(client, anna)
    assert sorted(told(both)) == sorted(
        ["customer.registered"] * 2 + ["ticket.opened", "customer.merged_into", "customer.absorbed"]
    )
    then = recorded_at(connection, opened).isoformat()
    assert history(client, ann, as_of=then) == before[ann]
    assert post(client, "customer", ann, "revert-merge", {"merge_id": merge_of(connection, ann)}).status_code == 200
    assert history(client, ann)[:2] == before[ann]
    assert told(history(client, anna)) == ["customer.registered", "customer.absorbed", "customer.merge_reverted"]


def test_a_record_filed_under_the_wrong_customer_is_in_the_history_of_the_right_one(
    client: TestClient, connection: Connection
) -> None:
    lead = capture(client)
    wrong, right = lead["customer_id"], registered(connection, "Right")
    before = recorded_at(connection, record(connection, right, CustomerRenamed(name="Right One"))).isoformat()
    assert act(client, lead, "reattribute", {"to_customer_id": str(right)}).status_code == 200
    assert not any(name.startswith("lead.") for name in told(history(client, wrong)))
    assert told(history(client, right))[-1] == "lead.reattributed"
    assert "lead.captured" in told(history(client, right))
    assert "lead.captured" in told(history(client, wrong, as_of=before))
    assert "lead.captured" not in told(history(client, right, as_of=before))


def test_what_was_undone_is_marked_with_the_event_that_did_it(client: TestClient, store: Store) -> None:
    lead = capture(client)
    act(client, lead, "win", {"value": {"amount": "90.00", "currency": "EUR"}})
    (won,) = (one for one in history(client, lead["customer_id"]) if one["type"] == "lead.won")
    assert won["undone_by"] is None
    undo(store, log.Envelope("system", SYSTEM_ID, "test"), UUID(won["command_id"]), reason="Not yet")
    found = {one["type"]: one for one in history(client, lead["customer_id"])}
    taken_back = found["lead.events_undone"]
    assert found["lead.won"]["undone_by"] == {"position": taken_back["position"], "event_id": taken_back["event_id"]}
    assert {**found["lead.won"], "undone_by": None} == won
    assert taken_back["reason"] == "Not yet"
    assert touched(taken_back) == {field: (after, before) for field, (before, after) in touched(won).items()}
    assert all(one["undone_by"] is None for name, one in found.items() if name != "lead.won")
    then = won["recorded_at"]
    assert history(client, lead["customer_id"], as_of=then)[-1] == won, "as it was known then"


def test_of_whoever_was_forgotten_nothing_personal_is_left_and_the_accesses_stay(
    client: TestClient, connection: Connection, store: Store
) -> None:
    ann = registered(connection, "Wilhelmina")
    record(connection, ann, CustomerRenamed(name="Minna"))
    assert "Wilhelmina" in str(history(client, ann))
    forget(store, CustomerId(ann), reason="Asked for it", legal_basis="request")
    assert len(accesses(connection)) == 1
    found = history(client, ann)
    assert not any(name in str(found) for name in ("Wilhelmina", "Minna"))
    assert touched(found[0])["name"] == (None, {"forgotten": True})
    page = client.get(f"/v1/customers/{ann}/accesses").json()
    assert [one["customer_id"] for one in page["data"]] == [str(ann)] * 2


def test_who_may_not_see_what_is_personal_sees_that_it_changed(
    client: TestClient, connection: Connection, store: Store
) -> None:
    ann = registered(connection, "Wilhelmina")
    record(connection, ann, CustomerRenamed(name="Minna"))
    record(connection, uuid4(), captured("Veranda"), LeadLost(reason="Zu teuer"), noun="lead", customer_id=ann)
    with_scopes(client, store, "audit:read")
    found = history(client, ann)
    assert not any(text in json.dumps(found) for text in ("Wilhelmina", "Minna", "Veranda", "Zu teuer"))
    withheld = {"withheld": True}
    assert touched(found[1]) == {"name": (withheld, withheld)}
    assert (found[-1]["reason"], found[-1]["sentence"]) == (withheld, None)
    differing = client.get(
        f"/v1/customers/{ann}/history/difference", params={"from": "2026-03-01", "to": now(connection)}
    )
    assert withheld in [one["after"] for one in differing.json()["data"]]
    assert "Minna" not in differing.text
    assert accesses(connection) == []


def now(connection: Connection) -> str:
    return log.now(connection).isoformat()


def test_every_reading_of_personal_values_is_noted_before_it_is_answered(
    client: TestClient, connection: Connection
) -> None:
    ann, anna = registered(connection), registered(connection)
    merge(client, "customer", ann, anna)
    head = log.read(connection, after=0, horizon=2**62, limit=1_000)[-1].position
    path = f"/v1/customers/{ann}"
    answers = [client.get(f"{path}/history"), client.get(f"{path}/history", headers={"Accept": "text/csv"})]
    asked = {"from": "2026-03-01", "to": now(connection)}
    answers.append(client.get(f"{path}/history/difference", params=asked))
    noted = accesses(connection)
    assert [str(row["request_id"]) for row in noted] == [
        answer.headers["Request-Id"] for answer in answers for _ in range(2)
    ]
    assert {row["customer_id"] for row in noted} == {ann, anna}
    history_way = "GET /v1/customers/{customer_id}/history"
    assert [row["way"] for row in noted[::2]] == [history_way, history_way, f"{history_way}/difference"]
    assert {row["actor"]["kind"] for row in noted} == {"api_key"}
    assert log.read(connection, after=0, horizon=2**62, limit=1_000)[-1].position == head, "reading is no event"
    first = client.get(f"{path}/accesses", params={"limit": 4}).json()
    rest = client.get(f"{path}/accesses", params={"limit": 4, "cursor": first["next_cursor"]}).json()
    ids = [(one["request_id"], one["customer_id"]) for one in first["data"] + rest["data"]]
    assert sorted(ids) == [(str(row["request_id"]), str(row["customer_id"])) for row in noted]
    assert (ids, rest["has_more"]) == (sorted(ids, reverse=True), False)
    assert len(accesses(connection)) == len(noted), "who looked is not personal"


@pytest.mark.parametrize("change", ["UPDATE access.personal_access SET way = ''", "DELETE FROM access.personal_access"])
def test_an_access_is_never_changed_or_removed(client: TestClient, connection: Connection, change: str) -> None:
    history(client, registered(connection))
    with pytest.raises(errors.InsufficientPrivilege, match="append-only"):
        connection.execute(change.encode())
    with pytest.raises(errors.InsufficientPrivilege, match="append-only"):
        connection.execute("TRUNCATE access.personal_access")


def test_nothing_is_shown_when_the_access_cannot_be_noted(client: TestClient, connection: Connection) -> None:
    ann = registered(connection, "Wilhelmina")
    connection.execute("ALTER TABLE access.personal_access ADD CHECK (false)")
    answer = client.get(f"/v1/customers/{ann}/history", headers={"Accept": "application/x-ndjson"})
    assert answer.status_code == 500
    assert "Wilhelmina" not in answer.text


@pytest.mark.parametrize("where", ["history", "history/difference?from=2026-03-01&to=2026-03-02", "accesses"])
def test_only_a_key_that_was_given_the_scope_reads_it(
    client: TestClient, connection: Connection, store: Store, where: str
) -> None:
    path = f"/v1/customers/{registered(connection)}/{where}"
    assert client.get(path).status_code == 200
    assert "audit:read" not in USUAL_SCOPES
    refused = with_scopes(client, store, *USUAL_SCOPES).get(path)
    assert (refused.status_code, "audit:read" in refused.json()["detail"]) == (403, True)
    assert with_scopes(client, store, "audit:read").get(path).status_code == 200


def test_what_cannot_be_answered_is_refused_with_a_sentence(client: TestClient, connection: Connection) -> None:
    ann = registered(connection)
    later = (log.now(connection) + timedelta(days=1)).isoformat()
    period, days = {"from": "2026-03-02", "to": "2026-03-01"}, {"from": "2026-03-01", "to": "2026-03-02"}
    for unknown in (uuid4(), WORKSPACE_ID):
        assert "no customer" in problem(client, unknown, 404)
        assert "no customer" in problem(client, unknown, 404, "accesses")
        assert "no customer" in problem(client, unknown, 404, "history/difference", **days)
    for wrong in ("tomorrow", "2026-03-03T09:00:00", "2026-02-30", "9999-01-01"):
        assert "2026-03-03T09:00:00Z" in problem(client, ann, 422, as_of=wrong)
    for axis in ("recorded", "occurred"):
        assert "not come yet" in problem(client, ann, 422, as_of=later, axis=axis)
    assert "earlier" in problem(client, ann, 422, **period)
    assert "earlier" in problem(client, ann, 422, "history/difference", **period)
    for type_ in ("lead.lose", "workspace.member_invited"):
        assert "no events of that type" in problem(client, ann, 422, type=type_)
    problem(client, ann, 422, axis="sideways")
    problem(client, ann, 422, limit="1000")
    assert accesses(connection) == []


def test_two_moments_are_compared_on_either_axis(client: TestClient, connection: Connection) -> None:
    ann, lead_id = uuid4(), uuid4()
    first = record(connection, ann, CustomerRegistered(kind="person", name="Ann"), at=DUE)
    record(connection, ann, CustomerRenamed(name="Anna"), at=DUE + timedelta(days=3))
    record(connection, ann, CustomerRenamed(name="Late"), at=DUE + timedelta(days=1))
    record(connection, lead_id, captured(), noun="lead", customer_id=ann, at=DUE + timedelta(days=2))
    last = record(connection, lead_id, EventsUndone(versions=(1,)), noun="lead", customer_id=ann)

    def between(axis: str, start: object, end: object) -> dict[str, tuple[object, object]]:
        asked = {"from": str(start), "to": str(end), "axis": axis}
        answer = client.get(f"/v1/customers/{ann}/history/difference", params=asked)
        assert answer.status_code == 200, answer.text
        return touched({"changes": answer.json()["data"]})

    moments = recorded_at(connection, first).isoformat(), recorded_at(connection, last).isoformat()
    assert between("recorded", *moments) == {"name": ("Ann", "Late")}
    assert between("occurred", "2026-03-02", "2026-03-04")["title"] == (None, "Ten seats")
    early = between("occurred", "2026-03-02", "2026-03-05T12:00:00Z")
    assert (early["name"], early["title"]) == (("Ann", "Late"), (None, "Ten seats"))
    assert between("occurred", "2026-03-05", "2026-03-06") == {}


def test_csv_has_a_row_for_each_field_and_no_formula(client: TestClient, connection: Connection) -> None:
    ann = registered(connection, "=HYPERLINK(1)")
    for name in ("+1", "-1", "@a", "\ta", "\ra", 'plain, "quoted"'):
        record(connection, ann, CustomerRenamed(name=name))
    answer = client.get(f"/v1/customers/{ann}/history", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    names = [row["after"] for row in rows if row["field"] == "name"]
    assert names == ["'=HYPERLINK(1)", "'+1", "-1", "'@a", "'\ta", "'\ra", 'plain, "quoted"']
    assert [row["before"] for row in rows if row["field"] == "name"] == ["", *names[:-1]]
    assert {row["actor_kind"] for row in rows} == {"system"}


def test_a_terminal_is_not_moved_by_what_somebody_wrote() -> None:
    assert safe("Zoë \x1b[2J\u202e\n") == "Zoë \\x1b[2J\\u202e\\n"


@pytest.mark.full
def test_the_command_line_writes_all_four_formats(crm: Crm, connection: Connection) -> None:
    ann = registered(connection, "<b>Ann</b>")
    position = record(connection, ann, CustomerRenamed(name="Anna"), by=log.Envelope("user", uuid4(), "console"))
    record(connection, ann, EventsUndone(versions=(2,)))
    text = crm("audit", str(ann))
    assert 'name: "<b>Ann</b>" -> "Anna"' in text
    assert "UNDONE by the event at position" in text
    lines = [json.loads(line) for line in crm("audit", str(ann), "--format", "ndjson").splitlines()]
    assert [line["position"] for line in lines][1] == position
    assert crm("audit", str(ann), "--format", "csv").startswith("position,occurred_at,")
    page = crm("audit", str(ann), "--format", "html")
    assert "&lt;b&gt;Ann&lt;/b&gt;" in page
    assert "<b>Ann</b>" not in page
    assert crm("audit", str(ann), "--as-of", "2026-03-03", "--axis", "recorded").startswith("No event ")
    assert "Anna" not in crm("audit", str(ann), "--no-personal")
    noted = crm("audit", str(ann), "--accesses")
    assert noted.count("crm audit") == len(accesses(connection)) == 5
    assert len(crm("audit", str(ann), "--accesses", "--format", "ndjson").splitlines()) == 5
    first, last = (recorded_at(connection, position - 1).isoformat(), recorded_at(connection, position).isoformat())
    assert 'name: "<b>Ann</b>" -> "Anna"' in crm("audit", str(ann), "--between", first, last)
    for wrong in (
        ["--as-of", "tomorrow"],
        ["--as-of", "2999-01-01"],
        ["--type", "lead.lose"],
        ["--accesses", "--field", "name"],
        ["--between", last, first],
        ["--between", first, last, "--format", "csv"],
    ):
        assert crm("audit", str(ann), *wrong, code=2).strip().endswith(".")
    assert "no customer" in crm("audit", str(uuid4()), code=2)


def test_a_stream_is_whole_whatever_its_pieces(client: TestClient, connection: Connection) -> None:
    ann = registered(connection)
    names = [f"{number} {'x' * 1_000}" for number in range(150)]
    record(connection, ann, *(CustomerRenamed(name=name) for name in names))
    assert [touched(one)["name"][1] for one in history(client, ann)] == ["Ann Example", *names]
    assert b"".join(in_blocks([b"a" * 70_000, b"", b"b"])) == b"a" * 70_000 + b"b"
    assert len(list(in_blocks([b"a" * 1_000] * 100))) == 2
