"""Customers and contact persons as vCards (RFC 6350, version 4.0), for address books."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from api.exports.answer import Row
from api.exports.content_lines import property_line, text

_UNREACHABLE = "(no name)"


def as_vcards(rows: Iterable[Row]) -> Iterator[bytes]:
    """A card for each customer or contact person. Whoever was forgotten has a card with her id alone."""
    for row in rows:
        yield b"".join(_card(row))


def _card(row: Row) -> Iterator[bytes]:
    person_id = row.get("person_id")
    is_organisation = person_id is None and row.get("kind") == "organisation"
    name = row["name"] or _UNREACHABLE
    yield property_line("BEGIN", "VCARD")
    yield property_line("VERSION", "4.0")
    yield property_line("KIND", "org" if is_organisation else "individual")
    yield property_line("UID", f"urn:uuid:{person_id or row['customer_id']}")
    yield property_line("FN", text(name))
    if is_organisation:
        yield property_line("ORG", text(name))
    if person_id and row["customer_name"]:
        yield property_line("ORG", text(row["customer_name"]))
    if row.get("role"):
        yield property_line("ROLE", text(row["role"].replace("_", " ")))
    if row.get("tags"):
        yield property_line("CATEGORIES", ",".join(map(text, row["tags"])))
    for point in row["contact_points"]:
        yield from _point(point)
    yield property_line("END", "VCARD")


def _point(point: Mapping[str, Any]) -> Iterator[bytes]:  # Any: JSON
    written, normalised = point["written"], point["normalised"]
    if written is None:  # it was forgotten
        return
    parameters = ";PREF=1" if point["is_primary"] else ""
    match point["kind"]:
        case "email":
            yield property_line(f"EMAIL{parameters}", text(normalised or written))
        case "phone" if normalised:
            extension = f";ext={point['extension']}" if point["extension"] else ""
            yield property_line(f"TEL;VALUE=uri{parameters}", f"tel:{normalised}{extension}")
        case "phone":
            yield property_line(f"TEL;VALUE=text{parameters}", text(written))
        case "postal":
            # as people write it: whatever stands in it, it is told as a street
            yield property_line(f"ADR{parameters}", f";;{text(written)};;;;")
        case _:
            yield property_line(f"SOCIALPROFILE;VALUE=text{parameters}", text(written))
