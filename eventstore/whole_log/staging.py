"""Events of a whole log, staged in any order and then put into the empty log in the order of recording."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from psycopg import sql

from eventstore import codec, indexes
from eventstore.copied import NOTHING, actor, escaped, id_text, metadata, noted, stored
from eventstore.database import Connection, query
from eventstore.erasure.erasures import Erasure
from eventstore.records import Envelope, NewEvent

_MEMORY = "128MB"


def text_of(
    new: NewEvent,
    envelope: Envelope,
    *,
    order: tuple[int, int],
    event_id: str,
    salt: str,
    recorded_at: datetime,
    external_ids: tuple[tuple[str, str], ...] = (),
    is_forgotten: bool = False,
    note: Mapping[str, object] | None = None,
) -> str:
    """An event as a line for `stage` (without its end), with what the log itself gives to other events.

    `order` decides among those recorded in the same microsecond, id and salt are in hex, `external_ids` are (system,
    key), and `note` goes to the metadata. Of what `is_forgotten` the personal part was erased since: the log gets its
    digest alone.
    """
    type_, schema_version, part_field = stored(new.stream_type, type(new.event))
    data, personal = codec.split_text(new.event)
    assert new.occurred_at is not None
    occurred = new.occurred_at.isoformat()
    return "\t".join(
        (
            str(order[0]),
            str(order[1]),
            new.customer_id.hex,
            new.stream_id.hex,
            new.stream_type,
            str(new.version),
            event_id,
            type_,
            schema_version,
            escaped(data),
            escaped(personal) if personal else NOTHING,
            (new.subject_id or new.customer_id).hex,
            f"\\\\x{salt}",
            "t" if is_forgotten else "f",
            actor(envelope.actor_kind, envelope.actor_id),
            id_text(envelope.correlation_id),
            id_text(envelope.causation_id),
            metadata(envelope, new.flags) if note is None else noted(envelope.channel, new.flags, note),
            str(getattr(new.event, part_field) or NOTHING) if part_field else NOTHING,
            occurred,
            occurred if recorded_at == new.occurred_at else recorded_at.isoformat(),
            _claims(external_ids) if external_ids else NOTHING,
        )
    )


def prepare(connection: Connection) -> None:
    """Make room for the rows: it is gone with the connection."""
    connection.execute(query("eventstore.whole_log", "staged"))


def stage(connection: Connection, texts: Iterable[bytes]) -> int:
    """Stage lines, in pieces of any size that each end with a line; returns how many."""
    cursor = connection.cursor()
    with cursor.copy("COPY pg_temp.staged FROM STDIN") as copy:
        for text in texts:
            copy.write(text)
    return cursor.rowcount


def forgotten(connection: Connection) -> list[Erasure]:
    """Whom the staged events tell to be forgotten."""
    rows = connection.execute(query("eventstore.whole_log", "forgotten"))
    return [Erasure(row["customer_id"], row["person_id"]) for row in rows]


def fill(connection: Connection) -> None:
    """Put all that is staged into the empty log, which stands still, at the positions from 1 on."""
    connection.execute(sql.SQL("SET LOCAL work_mem = {}").format(_MEMORY))
    with indexes.made_afterwards(connection, "log", "event"):
        connection.execute(query("eventstore.whole_log", "fill"))
    # whoever folds it next should not have to guess what it holds
    connection.execute("ANALYZE log.event, log.personal_data")


def _claims(external_ids: tuple[tuple[str, str], ...]) -> str:
    return escaped(json.dumps([{"system": system, "key": key} for system, key in external_ids]))
