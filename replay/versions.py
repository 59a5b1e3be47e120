"""The versions of each read model that are kept up to date: the live one, and the one before it to go back to."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import LiteralString

from psycopg import sql
from psycopg.types.json import Jsonb

from eventstore.database import Connection, query
from eventstore.trouble import Trouble
from projections.read_models import FoldHeaderError, ReadModel, parse, read_models
from projections.reading import LIVE as LIVE

LOCK_TIMEOUT: LiteralString = "100ms"
_TURNS = 1163281492


class OtherDefinition(Trouble):
    """Another version of the program has folded this read model anew by its own definition."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The read model {name} was folded by another version of Everfold that uses this database. "
            "Stop the older version, or start this one again to fold the read model by its own definition."
        )


class NoPrevious(Trouble):
    """There is no earlier version of the read model to go back to."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"No earlier version of {name} is kept. One is, from when a replay puts a changed definition in its place "
            "until it is retired, until the next change, or until somebody is forgotten."
        )


@dataclass(frozen=True, slots=True)
class Version:
    """A read model by the definition that its tables in a schema are folded by."""

    model: ReadModel
    schema: str
    position: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a version is folded, and whether keys of it are set apart."""

    position: int
    has_parked: bool


def previous_schema(name: str) -> str:
    """Where the version before the live one is kept."""
    return f"previous_{name}"


def versions(connection: Connection) -> list[Version]:
    """All versions that this program can keep up to date, the live ones first."""
    found = []
    for row in connection.execute(query("replay", "checkpoints")).fetchall():
        name, schema, definition = row["projection"], row["schema_name"], row["definition"]
        program = read_models().get(name)
        if program is None:
            continue
        is_its_own = definition != program.definition and (schema != LIVE or row["held_against"] is not None)
        model = stored(connection, name, schema) if is_its_own else program
        if model is not None:
            found.append(Version(model, schema, row["position"]))
    return sorted(found, key=lambda version: (version.schema != LIVE, version.model.name))


def live_definition(connection: Connection, name: str) -> str | None:
    """The definition that the live rows were folded by."""
    row = connection.execute(
        "SELECT definition FROM replay.checkpoint WHERE projection = %s AND schema_name = %s", [name, LIVE]
    ).fetchone()
    return str(row["definition"]) if row else None


def in_force(connection: Connection, model: ReadModel) -> ReadModel:
    """The model as its live tables are folded: by an earlier definition where that was gone back to."""
    for version in versions(connection):
        if version.schema == LIVE and version.model.name == model.name:
            return version.model
    return model


def lock_checkpoint(
    connection: Connection,
    model: ReadModel,
    schema: str = LIVE,
    *,
    whatever_definition: bool = False,
    wait: bool = True,
) -> Checkpoint | None:
    """Take the version's checkpoint row, as every writer of its tables must; None when another has it, without `wait`.

    Raises OtherDefinition when the rows are not by this fold; a rebuild takes them over all the same.
    """
    statement = sql.SQL(query("replay", "lock_checkpoint")).format(sql.SQL("" if wait else "SKIP LOCKED"))
    row = connection.execute(statement, [model.name, schema]).fetchone()
    if row is None and not wait:
        return None
    if row is None:  # while this waited, a swap has put another row in its place
        row = connection.execute(statement, [model.name, schema]).fetchone()
    if row is None or (row["definition"] != model.definition and not whatever_definition):
        raise OtherDefinition(model.name)
    return Checkpoint(row["position"], row["has_parked"])


def move_checkpoint(connection: Connection, model: ReadModel, schema: str, position: int) -> None:
    """Say that all is folded up to there. The row must have been locked."""
    connection.execute(
        query("replay", "move_checkpoint"), {"projection": model.name, "schema": schema, "position": position}
    )


def source(model: ReadModel) -> Jsonb:
    """The texts that the version can be followed by, whatever the program's are later."""
    folds = {fold.table: fold.text.replace("%%", "%") for fold in model.folds}
    return Jsonb({"table": model.table, "folds": folds})


def stored(connection: Connection, name: str, schema: str) -> ReadModel | None:
    """The model by the texts that were kept of a version; None where none were, or this program cannot follow them."""
    row = connection.execute(query("replay", "source"), [name, schema]).fetchone()
    if row is None or row["table"] is None:
        return None
    try:
        return _parsed(name, row["table"], tuple((table, row["folds"][table]) for table in row["tables"]))
    except FoldHeaderError:
        return None


@lru_cache(maxsize=64)
def _parsed(name: str, table: str, folds: tuple[tuple[str, str], ...]) -> ReadModel:
    return parse(name, table, dict(folds))


@contextmanager
def turn(connection: Connection, work: str) -> Iterator[None]:
    """Do this work while no other process does it; those that want to wait."""
    key = ["SELECT pg_advisory_lock({}, hashtext(%s))", "SELECT pg_advisory_unlock({}, hashtext(%s))"]
    lock, unlock = (sql.SQL(text).format(sql.Literal(_TURNS)) for text in key)
    connection.execute(lock, [work])
    try:
        yield
    finally:
        connection.execute(unlock, [work])


def at_work(connection: Connection, works: Collection[str]) -> set[str]:
    """Which of these works some process is doing now."""
    rows = connection.execute(query("replay", "at_work"), {"works": list(works), "turns": _TURNS})
    return {row["work"] for row in rows}
