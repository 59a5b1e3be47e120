"""Interactions as events and follow-ups as tasks of a calendar (RFC 5545)."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from api import VERSION
from api.exports.answer import Row
from api.exports.content_lines import moment, property_line, text

_STATUS = {"scheduled": "NEEDS-ACTION", "completed": "COMPLETED", "cancelled": "CANCELLED"}

_UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)
"""A task must have a moment at which it was written down, also where nobody knows it."""


def as_calendar(rows: Iterable[Row]) -> Iterator[bytes]:
    """One calendar with all of them."""
    yield property_line("BEGIN", "VCALENDAR") + property_line("VERSION", "2.0")
    yield property_line("PRODID", f"-//Everfold//Everfold {VERSION}//EN")
    for row in rows:
        yield b"".join(_task(row) if "task_id" in row else _event(row))
    yield property_line("END", "VCALENDAR")


def _event(row: Row) -> Iterator[bytes]:
    begin = row["happened_at"]
    yield property_line("BEGIN", "VEVENT")
    yield property_line("UID", f"urn:uuid:{row['interaction_id']}")
    yield property_line("DTSTAMP", moment(begin))
    yield property_line("DTSTART", moment(begin))
    if row["duration_seconds"]:
        yield property_line("DTEND", moment(begin + timedelta(seconds=row["duration_seconds"])))
    whom = row["customer_name"] or row["customer_id"]
    yield property_line("SUMMARY", text(f"{row['kind']}: {whom}"))
    if said := "\n".join(filter(None, [row["summary"], row["outcome"]])):
        yield property_line("DESCRIPTION", text(said))
    yield property_line("CATEGORIES", text(row["kind"]))
    # what has happened takes nobody's time any more
    yield property_line("TRANSP", "TRANSPARENT")
    yield property_line("END", "VEVENT")


def _task(row: Row) -> Iterator[bytes]:
    yield property_line("BEGIN", "VTODO")
    yield property_line("UID", f"urn:uuid:{row['task_id']}")
    yield property_line("DTSTAMP", moment(row["scheduled_at"] or row["done_at"] or row["due_at"] or _UNKNOWN))
    if row["due_at"]:
        yield property_line("DUE", moment(row["due_at"]))
    yield property_line("SUMMARY", text(row["what"] or "(no words)"))
    whom = f"Customer: {row['customer_name'] or row['customer_id']}"
    yield property_line("DESCRIPTION", text("\n".join(filter(None, [whom, row["outcome"]]))))
    yield property_line("STATUS", _STATUS[row["status"]])
    if row["status"] == "completed" and row["done_at"]:
        yield property_line("COMPLETED", moment(row["done_at"]))
    yield property_line("END", "VTODO")
