"""Events of a whole log are written as they are appended, and lie in the order in which they were recorded."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain.customer import CustomerForgotten, CustomerRegistered
from domain.event import CustomerId, Event
from eventstore import codec, log
from eventstore.database import Connection
from eventstore.sealing import verification
from eventstore.whole_log import filling, staging
from eventstore.whole_log.contents import contents
from tests.stored_events import releases, rows

BEGIN = datetime(2025, 3, 1, 9, tzinfo=UTC)
ANN = CustomerId(UUID(int=1))
BY = log.Envelope("user", UUID(int=9), "test")
ODD = 'Tab\t, line\nend\r, \\N, \\., back\\slash, "quotes" and é😀\u2028'


@pytest.mark.parametrize("path", releases(), ids=lambda path: path.stem)
def test_an_event_as_text_is_the_event_as_json(path: Path) -> None:
    for stored in rows(path):
        event = codec.join(stored.type, stored.data, stored.personal, had_personal=stored.had_personal)
        data, personal = codec.split_text(event)
        assert (json.loads(data), personal and json.loads(personal)) == codec.split(event)


def text(
    event: Event,
    version: int,
    recorded: int,
    *,
    order: tuple[int, int] = (0, 0),
    is_forgotten: bool = False,
    key: str | None = None,
) -> bytes:
    new = log.NewEvent(ANN, "customer", ANN, version, event, BEGIN, ("simulated",) if version == 1 else ())
    line = staging.text_of(
        new,
        BY,
        order=order,
        event_id=uuid4().hex,
        salt="00" * 16,
        recorded_at=BEGIN + timedelta(minutes=recorded),
        external_ids=(("crm", key),) if key else (),
        is_forgotten=is_forgotten,
    )
    return f"{line}\n".encode()


def filled(connection: Connection, *texts: bytes) -> None:
    staging.prepare(connection)
    events = staging.stage(connection, texts)
    assert events == len(texts)
    with connection.transaction():
        filling.hold_still(connection)
        staging.fill(connection)
        filling.begin_anew(connection, events)


def test_odd_characters_stay_as_they_are(emptied_log: Connection) -> None:
    filled(emptied_log, text(CustomerRegistered(kind="person", name=ODD), 1, 0, key=ODD))
    (recorded,) = log.load(emptied_log, ANN).history
    assert recorded.event == CustomerRegistered(kind="person", name=ODD)
    assert (recorded.occurred_at, recorded.recorded_at) == (BEGIN, BEGIN)
    assert recorded.metadata == {"channel": "test", "flags": ["simulated"]}
    assert log.find_external_id(emptied_log, "crm", ODD) == log.ExternalId("crm", ODD, ANN, ANN)


def test_positions_follow_the_moment_of_recording_and_then_the_order(emptied_log: Connection) -> None:
    given = (("d", 4, 9, (0, 0)), ("c", 3, 5, (2, 0)), ("b", 2, 5, (1, 8)), ("a", 1, 5, (1, 7)))
    lines = [
        text(CustomerRegistered(kind="person", name=name), version, recorded, order=order)
        for name, version, recorded, order in given
    ]
    filled(emptied_log, *lines)
    history = log.read(emptied_log, after=0, horizon=9, limit=9)
    assert [(r.position, r.version) for r in history] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert verification.verify(emptied_log, None).finding is None
    assert contents(emptied_log, 4).types == {"customer.registered": 4}
    assert contents(emptied_log, 3).digest != contents(emptied_log, 4).digest
    assert contents(emptied_log, 0).events == 0


def test_of_the_forgotten_only_digests_and_the_mark_are_kept(emptied_log: Connection) -> None:
    filled(
        emptied_log,
        text(CustomerRegistered(kind="person", name="Ann"), 1, 0, is_forgotten=True, key="ann@example.org"),
        text(CustomerForgotten(legal_basis="request"), 2, 5, is_forgotten=True),
    )
    assert staging.forgotten(emptied_log)[0].customer_id == ANN
    assert emptied_log.execute("SELECT FROM log.personal_data").fetchall() == []
    assert log.find_external_id(emptied_log, "crm", "ann@example.org") is None
    rows_ = emptied_log.execute("SELECT personal_digest IS NULL AS none FROM log.event ORDER BY position").fetchall()
    assert [row["none"] for row in rows_] == [False, True]
    assert emptied_log.execute("SELECT * FROM log.forgotten").fetchall() == [
        {"customer_id": ANN, "subject_id": ANN, "position": 2}
    ]
    assert verification.verify(emptied_log, None).finding is None
    with pytest.raises(log.SubjectForgotten):
        log.append(emptied_log, [log.NewEvent(ANN, "customer", ANN, 3, CustomerForgotten(legal_basis="request"))], BY)
