"""Events stored in an older schema are read in today's, wherever they are read; newer ones are refused."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import Application

from api.kpis import ask
from domain import lead
from domain.event import FORGOTTEN, CustomerId, Event
from domain.lead import LeadCaptured, LeadWon
from eventstore import log
from eventstore.codec import NewerEvent
from eventstore.database import Connection
from eventstore.fence import horizon
from projections.kpi import kpis
from projections.sight import EVERYTHING
from replay.follow import catch_up
from tests.facts import NOBODY, captured, given

MIGRATION = Path(__file__).with_name("upcast_lead_captured.sql").read_text()


@pytest.fixture
def changed(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """`lead.captured` has a second schema."""
    connection.execute(MIGRATION.encode())
    monkeypatch.setattr(LeadCaptured, "schema_version", 2)


def stored_before(connection: Connection) -> tuple[UUID, UUID]:
    """Ids of a lead and its customer, captured when the first schema was today's."""
    lead_id, customer_id = uuid4(), uuid4()
    row = log.row_of(
        log.NewEvent(CustomerId(customer_id), "lead", lead_id, 1, captured("Ten seats", form={"size": "10"})), NOBODY
    )
    row["schema_version"] = 1
    row["data"]["origin"] = row["data"].pop("source", "fair")
    row["personal"]["form"]["title"] = row["personal"].pop("title")
    log.append_rows(connection, [row], None)
    return lead_id, customer_id


def by_stream(connection: Connection, lead_id: UUID, _: UUID) -> list[log.Recorded]:
    return list(log.load(connection, lead_id).history)


def by_streams(connection: Connection, lead_id: UUID, _: UUID) -> list[log.Recorded]:
    return log.load_many(connection, [lead_id])[lead_id]


def by_customer(connection: Connection, _: UUID, customer_id: UUID) -> list[log.Recorded]:
    return log.load_customer(connection, CustomerId(customer_id), horizon(connection))


def in_order(connection: Connection, _: UUID, customer_id: UUID) -> list[log.Recorded]:
    return log.read(connection, after=0, horizon=horizon(connection), limit=10, customer_id=customer_id)


Loading = Callable[[Connection, UUID, UUID], list[log.Recorded]]
EVERY_WAY = pytest.mark.parametrize("loading", [by_stream, by_streams, by_customer, in_order])


@EVERY_WAY
def test_an_old_row_is_read_in_the_new_shape(connection: Connection, changed: None, loading: Loading) -> None:
    (recorded,) = loading(connection, *stored_before(connection))
    assert isinstance(recorded.event, LeadCaptured)
    assert recorded.event.source == "fair"
    assert recorded.event.title == "Ten seats"
    assert recorded.event.form == {"size": "10"}
    assert lead.evolve(None, recorded.event).title == "Ten seats"


def test_the_library_reads_it_so_too(connection: Connection, conninfo: str, changed: None) -> None:
    lead_id, _ = stored_before(connection)
    env = {"PERSISTENCE_MODULE": "eventstore.library:LogFactory", "EVERFOLD_CONNINFO": conninfo}
    with Application[UUID](env) as application:
        (stored,) = application.events.get(lead_id)
        (notification,) = application.recorder.select_notifications(None, 9, topics=["lead.captured"])
    assert isinstance(event := stored.event, LeadCaptured)  # type: ignore[attr-defined]  # a StreamEvent
    assert (event.source, event.title) == ("fair", "Ten seats")
    assert b"origin" not in notification.state


def test_folds_and_figures_read_it_so_too(connection: Connection, changed: None) -> None:
    lead_id, customer_id = stored_before(connection)
    given(connection, LeadWon(), lead_id=lead_id, customer_id=customer_id, version=1)
    catch_up(connection)
    (row,) = connection.execute("SELECT title, source FROM public.lead WHERE lead_id = %s", [lead_id])
    assert (row["title"], row["source"]) == ("Ten seats", "fair")
    result = ask(connection, kpis()["win_rate"], "UTC", group_by="source", sight=EVERYTHING)
    assert result.groups is not None
    assert [group.group for group in result.groups] == ["fair"]


def test_what_was_forgotten_stays_forgotten(connection: Connection, changed: None) -> None:
    lead_id, customer_id = stored_before(connection)
    connection.execute("DELETE FROM log.personal_data WHERE customer_id = %s", [customer_id])
    (recorded,) = by_stream(connection, lead_id, customer_id)
    assert isinstance(recorded.event, LeadCaptured)
    assert (recorded.event.source, recorded.event.title) == ("fair", FORGOTTEN)


def test_digests_cover_the_row_as_it_was_stored(connection: Connection, changed: None) -> None:
    stored_before(connection)
    given(connection, captured())
    row = connection.execute(
        "SELECT count(*) AS events, bool_and(e.digest = log.digest(e)) AS are_right, "
        "bool_and(e.personal_digest IS NOT DISTINCT FROM log.personal_digest(p.data, p.salt)) AS are_right_beside "
        "FROM log.event AS e LEFT JOIN log.personal_data AS p USING (customer_id, position)"
    ).fetchone()
    assert row == {"events": 3, "are_right": True, "are_right_beside": True}


def test_new_rows_are_written_in_the_new_schema_and_left_as_they_are(connection: Connection, changed: None) -> None:
    lead_id, _ = given(connection, captured("Roof", source="web"))
    (row,) = connection.execute("SELECT schema_version, data FROM log.event WHERE stream_id = %s", [lead_id])
    assert row["schema_version"] == 2
    assert row["data"]["source"] == "web"
    (recorded,) = log.load(connection, lead_id).history
    assert recorded.event == captured("Roof", source="web")


@EVERY_WAY
def test_a_row_in_a_newer_schema_is_refused(connection: Connection, loading: Loading) -> None:
    lead_id = customer_id = uuid4()
    row = log.row_of(log.NewEvent(CustomerId(customer_id), "lead", lead_id, 1, captured()), NOBODY)
    log.append_rows(connection, [row | {"schema_version": 2}], None)
    with pytest.raises(NewerEvent, match=r"holds a lead\.captured in version 2 .* run that version, or a later one"):
        loading(connection, lead_id, customer_id)


def test_an_event_of_an_unknown_type_is_kept_as_it_is(connection: Connection) -> None:
    stream_id = uuid4()
    row = log.row_of(log.NewEvent(CustomerId(stream_id), "lead", stream_id, 1, LeadWon()), NOBODY)
    log.append_rows(connection, [row | {"type": "lead.sung", "data": {"song": 7}, "schema_version": 3}], None)
    (recorded,) = log.load(connection, stream_id).history
    assert isinstance(recorded.event, Event)
    assert recorded.event.model_dump() == {"song": 7}


@pytest.mark.parametrize("migration", ["SELECT 1", MIGRATION], ids=["as delivered", "with a second schema"])
def test_the_functions_dissolve_and_the_personal_join_falls_away(connection: Connection, migration: str) -> None:
    connection.execute(migration.encode())

    def plan(columns: str) -> str:
        rows = connection.execute(f"EXPLAIN (VERBOSE) SELECT {columns} FROM log.history WHERE type = 'lead.captured'")
        return "\n".join(str(row["QUERY PLAN"]) for row in rows)

    both = plan("data, personal")
    assert "personal_data" in both
    assert "upcast" not in both
    assert "personal_data" not in plan("data, occurred_at")
    assert "origin" not in plan("occurred_at")
