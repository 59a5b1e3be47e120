"""The log's two verbs: append what a command decided, all or nothing; load what happened, in order."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, TypeVar, cast
from uuid import UUID

from psycopg import errors
from uuid_utils.compat import uuid7

from domain.catalogue import stored_type_of
from domain.event import CustomerId
from eventstore import codec
from eventstore.database import Connection, query
from eventstore.records import CarriedOut as CarriedOut
from eventstore.records import Claim as Claim
from eventstore.records import CommandAlreadyCarriedOut as CommandAlreadyCarriedOut
from eventstore.records import Envelope as Envelope
from eventstore.records import ExternalId as ExternalId
from eventstore.records import ExternalIdTaken as ExternalIdTaken
from eventstore.records import Loaded as Loaded
from eventstore.records import NewEvent as NewEvent
from eventstore.records import Recorded as Recorded
from eventstore.records import SubjectForgotten as SubjectForgotten
from eventstore.records import VersionConflict as VersionConflict
from eventstore.turns import Turn

Row = dict[str, Any]  # Any: one database row, typed by its columns

_REATTRIBUTIONS = frozenset({"lead.reattributed", "ticket.reattributed"})


def append(
    connection: Connection,
    events: Sequence[NewEvent],
    envelope: Envelope,
    claim: Claim | None = None,
    external_ids: Sequence[ExternalId] = (),
    turn: Turn | None = None,
) -> list[int]:
    """Append the events in one atomic statement and return their positions, in the order of the events.

    The command's turn, where it has taken one, ends with that. Raises VersionConflict, CommandAlreadyCarriedOut,
    ExternalIdTaken or SubjectForgotten; then nothing was appended. Does not retry.
    """
    return append_rows(connection, [row_of(event, envelope) for event in events], claim, external_ids, turn)


def append_rows(
    connection: Connection,
    rows: Sequence[Row],
    claim: Claim | None,
    external_ids: Sequence[ExternalId] = (),
    turn: Turn | None = None,
) -> list[int]:
    """The same for rows that are already in the log's columns (see `log.append` in the migrations)."""
    if not rows:
        return []
    with conflicts():
        # as texts: the driver takes longer over lists and JSON than the database over reading them
        result = connection.execute(
            query("eventstore", "append"),
            {
                "customer_ids": "{"
                + ",".join(sorted({concerned for row in rows for concerned in _concerned(row)}))
                + "}",
                "events": json.dumps(rows),
                "command_customer_id": _text(claim.customer_id if claim else None),
                "command_id": _text(claim.command_id if claim else None),
                "body_hash": claim and claim.body_hash,
                "external_ids": claimed(external_ids),
                "turn": _text(turn.command_id if turn and turn.is_mine else None),
            },
            prepare=True,
        ).fetchone()
    assert result is not None
    if turn:
        turn.is_mine = False
    positions: list[int] = result["positions"]
    return positions


def new_row(
    envelope: Envelope,
    *,
    customer_id: UUID,
    stream_type: str,
    stream_id: UUID,
    version: int | None,
    type_: str,
    data: codec.Json,
    personal: codec.Json | None,
    part_id: UUID | str | None,
    occurred_at: datetime | None,
    flags: Sequence[str] = (),
    subject_id: UUID | None = None,
) -> Row:
    """An event in the log's columns, ready for `append_rows`."""
    row = {
        "customer_id": str(customer_id),
        "stream_id": str(stream_id),
        "stream_type": stream_type,
        "version": version,
        "event_id": str(uuid7()),
        "type": type_,
        "schema_version": codec.schema_version(type_),
        "data": data,
        "actor": {"kind": envelope.actor_kind, "id": str(envelope.actor_id)},
        "correlation_id": _text(envelope.correlation_id),
        "causation_id": _text(envelope.causation_id),
        "metadata": _metadata(envelope, flags),
        "part_id": _text(part_id),
        "occurred_at": occurred_at and occurred_at.isoformat(),
    }
    return row | ({"personal": personal, "subject_id": str(subject_id or customer_id)} if personal else {})


def load(connection: Connection, stream_id: UUID, command_id: UUID | None = None) -> Loaded:
    """A stream's events in order, and in the same round trip whether the command was carried out on it before."""
    parameters = {"stream_id": stream_id, "command_id": command_id}
    with connection.pipeline():
        # in this order: each statement sees its own moment, and a command that is found must find its events too
        command = connection.execute(query("eventstore", "command"), parameters, prepare=True)
        events = connection.execute(query("eventstore", "load_stream"), parameters, prepare=True)
    carried_out = command.fetchone()
    return Loaded([_recorded(row) for row in events], CarriedOut(**carried_out) if carried_out else None)


def load_from(connection: Connection, stream_id: UUID, version: int) -> list[Recorded]:
    """A stream's events from this version on, in order."""
    parameters = {"stream_id": stream_id, "version": version}
    rows = connection.execute(query("eventstore", "load_stream_from"), parameters, prepare=True)
    return [_recorded(row) for row in rows]


def load_many(connection: Connection, stream_ids: Collection[UUID]) -> dict[UUID, list[Recorded]]:
    """The events of several streams in order, in one round trip; a stream without events is not in the answer."""
    rows = connection.execute(query("eventstore", "load_streams"), {"stream_ids": list(stream_ids)})
    return {
        stream_id: [_recorded(row) for row in events]
        for stream_id, events in groupby(rows, key=lambda row: cast(UUID, row["stream_id"]))
    }


def load_together(connection: Connection, stream_ids: Sequence[UUID], command_id: UUID | None) -> dict[UUID, Loaded]:
    """The same as `load` for several streams at once; the command is looked for on the first of them."""
    if len(stream_ids) == 1:
        return {stream_ids[0]: load(connection, stream_ids[0], command_id)}
    parameters = {"stream_id": stream_ids[0], "command_id": command_id}
    with connection.pipeline():
        command = connection.execute(query("eventstore", "command"), parameters, prepare=True)
        histories = load_many(connection, stream_ids)
    row = command.fetchone()
    carried_out = CarriedOut(**row) if row else None
    return {
        stream_id: Loaded(histories.get(stream_id, ()), carried_out if stream_id == stream_ids[0] else None)
        for stream_id in stream_ids
    }


def load_customer(connection: Connection, customer_id: CustomerId, horizon: int) -> list[Recorded]:
    """A customer's whole history up to a position, over all her streams, in the order in which it was recorded."""
    rows = connection.execute(query("eventstore", "load_customer"), {"customer_id": customer_id, "horizon": horizon})
    return [_recorded(row) for row in rows]


def has_customer(connection: Connection, customer_id: CustomerId) -> bool:
    """Whether anything was ever recorded in this customer's history."""
    row = connection.execute(query("eventstore", "has_customer"), {"customer_id": customer_id}).fetchone()
    return bool(row and row["known"])


def has_standing_customer(connection: Connection, customer_id: CustomerId) -> bool:
    """The same of what counts: not where all of it was undone."""
    row = connection.execute(query("eventstore", "has_standing_customer"), {"customer_id": customer_id}).fetchone()
    return bool(row and row["known"])


def epoch(connection: Connection) -> UUID:
    """Which numbering the log's positions belong to."""
    row = connection.execute("SELECT epoch FROM log.epoch ORDER BY started_at DESC LIMIT 1").fetchone()
    assert row is not None
    found: UUID = row["epoch"]
    return found


def load_part(connection: Connection, customer_id: CustomerId, part_id: UUID) -> list[Recorded]:
    """The events about one part of a customer's history: an interaction, a task, an API key."""
    rows = connection.execute(query("eventstore", "load_part"), {"customer_id": customer_id, "part_id": part_id})
    return [_recorded(row) for row in rows]


def read(
    connection: Connection,
    *,
    after: int,
    horizon: int,
    limit: int,
    types: Sequence[str] | None = None,
    customer_id: UUID | None = None,
) -> list[Recorded]:
    """Up to `limit` events in global order behind position `after`; `horizon` comes from the fence."""
    rows = connection.execute(
        query("eventstore", "read"),
        {
            "after": after,
            "horizon": horizon,
            "limit": limit,
            "types": list(types) if types is not None else None,
            "customer_id": customer_id,
        },
    )
    return [_recorded(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are looked for; all of it must hold, and None asks for nothing."""

    type: str | None = None
    noun: str | None = None
    actor_id: str | None = None
    customer_id: UUID | None = None
    correlation_id: UUID | None = None


def explore(connection: Connection, wanted: Wanted, *, before: int, after: int, limit: int) -> list[Recorded]:
    """Up to `limit` events between two positions, neither of them included, the newest first."""
    bounds = {"before": before, "after": after, "limit": limit}
    rows = connection.execute(query("eventstore", "explore"), {**asdict(wanted), **bounds})
    return [_recorded(row) for row in rows]


def read_positions(connection: Connection, positions: Sequence[int]) -> list[Recorded]:
    """The events at these positions, in order."""
    return [
        _recorded(row)
        for row in connection.execute(query("eventstore", "read_positions"), {"positions": list(positions)})
    ]


def now(connection: Connection) -> datetime:
    """The database's clock, by which `recorded_at` is written."""
    row = connection.execute("SELECT clock_timestamp() AS now").fetchone()
    assert row is not None
    moment: datetime = row["now"]
    return moment


def find_external_id(connection: Connection, system: str, key: str) -> ExternalId | None:
    """The stream to which another system gave this name, if it did."""
    row = connection.execute(query("eventstore", "external_id"), {"system": system, "key": key}).fetchone()
    return ExternalId(system, key, row["customer_id"], row["stream_id"]) if row else None


def find_external_ids(connection: Connection, names: Collection[tuple[str, str]]) -> list[ExternalId]:
    """The same of many names, each a system and a key, in one round trip."""
    parameters = {"systems": [system for system, _ in names], "keys": [key for _, key in names]}
    return [ExternalId(**row) for row in connection.execute(query("eventstore", "external_ids"), parameters)]


def streams_of_parts(connection: Connection, part_ids: Collection[UUID]) -> set[tuple[UUID, UUID, CustomerId]]:
    """In which streams, of which customers, something was recorded about each of these parts."""
    rows = connection.execute(query("eventstore", "streams_of_parts"), {"part_ids": list(part_ids)})
    return {(row["part_id"], row["stream_id"], row["customer_id"]) for row in rows}


def release_external_id(connection: Connection, system: str, key: str) -> None:
    """Let another stream have this name, where nothing stands of the one that has it."""
    connection.execute("SELECT log.release_external_id(%s, %s)", [system, key])


def is_held_by(connection: Connection, stream_id: UUID, filed_under: CustomerId, customer_id: CustomerId) -> bool:
    """Whether a lead or ticket is this customer's: as it was reattributed, and as the two were merged."""
    parameters = {"stream_id": stream_id, "filed_under": filed_under, "customer_id": customer_id}
    row = connection.execute(query("eventstore", "held_by"), parameters).fetchone()
    return bool(row and row["is_theirs"])


Answer = TypeVar("Answer")


def retrying(attempt: Callable[[], Answer], *, tries: int = 8) -> Answer:
    """Decide again on the newer state when somebody else was faster, at most `tries` times."""
    for _ in range(tries - 1):
        try:
            return attempt()
        except (VersionConflict, CommandAlreadyCarriedOut):
            continue
    return attempt()


def row_of(new: NewEvent, envelope: Envelope) -> Row:
    """The event in the log's columns, ready for `append_rows`."""
    data, personal = codec.split(new.event)
    return new_row(
        envelope,
        customer_id=new.customer_id,
        stream_type=new.stream_type,
        stream_id=new.stream_id,
        version=new.version,
        type_=stored_type_of(new.stream_type, new.event),
        data=data,
        personal=personal,
        part_id=getattr(new.event, new.event.part_field) if new.event.part_field else None,
        occurred_at=new.occurred_at,
        flags=new.flags,
        subject_id=new.subject_id,
    )


def _metadata(envelope: Envelope, flags: Sequence[str]) -> codec.Json:
    behalf = {"on_behalf_of": str(envelope.on_behalf_of)} if envelope.on_behalf_of else {}
    asked = {"request_id": envelope.request_id} if envelope.request_id else {}
    return {"channel": envelope.channel} | behalf | asked | ({"flags": list(flags)} if flags else {})


def _recorded(row: Row) -> Recorded:
    data, personal, had_personal = row.pop("data"), row.pop("personal"), row.pop("had_personal")
    codec.must_be_known(row["type"], row.pop("schema_version"))
    return Recorded(**row, event=codec.join(row["type"], data, personal, had_personal=had_personal))


def claimed(external_ids: Sequence[ExternalId]) -> str:
    """The names to claim, as the JSON that `log.append` takes."""
    return json.dumps(
        [
            {
                "system": external_id.system,
                "key": external_id.key,
                "customer_id": str(external_id.customer_id),
                "stream_id": str(external_id.stream_id),
            }
            for external_id in external_ids
        ]
    )


def _concerned(row: Row) -> Iterator[str]:
    """Whose history the event is in, and to whom it gives a record: who is forgotten at that moment is given none."""
    yield row["customer_id"]
    if row["type"] in _REATTRIBUTIONS:
        yield row["data"]["to_customer_id"]


def _text(value: UUID | str | None) -> str | None:
    return str(value) if value else None


@contextmanager
def conflicts() -> Iterator[None]:
    """Turns the database's refusals of an append into VersionConflict and its like; a deadlock is one of them."""
    try:
        yield
    except errors.IntegrityError as error:
        refusal = _REFUSALS.get(error.diag.constraint_name or "")
        if refusal is None:
            raise
        # The driver's own text names the key's values; they may be personal and are not passed on.
        raise refusal() from None
    except errors.DeadlockDetected:
        raise VersionConflict() from None


_REFUSALS: Mapping[str, type[Exception]] = {
    "event_version": VersionConflict,
    "command_pkey": CommandAlreadyCarriedOut,
    "external_id_pkey": ExternalIdTaken,
    "forgotten": SubjectForgotten,
}
