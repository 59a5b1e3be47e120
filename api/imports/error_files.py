"""The error files of past imports, and how rows that name somebody who is forgotten leave them."""

import csv
import fcntl
import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from pydantic import ValidationError

from api.imports.csv_file import REFUSED_LINE, FileFormat
from domain.imports import ImportStarted
from eventstore import log
from eventstore.database import Connection
from eventstore.erasure.forgetting import PersonalValues

_LONG_ENOUGH = 4


class Naming:
    """Tells which texts name somebody: hold one of her values, however it is spaced and in whichever case.

    A value of fewer than four characters counts only as a whole cell; of a name it is enough that all its words are
    there, because files often have a column for each.
    """

    def __init__(self, values: PersonalValues) -> None:
        texts = {_plain(text) for text in values.texts} - {""}
        self._long = {text for text in texts if len(text) >= _LONG_ENOUGH}
        self._short = texts - self._long
        self._names = [words for name in values.names if len(words := set(_words(name))) > 1]

    def __call__(self, cells: Sequence[str]) -> bool:
        whole = _plain(" ".join(cells))
        words = set(_words(whole))
        return (
            any(text in whole for text in self._long)
            or any(_plain(cell) in self._short for cell in cells)
            or any(name <= words for name in self._names)
        )


@dataclass(frozen=True, slots=True)
class Cleaned:
    """How many rows were removed from the error files, and the files that could not be looked through, with why."""

    rows: int
    left: tuple[str, ...]


def remove_rows(connection: Connection, data: Path, values: PersonalValues) -> Cleaned:
    """Remove from every error file below `data` the rows that name somebody by one of these values."""
    naming, rows, left = Naming(values), 0, list[str]()
    folder = data / "imports"
    for leftover in folder.glob(".*.new"):
        leftover.unlink(missing_ok=True)
    for path in sorted(folder.glob("*-errors.csv")):
        try:
            rows += _without(path, _format(connection, path), naming)
        except BlockingIOError:
            left.append(f"An import is still writing {path}. Wait for it; then forget again.")
        except (OSError, UnicodeError, csv.Error) as error:
            left.append(f"{path} cannot be read ({type(error).__name__}). Look through it, or delete it.")
    return Cleaned(rows, tuple(left))


def _without(path: Path, form: FileFormat, naming: Naming) -> int:
    """Write the file anew without those rows; returns how many. Raises BlockingIOError while it is written."""
    fresh, kept, removed = path.with_name(f".{path.name}.new"), 0, 0
    with open(path, encoding=form.encoding, newline="") as text:
        fcntl.flock(text, fcntl.LOCK_EX | fcntl.LOCK_NB)
        delimiter = form.delimiter or _delimiter(text.readline())
        text.seek(0)
        below = csv.reader(text, delimiter=delimiter)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding=form.encoding, errors="replace", newline="") as anew:
            rows = csv.writer(anew, delimiter=delimiter)
            rows.writerow(next(below, []))
            for cells in below:
                if naming(cells):
                    removed += 1
                else:
                    kept += 1
                    rows.writerow(cells)
            anew.flush()
            os.fsync(descriptor)
        if removed and kept:
            fresh.replace(path)
        elif removed:
            path.unlink()
        fresh.unlink(missing_ok=True)
    _fsync(path.parent)
    return removed


def _fsync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _format(connection: Connection, path: Path) -> FileFormat:
    """How the file is written: as the import's mapping says, which the log keeps."""
    with suppress(ValueError, ValidationError):
        for recorded in log.load(connection, UUID(path.name.removesuffix("-errors.csv"))).history:
            if isinstance(recorded.event, ImportStarted) and isinstance(recorded.event.mapping, str):
                mapping = tomllib.loads(recorded.event.mapping.removeprefix("\ufeff"))
                return FileFormat.model_validate(mapping.get("file", {}))
    return FileFormat()


def _delimiter(header: str) -> str:
    return header.partition(REFUSED_LINE)[0][-1:] or ","


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _words(text: str) -> Iterator[str]:
    return (found[0] for found in re.finditer(r"\w+", _plain(text)))
