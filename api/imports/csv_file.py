"""A CSV file of another system: looked over before anything is done, read line by line, its refused rows set aside."""

import codecs
import csv
import hashlib
import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Annotated, TextIO

from pydantic import Field, field_validator

from api.imports.mapping import ImportRefused
from domain.event import Frozen

_BLOCK = 1 << 16
_LONGEST_LINE = 1 << 24
csv.field_size_limit(_LONGEST_LINE)  # a cell with a whole mail in it is read to its end, and refused as a cell
_PACKED = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b", b"SQLite format 3")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DELIMITERS = ",;\t|"
REFUSED_LINE, _REFUSED_BECAUSE = "refused_line", "refused_because"


class FileFormat(Frozen):
    """How the file is written."""

    encoding: str = "utf-8-sig"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, encoding: str) -> str:
        try:
            "a".encode(encoding)
        except LookupError:
            raise ValueError("there is no such encoding; common ones are utf-8, cp1252, latin-1 and utf-16") from None
        return encoding


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file that can be read as CSV to its end: how it is written, what it holds, how many lines it has."""

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    sha256: str
    lines: int


@dataclass(frozen=True, slots=True)
class Line:
    """A record of the file: the lines it begins and ends on, its cells, and why it is no row, if it is none."""

    number: int
    last: int
    cells: Sequence[str]
    trouble: str | None = None


def look_over(path: Path, form: FileFormat) -> CsvFile:
    """Read the whole file once. Raises ImportRefused when it is empty, in another encoding or no CSV."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise ImportRefused(f"{path} is not a file that can be read twice, as an import does. Save it as a file first.")
    try:
        sha256, lines = _decoded(path, form.encoding)
        with _opened(path, form.encoding) as text:
            delimiter = form.delimiter or _likely_delimiter(text.readline())
            text.seek(0)
            header = _header(path, csv.reader(text, delimiter=delimiter, strict=True))
    except OSError as error:
        raise ImportRefused(f"The file {path} cannot be read: {error.strerror}.") from None
    except UnicodeError:
        raise ImportRefused(
            f"{path} does not begin as {form.encoding} does. Set encoding to utf-16-le or utf-16-be in the [file] part"
            " of the mapping, or to what the file is written in."
        ) from None
    return CsvFile(path, form.encoding, delimiter, header, sha256, lines)


def lines_of(file: CsvFile) -> Iterator[Line]:
    """The records below the header, one at a time; empty lines are none.

    Where a quote is opened and never closed, the line it stands on is refused and reading goes on with the next.
    """
    with _opened(file.path, file.encoding) as text:
        below = csv.reader(text, delimiter=file.delimiter, strict=True)
        next(below)
        number, again = below.line_num, deque[str]()
        while True:
            taken: list[str] = []
            reader = csv.reader(_noting(taken, again, text), delimiter=file.delimiter, strict=True)
            trouble: str | None = None
            try:
                cells = [cell.strip() for cell in next(reader)]
            except StopIteration:
                return
            except csv.Error as error:
                again.extendleft(reversed(taken[1:]))
                del taken[1:]
                cells, trouble = [taken[0].rstrip("\r\n")], f"This is not CSV: {error}."
            begin, number = number + 1, number + len(taken)
            if not trouble and len(cells) not in (0, len(file.header)):
                trouble = f"It has {len(cells)} cells where the header has {len(file.header)} columns."
            if cells:
                yield Line(begin, number, cells, trouble)


def _noting(taken: list[str], again: deque[str], text: TextIO) -> Iterator[str]:
    """The next lines, those to be read again first; `taken` notes what was handed out."""
    while line := again.popleft() if again else text.readline():
        taken.append(line)
        yield line


class RefusedRows(AbstractContextManager["RefusedRows"]):
    """The error file: the refused rows as they were, each with its line and the reason. It can be mended and imported.

    It appears with the first of them, and only the user who runs the import can read it: it holds the rows' values.
    """

    def __init__(self, path: Path, file: CsvFile) -> None:
        self.path = path
        self.count = 0
        self._file = file
        self._text: TextIO | None = None

    def add(self, line: Line, reason: str) -> None:
        """Set a row aside."""
        kept = [index for index, name in enumerate(self._file.header) if name not in (REFUSED_LINE, _REFUSED_BECAUSE)]
        if self._text is None:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._text = open(  # closed on exit
                self.path, "w", encoding=self._file.encoding, errors="replace", newline="", opener=_private
            )
            self._write([*(self._file.header[index] for index in kept), REFUSED_LINE, _REFUSED_BECAUSE])
        padded = [*line.cells, *[""] * len(self._file.header)]
        beyond = line.cells[len(self._file.header) :]
        self._write([*(padded[index] for index in kept), str(line.number), reason, *beyond])
        self.count += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._text:
            self._text.close()

    def _write(self, cells: Sequence[str]) -> None:
        assert self._text is not None
        csv.writer(self._text, delimiter=self._file.delimiter).writerow(cells)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _opened(path: Path, encoding: str) -> TextIO:
    return open(path, encoding=encoding, newline="")


def _decoded(path: Path, encoding: str) -> tuple[str, int]:
    """Digest and number of lines. Raises ImportRefused where the text is not of the encoding, or no text."""
    digest, size, newlines, run = hashlib.sha256(), 0, 0, 0
    decoder = codecs.getincrementaldecoder(encoding)()
    with open(path, "rb") as file:
        block = file.read(_BLOCK)
        if block.startswith(_PACKED):
            raise ImportRefused(f"{path} is not a CSV file but a packed or binary one. Export it as CSV.")
        while True:
            size += len(block)
            digest.update(block)
            try:
                decoded = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                # the decoder's text may begin before this block or behind a byte order mark, but it ends with the block
                line = newlines + bytes(error.object[: error.start]).count(b"\n") + 1
                raise _wrong_encoding(path, encoding, size - len(error.object) + error.start, line) from None
            newlines += decoded.count("\n")
            run = len(decoded) - decoded.rfind("\n") - 1 if "\n" in decoded else run + len(decoded)
            if run > _LONGEST_LINE:
                raise ImportRefused(f"Line {newlines + 1:,} of {path} has no end that one can see: this is not CSV.")
            if not block:
                break
            block = file.read(_BLOCK)
    if not size:
        raise ImportRefused(f"The file {path} is empty.")
    return digest.hexdigest(), newlines + 1


def _wrong_encoding(path: Path, encoding: str, position: int, line: int) -> ImportRefused:
    with open(path, "rb") as file:
        likely = "utf-16" if file.read(2) in _UTF_16 else "cp1252"
    return ImportRefused(
        f"{path} is not written in {encoding}: byte {position:,} (line {line:,}) does not fit."
        f' Set the encoding in the [file] part of the mapping, probably encoding = "{likely}".'
    )


def _likely_delimiter(first_line: str) -> str:
    return max(_DELIMITERS, key=first_line.count)


def _header(path: Path, reader: Iterator[list[str]]) -> tuple[str, ...]:
    try:
        header = tuple(name.strip() for name in next(reader, []))
    except csv.Error as error:
        raise ImportRefused(f"{path} is not a CSV file: its first line cannot be read ({error}).") from None
    if "\0" in "".join(header):
        raise ImportRefused(
            f"{path} is not a CSV file: its first line holds zero bytes. Export it as CSV; if it is text in UTF-16,"
            ' set encoding = "utf-16" in the [file] part of the mapping.'
        )
    if not any(header):
        raise ImportRefused(f"The file {path} has no header: its first line names no columns.")
    for name in header:
        if header.count(name) > 1 and name:
            raise ImportRefused(f"The column {name!r} stands in the header of {path} more than once. Rename one.")
    return header
