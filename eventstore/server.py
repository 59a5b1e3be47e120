"""The PostgreSQL that Everfold brings along: it starts with the first process that needs it and stops with the last.

One folder holds everything: the cluster, its log, its socket and two locks. Each user of the server holds `users`
shared for as long as it needs it; starting and stopping happen under `turn`, one process at a time. The kernel drops
the locks of a killed process, so nobody is counted who is no longer there.
"""

import fcntl
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from uuid import uuid4

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.errors import DuplicateDatabase, UniqueViolation

from eventstore import premises
from eventstore.database import Connection
from eventstore.premises import ServerError

__all__ = ["ServerError", "give_way", "running"]

_SECOND_PLACE = 10
"""As nice(1) counts it: beside a process of the usual priority, about a tenth of a processor."""
PATIENCE = 60.0  # seconds a server that is on its way up or down is waited for
SETTINGS = {
    "listen_addresses": "",
    "jit": "off",
    "max_connections": "50",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # errors quote values, and no erasure reaches a log file: whoever sent the statement is told, and nobody else
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    # what was erased would live on in segments of the write-ahead log that wait under a new name to be written over
    "wal_recycle": "off",
}


@contextmanager
def running(data: Path, *, binaries: Path | None = None, settings: Mapping[str, str] = {}) -> Iterator[str]:
    """Start (or share) the Postgres under `data`; yield the conninfo of its database "everfold".

    The last user to leave stops it. Threads and nested calls are users of their own; a forked child is not one until it
    calls `running` itself. `binaries` and `settings` count for the user who starts the server. Raises ServerError.
    """
    process = os.getpid()
    with _explained(data):
        home = premises.settle(data.resolve())
        turn, users = premises.opened(home, "turn"), premises.opened(home, "users")
    with turn, users:
        with _explained(data), _held(turn):
            fcntl.flock(users, fcntl.LOCK_SH)
            conninfo = _served(home, binaries, settings)
        try:
            yield conninfo
        finally:
            if os.getpid() == process:
                with _held(turn):
                    if _alone(users, home):
                        _stop(home)
                    fcntl.flock(users, fcntl.LOCK_UN)


@contextmanager
def _explained(data: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, psycopg.Error) as error:
        raise ServerError(f"The database cannot live in {data}: {error}. Mend it or choose another folder.") from error


@contextmanager
def _held(lock: IO[bytes]) -> Iterator[None]:
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)


def _alone(users: IO[bytes], home: Path) -> bool:
    """Nobody else uses the server and it is still ours: `data` may have been deleted and made anew."""
    with suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(users.fileno()), (home / "users").stat())
    return False


def _served(home: Path, binaries: Path | None, settings: Mapping[str, str]) -> str:
    """The conninfo of a server that answers, started where none runs."""
    sockets = premises.sockets(home)
    address = {"port": "5432", "unix_socket_directories": str(sockets)}
    conninfo = make_conninfo(host=str(sockets), port=5432, user="postgres", dbname="everfold")
    deadline = time.monotonic() + PATIENCE
    while not _answers(conninfo, home):
        server = _live(home / "data" / "postmaster.pid")
        if time.monotonic() > deadline:
            left = f"process {server}" if server else "what a killed server left"
            raise _failure(f"The database server under {home} does not answer. End {left}.", home, _log(home))
        if not server:
            _live(sockets / ".s.PGSQL.5432.lock")  # a dead one's would keep ours from starting
            _start(home, binaries, {**SETTINGS, **settings, **address})
        time.sleep(0.02)
    return conninfo


def _answers(conninfo: str, home: Path) -> bool:
    """Our server takes connections; its database is made when it is missing."""
    try:
        connection = psycopg.connect(conninfo, dbname="postgres", autocommit=True, connect_timeout=5)
    except psycopg.OperationalError:
        return False
    with connection:
        [(cluster, made)] = connection.execute(
            "SELECT current_setting('data_directory'), EXISTS (SELECT FROM pg_database WHERE datname = 'everfold')"
        ).fetchall()
        if cluster != str(home / "data"):
            raise ServerError(f"The database server of {cluster} has taken the socket of {home}. Stop that server.")
        if not made:
            with suppress(DuplicateDatabase, UniqueViolation):  # made meanwhile for a user that was killed
                connection.execute("CREATE DATABASE everfold")
    return True


def _live(record: Path) -> int | None:
    """The server's process id in a postmaster.pid or in the lock of a socket, if that server runs.

    PostgreSQL asks kill(2) whether the process lives. A zombie fools it, a stranger that got the id since, and a file
    that a power cut emptied: such a record is removed.
    """
    try:
        words = record.read_text(errors="replace").split()
    except FileNotFoundError:
        return None
    pid = words[0].lstrip("-") if words else ""  # a single-user server writes its id with a minus
    program = _program(int(pid)) if pid.isdigit() else ""
    if program is None:
        return None
    if not Path(program).name.startswith("postgres"):
        record.unlink(missing_ok=True)
        return None
    return int(pid)


def _program(pid: int) -> str | None:
    """What a process runs: None when there is no such process, "" for a zombie."""
    if Path("/proc/self").exists():
        with suppress(FileNotFoundError, ProcessLookupError):
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")[0]
        return None
    listed = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True)
    return listed.stdout.strip() or None


def give_way(connection: Connection) -> None:
    """Let the work of this connection take second place on the processors of this machine, until it is closed.

    The work of a server on another machine, or where the system does not allow it, goes on as before.
    """
    backend = connection.info.backend_pid
    if connection.info.host.startswith("/") and (_program(backend) or "").startswith("postgres:"):
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, backend, _SECOND_PLACE)


def _start(home: Path, chosen: Path | None, settings: Mapping[str, str]) -> None:
    """Start the server, made where there is none; it stays down while the backends of a killed one linger."""
    binaries, major = premises.programs(home, chosen)
    if not (home / "data" / "PG_VERSION").exists():
        _initialise(home, binaries, major, durable=settings.get("fsync") != "off")
    made_by = (home / "data" / "PG_VERSION").read_text().strip()
    if made_by != str(major):
        raise ServerError(
            f"The database in {home} was made by PostgreSQL {made_by}, but {binaries} is PostgreSQL {major}. Name the "
            f"programs of PostgreSQL {made_by} in CRM_PG_BIN, or back up with those and restore with these."
        )
    options = shlex.join(f"--{name}={value}" for name, value in settings.items())
    # a file and no pipe: the server keeps it open, and a pipe's reader would wait for the server's end
    with premises.opened(home, "log") as log:
        begin = os.fstat(log.fileno()).st_size
        command = (binaries / "pg_ctl", "start", "--silent", "--wait", "--timeout=600", "--options", options)
        failed, _ = premises.run(home, *command, output=log)
    said = _log(home, begin)
    if failed and "pre-existing shared memory block" not in said:
        raise _failure(f"The database server under {home} did not start.", home, said)


def _initialise(home: Path, binaries: Path, major: int, durable: bool) -> None:
    """Make the cluster under another name and rename it, so that a killed initdb leaves nothing that looks like one."""
    for leftover in home.glob("new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh = home / f"new-{uuid4()}"
    # text sorts by code point and folds the case of every alphabet, on every system; before 17 the C library helps
    letters = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
    builtin, system = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"], ["--locale=C", f"--lc-ctype={letters}"]
    locale = builtin if major >= 17 else system
    access = ["--username=postgres", "--auth-local=trust", "--auth-host=scram-sha-256"]
    sync = [] if durable else ["--no-sync"]
    failed, said = premises.run(home, binaries / "initdb", "-D", fresh, "--encoding=UTF8", *locale, *access, *sync)
    if failed:
        raise _failure(f"The database could not be made in {home}.", home, said)
    fresh.rename(home / "data")


def _log(home: Path, begin: int = 0) -> str:
    with suppress(FileNotFoundError):
        return (home / "log").read_bytes()[begin:].decode(errors="replace")
    return ""


def _failure(sentence: str, home: Path, said: str) -> ServerError:
    if shutil.disk_usage(home).free < 1_000_000:  # which may have kept the reason from being said
        sentence += " The disk is full: make room there."
    return ServerError("\n".join([sentence, *said.strip().splitlines()[-12:]]))


def _stop(home: Path) -> None:
    """A fast shutdown: open transactions are rolled back, what was committed stays."""
    record = home / "data" / "postmaster.pid"
    pid = _live(record)
    deadline = time.monotonic() + PATIENCE
    if pid:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
    while pid and _live(record) == pid:
        if time.monotonic() > deadline:
            sentence = f"The database server under {home} (process {pid}) does not stop. Wait, or end it."
            raise _failure(sentence, home, _log(home))
        time.sleep(0.01)
