"""Backs the log up into one file and restores it from there, positions, gaps and salts included."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import errors, sql

from domain.customer import CustomerForgotten, CustomerPersonForgotten
from domain.event import CustomerId
from eventstore import log
from eventstore.backup import archive
from eventstore.backup.archive import ArchiveDamaged, Manifest, Member, NotABackup
from eventstore.database import Connection, query
from eventstore.durable import sync_folder
from eventstore.erasure import forgetting
from eventstore.erasure.erasures import Erasure
from eventstore.fence import horizon
from eventstore.trouble import Trouble
from eventstore.whole_log import filling


class FileExists(Trouble):
    """There is a file of that name, and a backup never overwrites one. Choose another name."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


class LogNotEmpty(Trouble):
    """This log has events already, and nothing is added to it so. Begin with a new data folder or a new database."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


class OtherSecret(Trouble):
    """This log was kept with another secret: its API keys and ids would not be found again. Bring it back with the file
    'secret' of the data folder that it comes from, or with its EVERFOLD_SECRET."""

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()))


class RestoredLogWrong(Trouble):
    """The log that was kept does not verify: the text names the first thing that is wrong. Nothing was restored."""

    def __init__(self, what: str, detail: str) -> None:
        super().__init__(f"The log that was kept is not as it was recorded: {what}. {detail} Nothing was restored.")


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore brought back: the archive's manifest, the new epoch, and who was forgotten again."""

    manifest: Manifest
    epoch: UUID
    erased: tuple[UUID, ...]


def back_up(connection: Connection, path: Path, made_by: str) -> Manifest:
    """Write all that is committed at this moment to a new file, for the owner's eyes only.

    Memory stays small; the texts lie beside the file until it is packed. Raises FileExists, StuckWriter or OSError.
    """
    if path.exists():
        raise FileExists()
    horizon(connection)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.everfold-") as folder:
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            spell_plainly(connection)
            members = [_copied(connection, table, Path(folder)) for table in archive.TABLES]
            said = facts(connection)
        manifest = Manifest(format=archive.FORMAT, made_by=made_by, **said | {"members": tuple(members)})
        packed = Path(folder) / "archive"
        with open(os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            archive.write(target, manifest, [Path(folder) / table for table in archive.TABLES])
            target.flush()
            os.fsync(target.fileno())
        _put(packed, path)
    return manifest


@contextmanager
def restoring(
    connection: Connection,
    path: Path,
    *,
    fingerprint: bytes,
    erasures: Iterable[Erasure],
    envelope: log.Envelope,
) -> Iterator[Restored]:
    """Fill an empty log from a backup, and forget again whom the list names; committed when the block ends well.

    In the block the caller may look at the log as it will be, and raise to have none of it. `fingerprint` is that of
    the installation's secret. A log that a restore of the same backup has filled, and nobody has written to since, is
    taken as it is: so a restore that was killed can end its work. Raises LogNotEmpty, OtherSecret, NotABackup,
    ArchiveDamaged or OSError; then the log is as before, and so it is when the process is killed.
    """
    with archive.opened(path) as backup:
        fill = partial(_fill_all, connection, backup)
        with refilling(
            connection, backup.manifest, fill, fingerprint=fingerprint, erasures=erasures, envelope=envelope
        ) as restored:
            yield restored


@contextmanager
def refilling(
    connection: Connection,
    manifest: Manifest,
    fill: Callable[[], None],
    *,
    fingerprint: bytes,
    erasures: Iterable[Erasure],
    envelope: log.Envelope,
) -> Iterator[Restored]:
    """The same for a log that was kept in any form, which `fill` puts into the log's tables."""
    with connection.transaction():
        if bytes.fromhex(manifest.secret_fingerprint) != fingerprint:
            raise OtherSecret()
        _must_fit(connection, manifest)
        epoch = _filled(connection, manifest, fill)
        erased = [found for erasure in erasures for found in _forgotten_again(connection, erasure, envelope)]
        yield Restored(manifest, epoch, tuple(dict.fromkeys(erased)))


def facts(connection: Connection) -> dict[str, Any]:  # Any: as a manifest names and types them
    """What a manifest says of the log as a whole, at the moment that the connection's transaction sees."""
    found = connection.execute(query("eventstore.backup", "facts")).fetchone()
    assert found is not None
    return found | {
        "made_at": found["made_at"].isoformat(),
        "epoch": str(found["epoch"]),
        "migrations": tuple(found["migrations"]),
    }


def _put(packed: Path, path: Path) -> None:
    """Give the finished file its name: it appears whole, and in nobody's place."""
    try:
        path.hardlink_to(packed)
    except FileExistsError:
        raise FileExists() from None
    except OSError:  # a file system without links
        if path.exists():
            raise FileExists() from None
        packed.rename(path)
    sync_folder(path.parent)


def spell_plainly(connection: Connection) -> None:
    """COPY writes the same text whatever the server's or the login's settings."""
    settings = {"client_encoding": "UTF8", "datestyle": "ISO, YMD", "timezone": "UTC", "bytea_output": "hex"}
    for name, value in settings.items():
        connection.execute("SELECT set_config(%s, %s, true)", [name, value])


def _copied(connection: Connection, table: str, folder: Path) -> Member:
    digest, size = hashlib.sha256(), 0
    columns = columns_of(connection, table)
    cursor = connection.cursor()
    statement = sql.SQL("COPY {} ({}) TO STDOUT").format(name_of(table), listed(columns))
    with (folder / table).open("wb") as text, cursor.copy(statement) as copy:
        for piece in copy:
            text.write(piece)
            digest.update(piece)
            size += len(piece)
    return Member(table, tuple(columns), cursor.rowcount, size, digest.hexdigest())


def _fill(connection: Connection, member: Member, text: Iterable[bytes]) -> None:
    cursor = connection.cursor()
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(name_of(member.table), listed(member.columns))
    try:
        with cursor.copy(statement) as copy:
            for piece in text:
                copy.write(piece)
    except (errors.DataError, errors.IntegrityError):  # their own texts quote what they met
        raise ArchiveDamaged() from None
    if cursor.rowcount != member.rows:
        raise ArchiveDamaged()


def _must_fit(connection: Connection, manifest: Manifest) -> None:
    known = {row["name"] for row in connection.execute("SELECT name FROM public.everfold_migration")}
    lacking = {
        f"{member.table}.{column}"
        for member in manifest.members
        for column in set(member.columns) - set(columns_of(connection, member.table))
    }
    if lacking or not known.issuperset(manifest.migrations):
        raise NotABackup(
            f"This log was kept by a newer Everfold ({manifest.made_by}) than this one. Restore it with that version."
        )


def _filled(connection: Connection, manifest: Manifest, fill: Callable[[], None]) -> UUID:
    """Fill the empty log; returns the new epoch. A restore that was cut off may find all there."""
    filling.hold_still(connection)
    if not filling.is_empty(connection):
        return _held(connection, manifest)
    fill()
    return filling.begin_anew(connection, manifest.last_position)


def _fill_all(connection: Connection, backup: archive.Archive) -> None:
    spell_plainly(connection)
    connection.execute("DELETE FROM log.epoch")
    for member in backup.manifest.members:
        _fill(connection, member, backup.text(member))
    backup.must_end()


def _held(connection: Connection, manifest: Manifest) -> UUID:
    """The epoch that a restore of this very backup began. Raises LogNotEmpty when the log is anything else."""
    parameters = {
        "epoch": UUID(manifest.epoch),
        "last_position": manifest.last_position,
        "events": manifest.events,
    }
    row = connection.execute(query("eventstore.backup", "held"), parameters).fetchone()
    if not row or not row["is_held"]:
        raise LogNotEmpty()
    epoch: UUID = row["epoch"]
    return epoch


def _forgotten_again(connection: Connection, erasure: Erasure, envelope: log.Envelope) -> list[UUID]:
    """Whom this erasure concerns and the restored log still knows; none when it never knew her or has forgotten her."""
    customer_id, person_id = CustomerId(erasure.customer_id), erasure.person_id
    event: CustomerForgotten | CustomerPersonForgotten = CustomerForgotten(legal_basis="erasure_list")
    if person_id is not None:
        event = CustomerPersonForgotten(person_id=person_id, legal_basis="erasure_list")
    with suppress(forgetting.UnknownSubject), connection.transaction():
        erased = forgetting.forget(connection, customer_id, event, envelope)
        return [found.customer_id for found in erased if found.is_new]
    return []


def columns_of(connection: Connection, table: str) -> list[str]:
    """The columns of a table, in its order."""
    rows = connection.execute(query("eventstore.backup", "columns"), {"table": table})
    return [row["name"] for row in rows]


def name_of(table: str) -> sql.Identifier:
    """The table, as a statement names it."""
    return sql.Identifier(*table.split("."))


def listed(columns: Iterable[str]) -> sql.Composed:
    """The columns, as a statement lists them."""
    return sql.SQL(", ").join(map(sql.Identifier, columns))
