"""The library's Application and Repository run on the log."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import DataError, IntegrityError, NotSupportedError, OperationalError, StoredEvent

from domain import lead
from domain.event import FORGOTTEN, CustomerId
from domain.lead import CaptureLead, Lead, LeadEvent, LoseLead
from domain.workspace import DEFAULT_PIPELINE, Workspace, publish_pipeline
from eventstore import log
from eventstore.codec import NewerEvent
from eventstore.database import Connection
from eventstore.library import StreamEvent

PIPELINE = publish_pipeline(Workspace(), DEFAULT_PIPELINE).pipeline
NOBODY = log.Envelope("system", UUID(int=0), "test")


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
    (first,) = lead.capture(CaptureLead(title="Ten seats"), PIPELINE, Workspace())
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


def test_save_takes_the_whole_envelope_by_keyword(application: Application[UUID], connection: Connection) -> None:
    customer_id, lead_id, command_id, moment = uuid4(), uuid4(), uuid4(), datetime(2026, 3, 2, 9, tzinfo=UTC)
    envelope = log.Envelope("api_key", uuid4(), "web", correlation_id=uuid4(), causation_id=uuid4())
    dog = Dog("Fido")
    recordings = application.save(
        captured(lead_id),
        dog,
        customer_id=customer_id,
        stream_type="dog",
        envelope=envelope,
        claim=log.Claim(CustomerId(customer_id), command_id, b"hash"),
        external_ids=[log.ExternalId("chip", "1234", CustomerId(customer_id), dog.id)],
        flags=["odd"],
        part_id=lead_id,
        occurred_at=moment,
    )
    lead_event, dog_event = log.read_positions(connection, [recording.notification.id for recording in recordings])
    assert [lead_event.stream_type, dog_event.stream_type] == ["lead", "dog"]
    assert dog_event.part_id == lead_id
    for recorded in (lead_event, dog_event):
        assert recorded.customer_id == customer_id
        assert recorded.actor == {"kind": "api_key", "id": str(envelope.actor_id)}
        assert recorded.metadata == {"channel": "web", "flags": ["odd"]}
        assert (recorded.command_id, recorded.correlation_id) == (command_id, envelope.correlation_id)
        assert recorded.occurred_at == moment
    causes = connection.execute("SELECT DISTINCT causation_id FROM log.history WHERE customer_id = %s", [customer_id])
    assert [row["causation_id"] for row in causes] == [envelope.causation_id]
    found = log.find_external_id(connection, "chip", "1234")
    assert found is not None
    assert found.stream_id == dog.id
    with pytest.raises(IntegrityError, match="carried out before"):
        application.save(Dog("Rex"), claim=log.Claim(CustomerId(customer_id), command_id, b"hash"))
    with pytest.raises(IntegrityError, match="external id"):
        application.save(Dog("Rex"), external_ids=[log.ExternalId("chip", "1234", CustomerId(customer_id), uuid4())])


def test_several_streams_are_saved_in_one_append(application: Application[UUID], connection: Connection) -> None:
    customer_id, lead_id = uuid4(), uuid4()
    dogs = [Dog("Fido"), Dog("Rex"), Dog("Bello")]
    for dog in dogs:
        dog.add_trick("roll over")
        dog.add_trick("sit")
    lost = StreamEvent(lead_id, 2, "lead", lead.lose(Lead(), LoseLead(reason="price")))
    recordings = application.save(dogs[0], captured(lead_id), *dogs[1:], lost, customer_id=customer_id)
    assert len(recordings) == 11
    recorded = log.read_positions(connection, [recording.notification.id for recording in recordings])
    assert {event.customer_id for event in recorded} == {customer_id}
    assert [(event.stream_id, event.version) for event in recorded] == [
        *((dogs[0].id, version) for version in (1, 2, 3)),
        (lead_id, 1),
        *((dogs[1].id, version) for version in (1, 2, 3)),
        *((dogs[2].id, version) for version in (1, 2, 3)),
        (lead_id, 2),
    ]
    assert len({event.event_id for event in recorded}) == 11
    assert [event.stream_type for event in recorded] == [*["aggregate"] * 3, "lead", *["aggregate"] * 6, "lead"]
    copies: list[Dog] = [application.repository.get(dog.id) for dog in dogs]
    assert [copy.name for copy in copies] == ["Fido", "Rex", "Bello"]
    assert [copy.tricks for copy in copies] == [["roll over", "sit"]] * 3


def test_the_personal_part_has_the_subject_that_save_names(
    application: Application[UUID], connection: Connection
) -> None:
    lead_id, customer_id, person_id = uuid4(), uuid4(), uuid4()
    application.save(captured(lead_id), customer_id=customer_id, subject_id=person_id)
    (row,) = connection.execute("SELECT subject_id FROM log.personal_data WHERE customer_id = %s", [customer_id])
    assert row["subject_id"] == person_id


def test_a_keyword_that_save_does_not_know_is_refused(application: Application[UUID], connection: Connection) -> None:
    before = application.recorder.max_notification_id()
    with pytest.raises(TypeError, match="no 'customerid'; it takes customer_id"):
        application.save(Dog("Fido"), customerid=uuid4())
    assert application.recorder.max_notification_id() == before


@pytest.mark.parametrize("state", [b"\xff\x00", b"state1", b""])
def test_a_state_that_is_not_json_is_refused_with_the_way_out(application: Application[UUID], state: bytes) -> None:
    with pytest.raises(DataError, match="COMPRESSOR_TOPIC unset"):
        application.recorder.insert_events([StoredEvent(uuid4(), 1, "topic", state)])


@pytest.mark.parametrize("state", [b'{"a":NaN,"secret":"Ann"}', b'{"secret":"Ann\\u0000"}', b'{"secret":"Ann\\ud800"}'])
def test_a_state_that_postgres_cannot_hold_is_refused_without_quoting_it(
    application: Application[UUID], state: bytes
) -> None:
    with pytest.raises(DataError) as refused:
        application.recorder.insert_events([StoredEvent(uuid4(), 1, "topic", state)])
    assert "Ann" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_stream_of_another_customer_is_refused(application: Application[UUID]) -> None:
    dog = Dog("Fido")
    application.save(dog)
    dog.add_trick("roll over")
    with pytest.raises(IntegrityError, match="event_customer"):
        application.save(dog, customer_id=uuid4())


def test_what_was_forgotten_is_loaded_as_such(application: Application[UUID], connection: Connection) -> None:
    lead_id, customer_id = uuid4(), uuid4()
    application.save(captured(lead_id), customer_id=customer_id)
    connection.execute("DELETE FROM log.personal_data WHERE customer_id = %s", [customer_id])
    state = folded(None, application.events.get(lead_id))
    assert state is not None
    assert state.title == FORGOTTEN
    (notification,) = application.recorder.select_notifications(None, 1, topics=["lead.captured"])
    assert b"Ten seats" not in notification.state
    assert b'"forgotten": true' in notification.state


def test_an_event_of_a_newer_program_is_refused(application: Application[UUID], connection: Connection) -> None:
    lead_id = uuid4()
    row = log.row_of(log.NewEvent(CustomerId(lead_id), "lead", lead_id, 1, captured(lead_id).event), NOBODY)
    log.append_rows(connection, [row | {"schema_version": 2}], None)
    with pytest.raises(NewerEvent, match=r"lead\.captured in version 2 .* knows version 1"):
        list(application.events.get(lead_id))
    with pytest.raises(NewerEvent):
        application.recorder.select_notifications(None, 10, topics=["lead.captured"])


def test_a_database_that_has_gone_is_the_librarys_operational_error(conninfo: str) -> None:
    gone = conninfo.replace("dbname=test_", "dbname=gone_")
    assert gone != conninfo
    env = {"PERSISTENCE_MODULE": "eventstore.library:LogFactory", "EVERFOLD_CONNINFO": f"{gone} connect_timeout=1"}
    with Application[UUID](env) as application, pytest.raises(OperationalError, match="Try again"):
        application.save(Dog("Fido"))


def test_a_factory_without_a_database_says_what_to_set() -> None:
    with pytest.raises(NotSupportedError, match="Set EVERFOLD_CONNINFO"):
        Application[UUID]({"PERSISTENCE_MODULE": "eventstore.library:LogFactory"})


def test_a_subscription_to_some_types_passes_over_the_others_once(application: Application[UUID]) -> None:
    first, second = uuid4(), uuid4()
    with application.recorder.subscribe(gt=0, topics=["lead.captured"]) as subscription:
        application.save(captured(first))
        application.save(*(Dog("Fido") for _ in range(3)))
        assert next(subscription).originator_id == first
        after = subscription._read_up_to  # type: ignore[attr-defined]  # how far it has asked
        application.save(captured(second))
        assert next(subscription).originator_id == second
    assert after >= 4
