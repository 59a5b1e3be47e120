"""CSV that a spreadsheet takes as it is meant: no cell becomes a formula; our own import gets back what was there."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from pydantic_core import to_json

BOM = b"\xef\xbb\xbf"
"""Some spreadsheets take a file for UTF-8 only when it begins with this."""

# the letters of full width too: some programs take them for the others
_RISKY = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NEGATIVE_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?", re.ASCII)


def as_csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Iterator[bytes]:
    """A header and a line for each row, as RFC 4180 says it; UTF-8."""
    line = io.StringIO()
    writer = csv.writer(line)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([defused(cell(row[column])) for column in columns])
        yield line.getvalue().encode()
        line.seek(0)
        line.truncate()
    yield line.getvalue().encode()


def cell(value: object) -> str:
    """A value as text: moments in UTC, amounts exact, lists and objects as JSON; of nothing, nothing."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case Decimal():
            return format(value, "f")
        case dict() | list():
            return to_json(value).decode()
        case _:
            return str(value)


def defused(text: str) -> str:
    """The cell with an apostrophe before it where a spreadsheet would take it for a formula. A negative number is none.

    A cell of apostrophes that goes on like a formula gets one more, so that `restored` knows which is ours.
    """
    return f"'{text}" if _RISKY.match(text) and not _NEGATIVE_NUMBER.fullmatch(text) else text


def restored(text: str) -> str:
    """What a cell was before it was defused."""
    return text[1:] if text.startswith("'") and _RISKY.match(text) else text
