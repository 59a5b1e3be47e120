"""The front door of every file: what it is, which columns it has, and its lines, whichever way it is written."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from api.imports import csv_file
from api.imports.formats import icalendar_file, mail, ndjson, vcard
from api.imports.lines import FileFormat, FormatName
from api.imports.lines import Line as Line
from api.imports.lines import Source as Source
from api.imports.mapping import ImportRefused
from api.imports.text_file import must_be_file

_FORMATS: dict[FormatName, ModuleType] = {
    "csv": csv_file,
    "ndjson": ndjson,
    "vcard": vcard,
    "icalendar": icalendar_file,
    "mail": mail,
}
_SUFFIXES: dict[str, FormatName] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".vcf": "vcard",
    ".vcard": "vcard",
    ".ics": "icalendar",
    ".ical": "icalendar",
    ".eml": "mail",
    ".mbox": "mail",
}
_BEGINNINGS: tuple[tuple[bytes, FormatName], ...] = (
    (b"begin:vcard", "vcard"),
    (b"begin:vcalendar", "icalendar"),
    (b"from ", "mail"),
    (b"{", "ndjson"),
)


def look_over(path: Path, form: FileFormat) -> Source:
    """Read the whole file once. Raises ImportRefused when it is empty, or cannot be read as what it seems to be."""
    try:
        if not path.is_dir():
            must_be_file(path)
        source = _FORMATS[form.format or format_of(path)].look_over(path, form)
    except OSError as error:
        raise ImportRefused(f"The file {path} cannot be read: {error.strerror}.") from None
    assert isinstance(source, Source)
    return source


def lines_of(source: Source) -> Iterator[Line]:
    """Its records, one at a time. What cannot be read is a line that says why."""
    lines: Iterator[Line] = _FORMATS[source.format].lines_of(source)
    return lines


def format_of(path: Path) -> FormatName:
    """By its name; where that does not tell, by how it begins. A folder is one of mails."""
    if path.is_dir():
        return "mail"
    if told := _SUFFIXES.get(path.suffix.lower()):
        return told
    with open(path, "rb") as file:
        beginning = file.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return next((name for begins, name in _BEGINNINGS if beginning.startswith(begins)), "csv")
