"""What an import keeps of every row until its end: digests in a file, as a million rows would fill the memory.

Each text has a value beside it. The files have no names, and are gone with the import.
"""

import os
from hashlib import blake2b
from tempfile import TemporaryFile
from typing import IO

_SIZE = 16
_ENTRY = 2 * _SIZE
_FREE = bytes(_SIZE)
_FEWEST = 1 << 12


class Seen:
    """For each text a value of 16 bytes: an open hash table, never more than half full."""

    def __init__(self) -> None:
        self._places, self._taken = _FEWEST, 0
        self._file = _room(_FEWEST)

    def get(self, text: str) -> bytes | None:
        """The value that it was put with; None when it was not."""
        return self._find(digest(text))[1]

    def put(self, text: str, value: bytes) -> None:
        """Let the text have this value from now on."""
        self._put(digest(text), value)

    def count(self, text: str) -> int:
        """How many times it was counted by now, this time included."""
        key = digest(text)
        place, before = self._find(key)
        count = int.from_bytes(before or b"") + 1
        self._write(place, key, count.to_bytes(_SIZE), is_new=before is None)
        return count

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def _put(self, key: bytes, value: bytes) -> None:
        place, before = self._find(key)
        self._write(place, key, value, is_new=before is None)

    def _find(self, key: bytes) -> tuple[int, bytes | None]:
        """Where the key is, with its value; or where it would be, with none."""
        file, place = self._file.fileno(), int.from_bytes(key[:8]) % self._places
        while (entry := os.pread(file, _ENTRY, place * _ENTRY))[:_SIZE] != _FREE:
            if entry[:_SIZE] == key:
                return place, entry[_SIZE:]
            place = (place + 1) % self._places
        return place, None

    def _write(self, place: int, key: bytes, value: bytes, *, is_new: bool) -> None:
        os.pwrite(self._file.fileno(), key + value, place * _ENTRY)
        self._taken += is_new
        if self._taken * 2 > self._places:
            self._grow()

    def _grow(self) -> None:
        old, self._taken = self._file, 0
        self._places *= 4
        self._file = _room(self._places)
        old.seek(0)
        while entry := old.read(_ENTRY):
            if entry[:_SIZE] != _FREE:
                self._put(entry[:_SIZE], entry[_SIZE:])
        old.close()


class Texts:
    """A longer text for each text, such as why a row was refused."""

    def __init__(self) -> None:
        self._where, self._file = Seen(), TemporaryFile()

    def get(self, text: str) -> str | None:
        """The text that it was put with; None when it was not."""
        where = self._where.get(text)
        if where is None:
            return None
        self._file.seek(int.from_bytes(where[:8]))
        return self._file.read(int.from_bytes(where[8:])).decode()

    def put(self, text: str, other: str) -> None:
        """Let the text have this other one from now on."""
        written = other.encode()
        at = self._file.seek(0, os.SEEK_END)
        self._file.write(written)
        self._where.put(text, at.to_bytes(8) + len(written).to_bytes(8))

    def close(self) -> None:
        """Give the files back."""
        self._where.close()
        self._file.close()


def digest(text: str) -> bytes:
    """The same 16 bytes for the same text."""
    return blake2b(text.encode(), digest_size=_SIZE).digest()


def _room(places: int) -> IO[bytes]:
    """A file of zeros, which takes room on the disk only where something is written."""
    file = TemporaryFile(buffering=1 << 16)
    file.truncate(places * _ENTRY)
    return file
