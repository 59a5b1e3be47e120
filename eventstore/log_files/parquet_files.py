"""The whole log as Parquet, a file for each month: for analysts, and not to be loaded again."""

import hashlib
from pathlib import Path

from psycopg import ClientCursor

from eventstore.backup.backup import columns_of
from eventstore.database import Connection, query
from eventstore.log_files.manifest import BESIDE, EVENT, LogFile
from eventstore.parquet import ParquetWriter, exported_snapshot, parquet_writer

ORDER = {
    "log.command": "first_position",
    "log.external_id": "system, key",
    "log.forgotten": "position",
    "log.seal": "number",
    "log.epoch": "started_at",
}
"""The columns that the rows of a table are written in the order of."""


def parquet_files(connection: Connection, conninfo: str, folder: Path) -> list[LogFile]:
    """Write the files of the moment that the connection's transaction sees. Raises AnalyticsMissing."""
    months = connection.execute(query("eventstore.log_files", "months")).fetchall()
    text = ClientCursor(connection)
    statements = [
        (EVENT, row["month"], text.mogrify(query("eventstore.log_files", "events_of_month"), row)) for row in months
    ]
    for table in BESIDE:  # the names are this package's own
        statements.append((table, table.partition(".")[2], f"SELECT * FROM {table} ORDER BY {ORDER[table]}"))
    with parquet_writer(conninfo, exported_snapshot(connection)) as writer:
        return [_written(connection, writer, folder, *named) for named in statements]


def _written(
    connection: Connection, writer: ParquetWriter, folder: Path, table: str, name: str, statement: str
) -> LogFile:
    path = folder / f"{name}.parquet"
    rows = writer.write(statement, path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return LogFile(table, tuple(columns_of(connection, table)), rows, path.stat().st_size, digest, path.name)
