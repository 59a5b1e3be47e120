"""The error files of past imports, and how rows that name somebody who is forgotten leave them."""

import csv
import fcntl
import os
import re
import shutil
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from uuid import UUID

from pydantic import ValidationError

from api.imports.csv_file import REFUSED_LINE
from api.imports.lines import FileFormat
from domain.imports import ImportStarted
from eventstore import log
from eventstore.database import Connection
from eventstore.erasure.forgetting import PersonalValues
from eventstore.trouble import Trouble

_LONG_ENOUGH = 4
_TELLING = 8
_PAUSE = 0.05


class ImportRunning(Trouble):
    """Rows that an import is still setting aside cannot be looked through. Nothing was done; try again after it."""

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()))


class UploadsWaiting(ImportRunning):
    """Uploaded files wait to be imported, and may hold rows of whom you want to forget. Nothing was done; try again
    when they are done, which takes a running server: ./crm run"""


@contextmanager
def importing(data: Path) -> Iterator[None]:
    """Held by an import for as long as it may set rows aside; waits for those who look through the error files."""
    with _folder(data) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield


@contextmanager
def no_import(data: Path, patience: float) -> Iterator[None]:
    """While this is held no import runs, and no upload waits for one. Raises ImportRunning when one still does after
    `patience` seconds."""
    with _folder(data) as descriptor:
        deadline = time.monotonic() + patience
        while trouble := _kept_out(descriptor, data):
            if time.monotonic() > deadline:
                raise trouble
            time.sleep(_PAUSE)
        yield


def uploads(data: Path) -> Path:
    """Where uploaded files wait, each in a folder of its own."""
    return data / "imports" / "uploads"


def drafts(data: Path) -> Path:
    """Where uploaded files are that nobody has handed in to be imported yet, each in a folder of its own."""
    return data / "imports" / "drafts"


def _kept_out(descriptor: int, data: Path) -> ImportRunning | None:
    """None when the lock was got; no upload comes while it is held."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return ImportRunning()
    if any(uploads(data).glob("*")):
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        return UploadsWaiting()
    return None


@contextmanager
def _folder(data: Path) -> Iterator[int]:
    folder = data / "imports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)  # which gives the lock back


class Naming:
    """Tells which texts name somebody: hold one of her values as words, however spaced and in whichever case.

    Of a name it is enough that all its words are there, because files often have a column for each; one of fewer than
    four characters counts only as a whole cell. Any other value tells nothing below eight characters, unless it is an
    address, or has four of them with a digit and is a whole cell: "mail" stands in the rows of others too.
    """

    def __init__(self, values: PersonalValues) -> None:
        names = {_plain(name) for name in values.names} - {""}
        others = {_plain(text) for text in values.texts} - names - {""}
        self._inside = {name for name in names if len(name) >= _LONG_ENOUGH}
        self._inside |= {text for text in others if len(text) >= _TELLING or "@" in text}
        self._whole = names - self._inside
        self._whole |= {text for text in others if len(text) >= _LONG_ENOUGH and re.search(r"\d", text)}
        self._names = [words for name in names if len(words := set(_words(name))) > 1]

    def __call__(self, cells: Sequence[str]) -> bool:
        whole = _plain(" ".join(cells))
        words = set(_words(whole))
        return (
            any(text in whole and _stands_in(text, whole) for text in self._inside)
            or any(_plain(cell) in self._whole for cell in cells)
            or any(name <= words for name in self._names)
        )


def hints_at(values: PersonalValues, text: str) -> bool:
    """Whether a text that is to be kept holds one of these values, or a word of a name, of an address, or a number."""
    words = {word for word in _words(_plain(text)) if len(word) >= _LONG_ENOUGH}
    names = {word for name in values.names for word in _words(_plain(name))}
    names |= {word for value in values.texts if "@" in value for word in _words(_plain(value.split("@")[0]))}
    digits = re.sub(r"\D", "", text)
    numbers = {number for value in values.texts if len(number := re.sub(r"\D", "", value)) >= _TELLING - 2}
    return bool(words & names) or any(number in digits for number in numbers) or Naming(values)([text])


@dataclass(frozen=True, slots=True)
class Cleaned:
    """How many rows were removed from the error files, and the files that could not be looked through, with why."""

    rows: int
    left: tuple[str, ...]


def remove_rows(connection: Connection, data: Path, values: PersonalValues) -> Cleaned:
    """Remove from every error file below `data` the rows that name somebody by one of these values, and all drafts.

    Needs `no_import`.
    """
    naming, rows, left = Naming(values), 0, list[str]()
    shutil.rmtree(drafts(data), ignore_errors=True)
    folder = data / "imports"
    for leftover in folder.glob(".*.new"):
        leftover.unlink(missing_ok=True)
    for path in sorted(folder.glob("*-errors.csv")):
        try:
            rows += _without(path, _format(connection, path), naming)
        except (OSError, UnicodeError, csv.Error) as error:
            left.append(f"{path} cannot be read ({type(error).__name__}). Look through it, or delete it.")
    return Cleaned(rows, tuple(left))


def _without(path: Path, form: FileFormat, naming: Naming) -> int:
    """Write the file anew without those rows; returns how many."""
    fresh, kept, removed = path.with_name(f".{path.name}.new"), 0, 0
    with open(path, encoding=form.refused_encoding, newline="") as text:
        delimiter = form.delimiter or _delimiter(text.readline())
        text.seek(0)
        below = csv.reader(text, delimiter=delimiter)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding=form.refused_encoding, errors="replace", newline="") as anew:
            rows = csv.writer(anew, delimiter=delimiter)
            header = next(below, [])
            rows.writerow(header)
            added = header.index(REFUSED_LINE) if REFUSED_LINE in header else None
            for cells in below:
                if naming([cell for index, cell in enumerate(cells) if index != added]):
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


def refused_encoding_of(connection: Connection, path: Path) -> str:
    """What an error file is written in, by the name that the web has for it."""
    return _format(connection, path).refused_encoding.removesuffix("-sig")


def first_refused(connection: Connection, path: Path, rows: int) -> list[list[str]]:
    """The header of an error file and so many rows below it; nothing where the file is gone, or is no CSV."""
    try:
        with open(path, encoding=_format(connection, path).refused_encoding, errors="replace", newline="") as text:
            delimiter = _delimiter(text.readline())
            text.seek(0)
            return list(islice(csv.reader(text, delimiter=delimiter), rows + 1))
    except (OSError, csv.Error):
        return []


def _delimiter(header: str) -> str:
    return header.partition(REFUSED_LINE)[0][-1:] or ","


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _stands_in(text: str, whole: str) -> bool:
    """Whether it begins and ends where words do."""
    return re.search(rf"(?<!\w){re.escape(text)}(?!\w)", whole) is not None


def _words(text: str) -> Iterator[str]:
    return (found[0] for found in re.finditer(r"\w+", _plain(text)))
