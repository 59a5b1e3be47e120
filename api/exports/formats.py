"""How an export is written: the bytes of a file, from its rows."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias

from pydantic_core import to_json

from api.exports.answer import Rows
from api.exports.calendars import as_calendar
from api.exports.kinds import Format
from api.exports.vcards import as_vcards
from api.spreadsheets import BOM, as_csv

Writer: TypeAlias = Callable[[Rows], Iterator[bytes]]


def written(rows: Rows, form: Format, *, bom: bool = False) -> Iterator[bytes]:
    """The rows in a format that can be streamed; with `bom`, CSV begins with a byte order mark."""
    if bom and form == "csv":
        yield BOM
    yield from _WRITERS[form](rows)


def _csv(rows: Rows) -> Iterator[bytes]:
    return as_csv(rows.columns, rows.rows)


def _ndjson(rows: Rows) -> Iterator[bytes]:
    for row in rows.rows:
        yield to_json({column: row[column] for column in rows.columns}) + b"\n"


def _vcard(rows: Rows) -> Iterator[bytes]:
    return as_vcards(rows.rows)


def _icalendar(rows: Rows) -> Iterator[bytes]:
    return as_calendar(rows.rows)


_WRITERS: Mapping[Format, Writer] = MappingProxyType(
    {"csv": _csv, "ndjson": _ndjson, "vcard": _vcard, "icalendar": _icalendar}
)
