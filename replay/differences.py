"""Where the rows of two tables, or of one before and after, do not agree."""

from dataclasses import dataclass, field

from psycopg import sql

from eventstore.database import Connection, query
from projections.read_models import ReadModel
from replay.fold import LIVE, Row, columns

NAMED = 20
"""How many differences are named; of the others only the number is told."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that the live table and the replay do not agree on: its key, and the columns that differ."""

    key: dict[str, str]
    columns: tuple[str, ...]
    table: str = ""
    """Which of the model's tables, where it has several."""

    def __str__(self) -> str:
        key = ", ".join(f"{name}={value}" for name, value in self.key.items())
        return f"{self.table} {key}: {', '.join(self.columns)}".lstrip()


@dataclass(frozen=True, slots=True)
class Report:
    """What a replay did: events folded, seconds, rows, and how many rows were not as the live table had them."""

    read_model: str
    events: int
    seconds: float
    rows: int
    differing: int
    differences: list[Difference] = field(default_factory=list)
    """The first of them, by name."""
    phases: dict[str, float] = field(default_factory=dict)
    """The seconds that each part of a rebuild took."""
    parked: int = 0
    """Keys that a fold could not do; they are as they were before the event that it fails on."""


def compare(connection: Connection, model: ReadModel, schema: str, live: str = LIVE) -> tuple[int, list[Difference]]:
    """How many rows of the live tables and of `schema`'s differ, and the first of them by name."""
    differing, differences = 0, list[Difference]()
    for table in model.tables:
        _, key = columns(connection, table, live)
        statement = sql.SQL(query("replay", "differences")).format(
            live=sql.Identifier(live, table),
            replayed=sql.Identifier(schema, table),
            key=sql.SQL(", ").join(map(sql.Identifier, key)),
        )
        found = connection.execute(statement, {"limit": NAMED}).fetchall()
        differences += [difference(row["live"], row["replayed"], key, named(model, table)) for row in found]
        differing += found[0]["differing"] if found else 0
    return differing, differences[:NAMED]


def named(model: ReadModel, table: str) -> str:
    """What to call a table of the model: nothing when it is the only one."""
    return table if len(model.tables) > 1 else ""


def pair(before: list[Row], after: list[Row], key: list[str], table: str) -> list[Difference]:
    """The rows that differ between two states of a table with this primary key."""
    old = {tuple(row[name] for name in key): row for row in before}
    new = {tuple(row[name] for name in key): row for row in after}
    changed = [k for k in old.keys() | new.keys() if old.get(k) != new.get(k)]
    return [difference(old.get(k), new.get(k), key, table) for k in changed]


def difference(live: Row | None, replayed: Row | None, key: list[str], table: str) -> Difference:
    """What is not the same in two rows with this key, of which one may be missing."""
    row = live or replayed
    assert row is not None
    by_key = {name: str(row[name]) for name in key}
    if live is None:
        return Difference(by_key, ("missing in the live table",), table)
    if replayed is None:
        return Difference(by_key, ("only in the live table",), table)
    return Difference(by_key, tuple(name for name in live if name in replayed and live[name] != replayed[name]), table)
