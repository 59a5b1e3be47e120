"""A CSV file of another system: looked over before anything is done, read line by line, its refused rows set aside."""

import csv
import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TextIO

from api.imports.lines import FileFormat as FileFormat
from api.imports.lines import Line as Line
from api.imports.lines import Source as Source
from api.imports.mapping import ImportRefused
from api.imports.text_file import LONGEST_LINE, look_through, opened
from api.spreadsheets import restored

csv.field_size_limit(LONGEST_LINE)  # a cell with a whole mail in it is read to its end, and refused as a cell
_DELIMITERS = ",;\t|"
_SAMPLE = 1 << 16
_SAMPLE_ROWS = 50
REFUSED_LINE, _REFUSED_BECAUSE = "refused_line", "refused_because"


def look_over(path: Path, form: FileFormat) -> Source:
    """Read the whole file once. Raises ImportRefused when it is empty, in another encoding or no CSV, and OSError."""
    text = look_through(path, form.encoding)
    with opened(path, text.encoding) as lines:
        delimiter = form.delimiter or _likely_delimiter(lines)
        lines.seek(0)
        header = _header(path, lines, delimiter, form.columns)
    return Source(path, text.encoding, delimiter, header, text.sha256, text.lines, form)


def lines_of(file: Source) -> Iterator[Line]:
    """The records below the header, one at a time; empty lines are none.

    Where a quote is opened and never closed, the line it stands on is refused and reading goes on with the next.
    """
    with opened(file.path, file.encoding) as text:
        number = _below_header(file, text)
        again = deque[str]()
        while True:
            taken: list[str] = []
            reader = _reader(_noting(taken, again, text), file.delimiter)
            trouble: str | None = None
            try:
                cells = _cells(next(reader), file.delimiter)
            except StopIteration:
                return
            except csv.Error as error:
                again.extendleft(reversed(taken[1:]))
                del taken[1:]
                cells, trouble = [taken[0].rstrip("\r\n")], f"This is not CSV: {error}."
            if file.form.defused and not trouble:
                cells = [restored(cell) for cell in cells]
            begin, number = number + 1, number + len(taken)
            if cells and not trouble:
                cells, trouble = _fitted(cells, file)
            if cells:
                yield Line(begin, number, cells, trouble)


def _fitted(cells: list[str], file: Source) -> tuple[list[str], str | None]:
    """As many as there are columns, or why not."""
    missing = len(file.header) - len(cells)
    if missing > 0 and file.form.short_rows == "padded":
        return [*cells, *[""] * missing], None
    if not missing:
        return cells, None
    said = f"It has {len(cells)} cells where the header has {len(file.header)} columns."
    if missing > 0:
        said += ' If the last ones are missing, set short_rows = "padded" in the [file] part of the mapping.'
    return cells, said


def _reader(lines: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    # columns parted by blanks have as many as it takes to stand below each other
    return csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=delimiter == " ")


def _cells(cells: list[str], delimiter: str) -> list[str]:
    """Without the blanks around them, or the empty one that blanks at the end of a line make."""
    if delimiter == " " and cells and not cells[-1]:
        cells = cells[:-1]
    return [cell.strip() for cell in cells]


def _below_header(file: Source, text: TextIO) -> int:
    """Pass over the header, if there is one, and return how many lines it takes."""
    taken: list[str] = []
    first = next(_reader(_noting(taken, deque(), text), file.delimiter))
    if file.form.columns and not _names(_cells(first, file.delimiter), file.form.columns):
        text.seek(0)
        return 0
    return len(taken)


def _names(cells: Sequence[str], columns: Sequence[str]) -> bool:
    """Whether this is the header that refused rows of a file without header were given."""
    return [*columns, REFUSED_LINE, _REFUSED_BECAUSE] == list(cells)


def _noting(taken: list[str], again: deque[str], text: TextIO) -> Iterator[str]:
    """The next lines, those to be read again first; `taken` notes what was handed out."""
    while line := again.popleft() if again else text.readline():
        taken.append(line)
        yield line


class RefusedRows(AbstractContextManager["RefusedRows"]):
    """The error file: the refused rows as they were, each with its line and the reason. It can be mended and imported.

    It appears with the first of them, and only the user who runs the import can read it: it holds the rows' values.
    """

    def __init__(self, path: Path, file: Source) -> None:
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
                self.path, "w", encoding=self._file.refused_encoding, errors="replace", newline="", opener=_private
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
        delimiter = self._file.delimiter
        # an empty cell between blanks is seen only in quotes
        rows = csv.writer(
            self._text, delimiter=delimiter, quoting=csv.QUOTE_ALL if delimiter == " " else csv.QUOTE_MINIMAL
        )
        rows.writerow(cells)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _likely_delimiter(text: TextIO) -> str:
    """The one that parts most of the first rows into as many cells as the first; else what the first line has most."""
    sample = text.read(_SAMPLE)
    lines = sample.splitlines(keepends=True)
    if len(sample) == _SAMPLE:
        lines = lines[:-1] or lines

    def rows_alike(delimiter: str) -> tuple[float, int]:
        rows: list[list[str]] = []
        with suppress(csv.Error):
            rows.extend(filter(None, islice(csv.reader(lines, delimiter=delimiter, strict=True), _SAMPLE_ROWS)))
        width = len(rows[0]) if rows else 0
        return (sum(len(row) == width for row in rows) / len(rows), width) if width > 1 else (0, 0)

    best = max(_DELIMITERS, key=rows_alike)
    return best if rows_alike(best)[1] else max(_DELIMITERS, key=(lines[0] if lines else "").count)


def _header(path: Path, lines: TextIO, delimiter: str, columns: Sequence[str] | None) -> tuple[str, ...]:
    try:
        first = tuple(_cells(next(_reader(lines, delimiter), []), delimiter))
    except csv.Error as error:
        raise ImportRefused(f"{path} is not a CSV file: its first line cannot be read ({error}).") from None
    if "\0" in "".join(first):
        raise ImportRefused(
            f"{path} is not a CSV file: its first line holds zero bytes. Export it as CSV; if it is text in UTF-16,"
            ' set encoding = "utf-16" in the [file] part of the mapping.'
        )
    if columns:
        if _names(first, columns):
            return first
        if len(first) != len(columns):
            raise ImportRefused(
                f"The mapping names {len(columns)} columns, and the first line of {path} has {len(first)}."
                " Name each column in the [file] part of the mapping, from left to right."
            )
        return tuple(columns)
    if not any(first):
        raise ImportRefused(
            f"The file {path} has no header: its first line names no columns. If it is data already, name the columns"
            ' in the [file] part of the mapping: columns = ["number", "name"].'
        )
    return told_apart(first)


def told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """Each name once: the second Phone is Phone (2). A column without a name cannot be told, and stays without."""
    found: list[str] = []
    for name in names:
        fresh, count = name, 1
        while fresh and fresh in found:
            count += 1
            fresh = f"{name} ({count})"
        found.append(fresh)
    return tuple(found)
