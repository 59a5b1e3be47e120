"""Keys that a fold cannot do: they are set apart, as they were before the event that it fails on, and all others go on.

Live and in a replay it is the same: what is set apart, and its rows, depend only on the key's history. A key is tried
again whenever something new touches it.
"""

from bisect import bisect_left
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import errors, sql

from eventstore.database import Connection, query
from projections.read_models import ReadModel
from replay.fold import LIVE, Inserted, insert, keys_in, positions_of
from replay.scope import Scope, these

POISON = (errors.DataError, errors.IntegrityError, errors.CardinalityViolation, errors.ProgramLimitExceeded)
"""What Postgres has against values; anything else is no fault of an event's."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A key that was set apart: since when, and the position of the event and the kind of error that it failed with."""

    read_model: str
    table: str
    key: UUID
    position: int | None
    error: str
    parked_at: datetime


def parked(connection: Connection, names: Collection[str]) -> list[Parked]:
    """The keys of these live read models that are set apart now."""
    rows = connection.execute(query("replay", "parked"), {"names": list(names), "schema": LIVE})
    return [Parked(**row) for row in rows]


def count_parked(connection: Connection, model: ReadModel, schema: str) -> int:
    """How many keys of the version in a schema are set apart."""
    row = connection.execute(
        "SELECT count(*) AS keys FROM replay.parked WHERE projection = %s AND schema_name = %s", [model.name, schema]
    ).fetchone()
    assert row is not None
    return int(row["keys"])


def insert_or_park(
    connection: Connection,
    model: ReadModel,
    number: int,
    schema: str,
    horizon: int,
    scope: Scope,
    returning: Collection[str] = (),
) -> Inserted:
    """Insert what the fold gives; where it fails, search for the keys that it fails on, and set only these apart."""
    forget_parked(connection, model.folds[number].table, schema, scope)
    try:
        with connection.transaction():
            return insert(connection, model, number, schema, horizon, scope, returning)
    except POISON as error:
        keys = scope.keys or sorted(keys_in(connection, model, number, schema, horizon, scope))
        if not keys:
            raise
        if len(keys) == 1:
            return _park(connection, model, number, schema, horizon, keys[0], returning, error)
    half = len(keys) // 2
    parts = [
        insert_or_park(connection, model, number, schema, horizon, these(part), returning)
        for part in (keys[:half], keys[half:])
        if part
    ]
    return Inserted(sum(part.count for part in parts), [row for part in parts for row in part.rows])


def forget_parked(connection: Connection, table: str, schema: str, scope: Scope) -> None:
    """These keys are not set apart any more."""
    statement = sql.SQL("DELETE FROM replay.parked WHERE schema_name = %(schema)s AND table_name = %(table)s AND {}")
    connection.execute(
        statement.format(scope.condition(sql.SQL("key"))), {"schema": schema, "table": table, **scope.parameters}
    )


def _park(
    connection: Connection,
    model: ReadModel,
    number: int,
    schema: str,
    horizon: int,
    key: UUID,
    returning: Collection[str],
    error: Exception,
) -> Inserted:
    """Give the key the rows that it had before the event that its fold fails on."""

    def attempt(position: int, *, keep: bool) -> Inserted | None:
        done = None
        with suppress(_Discard, *POISON), connection.transaction():
            done = insert(connection, model, number, schema, position, these([key]), returning)
            if not keep:
                raise _Discard
        return done

    positions = positions_of(connection, model.folds[number], horizon, key)
    at = bisect_left(positions, True, key=lambda position: attempt(position, keep=False) is None)
    first = positions[min(at, len(positions) - 1)] if positions else None
    found = attempt(first - 1, keep=True) if first is not None else None
    row = {"projection": model.name, "schema": schema, "table": model.folds[number].table, "key": key}
    connection.execute(query("replay", "park"), {**row, "position": first, "error": kind(error)})
    return found or Inserted()


def kind(error: Exception) -> str:
    """What went wrong, without the words of Postgres, which may quote what is personal."""
    constraint = error.diag.constraint_name if isinstance(error, errors.Error) else None
    return f"{type(error).__name__} ({constraint})" if constraint else type(error).__name__


class _Discard(Exception):
    """Rolls back what was only tried."""
