"""iCalendar: one row a meeting or task. The first of a series stands for all of them, with their rule."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from api.imports.lines import FileFormat, Line, Source
from api.imports.mapping import ImportRefused
from api.imports.text_file import look_through, physical_lines

_COLUMNS = (
    *("uid", "kind", "summary", "description", "location", "starts_at", "ends_at", "due_at", "completed_at"),
    *("organizer", "attendees", "status", "categories", "recurrence", "revised_at"),
)
_KINDS = {"VEVENT": "meeting", "VTODO": "task"}
_MOMENTS = {
    "starts_at": "DTSTART",
    "ends_at": "DTEND",
    "due_at": "DUE",
    "completed_at": "COMPLETED",
    "revised_at": "LAST-MODIFIED",
}
_TEXTS = {"uid": "UID", "summary": "SUMMARY", "description": "DESCRIPTION", "location": "LOCATION"}
_LONGEST = 1 << 20
_ZONE = "VTIMEZONE"


def look_over(path: Path, form: FileFormat) -> Source:
    """Raises ImportRefused when it has no meeting and no task, or what reads them is not installed, and OSError."""
    _component_class()
    text = look_through(path, form.encoding)
    source = Source(path, text.encoding, ",", _COLUMNS, text.sha256, text.lines, form, "icalendar")
    if not any(True for _ in _blocks(source, _KINDS)):
        raise ImportRefused(f"{path} holds no meeting and no task: nothing begins with BEGIN:VEVENT or BEGIN:VTODO.")
    return source


def lines_of(source: Source) -> Iterator[Line]:
    """Moments are ISO 8601 with their offset; without one where the file tells none, and a day where it is a day."""
    zones = "".join(block.text for block in _blocks(source, (_ZONE,)) if not block.trouble)
    for block in _blocks(source, _KINDS):
        try:
            row = _row(block, zones)
        except _NoRow as problem:
            yield Line(block.begin, block.last, [], str(problem))
        else:
            yield Line(block.begin, block.last, [row.get(column, "") for column in source.header])


class _NoRow(Exception):
    """The meeting or task cannot be read; the text says why."""


class _Block:
    """The lines of a component, from its BEGIN to its END."""

    def __init__(self, name: str, number: int, line: str) -> None:
        self.name, self.begin, self.last = name, number, number
        self.trouble: str | None = None
        self._lines = [line]
        self._size = 0

    def add(self, number: int, line: str) -> None:
        self.last = number
        self._size += len(line)
        if self._size > _LONGEST:
            self.trouble = "It is longer than a megabyte."
            self._lines.clear()
        else:
            self._lines.append(line)

    @property
    def text(self) -> str:
        return "".join(f"{line}\r\n" for line in self._lines)


def _blocks(source: Source, names: "dict[str, str] | tuple[str, ...]") -> Iterator[_Block]:
    block: _Block | None = None
    for number, line in physical_lines(source.path, source.encoding):
        begins = re.fullmatch(r"BEGIN:([A-Z]+)\s*", line, re.IGNORECASE)
        if begins and begins[1].upper() in (*_KINDS, _ZONE):
            if block and block.name in names:
                block.trouble = "It has no end."
                yield block
            block = _Block(begins[1].upper(), number, line)
        elif block:
            block.add(number, line)
            if line.strip().upper() == f"END:{block.name}":
                if block.name in names:
                    yield block
                block = None
    if block and block.name in names:
        block.trouble = "It has no end."
        yield block


def _row(block: _Block, zones: str) -> dict[str, str]:
    if block.trouble:
        raise _NoRow(block.trouble)
    try:
        calendar = _component_class().from_ical(f"BEGIN:VCALENDAR\r\n{zones}{block.text}END:VCALENDAR\r\n")
        (found,) = calendar.walk(block.name)
    except (ValueError, KeyError, IndexError):
        raise _NoRow("This is not iCalendar.") from None
    if found.errors:
        raise _NoRow(f"Its {found.errors[0][0]} cannot be read.")
    if "RECURRENCE-ID" in found:
        raise _NoRow("This is one occurrence of a series that was altered. Only the series is taken in.")
    return _texts(found) | _moments(found) | {"kind": _KINDS[block.name]}


def _texts(found: Any) -> dict[str, str]:  # Any: the library's types tell little of what stands in a file
    cells = {column: str(found.get(name, "")).strip() for column, name in _TEXTS.items()}
    cells["status"] = str(found.get("STATUS", "")).lower()
    cells["organizer"] = _address(found.get("ORGANIZER", ""))
    cells["attendees"] = "; ".join(map(_address, _several(found.get("ATTENDEE", []))))
    named = (str(name) for group in _several(found.get("CATEGORIES", [])) for name in group.cats)
    cells["categories"] = "; ".join(named)
    cells["recurrence"] = found["RRULE"].to_ical().decode() if "RRULE" in found else ""
    return cells


def _moments(found: Any) -> dict[str, str]:  # Any: as above
    cells = {column: found[name].dt for column, name in _MOMENTS.items() if name in found}
    end = "ends_at" if found.name == "VEVENT" else "due_at"
    if end not in cells and "starts_at" in cells and "DURATION" in found:
        start, lasts = cells["starts_at"], found["DURATION"].dt
        is_day = isinstance(start, date) and not isinstance(start, datetime)
        cells[end] = start + (timedelta(days=lasts.days) if is_day else lasts)
    return {column: moment.isoformat() for column, moment in cells.items()}


def _address(whose: Any) -> str:  # Any: the library's own text types
    """The e-mail address; where there is none, what stands there."""
    return re.sub("^mailto:", "", str(whose), flags=re.IGNORECASE)


def _several(found: Any) -> list[Any]:  # Any: the library gives one, or a list of them
    return found if isinstance(found, list) else [found]


def _component_class() -> Any:  # Any: as above
    try:
        from icalendar import Calendar
    except ImportError:
        raise ImportRefused(
            "Calendars are read by the package icalendar, which is not installed. Install Everfold with its extra:"
            " pip install everfold[formats]"
        ) from None
    return Calendar
