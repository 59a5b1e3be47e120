"""Query results as Parquet: streamed from the database in columns, never as Python's objects."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eventstore.analytics import must_have_analytics
from eventstore.database import Connection

_AT_ONCE = 1 << 15
"""Rows that are packed together; so many stay in memory, a few times over."""
_BATCH = 1 << 20


class ParquetWriter:
    """Writes what statements answer, each to a file of its own, all as of the same moment."""

    def __init__(self, cursor: Any, database: Any) -> None:  # Any: the packages may be missing
        self._cursor, self._database = cursor, database

    def write(self, statement: str, path: Path) -> int:
        """Write a new file, in a folder that is nobody else's; returns the number of rows. Amounts are text."""
        self._cursor.execute(statement)
        rows = self._database.from_arrow(self._cursor.fetch_arrow())
        rows.write_parquet(str(path), compression="zstd", row_group_size=_AT_ONCE)
        path.chmod(0o600)
        with path.open("rb") as file:
            os.fsync(file.fileno())
        self._database.execute("SELECT count(*) FROM read_parquet(?)", [str(path)])
        return int(self._database.fetchall()[0][0])


@contextmanager
def parquet_writer(conninfo: str, snapshot: str | None) -> Iterator[ParquetWriter]:
    """A writer that sees what the snapshot's transaction sees, else this moment. Raises AnalyticsMissing."""
    adbc, duckdb = _packages()
    with adbc.connect(conninfo) as other, other.cursor() as cursor, duckdb.connect() as database:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        if snapshot:
            cursor.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")  # the server's own text
        cursor.execute("SET LOCAL search_path TO pg_catalog")
        cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(_BATCH)})
        database.execute("SET enable_progress_bar = false")
        database.execute("SET threads = 1")  # several keep ever more rows that wait for their turn
        yield ParquetWriter(cursor, database)


def exported_snapshot(connection: Connection) -> str:
    """What the connection's transaction sees, for others to see; it must be REPEATABLE READ."""
    row = connection.execute("SELECT pg_export_snapshot() AS snapshot").fetchone()
    assert row is not None
    return str(row["snapshot"])


def _packages() -> tuple[Any, Any]:
    must_have_analytics()
    import adbc_driver_postgresql.dbapi as adbc
    import duckdb

    return adbc, duckdb
