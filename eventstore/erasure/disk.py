"""What was deleted leaves the disk too: tables and statistics are written anew, and the write-ahead log turns over.

PostgreSQL keeps deleted rows until a table is written anew, quotes common values in its statistics, and keeps both in
its write-ahead log until that has moved on. A step that the login may not take is left to an administrator, by name.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg import errors, sql
from psycopg.errors import Diagnostic

from eventstore.database import UNAVAILABLE, Connection, query

BESIDE_THE_LOG = (("log", "personal_data"), ("log", "external_id"), ("log", "snapshot"))
"""Schema and name of the log's tables that can be forgotten."""

_PAUSE = 0.05
_TURN = "SELECT pg_try_advisory_lock(1163281490, 4) AS is_mine"
_TURN_ENDS = "SELECT pg_advisory_unlock(1163281490, 4)"
_MOST_SEGMENTS = 256


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the purge; `left` says what kept it from being done and what to do about that, None when it is done."""

    name: str
    left: str | None = None


class _Left(Exception):
    """The step could not be done; the text says what to do."""


def purge(connection: Connection, tables: Sequence[tuple[str, str]], *, patience: float = 30.0) -> list[Step]:
    """Write these tables (schema, name) anew and turn the write-ahead log over, so that no file holds what was deleted.

    Waits up to `patience` seconds for its turn, for transactions that may still see the deleted rows and for each lock.
    A step that is not permitted or fails raises nothing: it says what is left to do. Needs autocommit.
    """
    with _limits(connection, patience):
        turn = _turn(connection, patience)
        if turn.left:
            return [turn]
        try:
            return [
                _old_snapshots_end(connection, patience),
                *(_written_anew(connection, table) for table in (*tables, ("pg_catalog", "pg_statistic"))),
                _wal_turned_over(connection),
                _no_file_without_owner(connection),
            ]
        finally:
            if not connection.closed:
                connection.execute(_TURN_ENDS)


def _turn(connection: Connection, patience: float) -> Step:
    """Tables that one purge makes would seem left by a crash to another. Whoever waits must hold no snapshot."""
    with _step("wait for another purge") as taken:
        deadline = time.monotonic() + patience
        while connection.execute(_TURN).fetchone() != {"is_mine": True}:
            if time.monotonic() > deadline:
                raise _Left("Somebody else is being forgotten, and files are written anew for that. Wait for the end")
            time.sleep(_PAUSE)
    return taken[0]


def _old_snapshots_end(connection: Connection, patience: float) -> Step:
    """A table that is written anew keeps the deleted rows that somebody may still see."""
    with _step("wait for transactions that still see what was deleted") as left:
        boundary = connection.execute("SELECT pg_current_xact_id()::xid::text AS boundary").fetchone()
        deadline = time.monotonic() + patience
        while found := connection.execute(query("eventstore.erasure", "old_snapshots"), boundary).fetchone():
            if time.monotonic() > deadline:
                raise _Left(f"{found['what']}{found['began']}: {found['statement']}")
            time.sleep(_PAUSE)
    return left[0]


def _written_anew(connection: Connection, table: tuple[str, str]) -> Step:
    # statistics of the statistics hold nobody's values
    options = sql.SQL("FULL") if table[0] == "pg_catalog" else sql.SQL("FULL, ANALYZE")
    statement = sql.SQL("VACUUM ({}) {}").format(options, sql.Identifier(*table))
    skipped: list[str] = []

    def note(notice: Diagnostic) -> None:  # a table of another owner is skipped with a warning
        if notice.severity_nonlocalized == "WARNING":
            skipped.append(notice.message_primary or "")

    connection.add_notice_handler(note)
    try:
        with _step(f"write {'.'.join(table)} anew", statement.as_string(connection)) as left:
            connection.execute(statement)
            if skipped:
                raise errors.InsufficientPrivilege
    finally:
        connection.remove_notice_handler(note)
    return left[0]


def _wal_turned_over(connection: Connection) -> Step:
    """Switched until every segment that was there lies behind; checkpoints then remove those."""
    with _step("turn the write-ahead log over", "CHECKPOINT; SELECT pg_switch_wal(); CHECKPOINT") as left:
        connection.execute("CHECKPOINT")
        held = {row["name"] for row in _wal_files(connection)}
        for _ in range(_MOST_SEGMENTS):
            connection.execute("SELECT pg_switch_wal()")
            # something must lie in the new segment before that can be left in its turn
            connection.execute("SELECT pg_logical_emit_message(false, 'everfold', '')")
            if all(row["is_behind"] for row in _wal_files(connection) if row["name"] in held):
                break
        connection.execute("CHECKPOINT")
        connection.execute("CHECKPOINT")
        if connection.execute("SHOW wal_recycle").fetchone() == {"wal_recycle": "on"}:
            raise _Left("Old segments are reused: ALTER SYSTEM SET wal_recycle = off; SELECT pg_reload_conf()")
        kept = [row["name"] for row in _wal_files(connection) if row["name"] in held]
        if kept:
            raise _Left(
                f"{len(kept)} old segments are kept, for an archive, a replication slot or by wal_keep_size; mend that"
            )
    return left[0]


def _wal_files(connection: Connection) -> list[dict[str, object]]:
    return connection.execute(query("eventstore.erasure", "wal_files")).fetchall()


def _no_file_without_owner(connection: Connection) -> Step:
    """A server that is killed while a table is made leaves a file that it never looks at again."""
    with _step(
        "look for files that a crash left", " ".join(query("eventstore.erasure", "ownerless_files").split())
    ) as left:
        row = connection.execute(query("eventstore.erasure", "ownerless_files")).fetchone()
        if row and row["files"]:
            raise _Left(
                f"{row['files']} files of the database belong to no table: a crash left them, or a table is being made"
                " just now. If that lasts, back up, restore into a new database and drop this one"
            )
    return left[0]


@contextmanager
def _step(name: str, statement: str = "") -> Iterator[list[Step]]:
    """The step that was taken, in a list of one, once the block has ended."""
    taken: list[Step] = []
    try:
        yield taken
        taken.append(Step(name))
    except _Left as left:
        taken.append(Step(name, f"{left}; then forget again."))
    except errors.InsufficientPrivilege:
        taken.append(Step(name, f"This login may not. An administrator has to run: {statement}"))
    except errors.LockNotAvailable:
        taken.append(Step(name, "Somebody reads or writes at length and was waited for in vain. Forget again later."))
    except UNAVAILABLE as error:  # without its text: that may quote a statement
        taken.append(Step(name, f"The database could not ({type(error).__name__}). Mend that; then forget again."))


@contextmanager
def _limits(connection: Connection, patience: float) -> Iterator[None]:
    connection.execute("SELECT set_config('lock_timeout', %s, false)", [f"{patience:.3f}s"])
    connection.execute("SET statement_timeout = 0")
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("RESET lock_timeout")
            connection.execute("RESET statement_timeout")
