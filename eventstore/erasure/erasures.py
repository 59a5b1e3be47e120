"""The list of erasures: who was forgotten, kept outside the database, so that a restored backup forgets them again."""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from eventstore.trouble import Trouble


class ErasureListDamaged(Trouble):
    """The list of erasures cannot be read: without it, somebody who was forgotten could come back."""

    def __init__(self, path: Path, line: int) -> None:
        super().__init__(f"Line {line} of {path} is no erasure. Bring the list back from a copy, or mend that line.")


@dataclass(frozen=True, slots=True)
class Erasure:
    """A customer who is to stay forgotten; with a person_id, one of her contact persons."""

    customer_id: UUID
    person_id: UUID | None = None


def listed(path: Path) -> list[Erasure]:
    """All erasures on the list, in order; none when there is no list. Raises ErasureListDamaged."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    return list(_parsed(path, lines[:-1]))  # what follows the last line end was never finished


def add(path: Path, erasures: Iterable[Erasure]) -> None:
    """Put on the list those that it lacks. They are on the disk when this returns. Raises ErasureListDamaged, OSError.

    Processes take turns; a line that a killed one left unfinished is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _held(path) as file:
        text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        known = set(_parsed(path, whole.split(b"\n")[:-1]))
        file.truncate(len(whole))
        file.seek(len(whole))
        file.writelines(_line(erasure) for erasure in dict.fromkeys(erasures) if erasure not in known)
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _held(path: Path) -> Iterator[BinaryIO]:
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _line(erasure: Erasure) -> bytes:
    said = {
        "kind": "person" if erasure.person_id else "customer",
        "customer_id": str(erasure.customer_id),
        **({"person_id": str(erasure.person_id)} if erasure.person_id else {}),
        "listed_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return json.dumps(said).encode() + b"\n"


def _parsed(path: Path, lines: Iterable[bytes]) -> Iterator[Erasure]:
    for number, line in enumerate(lines, start=1):
        try:
            said = json.loads(line)
            person_id = said.get("person_id")
            yield Erasure(UUID(said["customer_id"]), UUID(person_id) if person_id else None)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ErasureListDamaged(path, number) from None
