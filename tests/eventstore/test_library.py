"""The library's Application and Repository run on the log."""

from collections.abc import Iterable, Iterator
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import IntegrityError

from domain import lead
from domain.lead import CaptureLead, Lead, LeadEvent, LoseLead
from domain.workspace import DEFAULT_PIPELINE, Workspace, publish_pipeline
from eventstore import log
from eventstore.database import Connection
from eventstore.library import StreamEvent

PIPELINE = publish_pipeline(Workspace(), DEFAULT_PIPELINE).pipeline


class Dog(Aggregate):
    """One of the library's own aggregates."""

    @event("Registered")
    def __init__(self, name: str) -> None:
        self.name = name
        self.tricks: list[str] = []

    @event("TrickAdded")
    def add_trick(self, trick: str) -> None:
        self.tricks.append(trick)


@pytest.fixture
def application(conninfo: str) -> Iterator[Application[UUID]]:
    env = {"PERSISTENCE_MODULE": "eventstore.library:LogFactory", "EVERFOLD_CONNINFO": conninfo}
    opened: Application[UUID] = Application(env)
    yield opened
    opened.close()


def folded(start: Lead | None, events: Iterable[object]) -> Lead | None:
    state = start
    for stream_event in events:
        assert isinstance(stream_event, StreamEvent)
        assert isinstance(stream_event.event, LeadEvent)
        state = lead.evolve(state, stream_event.event)
    return state


def captured(lead_id: UUID) -> StreamEvent:
    (first,) = lead.capture(CaptureLead(title="Ten seats"), PIPELINE)
    return StreamEvent(lead_id, 1, "lead", first)


def test_the_librarys_own_aggregates_are_saved_and_loaded(application: Application[UUID]) -> None:
    dog = Dog(name="Fido")
    dog.add_trick("roll over")
    application.save(dog)
    copy: Dog = application.repository.get(dog.id)
    assert (copy.name, copy.tricks, copy.version) == ("Fido", ["roll over"], 2)
    assert application.repository.get(dog.id, version=1).tricks == []


def test_domain_events_are_saved_with_customer_and_folded_by_a_function(
    application: Application[UUID], connection: Connection
) -> None:
    lead_id, customer_id = uuid4(), uuid4()
    (recording,) = application.save(captured(lead_id), customer_id=customer_id)
    state = folded(None, application.events.get(lead_id))
    assert state == application.repository.get(lead_id, projector_func=folded)  # type: ignore[type-var]  # a plain fold
    assert state is not None
    assert state.title == "Ten seats"
    (recorded,) = log.load(connection, lead_id).history
    assert (recorded.customer_id, recorded.type) == (customer_id, "lead.captured")
    assert recorded.position == recording.notification.id
    row = connection.execute("SELECT data, personal FROM log.history WHERE stream_id = %s", [lead_id]).fetchone()
    assert row is not None
    assert "title" not in row["data"]
    assert row["personal"]["title"] == "Ten seats"


def test_two_writers_of_one_version_meet_as_an_integrity_error(application: Application[UUID]) -> None:
    lead_id = uuid4()
    application.save(captured(lead_id))
    with pytest.raises(IntegrityError):
        application.save(captured(lead_id))


def test_notifications_come_in_order_from_any_start_and_by_type(application: Application[UUID]) -> None:
    lead_id = uuid4()
    application.save(captured(lead_id))
    application.save(StreamEvent(lead_id, 2, "lead", lead.lose(Lead(), LoseLead(reason="price"))))
    every = application.recorder.select_notifications(None, 100)
    assert [n.topic for n in every[-2:]] == ["lead.captured", "lead.lost"]
    assert application.recorder.max_notification_id() == every[-1].id
    lost = application.recorder.select_notifications(1, 10, topics=["lead.lost"])
    assert [n.id for n in lost] == [every[-1].id]
    assert application.recorder.select_notifications(every[-1].id, 10, inclusive_of_start=False) == []


def test_a_subscription_goes_on_with_what_is_appended_later(application: Application[UUID]) -> None:
    first, second = uuid4(), uuid4()
    application.save(captured(first))
    with application.recorder.subscribe(gt=application.recorder.max_notification_id()) as subscription:
        application.save(captured(second))
        assert next(subscription).originator_id == second
