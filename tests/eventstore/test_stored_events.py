"""What any release stored is loaded for ever: as it was stored, through the log."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from domain import campaign, customer, imports, lead, ticket, workspace
from domain.catalogue import EVENT_TYPES
from domain.event import FORGOTTEN, personal_fields
from eventstore import codec, log
from eventstore.database import Connection
from eventstore.fence import horizon
from projections.read_models import read_models
from replay.follow import catch_up
from replay.verification import verify
from tests.facts import NOBODY
from tests.stored_events import SUMS, Stored, checksum, coming, releases, rows

EVERY_RELEASE = pytest.mark.parametrize("path", releases(), ids=lambda path: path.stem)

EVOLVE: Mapping[str, Callable[[Any], object]] = {  # Any: an event of that noun
    "customer": lambda event: customer.evolve(None, event),
    "lead": lambda event: lead.evolve(None, event),
    "ticket": lambda event: ticket.evolve(None, event),
    "campaign": lambda event: campaign.evolve(None, event),
    "workspace": lambda event: workspace.evolve(workspace.Workspace(), event),
    "import": lambda event: imports.evolve(None, event),
}


def append_as_stored(connection: Connection, stored: Stored) -> int:
    """The row, into a stream of its own; returns its position."""
    stream_id = uuid4()
    part_field = EVENT_TYPES[stored.type].part_field
    personal = dict(stored.personal or {"was": "forgotten"}) if stored.had_personal else None
    row = log.new_row(
        NOBODY,
        customer_id=stream_id,
        stream_type=stored.stream_type,
        stream_id=stream_id,
        version=1,
        type_=stored.type,
        data=dict(stored.data),
        personal=personal,
        part_id=stored.data[part_field] if part_field else None,
        occurred_at=None,
    )
    (position,) = log.append_rows(connection, [row | {"schema_version": stored.schema_version}], None)
    if stored.personal is None:
        connection.execute("DELETE FROM log.personal_data WHERE customer_id = %s", [stream_id])
    return position


@EVERY_RELEASE
def test_every_event_loads_and_evolves(connection: Connection, path: Path) -> None:
    expected = {append_as_stored(connection, stored): stored for stored in rows(path)}
    loaded = log.read_positions(connection, list(expected))
    assert len(loaded) == len(expected)
    for recorded in loaded:
        stored = expected[recorded.position]
        event = recorded.event
        assert type(event) is EVENT_TYPES[stored.type]
        assert EVOLVE[stored.stream_type](event) is not None
        if stored.had_personal and stored.personal is None:
            assert {getattr(event, name) for name in personal_fields(type(event))} == {FORGOTTEN}
        elif stored.schema_version == type(event).schema_version:
            assert codec.split(event) == (stored.data, stored.personal)


@EVERY_RELEASE
def test_read_models_fold_every_event(emptied_log: Connection, path: Path) -> None:
    for stored in rows(path):
        append_as_stored(emptied_log, stored)
    assert catch_up(emptied_log) == horizon(emptied_log)
    for model in read_models().values():
        assert verify(emptied_log, model).differing == 0


def test_whatever_is_written_today_is_in_the_file_of_the_coming_release() -> None:
    found = {(stored.type, stored.schema_version) for stored in rows(coming())}
    missing = {(name, event.schema_version) for name, event in EVENT_TYPES.items()} - found
    assert not missing, "run: python -m tests.stored_events"
    forgotten = {stored.type for stored in rows(coming()) if stored.had_personal and stored.personal is None}
    assert {name for name, event in EVENT_TYPES.items() if personal_fields(event)} <= forgotten


def test_no_file_was_changed() -> None:
    assert SUMS.read_text().splitlines() == [f"{checksum(path)}  {path.name}" for path in releases()]
    assert coming() in releases()
