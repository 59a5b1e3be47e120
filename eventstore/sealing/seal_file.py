"""The exported seals: one JSON line each, in a file outside the database, where whoever changes the log cannot follow.

A line holds the seal's fields, `leaves` (base64: per event its position as 8 bytes, big endian, and the first 8 bytes
of its digest) and, where a key is set, `signature` (Ed25519 over the seal's 32 bytes, hex). The leaves are vouched for
by the root; they let a verification name the event that is not as it was.
"""

import base64
import binascii
import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING

from eventstore.durable import sync_folder
from eventstore.trouble import Trouble

if TYPE_CHECKING:  # imported where keys are used: every command would wait for it
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LEAF = 16
_BEGIN = b'{"number": '
_BLOCK = 1 << 16
_LONGEST = 1 << 20
_NUMBERS = ("number", "first_position", "last_position", "event_count")
_HASHES = ("root", "previous", "seal")


class SealsRefused(Trouble):
    """Seals cannot be made, exported or read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Seal:
    """What stands for a finished range of positions: both ends belong to it."""

    number: int
    first_position: int
    last_position: int
    event_count: int
    root: bytes
    previous: bytes
    seal: bytes
    sealed_at: str
    """In UTC, as ISO 8601; not part of what the seal vouches for."""

    def fields(self) -> dict[str, str | int]:
        """All of it, with bytes in hex."""
        numbers = {name: getattr(self, name) for name in _NUMBERS}
        hashes = {name: getattr(self, name).hex() for name in _HASHES}
        return {**numbers, **hashes, "sealed_at": self.sealed_at}

    def computed(self) -> bytes:
        """What `seal` must be by the other fields."""
        numbers = (getattr(self, name).to_bytes(8, signed=True) for name in _NUMBERS)
        return sha256(b"".join(numbers) + self.root + self.previous).digest()

    def fault(self, before: "Seal | None") -> str | None:
        """What keeps this from being the seal that follows `before` (None: from being the first), if anything does."""
        if self.number != (before.number if before else 0) + 1:
            return "is not the next in order"
        if self.first_position != (before.last_position if before else 0) + 1:
            return "does not begin behind the one before"
        if self.previous != (before.seal if before else bytes(32)):
            return "does not continue the one before"
        if not 0 < self.event_count <= self.last_position - self.first_position + 1:
            return "counts events that its range cannot hold"
        if len(self.root) != 32 or self.seal != self.computed():
            return "is not what its fields amount to"
        return None


@dataclass(frozen=True, slots=True)
class Line:
    """An exported seal."""

    seal: Seal
    leaves: bytes
    signature: bytes | None

    def fields(self) -> dict[str, str | int]:
        """All but the leaves, with bytes in hex."""
        return self.seal.fields() | ({"signature": self.signature.hex()} if self.signature else {})

    def text(self) -> bytes:
        """The line as it is written."""
        leaves = base64.b64encode(self.leaves).decode()
        return json.dumps({**self.fields(), "leaves": leaves}).encode() + b"\n"


def read(file: Path, size: int | None = None) -> Iterator[Line]:
    """The exported seals in their order, of the file's first `size` bytes; a last line without its end is left out.

    Raises SealsRefused at a line that is not an exported seal, and when the file cannot be read.
    """
    try:
        with open(file, "rb") as source:
            for number, text in enumerate(source, start=1):
                if not text.endswith(b"\n") or (size is not None and source.tell() > size):
                    return
                try:
                    yield _line(text)
                except ValueError:
                    raise SealsRefused(
                        f"Line {number} of {file} is not an exported seal. Use a copy that nobody has changed."
                    ) from None
    except OSError as error:
        raise SealsRefused(f"The exported seals cannot be read: {error}. Name their file with --seals.") from error


class Appending:
    """The file while this process alone writes to it: its last seal, and adding more."""

    def __init__(self, file: Path, opened: IO[bytes]) -> None:
        self._file = file
        self._opened = opened
        self._end, self.last = self._last()
        self.has_grown = False

    def append(self, line: Line) -> None:
        """Add a seal. It stands when the file has been closed without an error."""
        self._opened.seek(self._end)
        self._opened.truncate()  # what a killed process left of a line
        self._end += self._opened.write(line.text())
        self.has_grown = True

    def _last(self) -> tuple[int, Line | None]:
        """Where the last whole line ends, and what it says."""
        size = self._opened.seek(0, os.SEEK_END)
        tail, begin = b"", size
        while begin and tail.count(b"\n") < 2 and len(tail) < _LONGEST:
            begin = max(0, begin - _BLOCK)
            self._opened.seek(begin)
            tail = self._opened.read(size - begin)
        whole, end, torn = tail.rpartition(b"\n")
        head = torn.rstrip(b"\x00")[: len(_BEGIN)]  # a power cut may leave zeros
        last = whole.rpartition(b"\n")[2]
        try:
            if not _BEGIN.startswith(head) or (begin and not end):
                raise ValueError
            return size - len(torn), _line(last) if end else None
        except ValueError:
            raise SealsRefused(
                f"{self._file} ends with something that is not an exported seal; it is left as it is. "
                "Keep it for an inquiry, and name another file in EVERFOLD_SEALS."
            ) from None


@contextmanager
def appending(file: Path) -> Iterator[Appending]:
    """Open the file (made when it is missing) to add seals; processes take turns, and all is on disk at the end."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(file, os.O_RDWR | os.O_CREAT, 0o644), "r+b") as opened:
            fcntl.flock(opened, fcntl.LOCK_EX)
            target = Appending(file, opened)
            yield target
            if target.has_grown:
                opened.flush()
                os.fsync(opened.fileno())
                if target.last is None:
                    sync_folder(file.parent)
    except OSError as error:
        raise SealsRefused(
            f"The seals cannot be exported: {error}. Make room or name another file in EVERFOLD_SEALS."
        ) from error


def signing_key(text: str) -> "Ed25519PrivateKey":
    """The key of a PEM or of 32 bytes in hex. Raises SealsRefused, without quoting it."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    text = text.strip()
    if re.fullmatch("[0-9a-fA-F]{64}", text):
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text))
    try:
        key = load_pem_private_key(text.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise SealsRefused(
        "The key for seals is not an Ed25519 key: give a PEM without a passphrase, or 32 bytes in hex. "
        "Make one with: openssl genpkey -algorithm ed25519"
    )


def public_key(key: "Ed25519PrivateKey") -> bytes:
    """What others need to check its signatures: 32 bytes."""
    return key.public_key().public_bytes_raw()


def is_signed(line: Line, by: bytes) -> bool:
    """Whether the seal bears a valid signature by this public key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(by).verify(line.signature or b"", line.seal.seal)
    except InvalidSignature:
        return False
    return True


def _line(text: bytes) -> Line:
    """Raises ValueError when the text is not an exported seal."""
    try:
        fields = json.loads(text)
        number, first, last, count = (fields[name] for name in _NUMBERS)
        if not all(type(given) is int and abs(given) < 1 << 63 for given in (number, first, last, count)):
            raise ValueError("not a position or a count")
        root, previous, sealed = (bytes.fromhex(fields[name]) for name in _HASHES)
        seal = Seal(number, first, last, count, root, previous, sealed, str(fields["sealed_at"]))
        signature = bytes.fromhex(fields["signature"]) if "signature" in fields else None
        return Line(seal, base64.b64decode(fields["leaves"], validate=True), signature)
    except (KeyError, TypeError, RecursionError, binascii.Error) as error:
        raise ValueError("not an exported seal") from error
