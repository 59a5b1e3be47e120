"""A backup's form: one gzipped tar with a manifest and, for each table, the text that COPY writes.

It needs no program of PostgreSQL and reads the same on every server from 15 on. Read models and snapshots are not in
it: they are folded anew.
"""

import gzip
import hashlib
import json
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from eventstore.trouble import Trouble

FORMAT = 1
MANIFEST = "manifest.json"
TABLES = (
    "log.event",
    "log.personal_data",
    "log.command",
    "log.external_id",
    "log.forgotten",
    "log.seal",
    "log.epoch",
)
"""What a backup holds. Sessions and sign-in links are not kept; the installation's secret is never in it."""

CHUNK = 1 << 20
_LARGEST_MANIFEST = 1 << 20


class ArchiveDamaged(Trouble):
    """The backup is not as it was written: it was cut short or changed. Nothing was restored. Take another one."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


class NotABackup(Trouble):
    """The file is no backup of Everfold, or of a newer version; the text says which."""


@dataclass(frozen=True, slots=True)
class Member:
    """A table in the archive: its columns in their order there, rows, and the text's size and sha256 (hex)."""

    table: str
    columns: tuple[str, ...]
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says of itself."""

    format: int
    made_by: str
    made_at: str
    epoch: str
    last_position: int
    """The last position that was drawn, whether or not it was used."""
    secret_fingerprint: str
    """By it an installation knows whether it can use the ids and keys inside."""
    migrations: tuple[str, ...]
    newest_seal: dict[str, Any] | None  # Any: JSON
    members: tuple[Member, ...]

    @property
    def events(self) -> int:
        """How many events there are."""
        return sum(member.rows for member in self.members if member.table == "log.event")


def write(target: IO[bytes], manifest: Manifest, texts: Sequence[Path]) -> None:
    """The archive with these texts, one for each member in its order."""
    with (
        gzip.GzipFile(fileobj=target, mode="wb", filename="", compresslevel=5) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        said = json.dumps(asdict(manifest), indent=1).encode()
        tar.addfile(_entry(MANIFEST, len(said)), BytesIO(said))
        for member, text in zip(manifest.members, texts, strict=True):
            with text.open("rb") as content:
                tar.addfile(_entry(f"{member.table}.copy", member.size), content)


class Archive:
    """An archive being read from its beginning to its end."""

    def __init__(self, tar: tarfile.TarFile, packed: gzip.GzipFile) -> None:
        self._tar, self._packed = tar, packed
        with self._next(MANIFEST) as content:
            self.manifest = _manifest(content.read(_LARGEST_MANIFEST))

    def text(self, member: Member) -> Iterator[bytes]:
        """The member's text in pieces, in the manifest's order. Raises ArchiveDamaged, maybe only at its end."""
        digest, size = hashlib.sha256(), 0
        with self._next(f"{member.table}.copy") as content:
            while piece := content.read(CHUNK):
                digest.update(piece)
                size += len(piece)
                yield piece
        if size != member.size or digest.hexdigest() != member.sha256:
            raise ArchiveDamaged()

    def must_end(self) -> None:
        """Raises ArchiveDamaged when another member follows, or the checksum of what was packed does not fit."""
        if self._tar.next() is not None:
            raise ArchiveDamaged()
        while self._packed.read(CHUNK):  # only its end tells whether the checksum fits
            continue

    def _next(self, name: str) -> IO[bytes]:
        entry = self._tar.next()
        content = self._tar.extractfile(entry) if entry is not None and entry.name == name else None
        if content is None:
            raise ArchiveDamaged()
        return content


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """The archive at `path`. Raises NotABackup, ArchiveDamaged or OSError, also for what is met while reading."""
    with path.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            raise NotABackup(f"{path} is not a backup made by crm backup.")
        file.seek(0)
        try:
            with gzip.open(file) as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
                yield Archive(tar, packed)
        except (EOFError, gzip.BadGzipFile, zlib.error, tarfile.TarError):
            raise ArchiveDamaged() from None


def _manifest(text: bytes) -> Manifest:
    try:
        said = json.loads(text)
        if said["format"] != FORMAT:
            raise NotABackup(
                f"The backup has format {said['format']}, which this version does not know. Restore it with a newer."
            )
        members = tuple(Member(**member | {"columns": tuple(member["columns"])}) for member in said.pop("members"))
        manifest = Manifest(**said | {"migrations": tuple(said["migrations"]), "members": members})
        UUID(manifest.epoch), bytes.fromhex(manifest.secret_fingerprint)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ArchiveDamaged() from None
    if tuple(member.table for member in members) != TABLES:
        raise ArchiveDamaged()
    return manifest


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry
