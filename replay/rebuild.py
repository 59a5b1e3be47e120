"""Folds a read model anew beside the live one, in chunks, compares the two at one position, and swaps them.

What is done is kept: after a pause, or when the process is killed, a rebuild goes on where it was.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from uuid import UUID

from psycopg import errors, sql
from psycopg.types.json import Jsonb

from eventstore import indexes
from eventstore.database import Connection, query
from eventstore.fence import horizon
from eventstore.trouble import Trouble
from projections.read_models import ROOT, ReadModel, outside, read_models
from replay.check import check
from replay.differences import Difference, Report, compare
from replay.fold import Row, create_table, refold, shape, touched
from replay.follow import advance, position
from replay.parked import count_parked, insert_or_park
from replay.progress import Counts, Stopped, Tell, announce, ask, count_types, events_of_folds, under_way
from replay.scope import Scope
from replay.swap import drop_version, shadow_schema, swap
from replay.verification import snapshot
from replay.versions import LIVE, live_definition, source, turn

_CHUNK = 500_000
"""Events of a chunk, about: they take some seconds. A log lies in the order of time, so each chunk sweeps it whole, and
to find the events of few keys costs as much as those of many."""
_CATCH_UP = 20_000


class NameTaken(Trouble):
    """The database already has a table of a read model's name that is not ours."""

    def __init__(self, tables: Sequence[str]) -> None:
        super().__init__(
            f"This database already has a table {' or '.join(f'{LIVE}.{table}' for table in tables)} that is not "
            "Everfold's. Give Everfold a database of its own."
        )


def prepare(connection: Connection) -> None:
    """Make every read model exist with today's definition; one that was folded by another definition is rebuilt.

    One that was gone back from stays where it is. Processes that start at once take turns. Raises NameTaken, and
    FoldRefused for one from outside the program.
    """
    with turn(connection, "prepare"):
        rows = connection.execute(query("replay", "checkpoints")).fetchall()
        known = {row["projection"]: row for row in rows if row["schema_name"] == LIVE}
        for model in read_models().values():
            row = known.get(model.name)
            if row and model.definition in (row["definition"], row["held_against"]):
                continue
            if model.name in outside():
                check(connection, model)
            if row:
                rebuild(connection, model)
            else:
                _create(connection, model)
        connection.execute(query("replay", "keep_sources"), {"sources": _sources()})


def _sources() -> Jsonb:
    return Jsonb([{"definition": model.definition, "source": source(model).obj} for model in read_models().values()])


def rebuild(
    connection: Connection, model: ReadModel, tell: Tell = lambda _: None, counts: Counts | None = None
) -> Report:
    """Fold the whole history into new tables, compare them with the live ones, and put them in those ones' place.

    Readers and writers go on meanwhile; only the swap needs a short lock, and gives way while it is not free. Two
    rebuilds of one model take turns. `counts` spares it to count the events of each type. Raises InUse when something
    else in the database was built on a table, and Stopped when it was paused or cancelled.
    """
    with turn(connection, f"rebuild {model.name}"):
        _begin(connection, model, counts)
        return _Build(connection, model, tell).go_on()


def resume(
    connection: Connection, model: ReadModel, tell: Tell = lambda _: None, counts: Counts | None = None
) -> Report | None:
    """Go on with a rebuild that was paused or cut off; one by an older definition begins anew. None if there is none.

    Raises as `rebuild` does.
    """
    with turn(connection, f"rebuild {model.name}"):
        row = connection.execute(query("replay", "rebuild"), [model.name]).fetchone()
        if row is None:
            return None
        if row["phase"] == "waiting" or row["definition"] != model.definition:
            _begin(connection, model, counts)
        return _Build(connection, model, tell).go_on()


def _begin(connection: Connection, model: ReadModel, counts: Counts | None) -> None:
    """Make the empty tables. Their indexes are made when they are full, which is faster."""
    head = horizon(connection)
    counts = counts or count_types(connection, head)
    shadow = shadow_schema(model.name)
    announce(connection, [model])
    with connection.transaction():
        drop_version(connection, model.name, shadow)
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(shadow)))
        create_table(connection, model, shadow)
        # keys stay: two rows of one key are a fault of the fold, to be found where it lies
        dropped = {table: indexes.drop(connection, shadow, table, keys=False) for table in model.tables}
        begun = {
            "projection": model.name,
            "horizon": head,
            "indexes": Jsonb(dropped),
            "events": events_of_folds(model, counts),
            "events_once": sum(counts.get(type_, 0) for type_ in model.types),
        }
        connection.execute(query("replay", "begin_rebuild"), begun)


class _Build:
    """The rebuild of one model, whose turn it is; it can begin anywhere, as its row says."""

    def __init__(self, connection: Connection, model: ReadModel, tell: Tell) -> None:
        self._connection = connection
        self._model = model
        self._tell = tell
        self._shadow = shadow_schema(model.name)
        self._phases: dict[str, float] = {}

    def go_on(self) -> Report:
        for number in range(self._row()["fold"], len(self._model.folds)):
            self._fold(number)
        row = self._row()
        head, differing, differences = row["horizon"], 0, list[Difference]()
        with self._phase("catching up"):
            head = self._catch_up(head, horizon(self._connection))
        if _is_comparable(self._connection, self._model, self._shadow):
            with self._phase("comparing"):
                head, differing, differences = self._compare(head)
        with self._phase("swapping"):
            swap(self._connection, self._model, head, sum(row["events"]) / row["seconds"] if row["seconds"] else None)
        return Report(
            self._model.name,
            row["events_once"],
            sum(self._phases.values()),
            row["rows"],
            differing,
            differences,
            phases=self._phases,
            parked=count_parked(self._connection, self._model, LIVE),
        )

    def _fold(self, number: int) -> None:
        """Do one of the model's folds, chunk by chunk; then its indexes."""
        fold, row = self._model.folds[number], self._row()
        with self._phase("folding"):
            if row["cuts"] is None:
                row["cuts"] = self._cuts(number, row["horizon"]) if max(row["events"]) > _CHUNK else []
                self._connection.execute(
                    "UPDATE replay.rebuild SET cuts = %s WHERE projection = %s", [row["cuts"], self._model.name]
                )
            chunks = list(pairwise([None, *row["cuts"], None]))
            before, events = sum(row["events"][:number]), row["events"][number]
            for done in range(row["cuts_done"], len(chunks)):
                events_done = before + events * (done + 1) // len(chunks)
                self._chunk(number, row["horizon"], Scope(None, *chunks[done]), done + 1, events_done)
        with self._phase("indexing"), self._connection.transaction():
            indexes.make(self._connection, row["indexes"][fold.table])
            self._connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(self._shadow, fold.table)))
            self._connection.execute(query("replay", "next_fold"), {"projection": self._model.name, "fold": number + 1})

    def _cuts(self, number: int, head: int) -> list[UUID]:
        """Keys, in order, between which lie about as many events each."""
        fold = self._model.folds[number]
        key = "customer_id" if fold.key_column == ROOT else fold.key_column
        statement = sql.SQL(query("replay", "cuts")).format(key=sql.Identifier(key))
        types = list(fold.types or self._model.types)
        rows = self._connection.execute(statement, {"horizon": head, "types": types, "chunk": _CHUNK})
        return list(dict.fromkeys(row["key"] for row in rows))

    def _chunk(self, number: int, head: int, scope: Scope, cuts_done: int, events_done: int) -> None:
        """Fold the keys in a scope."""
        began = time.perf_counter()
        with self._connection.transaction():
            self._connection.execute(query("replay", "as_follower"))
            rows = insert_or_park(self._connection, self._model, number, self._shadow, head, scope).count
            seconds = time.perf_counter() - began
            done = {"cuts_done": cuts_done, "events_done": events_done, "rows": rows, "seconds": seconds}
            self._connection.execute(query("replay", "chunk_done"), {"projection": self._model.name, **done})
        self._go_on_or_stop()

    def _catch_up(self, head: int, upto: int) -> int:
        """Bring the new tables nearer to the log's end, so that little is left to do in the swap."""
        while head < upto:
            following = min(head + _CATCH_UP, upto)
            with self._connection.transaction():
                self._refold(head, following)
                self._connection.execute(
                    "UPDATE replay.rebuild SET horizon = %s WHERE projection = %s", [following, self._model.name]
                )
            head = following
            self._go_on_or_stop()
        return head

    def _compare(self, head: int) -> tuple[int, int, list[Difference]]:
        """Both at one position: that, how many rows differ, and the first of them."""
        advance(self._connection, self._model, head)
        with snapshot(self._connection, self._model):
            live = position(self._connection, self._model)
            self._refold(head, live)
            differing, differences = compare(self._connection, self._model, self._shadow)
            self._connection.execute(
                "UPDATE replay.rebuild SET horizon = %s WHERE projection = %s", [live, self._model.name]
            )
        return live, differing, differences

    def _refold(self, head: int, upto: int) -> None:
        self._connection.execute(query("replay", "as_follower"))
        keys = touched(self._connection, self._model, head, upto)
        refold(self._connection, self._model, self._shadow, upto, keys, insert_or_park)

    def _row(self) -> Row:
        row = self._connection.execute(query("replay", "rebuild"), [self._model.name]).fetchone()
        assert row is not None
        return row

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        """What happens inside is done as this part of the work."""
        self._connection.execute(
            "UPDATE replay.rebuild SET phase = %s, updated_at = clock_timestamp() WHERE projection = %s",
            [name, self._model.name],
        )
        self._go_on_or_stop()
        began = time.perf_counter()
        yield
        self._phases[name] = self._phases.get(name, 0) + time.perf_counter() - began

    def _go_on_or_stop(self) -> None:
        (progress,) = (each for each in under_way(self._connection) if each.read_model == self._model.name)
        self._tell(progress)
        if progress.wanted == "cancel":
            abandon(self._connection, self._model.name)
        if progress.wanted != "run":
            raise Stopped(progress)


def cancel(connection: Connection, name: str) -> bool:
    """End a rebuild and drop what it made, once the chunk at hand is done; whether there was one."""
    there = ask(connection, [name], "cancel")
    with turn(connection, f"rebuild {name}"):
        abandon(connection, name)
    return bool(there)


def abandon(connection: Connection, name: str) -> None:
    """Drop what an unfinished rebuild made, if there is one. It must be one's turn."""
    with connection.transaction():
        drop_version(connection, name, shadow_schema(name))
        connection.execute("DELETE FROM replay.rebuild WHERE projection = %s", [name])


def _create(connection: Connection, model: ReadModel) -> None:
    try:
        with connection.transaction():
            create_table(connection, model, LIVE)
            connection.execute(
                query("replay", "new_checkpoint"),
                {
                    "projection": model.name,
                    "definition": model.definition,
                    "source": source(model),
                    "tables": list(model.tables),
                    "position": 0,
                    "held_against": None,
                    "events_a_second": None,
                },
            )
    except errors.DuplicateTable:
        raise NameTaken(model.tables) from None


def _is_comparable(connection: Connection, model: ReadModel, shadow: str) -> bool:
    """A table of another shape, or one folded by another definition, cannot be compared row by row."""
    same_shape = all(shape(connection, table, shadow) == shape(connection, table) for table in model.tables)
    return same_shape and live_definition(connection, model.name) == model.definition
