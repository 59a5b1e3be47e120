"""What was known at a position, folded into a schema of its own, `asof_<position>`, for lists, figures and analysts.

A schema is kept for those who ask again, until others take its room or a day has passed.
"""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import errors, sql
from psycopg.types.json import Jsonb

from eventstore import roles
from eventstore.database import Connection, query
from eventstore.trouble import Trouble
from projections.read_models import ReadModel, read_models
from replay.rewind import make
from replay.together import Connect, share_out
from replay.versions import turn

WORK = "asof"
"""What those who fold or drop such schemas take turns at."""

_READERS_FIRST: LiteralString = "100ms"
_LONGEST_WAIT: LiteralString = "30s"


@dataclass(frozen=True, slots=True)
class Limits:
    """How many schemas there may be, and how many bytes they may take together."""

    schemas: int = 8
    bytes: int = 4 << 30


@dataclass(frozen=True, slots=True)
class Past:
    """A schema of what was known at a position: which read models it has, by name, and since when."""

    position: int
    models: tuple[str, ...]
    bytes: int
    made_at: datetime
    used_at: datetime

    @property
    def schema(self) -> str:
        """Its name."""
        return schema_of(self.position)


class TooLarge(Trouble):
    """What was known then takes more room than is allowed."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"What was known then takes more than the {limit:,} bytes that EVERFOLD_ASOF_BYTES allows. "
            "Name fewer read models, or allow more."
        )


class Busy(Trouble):
    """Another moment of the past is being folded."""

    def __init__(self) -> None:
        super().__init__("Another moment of the past is being folded, and they take turns. Try again in a minute.")


class InUse(Trouble):
    """Somebody reads in a schema that must go."""

    def __init__(self, schemas: Collection[str]) -> None:
        super().__init__(
            f"Somebody is reading in {', '.join(schemas)}, so it could not be dropped. Wait for it, or end it."
        )


class NotOurs(Trouble):
    """A schema of the name that is needed is somebody else's."""

    def __init__(self, schema: str) -> None:
        super().__init__(f"This database already has a schema {schema} that is not Everfold's. Rename it.")


def schema_of(position: int) -> str:
    """The name of the schema that has what was known at a position."""
    return f"asof_{position}"


def models_of(tables: Collection[str]) -> list[ReadModel]:
    """The read models whose tables these are."""
    return [model for model in read_models().values() if {*model.tables} & {*tables}]


def known_at(
    connection: Connection,
    position: int,
    models: Collection[ReadModel],
    limits: Limits | None = None,
    *,
    patience: LiteralString = "0",
    beside: Connect | None = None,
) -> Past:
    """The schema with what these models knew at a position behind the fence; what it lacks is made first.

    `beside` opens a second connection, to make two models at a time. Processes that ask at once take turns, and wait
    for theirs as long as `patience` says (0: to the end). Raises Busy, TooLarge, InUse when it has rows of another
    definition that are being read, and NotOurs.
    """
    allowed = limits or Limits()
    with reading(connection, position, models) as schema:
        if schema:
            return _found(connection, position)
    with _turn(connection, patience):
        drop_old(connection)
        past = _fold(connection, position, models, allowed, beside)
        _make_room(connection, past, allowed)
    return past


@contextmanager
def reading(connection: Connection, position: int, models: Collection[ReadModel]) -> Iterator[str | None]:
    """The schema with what these models knew at a position, which stays while it is read; None where one is lacking."""
    connection.execute("UPDATE replay.asof SET used_at = clock_timestamp() WHERE position = %s", [position])
    with connection.transaction():
        # whoever drops the schema takes this row first
        row = connection.execute(
            "SELECT definitions FROM replay.asof WHERE position = %s FOR KEY SHARE", [position]
        ).fetchone()
        yield schema_of(position) if row and not _lacking(row["definitions"], models) else None


def listed(connection: Connection) -> list[Past]:
    """All schemas of the past, what was asked for last first."""
    rows = connection.execute(query("replay", "asof_list"))
    return [
        Past(row["position"], tuple(sorted(row["definitions"])), row["bytes"], row["made_at"], row["used_at"])
        for row in rows
    ]


def drop(connection: Connection, position: int) -> bool:
    """Drop a schema of the past, unless somebody is reading in it, or a moment is being folded; whether it is gone."""
    try:
        with _turn(connection, _READERS_FIRST):
            return _drop(connection, position, _READERS_FIRST)
    except Busy:
        return False


def drop_old(connection: Connection) -> list[str]:
    """Drop the schemas that nobody asked for within a day; returns their names. Those that are being read stay."""
    old = reversed(listed(connection))
    return [past.schema for past in old if _drop(connection, past.position, _READERS_FIRST, only_old=True)]


def drop_all(connection: Connection) -> list[str]:
    """Drop every schema of the past, once what is being folded is; returns their names.

    Readers are waited for. Raises InUse when one of them does not come to an end.
    """
    with turn(connection, WORK):
        found = listed(connection)
        for past in found:
            _drop(connection, past.position, _LONGEST_WAIT)
        left = [past.schema for past in listed(connection)]
    if left:
        raise InUse(left)
    return [past.schema for past in found]


@contextmanager
def _turn(connection: Connection, patience: LiteralString) -> Iterator[None]:
    connection.execute(sql.SQL("SET lock_timeout = {}").format(sql.Literal(patience)))
    try:
        with turn(connection, WORK):
            connection.execute("RESET lock_timeout")
            yield
    except errors.LockNotAvailable:
        connection.execute("RESET lock_timeout")
        raise Busy from None


def _lacking(definitions: dict[str, str], models: Collection[ReadModel]) -> list[ReadModel]:
    return [model for model in models if definitions.get(model.name) != model.definition]


def _found(connection: Connection, position: int) -> Past:
    return next(past for past in listed(connection) if past.position == position)


def _fold(
    connection: Connection, position: int, models: Collection[ReadModel], limits: Limits, beside: Connect | None
) -> Past:
    """One read model after the other, or two at a time; the schema's row names those that are whole."""
    schema = schema_of(position)
    if _is_of_another_version(connection, position, models) and not drop(connection, position):
        raise InUse([schema])
    lacking = _lacking(_begun(connection, position), models)

    def make_one(own: Connection, model: ReadModel) -> None:
        make(own, model, schema, position)
        _let_in(own, "SELECT", sql.SQL(", ").join(sql.Identifier(schema, table) for table in model.tables))
        taken = _bytes(own, schema)
        if taken > limits.bytes:
            raise TooLarge(limits.bytes)
        added = {"position": position, "definitions": Jsonb({model.name: model.definition}), "bytes": taken}
        own.execute(query("replay", "asof_add"), added)

    try:
        with ExitStack() as stack:
            hands = [connection]
            if beside and len(lacking) > 1:
                hands.append(stack.enter_context(beside()))
            share_out(hands, lacking, make_one)
    except TooLarge:
        drop(connection, position)
        raise
    return _found(connection, position)


def _begun(connection: Connection, position: int) -> dict[str, str]:
    """The definitions of what the schema has. A new one gets its row first: who erases somebody must know of it."""
    with connection.transaction():
        is_new = connection.execute(query("replay", "asof_begin"), {"position": position}).rowcount
        if is_new:
            _create(connection, schema_of(position))
    row = connection.execute("SELECT definitions FROM replay.asof WHERE position = %s", [position]).fetchone()
    assert row is not None
    definitions: dict[str, str] = row["definitions"]
    return definitions


def _is_of_another_version(connection: Connection, position: int, models: Collection[ReadModel]) -> bool:
    row = connection.execute("SELECT definitions FROM replay.asof WHERE position = %s", [position]).fetchone()
    return row is not None and any(model.name in row["definitions"] for model in _lacking(row["definitions"], models))


def _create(connection: Connection, schema: str) -> None:
    try:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    except errors.DuplicateSchema:
        raise NotOurs(schema) from None
    _let_in(connection, "USAGE", sql.SQL("SCHEMA {}").format(sql.Identifier(schema)))


def _let_in(connection: Connection, right: LiteralString, what: sql.Composable) -> None:
    """Who may read the read models may read these; without roles there is nobody else than the login."""
    row = connection.execute("SELECT current_user AS name").fetchone()
    if row == {"name": roles.FOLLOWER}:
        readers = sql.SQL(", ").join(map(sql.Identifier, (roles.APP, roles.ANALYST)))
        connection.execute(sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(right), what, readers))


def _make_room(connection: Connection, newest: Past, limits: Limits) -> None:
    """Drop what was asked for longest ago; what is being read stays, until the next one needs room."""
    kept = listed(connection)
    left, taken = len(kept), sum(past.bytes for past in kept)
    for past in reversed(kept):
        if left <= limits.schemas and taken <= limits.bytes:
            return
        if past.position != newest.position and drop(connection, past.position):
            left, taken = left - 1, taken - past.bytes


def _bytes(connection: Connection, schema: str) -> int:
    row = connection.execute(query("replay", "asof_bytes"), {"schema": schema}).fetchone()
    assert row is not None
    return int(row["bytes"])


def _drop(connection: Connection, position: int, patience: LiteralString, *, only_old: bool = False) -> bool:
    try:
        with connection.transaction():
            connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(patience)))
            found = connection.execute(
                query("replay", "asof_lock"), {"position": position, "only_old": only_old}
            ).fetchone()
            if found is None:  # another's schema of such a name stays
                return False
            schema = sql.Identifier(schema_of(position))
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(schema))
            connection.execute("DELETE FROM replay.asof WHERE position = %s", [position])
            connection.execute("DELETE FROM replay.parked WHERE schema_name = %s", [schema_of(position)])
    except (errors.LockNotAvailable, errors.DeadlockDetected):
        return False
    return True
