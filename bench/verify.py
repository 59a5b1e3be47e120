"""Verification of a whole log against its exported seals, beside one pass in SQL that reads and hashes every row."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.ground import ROUNDS, Result, compared, statement
from bench.growth import fill
from eventstore.database import connect
from eventstore.sealing.seals import seal_and_export
from eventstore.sealing.verification import verify


def run(conninfo: str, events: int) -> Iterator[Result]:
    """Events per second of both, in rounds taken in turn. Raises AssertionError when the log is not found intact."""
    fill(conninfo, events)
    with tempfile.TemporaryDirectory() as folder, connect(conninfo) as connection:
        file = Path(folder) / "seals.ndjson"
        seal_and_export(connection, file, force=True)

        def ours() -> None:
            report = verify(connection, file)
            assert report.finding is None, report.finding

        def one_pass() -> None:
            connection.execute(statement("one_pass")).fetchone()

        rates: dict[str, list[float]] = {"everfold": [], "one pass in SQL": []}
        for _ in range(ROUNDS):
            for name, work in zip(rates, (ours, one_pass), strict=True):
                rates[name].append(events / _seconds(work))
    yield compared(f"verify a log of {events:,} events, in events", rates, 0.5)


def _seconds(work: Callable[[], None]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
