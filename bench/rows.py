"""Rows of a file, taken in end to end with the read models current, beside a raw COPY of the events that they are."""

import csv
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

from psycopg import sql

from bench.alone import alone
from bench.ground import Measured, Result, database, statement
from eventstore.database import connect

Import: TypeAlias = Callable[[str, Path, Path], None]
"""Takes a CSV file in by a mapping, into a database, and brings the read models up to date. A function of a module: it
is called in a process of its own."""

_HEADER = ("number", "title", "company", "owner", "source", "came", "decided", "state", "worth")
_MAPPING = """
kind = "leads"
system = "bench"
date_formats = ["%Y-%m-%d"]
[fields]
external_id = "number"
title = "title"
customer = { column = "company", kind = "organisation" }
owner = "owner"
source = "source"
captured_at = "came"
closed_at = "decided"
value = "worth"
currency = { constant = "EUR" }
[fields.status]
column = "state"
values = { won = "won", lost = "lost", open = "open" }
"""


def run(conninfo: str, rows: int, take_in: Import) -> Iterator[Result | Measured]:
    """Events a second of both, and what the importing process takes at most, for as many rows and a tenth of them."""
    with TemporaryDirectory(prefix="everfold-bench-") as name, database(conninfo) as small:
        folder = Path(name)
        (folder / "leads.toml").write_text(_MAPPING, encoding="utf-8")
        few = _taken_in(small, folder, rows // 10, take_in)[1]
        seconds, many = _taken_in(conninfo, folder, rows, take_in)
        with connect(conninfo) as connection:
            copying, events = _copied(conninfo, folder)
            connection.execute("DROP TABLE public.bare")
    ours, theirs = events / seconds, events / copying
    figure = f"{rows:,} leads from CSV, {events:,} events, read models current"
    yield Result(figure, ours, "raw COPY", theirs, ours / theirs, 0.15, {"seconds": round(seconds, 2)})
    yield Measured(f"memory at most, {rows:,} rows", many, "MB")
    yield Measured(f"memory at most, {rows // 10:,} rows", few, "MB")


def _taken_in(conninfo: str, folder: Path, rows: int, take_in: Import) -> tuple[float, float]:
    """Seconds and megabytes."""
    file = folder / "leads.csv"
    with open(file, "w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(_HEADER)
        writer.writerows(_row(number) for number in range(rows))
    return alone(take_in, conninfo, file, folder / "leads.toml")


def _row(number: int) -> tuple[object, ...]:
    state = ("won", "lost", "open", "open")[number % 4]
    came, decided = f"2025-{number % 12 + 1:02}-{number % 28 + 1:02}", f"2026-{number % 6 + 1:02}-{number % 28 + 1:02}"
    company, owner = f"Company {number // 3}", f"Seller {number % 20}"
    source = ("web", "fair", "mail")[number % 3]
    worth = 100 + number % 900
    return (number, f"Deal {number}", company, owner, source, came, decided if state != "open" else "", state, worth)


def _copied(conninfo: str, folder: Path) -> tuple[float, int]:
    """Seconds of a COPY of all event rows, as they are in a file, into a table like the log's; and how many rows."""
    file = folder / "events"
    with connect(conninfo) as connection, connection.cursor() as cursor:
        cursor.execute(statement("bare_table"))
        with cursor.copy("COPY log.event TO STDOUT") as copy, file.open("wb") as rows:
            for piece in copy:
                rows.write(piece)
        began = time.perf_counter()
        with cursor.copy(sql.SQL("COPY public.bare FROM STDIN")) as copy, file.open("rb") as rows:
            while piece := rows.read(1 << 16):
                copy.write(piece)
        return time.perf_counter() - began, cursor.rowcount
