"""Customers as vCards, interactions and follow-ups as calendars: what other programs read is what is known."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import icalendar
from fastapi.testclient import TestClient
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.exports.calendars import as_calendar
from api.exports.content_lines import property_line, text
from api.exports.vcards import as_vcards
from eventstore.database import Connection
from tests.api.exported import DUE, lived_in

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), min_size=1, max_size=200)
BEGAN = datetime(2026, 3, 2, 9, tzinfo=UTC)


def unfolded(lines: bytes) -> str:
    return lines.decode().replace("\r\n ", "")


@example("x" * 300)
@example("\N{BLACK HEART SUIT}" * 100)
@example(",\n" * 100)
@given(WORDS)
def test_a_line_is_folded_at_75_octets_and_no_letter_is_cut(words: str) -> None:
    written = property_line("NOTE", text(words))
    assert written.endswith(b"\r\n")
    for line in written[:-2].split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
    assert unfolded(written) == f"NOTE:{text(words)}\r\n"
    assert "\n" not in text(words)


def test_what_a_line_cannot_hold_is_left_out() -> None:
    assert text("a\x07b\r\nc;d,e\\f\rg\th") == "ab\\nc\\;d\\,e\\\\f\\ng\th"


def customer(name: str | None, **fields: Any) -> dict[str, Any]:
    return {"customer_id": UUID(int=1), "kind": "person", "name": name, "tags": [], "contact_points": []} | fields


def point(kind: str, written: str | None, normalised: str | None = None, **fields: Any) -> dict[str, Any]:
    given = {"kind": kind, "written": written, "normalised": normalised, "extension": None, "is_primary": False}
    return given | fields


@settings(deadline=None)
@given(WORDS, WORDS)
def test_another_program_reads_any_name_and_address_as_it_is(name: str, address: str) -> None:
    row = customer(name, contact_points=[point("postal", address)], tags=[name])
    values = read(b"".join(as_vcards([row])))
    assert (values["FN"], values["CATEGORIES"], values["VERSION"]) == ([name], [name], ["4.0"])
    assert values["ADR"] == ["", "", address, "", "", "", ""]


def read(card: bytes) -> dict[str, list[str]]:
    """The properties of a card, each with the parts of its value."""
    found = {}
    for line in unfolded(card).split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        parts = re.findall(r"((?:[^\\;,]|\\.)*)(?:[;,]|$)", value)[: len(re.sub(r"\\.", "", value).split(";"))]
        found[name] = [
            re.sub(r"\\(.)", lambda escaped: {"n": "\n"}.get(escaped[1], escaped[1]), part) for part in parts
        ]
    return found


def test_a_card_has_all_ways_to_reach_somebody() -> None:
    points = [
        point("email", "Ann@EXAMPLE.org", "Ann@example.org", is_primary=True),
        point("phone", "030 901820-7", "+4930901820", extension="7"),
        point("phone", "ask at the desk"),
        point("social", "@ann"),
        point("email", None),
    ]
    lines = unfolded(b"".join(as_vcards([customer("Ann; Example", contact_points=points)]))).split("\r\n")
    assert lines == [
        "BEGIN:VCARD",
        "VERSION:4.0",
        "KIND:individual",
        f"UID:urn:uuid:{UUID(int=1)}",
        "FN:Ann\\; Example",
        "EMAIL;PREF=1:Ann@example.org",
        "TEL;VALUE=uri:tel:+4930901820;ext=7",
        "TEL;VALUE=text:ask at the desk",
        "SOCIALPROFILE;VALUE=text:@ann",
        "END:VCARD",
        "",
    ]


def test_an_organisation_a_person_of_hers_and_somebody_forgotten() -> None:
    person = customer("Bo", person_id=UUID(int=2), customer_name="Acme", role="decision_maker")
    cards = [customer("Acme", kind="organisation"), person, customer(None)]
    acme, bo, nobody = unfolded(b"".join(as_vcards(cards))).split("END:VCARD\r\n")[:-1]
    assert "KIND:org\r\n" in acme
    assert "ORG:Acme\r\n" in acme
    assert f"UID:urn:uuid:{UUID(int=2)}\r\nFN:Bo\r\nORG:Acme\r\nROLE:decision maker\r\n" in bo
    assert "FN:(no name)\r\n" in nobody


def interaction(summary: str | None, **fields: Any) -> dict[str, Any]:
    return {
        "interaction_id": UUID(int=1),
        "customer_id": UUID(int=2),
        "customer_name": "Ann",
        "happened_at": BEGAN,
        "duration_seconds": None,
        "kind": "call",
        "summary": summary,
        "outcome": None,
    } | fields


@settings(deadline=None)
@given(WORDS)
def test_another_program_reads_any_words_of_an_interaction(words: str) -> None:
    written = b"".join(as_calendar([interaction(words, duration_seconds=90)]))
    (event,) = components(written, "VEVENT")
    assert str(event["DESCRIPTION"]) == words
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (BEGAN, BEGAN + timedelta(seconds=90))


def components(calendar: bytes, name: str) -> list[Any]:  # Any: the library's values have no common type
    return list(icalendar.Calendar.from_ical(calendar).walk(name))


def task(status: str, **fields: Any) -> dict[str, Any]:
    moments = {"scheduled_at": BEGAN, "due_at": DUE, "done_at": None}
    words = {"what": "Send the bill", "outcome": None, "customer_name": "Ann"}
    return {"task_id": UUID(int=1), "customer_id": UUID(int=2), "status": status} | moments | words | fields


def test_tasks_say_when_they_are_due_and_how_they_stand() -> None:
    bare = task("scheduled", scheduled_at=None, due_at=None, what=None, customer_name=None)
    rows = [task("scheduled"), task("completed", done_at=DUE, outcome="She has it"), task("cancelled"), bare]
    todo, done, cancelled, unknown = components(b"".join(as_calendar(rows)), "VTODO")
    assert (todo["DUE"].dt, todo["DTSTAMP"].dt, str(todo["STATUS"])) == (DUE, BEGAN, "NEEDS-ACTION")
    assert (done["COMPLETED"].dt, str(done["STATUS"])) == (DUE, "COMPLETED")
    assert str(done["DESCRIPTION"]) == "Customer: Ann\nShe has it"
    assert (str(cancelled["STATUS"]), "COMPLETED" in cancelled) == ("CANCELLED", False)
    assert (str(unknown["SUMMARY"]), "DUE" in unknown) == ("(no words)", False)


def test_the_routes_answer_so(client: TestClient, connection: Connection) -> None:
    customer_id, person_id = lived_in(connection)
    cards = {kind: client.get(f"/v1/exports/{kind}", params={"format": "vcard"}) for kind in ("customers", "people")}
    assert cards["customers"].headers["content-type"] == "text/vcard; charset=utf-8"
    assert f"UID:urn:uuid:{customer_id}" in cards["customers"].text
    assert "TEL;VALUE=uri;PREF=1:tel:+4930901820" in cards["customers"].text
    assert f"UID:urn:uuid:{person_id}" in cards["people"].text
    assert "EMAIL;PREF=1:bo@example.org" in cards["people"].text
    calls, tasks = (
        client.get(f"/v1/exports/{kind}", params={"format": "icalendar"}) for kind in ("interactions", "follow-ups")
    )
    assert calls.headers["content-type"] == "text/calendar; charset=utf-8"
    (event,) = components(calls.content, "VEVENT")
    assert str(event["DESCRIPTION"]) == "Asked; for a bill, again"
    (todo,) = components(tasks.content, "VTODO")
    assert (str(todo["SUMMARY"]), todo["DUE"].dt) == ("Send\nthe bill", DUE)
