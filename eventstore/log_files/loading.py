"""Loads an exported log into an empty one: positions, gaps, salts, digests and seals as they were."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from psycopg import errors, sql

from eventstore import indexes, log
from eventstore.backup.backup import Restored, listed, name_of, refilling, spell_plainly
from eventstore.database import Connection, query
from eventstore.erasure.erasures import Erasure
from eventstore.log_files import manifest as manifests
from eventstore.log_files.manifest import EVENT, LogFile, LogFilesDamaged, LogManifest

_BLOCK = 1 << 20


def loading(
    connection: Connection,
    folder: Path,
    *,
    fingerprint: bytes,
    erasures: Iterable[Erasure],
    envelope: log.Envelope,
) -> AbstractContextManager[Restored]:
    """Fill an empty log from an exported one, and forget again whom the list names; as `backup.restoring` does it.

    Raises LogNotEmpty, OtherSecret, NotLogFiles, LogFilesDamaged or OSError; then the log is as before.
    """
    manifest = manifests.read(folder)
    fill = partial(_fill, connection, folder, manifest)
    return refilling(connection, manifest, fill, fingerprint=fingerprint, erasures=erasures, envelope=envelope)


def _fill(connection: Connection, folder: Path, manifest: LogManifest) -> None:
    spell_plainly(connection)
    connection.execute("CREATE TEMPORARY TABLE line (said jsonb NOT NULL) ON COMMIT DROP")
    connection.execute("DELETE FROM log.epoch")
    with indexes.made_afterwards(connection, "log", "event", "personal_data"):
        for file in manifest.members:
            _load(connection, folder / file.name, file)
    connection.execute("ANALYZE log.event, log.personal_data")


def _load(connection: Connection, path: Path, file: LogFile) -> None:
    digest = hashlib.sha256()
    cursor = connection.cursor()
    into = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM pg_temp.line, jsonb_populate_record(NULL::{}, said)").format(
        name_of(file.table), listed(file.columns), listed(file.columns), name_of(file.table)
    )
    try:
        with cursor.copy("COPY pg_temp.line FROM STDIN") as copy:
            for block in _blocks(path):
                digest.update(block)
                copy.write(block.replace(b"\\", b"\\\\"))
        if (cursor.rowcount, path.stat().st_size, digest.hexdigest()) != (file.rows, file.size, file.sha256):
            raise LogFilesDamaged(path, "has another checksum")
        connection.execute(into)
        if file.table == EVENT:
            connection.execute(query("eventstore.log_files", "load_personal"))
    except (errors.DataError, errors.IntegrityError):  # their own texts quote what they met
        raise LogFilesDamaged(path, "holds something else than it should") from None
    connection.execute("TRUNCATE pg_temp.line")


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
