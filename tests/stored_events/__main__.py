"""Adds what the file of the coming release lacks; see the package."""

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from hypothesis import settings
from hypothesis.errors import NonInteractiveExampleWarning

from domain.catalogue import EVENT_TYPES
from domain.event import FORGOTTEN, CustomerId, Event, personal_fields
from domain.lead import LeadCaptured
from eventstore import log, server
from eventstore.database import Connection, connect, migrate
from tests.domain.histories import examples_of
from tests.facts import NOBODY
from tests.stored_events import Stored, add, coming, rows

FORGOT = "forgotten"
TYPICAL = "Ten seats for the new office, by spring"
ODD = (
    'Zo\xeb\t"\u03a9" \\ %s %(x)s {}\n\u202e\u0639\u0643\u0633\u202c e\u0301 '
    "\U0001f469\u200d\U0001f467 \u200b\x01\x7f\x85\u2028\ufffe </script>"
)
LONGEST = "x" * 19_999 + "\xdf"


def main() -> None:
    settings.load_profile("default")  # that of build machines would find the same example again and again
    path = coming()
    known = {(row.type, row.schema_version) for row in rows(path)} if path.exists() else set()
    missing = {name: event for name, event in EVENT_TYPES.items() if (name, event.schema_version) not in known}
    with (
        tempfile.TemporaryDirectory() as folder,
        server.running(Path(folder)) as conninfo,
        connect(conninfo) as connection,
    ):
        migrate(connection)
        added = add(path, (row for name in missing for row in stored(connection, name)))
    print(f"{added} rows of {len(missing)} event types were added to {path.name}")


def stored(connection: Connection, name: str) -> Iterator[Stored]:
    for case, event in cases(EVENT_TYPES[name]):
        noun, stream_id = name.partition(".")[0], uuid4()
        log.append(connection, [log.NewEvent(CustomerId(stream_id), noun, stream_id, 1, event)], NOBODY)
        row = connection.execute(
            "SELECT e.schema_version, e.data, p.data AS personal, e.personal_digest IS NOT NULL AS had_personal "
            "FROM log.event AS e LEFT JOIN log.personal_data AS p USING (customer_id, position) WHERE stream_id = %s",
            [stream_id],
        ).fetchone()
        assert row is not None
        yield Stored(type=name, stream_type=noun, case=case, **row | ({"personal": None} if case == FORGOT else {}))


def cases(event: type[Event]) -> Iterator[tuple[str, Event]]:
    """The event with all of its fields, with the fewest, and with odd and with the longest text."""
    strategy = examples_of(event)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NonInteractiveExampleWarning)
        while not is_full(full := strategy.example()):
            pass
    texts = {name for name in personal_fields(event) if isinstance(getattr(full, name), str)}

    def saying(text: str) -> Event:
        part = {event.part_field: uuid4()} if event.part_field else {}  # each is about another
        return event.model_validate(full.model_dump() | dict.fromkeys(texts, text) | part)

    yield "all fields", saying(TYPICAL)
    needed = {name for name, field in event.model_fields.items() if field.is_required()}
    yield "fewest fields", event.model_validate(saying(TYPICAL).model_dump(include=needed))
    if personal_fields(event):
        yield FORGOT, saying(TYPICAL)
    if texts:
        yield "odd text", saying(ODD)
    if event is LeadCaptured:
        yield "longest text", saying(LONGEST)


def is_full(event: Event) -> bool:
    given = [getattr(event, name) for name in type(event).model_fields]
    return all(value not in (None, FORGOTTEN, {}, ()) for value in given)


main()
