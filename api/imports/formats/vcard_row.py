"""What a card says, by our columns: names, ways to reach somebody, an address, and where she works."""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from api.imports.formats.vcard_property import Property, split, unescaped

_EMAILS, _PHONES = 3, 5
_ADDRESS = ("po_box", "address_extended", "street", "city", "region", "postal_code", "country")
_NAME = ("family_name", "given_name", "additional_name", "prefix", "suffix")
_PLAIN = {"uid": "UID", "title": "TITLE", "role": "ROLE"}
_PHONE_KINDS = {"cell": "mobile", "work": "work", "home": "home", "fax": "fax", "pager": "pager", "main": "main"}
_LABEL = re.compile(r"_\$!<(.*)>!\$_", re.DOTALL)


def header(emails: int, phones: int) -> tuple[str, ...]:
    """The columns, in every file these at least, and more where a card has more e-mail addresses or numbers."""
    return (
        *("uid", "kind", "name", *_NAME, "nickname", "organisation", "department", "title", "role"),
        *(_nth("email", number) for number in range(1, max(emails, _EMAILS) + 1)),
        *(column for number in range(1, max(phones, _PHONES) + 1) for column in _phone_columns(number)),
        *("address", *_ADDRESS, "address_2", "website", "birthday", "categories", "note", "revised_at"),
    )


def row(properties: Sequence[Property], columns: Sequence[str]) -> Mapping[str, str]:
    """The cells of a card by column. Of several names, employers or titles it is the preferred one."""
    by_name: dict[str, list[Property]] = {}
    for found in properties:
        if found.value.strip(" ;"):
            by_name.setdefault(found.name, []).append(found)
    first = {name: min(several, key=_preferred) for name, several in by_name.items()}
    cells = {column: first[name].text for column, name in _PLAIN.items() if name in first}
    cells |= _names(first)
    cells |= _reached(by_name)
    cells["nickname"] = _listed(by_name.get("NICKNAME", ()))
    cells["categories"] = _listed(by_name.get("CATEGORIES", ()))
    cells["note"] = "\n\n".join(note.text.strip() for note in by_name.get("NOTE", ()))
    if "BDAY" in first:
        cells["birthday"] = _day(first["BDAY"].text)
    if "REV" in first:
        cells["revised_at"] = _moment(first["REV"].text)
    return {name: text for name, text in cells.items() if name in columns}


def _names(first: Mapping[str, Property]) -> dict[str, str]:
    cells: dict[str, str] = {}
    if "N" in first:
        for column, part in zip(_NAME, first["N"].parts(), strict=False):
            cells[column] = part
    if "ORG" in first:
        # a comma is part of a company's name
        organisation, *departments = (
            unescaped(part, first["ORG"].is_old).strip() for part in split(first["ORG"].value, ";")
        )
        cells |= {"organisation": organisation, "department": ", ".join(filter(None, departments))}
    in_order = ("prefix", "given_name", "additional_name", "family_name", "suffix")
    put_together = " ".join(filter(None, (cells.get(column) for column in in_order)))
    full = first["FN"].text.strip() if "FN" in first else ""
    cells["name"] = full or put_together or cells.get("organisation", "")
    of_company = "X-ABSHOWAS" in first and first["X-ABSHOWAS"].text.upper() == "COMPANY"
    kind = first["KIND"].text.strip().lower() if "KIND" in first else "org" if of_company else "individual"
    cells["kind"] = {"individual": "person", "org": "organisation"}.get(kind, kind)
    return cells


def _reached(by_name: Mapping[str, Sequence[Property]]) -> dict[str, str]:
    cells: dict[str, str] = {}
    for number, email in enumerate(sorted(by_name.get("EMAIL", ()), key=_preferred), start=1):
        cells[_nth("email", number)] = re.sub("^mailto:", "", email.text.strip(), flags=re.IGNORECASE)
    labels = {label.group: label.text for label in by_name.get("X-ABLABEL", ())}
    # nobody calls a fax
    phones = sorted(by_name.get("TEL", ()), key=lambda phone: ("fax" in phone.types, phone.preference))
    for number, phone in enumerate(phones, start=1):
        value, kind = _phone_columns(number)
        cells[value] = re.sub("^tel:", "", phone.text.strip(), flags=re.IGNORECASE)
        known = " ".join(word for mark, word in _PHONE_KINDS.items() if mark in phone.types)
        cells[kind] = known or _LABEL.sub(r"\1", labels.get(phone.group, "") if phone.group else "")
    for number, address in enumerate(sorted(by_name.get("ADR", ()), key=_preferred)[:2], start=1):
        parts = dict(zip(_ADDRESS, address.parts(), strict=False))
        lines = [line.strip(" ,") for part in parts.values() for line in part.splitlines()]
        cells |= parts if number == 1 else {}
        cells[_nth("address", number)] = ", ".join(filter(None, lines))
    if sites := by_name.get("URL"):
        cells["website"] = min(sites, key=_preferred).text.strip()
    return cells


def _listed(several: Sequence[Property]) -> str:
    return "; ".join(item for one in several for item in one.lists() if item)


def _preferred(one: Property) -> int:
    return one.preference


def _nth(column: str, number: int) -> str:
    return column if number == 1 else f"{column}_{number}"


def _phone_columns(number: int) -> tuple[str, str]:
    return _nth("phone", number), _nth("phone_kind", number)


def _day(text: str) -> str:
    """As YYYY-MM-DD, where it is a whole day."""
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        return text


def _moment(text: str) -> str:
    """As ISO 8601 in full, where it is written without its signs."""
    found = re.fullmatch(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(Z?)", text.strip())
    return "{}-{}-{}T{}:{}:{}{}".format(*found.groups()) if found else text
