"""A calendar is a table of meetings and tasks."""

import builtins
from pathlib import Path
from typing import Any

import pytest

from api.imports.lines import FileFormat
from api.imports.mapping import ImportRefused
from api.imports.source import lines_of, look_over

MEETING = """
BEGIN:VEVENT
UID:1@x
SUMMARY:Kick-off\\, with Ann and a very long list of people who shall all come to the ro
 om
DESCRIPTION:Agenda:\\n1. hello
LOCATION:Room 5
DTSTART;TZID=Europe/Berlin:20260303T090000
DURATION:PT1H30M
ORGANIZER;CN=Ann Lee:mailto:ann@a.example
ATTENDEE;CN=Bo:mailto:bo@b.example
ATTENDEE:MAILTO:cy@c.example
STATUS:CONFIRMED
CATEGORIES:sales,demo
RRULE:FREQ=WEEKLY;COUNT=3
LAST-MODIFIED:20260301T080000Z
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT10M
DESCRIPTION:soon
END:VALARM
END:VEVENT"""

TASK = """
BEGIN:VTODO
UID:5@x
SUMMARY:Send the offer
DUE;TZID=W. Europe Standard Time:20260310T120000
COMPLETED:20260309T100000Z
STATUS:COMPLETED
END:VTODO"""


def read(folder: Path, *components: str) -> list[dict[str, str] | str]:
    """What each line says: its cells that are not empty, or its trouble."""
    path = folder / "calendar.ics"
    content = "".join(components).strip()
    path.write_bytes(f"BEGIN:VCALENDAR\nVERSION:2.0\n{content}\nEND:VCALENDAR\n".replace("\n", "\r\n").encode())
    source = look_over(path, FileFormat())
    return [
        line.trouble or {name: cell for name, cell in zip(source.header, line.cells, strict=True) if cell}
        for line in lines_of(source)
    ]


def event(*properties: str) -> str:
    return "\n".join(["", "BEGIN:VEVENT", *properties, "END:VEVENT"])


def test_a_meeting_is_a_row(tmp_path: Path) -> None:
    assert read(tmp_path, MEETING) == [
        {
            "uid": "1@x",
            "kind": "meeting",
            "summary": "Kick-off, with Ann and a very long list of people who shall all come to the room",
            "description": "Agenda:\n1. hello",
            "location": "Room 5",
            "starts_at": "2026-03-03T09:00:00+01:00",
            "ends_at": "2026-03-03T10:30:00+01:00",
            "organizer": "ann@a.example",
            "attendees": "bo@b.example; cy@c.example",
            "status": "confirmed",
            "categories": "sales; demo",
            "recurrence": "FREQ=WEEKLY;COUNT=3",
            "revised_at": "2026-03-01T08:00:00+00:00",
        }
    ]


def test_a_task_is_a_row_and_windows_names_of_zones_are_known(tmp_path: Path) -> None:
    assert read(tmp_path, TASK) == [
        {
            "uid": "5@x",
            "kind": "task",
            "summary": "Send the offer",
            "due_at": "2026-03-10T12:00:00+01:00",
            "completed_at": "2026-03-09T10:00:00+00:00",
            "status": "completed",
        }
    ]


@pytest.mark.parametrize(
    ("properties", "starts_at", "ends_at"),
    [
        (["DTSTART;VALUE=DATE:20260505", "DTEND;VALUE=DATE:20260507"], "2026-05-05", "2026-05-07"),
        (["DTSTART;VALUE=DATE:20260505", "DURATION:P2D"], "2026-05-05", "2026-05-07"),
        (["DTSTART:20260505T100000"], "2026-05-05T10:00:00", None),
        (["DTSTART:20260505T100000Z", "DURATION:PT15M"], "2026-05-05T10:00:00+00:00", "2026-05-05T10:15:00+00:00"),
        (["DTSTART;TZID=Here:20260505T100000"], "2026-05-05T10:00:00+03:00", None),
    ],
)
def test_moments_are_as_exact_as_they_are_told(
    tmp_path: Path, properties: list[str], starts_at: str, ends_at: str | None
) -> None:
    zone = """
BEGIN:VTIMEZONE
TZID:Here
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0300
TZOFFSETTO:+0300
END:STANDARD
END:VTIMEZONE"""
    (row,) = read(tmp_path, event("UID:1", *properties), zone)
    assert isinstance(row, dict)
    assert (row["starts_at"], row.get("ends_at")) == (starts_at, ends_at)


def test_what_is_broken_is_refused_alone(tmp_path: Path) -> None:
    moved = event("UID:1@x", "RECURRENCE-ID:20260310T090000Z", "DTSTART:20260310T110000Z")
    long = event(*[f"DESCRIPTION:{'x' * 1000}"] * 1100)
    broken, endless, altered, too_long, task = read(
        tmp_path, event("DTSTART:tomorrow"), "\nBEGIN:VEVENT\nUID:2", moved, long, TASK
    )
    assert broken == "Its DTSTART cannot be read."
    assert endless == "It has no end."
    assert altered == "This is one occurrence of a series that was altered. Only the series is taken in."
    assert too_long == "It is longer than a megabyte."
    assert isinstance(task, dict)


def test_a_calendar_without_meetings_and_tasks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="holds no meeting and no task"):
        read(tmp_path, "\nX-NAME:Empty")


def test_without_the_package_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:  # Any: as the import statement is
        if name == "icalendar":
            raise ImportError(name)
        return found(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportRefused, match=r"pip install everfold\[formats\]"):
        read(tmp_path, TASK)
