"""Writes the whole log to a new folder: NDJSON, a line for each event with its personal part, a file for each month."""

import hashlib
import os
from pathlib import Path

from psycopg import sql

from eventstore.backup.backup import columns_of, facts, name_of, spell_plainly
from eventstore.database import Connection, query
from eventstore.fence import horizon
from eventstore.log_files import manifest as manifests
from eventstore.log_files.manifest import BESIDE, EVENT, Form, LogFile, LogManifest
from eventstore.log_files.parquet_files import ORDER, parquet_files
from eventstore.new_folder import new_folder

_BLOCK = 1 << 20


def export_log(connection: Connection, conninfo: str, folder: Path, made_by: str, form: Form = "ndjson") -> LogManifest:
    """Write all that is committed at this moment to a new folder, for the owner's eyes only; memory stays small.

    It is `folder`.part until it is whole. `conninfo` leads to the same database. Raises FolderThere, LeftOver,
    StuckWriter or OSError, and for Parquet AnalyticsMissing.
    """
    horizon(connection)
    with new_folder(folder) as part:
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            spell_plainly(connection)
            is_plain = form == "ndjson"
            files = ndjson_files(connection, part) if is_plain else parquet_files(connection, conninfo, part)
            said = facts(connection)
        manifest = LogManifest(
            format=manifests.FORMAT, made_by=made_by, written_as=form, **said | {"members": tuple(files)}
        )
        manifests.write(part, manifest)
    return manifest


def ndjson_files(connection: Connection, folder: Path) -> list[LogFile]:
    """Write the files of the moment that the connection's transaction sees."""
    columns = tuple(columns_of(connection, EVENT))
    files = _by_month(connection, folder, columns)
    for table in BESIDE:
        file = _File(folder, f"{table.partition('.')[2]}.ndjson")
        rows = sql.SQL("SELECT row_to_json(line) FROM {} AS line ORDER BY {}").format(
            name_of(table), sql.SQL(ORDER[table])
        )
        with connection.cursor().copy(sql.SQL("COPY ({}) TO STDOUT").format(rows)) as copy:
            for piece in copy:
                file.add(bytes(piece))
        files.append(file.ended(table, tuple(columns_of(connection, table))))
    return files


def _by_month(connection: Connection, folder: Path, columns: tuple[str, ...]) -> list[LogFile]:
    files: dict[bytes, _File] = {}
    rows = sql.SQL(query("eventstore.log_files", "events"))
    with connection.cursor().copy(sql.SQL("COPY ({}) TO STDOUT").format(rows)) as copy:
        for piece in copy:
            month, _, line = bytes(piece).partition(b"\t")
            # clocks of servers are set back: a month may come again
            file = files.get(month) or files.setdefault(month, _File(folder, f"{month.decode()}.ndjson"))
            file.add(line)
    return [file.ended(EVENT, columns) for _, file in sorted(files.items())]


class _File:
    """A file that grows in blocks, is counted and hashed. It is open only while a block is written."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path, self._name = folder / name, name
        self._digest = hashlib.sha256()
        self._rows = self._size = self._waiting = 0
        self._block: list[bytes] = []
        os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))

    def add(self, line: bytes) -> None:
        """A line as COPY writes it: JSON has no tabs and line ends of its own, only its backslashes are doubled."""
        self._block.append(line.replace(b"\\\\", b"\\"))
        self._waiting += len(line)
        if self._waiting > _BLOCK:
            self._flush()

    def ended(self, table: str, columns: tuple[str, ...]) -> LogFile:
        """What the manifest says of it."""
        self._flush(to_disk=True)
        return LogFile(table, columns, self._rows, self._size, self._digest.hexdigest(), self._name)

    def _flush(self, *, to_disk: bool = False) -> None:
        text = b"".join(self._block)
        self._digest.update(text)
        self._size += len(text)
        self._rows += len(self._block)
        self._block.clear()
        self._waiting = 0
        with self._path.open("ab") as file:
            file.write(text)
            if to_disk:
                file.flush()
                os.fsync(file.fileno())
