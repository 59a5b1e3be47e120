"""The ground that contenders run on: an own server with durability on, processes, and rounds taken in turn.

Machines are noisy. So contenders take turns in short rounds, each round gives one ratio, and their median counts.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.resources import files
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias
from uuid import uuid4

from psycopg import conninfo as dsn
from psycopg import sql

from eventstore import premises, server
from eventstore.database import connect, migrate
from eventstore.trouble import Trouble

Step: TypeAlias = Callable[[], object]
"""What is repeated and counted."""

Ready: TypeAlias = Callable[[str], AbstractContextManager[Step]]
"""How a process gets ready: from the connection string to the step that it repeats."""

ROUNDS = 5
_NEEDED = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass(frozen=True, slots=True)
class Contender:
    """Somebody who repeats a step as often as possible."""

    name: str
    ready: Ready


@dataclass(frozen=True, slots=True)
class Result:
    """How two contenders did. Rates are per second; `ratio` is the median over the rounds, the first to the second."""

    figure: str
    rate: float
    peer: str
    peer_rate: float
    ratio: float
    to_reach: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict)  # Any: JSON


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure by itself, and the bar that was set for it."""

    figure: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None


class NotDurable(Trouble):
    """The server would lose acknowledged writes when the power fails: its figures would say nothing."""


@contextmanager
def scratch(database_url: str | None, binaries: Path | None) -> Iterator[str]:
    """The conninfo of an empty, migrated database, dropped afterwards: on that server, or on one started for it."""
    with ExitStack() as stack:
        url = database_url
        if url is None:
            folder = Path(tempfile.mkdtemp(prefix="everfold-bench-"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            folder.chmod(0o755)  # root lends the server an account of its own, which must get in
            settings = {"max_connections": "200", "shared_buffers": "1GB", "max_wal_size": "4GB"}
            url = stack.enter_context(server.running(folder, binaries=binaries, settings=settings))
        yield stack.enter_context(database(url))


@contextmanager
def database(url: str) -> Iterator[str]:
    """One more database on the server of `url`. Raises NotDurable."""
    name = f"everfold_bench_{uuid4().hex[:8]}"
    with connect(url) as connection:
        for setting in _NEEDED:
            row = connection.execute("SELECT current_setting(%s) AS value", [setting]).fetchone()
            if not row or row["value"] != "on":
                raise NotDurable(f"{setting} is not on: this server may lose what it has acknowledged.")
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    conninfo = dsn.make_conninfo(url, dbname=name)
    try:
        with connect(conninfo) as connection:
            migrate(connection)
        yield conninfo
    finally:
        with connect(url) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def race(conninfo: str, contenders: Sequence[Contender], processes: int, seconds: float) -> dict[str, list[float]]:
    """Steps per second of each contender in each round, by `processes` processes each; `seconds` for each in all."""
    with ExitStack() as stack:
        crews = {c.name: stack.enter_context(_crew(conninfo, c, processes)) for c in contenders}
        rates: dict[str, list[float]] = {name: [] for name in crews}
        for crew in crews.values():
            _run(crew, 0.2)  # plans, caches and connections are warm
        for _ in range(ROUNDS):
            for name, crew in crews.items():
                rates[name].append(_run(crew, seconds / ROUNDS))
    return rates


def compared(figure: str, rates: Mapping[str, Sequence[float]], to_reach: float | None = None) -> Result:
    """The first contender against the second."""
    (_, ours), (peer, theirs) = rates.items()
    ratio = median(mine / his for mine, his in zip(ours, theirs, strict=True))
    return Result(figure, median(ours), peer, median(theirs), ratio, to_reach)


def pgbench(conninfo: str, scripts: Mapping[str, str], clients: int, seconds: float) -> dict[str, list[float]] | None:
    """Transactions per second of each SQL script in each round; None when pgbench is not installed here."""
    program = _pgbench()
    if program is None:
        return None
    rates: dict[str, list[float]] = {name: [] for name in scripts}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in scripts.items():
            (Path(folder) / name).write_text(text)
        for _ in range(ROUNDS):
            for name in scripts:
                rates[name].append(_pgbench_rate(program, conninfo, Path(folder) / name, clients, seconds / ROUNDS))
    return rates


def statement(name: str) -> bytes:
    """The text of `name`.sql beside this module."""
    return files("bench").joinpath(f"{name}.sql").read_bytes()


def _pgbench() -> Path | None:
    own = (folder / "pgbench" for folder in premises.installed())
    found = next((path for path in own if path.is_file()), None) or shutil.which("pgbench")
    return Path(found) if found else None


def _pgbench_rate(program: Path, conninfo: str, script: Path, clients: int, seconds: float) -> float:
    parts = {key: str(value) for key, value in dsn.conninfo_to_dict(conninfo).items()}
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    said = subprocess.run(
        [
            program,
            "-n",
            "-M",
            "prepared",
            "-c",
            str(clients),
            "-j",
            "2",
            "-T",
            str(max(1, round(seconds))),
            "-f",
            script,
        ],
        env=os.environ | {names[key]: value for key, value in parts.items() if key in names},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return float(said.split("tps = ")[1].split()[0])


@contextmanager
def _crew(conninfo: str, contender: Contender, processes: int) -> Iterator[list["_Worker"]]:
    crew: list[_Worker] = []
    try:
        for _ in range(processes):
            crew.append(_Worker(conninfo, contender))
            crew[-1].answer()  # one by one: the stock recorder makes its tables when it is opened
        yield crew
    finally:
        for worker in crew:
            worker.leave()


def _run(crew: Sequence["_Worker"], seconds: float) -> float:
    for worker in crew:
        worker.pipe.send(seconds)
    return sum(worker.answer() for worker in crew)


class _Worker:
    """A process that repeats a contender's step for as long as it is told, and answers with steps per second."""

    def __init__(self, conninfo: str, contender: Contender) -> None:
        context = get_context("fork")  # a hundred processes need not import everything again
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(conninfo, contender, theirs), daemon=True)
        self.process.start()

    def answer(self) -> float:
        while not self.pipe.poll(0.5):
            if not self.process.is_alive():
                break
        try:
            return float(self.pipe.recv())
        except EOFError:
            raise ChildProcessError("A process of the benchmark has died; what it said stands above.") from None

    def leave(self) -> None:
        with suppress(BrokenPipeError):
            self.pipe.send(None)
        self.process.join()


def _work(conninfo: str, contender: Contender, pipe: Pipe) -> None:
    with contender.ready(conninfo) as step:
        pipe.send(0)
        while (seconds := pipe.recv()) is not None:
            steps, begin = 0, time.perf_counter()
            while (now := time.perf_counter()) - begin < seconds:
                step()
                steps += 1
            pipe.send(steps / (now - begin))
