"""What the library loads, from events, snapshots or its cache, is what stands."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from domain import lead
from domain.lead import Lead, LeadEvent, LeadQualified, LeadRetitled
from domain.undo import EventsUndone
from eventstore.database import Connection
from eventstore.library import StreamEvent
from eventstore.library.cache import LogApplication
from eventstore.library.recorder import LogSnapshots
from tests.facts import captured, given


@dataclass
class Loaded:
    """A lead as the library keeps it."""

    id: UUID
    version: int
    lead: Lead | None


def folded(start: Loaded | None, events: Iterable[Any]) -> Loaded | None:
    for event in events:
        assert isinstance(event, StreamEvent)
        assert isinstance(event.event, LeadEvent)
        state = lead.evolve(start.lead if start else None, event.event)
        start = Loaded(event.originator_id, event.originator_version, state)
    return start


@pytest.fixture
def application(conninfo: str) -> Iterator[LogApplication]:
    with LogApplication({"EVERFOLD_CONNINFO": conninfo, "AGGREGATE_CACHE_MAXSIZE": "10"}) as opened:
        yield opened


def title(application: LogApplication, lead_id: UUID, version: int | None = None) -> object:
    found: Any = application.repository.get(lead_id, version=version, projector_func=folded)
    return found.version, found.lead.title


def test_the_cache_holds_nothing_that_was_undone_since(application: LogApplication, connection: Connection) -> None:
    lead_id, customer_id = given(connection, captured("First"), LeadRetitled(title="Second"), LeadQualified())
    assert title(application, lead_id) == (3, "Second")
    given(connection, EventsUndone(versions=(2,)), lead_id=lead_id, customer_id=customer_id, version=3)
    assert title(application, lead_id) == (4, "First")
    assert title(application, lead_id) == (4, "First")
    given(connection, LeadRetitled(title="Third"), lead_id=lead_id, customer_id=customer_id, version=4)
    assert title(application, lead_id) == (5, "Third")
    assert title(application, lead_id, version=3) == (3, "Second")
    assert title(application, lead_id, version=4) == (4, "First")


def test_a_cached_lead_of_which_nothing_was_undone_stays_cached(
    application: LogApplication, connection: Connection
) -> None:
    one, _ = given(connection, captured("One"))
    other, customer_id = given(connection, captured("Other"), LeadQualified())
    assert title(application, one) == (1, "One")
    given(connection, EventsUndone(versions=(2,)), lead_id=other, customer_id=customer_id, version=2)
    assert title(application, other) == (3, "Other")
    assert application.repository.cache is not None
    assert application.repository.cache.get(one).version == 1


def test_a_snapshot_that_holds_what_was_undone_is_passed_over(
    application: LogApplication, connection: Connection
) -> None:
    lead_id, customer_id = given(connection, captured(), LeadQualified(), LeadRetitled(title="Roof"))
    for version in (1, 2, 3):
        connection.execute("SELECT log.add_snapshot(%s, %s, 'kept', '{}')", [lead_id, version])
    given(connection, EventsUndone(versions=(2,)), lead_id=lead_id, customer_id=customer_id, version=3)
    pool = application.factory.pool  # type: ignore[attr-defined]  # the log's own factory has one

    def kept(lte: int | None = None) -> list[int]:
        found: list[StoredEvent] = list(LogSnapshots(pool).select_events(lead_id, desc=True, lte=lte))
        return [stored.originator_version for stored in found]

    assert kept() == [1]
    assert kept(lte=3) == [3, 2, 1]
    assert kept(lte=4) == [1]


def test_other_leads_are_not_touched_by_it(application: LogApplication, connection: Connection) -> None:
    given(connection, captured(), EventsUndone(versions=(1,)))
    lead_id, _ = given(connection, captured("Other"))
    assert title(application, lead_id) == (1, "Other")
    assert application.recorder.max_notification_id() is not None
    assert uuid4() not in application.repository
