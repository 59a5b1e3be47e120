"""The whole log as files by month, beside psycopg's COPY of the same rows into one file."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import IO

from psycopg import Cursor, sql
from psycopg.rows import DictRow

from bench.alone import alone
from bench.ground import ROUNDS, Measured, Result, compared, database, statement
from bench.growth import fill
from eventstore.database import connect
from eventstore.log_files.manifest import BESIDE, Form
from eventstore.log_files.writing import export_log

_FORMS: tuple[Form, ...] = ("ndjson", "parquet")


def run(conninfo: str, events: int) -> Iterator[Result | Measured]:
    """Events per second, in rounds taken in turn; then what a process takes that does nothing else, for as many events
    and for a tenth of them."""
    fill(conninfo, events)
    with TemporaryDirectory(prefix="everfold-bench-") as folder:
        copy = partial(_copied, conninfo, Path(folder))
        for form in _FORMS:
            export = partial(_exported, conninfo, Path(folder), form)
            rates: dict[str, list[float]] = {"everfold": [], "psycopg COPY": []}
            for _ in range(ROUNDS):
                for name, work in zip(rates, (export, copy), strict=True):
                    rates[name].append(_rate(work))
            yield compared(f"export of {events:,} events as {form}", rates, 0.3)
        with database(conninfo) as small:
            fill(small, events // 10)
            for form in _FORMS:
                for count, where in ((events, conninfo), (events // 10, small)):
                    _, taken = alone(_exported, where, Path(folder), form)
                    yield Measured(f"memory at most, {count:,} events as {form}", taken, "MB")


def _exported(conninfo: str, folder: Path, form: Form) -> int:
    with connect(conninfo) as connection:
        manifest = export_log(connection, conninfo, folder / "log", "bench", form)
    rmtree(folder / "log")
    return manifest.events


def _copied(conninfo: str, folder: Path) -> int:
    """The events with what is beside them; returns how many events."""
    with connect(conninfo) as connection, connection.cursor() as cursor, (folder / "copy").open("wb") as file:
        for table in BESIDE:
            _copy(cursor, sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(*table.split("."))), file)
        _copy(cursor, statement("all_rows"), file)
        return cursor.rowcount


def _copy(cursor: Cursor[DictRow], what: bytes | sql.Composed, file: IO[bytes]) -> None:
    with cursor.copy(what) as copy:
        for piece in copy:
            file.write(piece)


def _rate(work: Callable[[], int]) -> float:
    begin = time.perf_counter()
    done = work()
    return done / (time.perf_counter() - begin)
