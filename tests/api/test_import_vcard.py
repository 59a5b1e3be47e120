"""A card of any version is a row: how properties are read, and what is refused."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.imports.lines import FileFormat, Line, Source
from api.imports.mapping import ImportRefused
from api.imports.source import lines_of, look_over


def read(folder: Path, content: str | bytes) -> tuple[Source, list[Line]]:
    path = folder / "cards.vcf"
    path.write_bytes(content if isinstance(content, bytes) else content.replace("\n", "\r\n").encode())
    source = look_over(path, FileFormat())
    return source, list(lines_of(source))


def card(folder: Path, *properties: str, version: str = "3.0") -> dict[str, str]:
    """The cells that are not empty, of one card."""
    source, (line,) = read(folder, "\n".join(["BEGIN:VCARD", f"VERSION:{version}", *properties, "END:VCARD", ""]))
    assert line.trouble is None
    cells = dict(zip(source.header, line.cells, strict=True))
    return {name: cell for name, cell in cells.items() if cell and (name, cell) != ("kind", "person")}


@pytest.mark.parametrize(
    ("property_", "version", "cells"),
    [
        ("FN:Ann\\, of A\\;B\\\\C\\nD", "3.0", {"name": "Ann, of A;B\\C\nD"}),
        ("FN:C:\\new", "2.1", {"name": "C:\\new"}),
        ("FN:An\n n Lee", "4.0", {"name": "Ann Lee"}),
        ("N:Lee;Ann;Bea,Cy;Dr.;PhD,MSc", "4.0", {"name": "Dr. Ann Bea, Cy Lee PhD, MSc", "family_name": "Lee"}),
        ("N:Lee\\;Low;Ann", "2.1", {"name": "Ann Lee;Low", "family_name": "Lee;Low"}),
        (
            "ORG:A, B & Co;Sales;North",
            "3.0",
            {"organisation": "A, B & Co", "department": "Sales, North", "name": "A, B & Co"},
        ),
        ("ORG:A\\;B", "3.0", {"name": "A;B", "organisation": "A;B"}),
        ("KIND:org\nFN:Acme", "4.0", {"kind": "organisation", "name": "Acme"}),
        ("X-ABShowAs:COMPANY\nORG:Acme", "3.0", {"kind": "organisation", "name": "Acme", "organisation": "Acme"}),
        ("NICKNAME:A,B\\,C", "3.0", {"nickname": "A; B,C"}),
        ("CATEGORIES:x,y\nCATEGORIES:z", "4.0", {"categories": "x; y; z"}),
        ("EMAIL;PREF=2:b@x\nEMAIL;PREF=1:mailto:a@x", "4.0", {"email": "a@x", "email_2": "b@x"}),
        ("EMAIL:b@x\nEMAIL;TYPE=HOME,pref:a@x", "3.0", {"email": "a@x", "email_2": "b@x"}),
        ("EMAIL;INTERNET:b@x\nEMAIL;PREF;INTERNET:a@x", "2.1", {"email": "a@x", "email_2": "b@x"}),
        (
            "TEL;WORK;FAX:1\nTEL;CELL:2",
            "2.1",
            {"phone": "2", "phone_kind": "mobile", "phone_2": "1", "phone_kind_2": "work fax"},
        ),
        ('TEL;TYPE="work,voice":tel:+49-1', "4.0", {"phone": "+49-1", "phone_kind": "work"}),
        ("a.TEL:1\na.X-ABLabel:_$!<Boat>!$_", "3.0", {"phone": "1", "phone_kind": "Boat"}),
        (
            "ADR;TYPE=HOME:Box 1;Flat 2;Street 3\\nBack;Köln;NRW;50667;Germany",
            "3.0",
            {
                "address": "Box 1, Flat 2, Street 3, Back, Köln, NRW, 50667, Germany",
                "po_box": "Box 1",
                "address_extended": "Flat 2",
                "street": "Street 3\nBack",
                "city": "Köln",
                "region": "NRW",
                "postal_code": "50667",
                "country": "Germany",
            },
        ),
        (
            "ADR:;;A;;;;\nADR;TYPE=pref:;;B;;;;\nADR:;;C;;;;",
            "3.0",
            {"address": "B", "street": "B", "address_2": "A"},
        ),
        ('ADR;LABEL="a;b:c":;;S;;;;', "4.0", {"address": "S", "street": "S"}),
        ("NOTE;ENCODING=QUOTED-PRINTABLE:one=0D=0A=\ntwo =C3=BC", "2.1", {"note": "one\ntwo ü"}),
        ("NOTE;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:=FC", "2.1", {"note": "ü"}),
        ("NOTE;CHARSET=martian;ENCODING=QUOTED-PRINTABLE:=C3=BC", "2.1", {"note": "ü"}),
        ("NOTE:one\ntwo goes on here\nNOTE:three", "3.0", {"note": "one\ntwo goes on here\n\nthree"}),
        ("BDAY:19800322", "3.0", {"birthday": "1980-03-22"}),
        ("BDAY:--0322", "4.0", {"birthday": "--0322"}),
        ("REV:20260301T080000Z", "4.0", {"revised_at": "2026-03-01T08:00:00Z"}),
        ("URL:http\\://a.example\nUID:7\nTITLE:T\nROLE:R", "3.0", {"website": "http://a.example", "uid": "7"}),
        ("PHOTO;ENCODING=b:AAAA\n BBBB\nCCCC==\n\nFN:Ann", "3.0", {"name": "Ann"}),
        ("PHOTO;BASE64:\n  AAAA\n\nFN:Ann", "2.1", {"name": "Ann"}),
        ("PHOTO:data:image/png;base64,AAAA\nFN:Ann", "4.0", {"name": "Ann"}),
        ("AGENT:\nBEGIN:VCARD\nFN:Bo\nEND:VCARD\nFN:Ann", "2.1", {"name": "Ann"}),
    ],
)
def test_a_property_is_read_as_its_version_writes_it(
    tmp_path: Path, property_: str, version: str, cells: dict[str, str]
) -> None:
    found = card(tmp_path, *property_.split("\n"), version=version)
    assert cells.items() <= found.items(), found
    more = found.keys() - cells.keys()
    assert more <= {"given_name", "additional_name", "prefix", "suffix", "family_name", "title", "role"}


def test_what_no_card_has_is_still_a_column_and_more_are_added_where_one_has_more(tmp_path: Path) -> None:
    ann = "BEGIN:VCARD\nFN:Ann\nEND:VCARD\n"
    source, _ = read(tmp_path, ann)
    assert source.header == (
        *("uid", "kind", "name", "family_name", "given_name", "additional_name", "prefix", "suffix", "nickname"),
        *("organisation", "department", "title", "role", "email", "email_2", "email_3", "phone", "phone_kind"),
        *("phone_2", "phone_kind_2", "phone_3", "phone_kind_3", "phone_4", "phone_kind_4", "phone_5", "phone_kind_5"),
        *("address", "po_box", "address_extended", "street", "city", "region", "postal_code", "country", "address_2"),
        *("website", "birthday", "categories", "note", "revised_at"),
    )
    emails = "\n".join(f"EMAIL:{number}@x" for number in range(1, 5))
    source, (_, bo) = read(tmp_path, f"{ann}BEGIN:VCARD\n{emails}\nEND:VCARD\n")
    assert bo.cells[source.header.index("email_4")] == "4@x"


def test_what_is_broken_is_refused_alone(tmp_path: Path) -> None:
    long = "\n".join([f"NOTE:{'x' * 1000}"] * 1100)
    photo = f"PHOTO;ENCODING=b:{'A' * 60}\n" + f" {'A' * 60}\n" * 30_000
    source, lines = read(
        tmp_path,
        f"stray\nBEGIN:VCARD\nFN:Ann\nBEGIN:vCard\nFN:Bo\nEND:vCard\nBEGIN:VCARD\n{long}\nEND:VCARD\n"
        f"BEGIN:VCARD\n{photo}FN:Cy\nEND:VCARD\nBEGIN:VCARD\nFN:Dee\n",
    )
    name = source.header.index("name")
    found = [(line.number, line.last, line.trouble or line.cells[name]) for line in lines]
    assert found == [
        (1, 1, "It stands outside of any card."),
        (2, 3, "The card has no end."),
        (4, 6, "Bo"),
        (7, 1108, "The card is longer than a megabyte."),
        (1109, 31112, "Cy"),
        (31113, 31114, "The card has no end."),
    ]
    with pytest.raises(ImportRefused, match="holds no vCard"):
        read(tmp_path, "BEGIN:VCARD\nFN:Ann\n")


def test_a_file_that_is_not_utf_8_is_read_as_it_was_written(tmp_path: Path) -> None:
    content = "BEGIN:VCARD\nVERSION:2.1\nFN:Jürgen\nEND:VCARD\n"
    for encoding in ("cp1252", "utf-16", "utf-8"):
        source, (line,) = read(tmp_path, content.encode(encoding))
        assert line.cells[source.header.index("name")] == "Jürgen"


def folded(line: str) -> str:
    """As a writer of vCard 3.0 and 4.0 folds it."""
    return "\r\n ".join(line[at : at + 70] for at in range(0, len(line), 70))


def escaped(text: str) -> str:
    for plain, written in (("\\", "\\\\"), (",", "\\,"), (";", "\\;"), ("\n", "\\n")):
        text = text.replace(plain, written)
    return text


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=200)


@given(name=TEXTS, note=TEXTS, street=TEXTS, tags=st.lists(TEXTS, max_size=3))
@settings(max_examples=150)
def test_any_text_that_a_writer_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, name: str, note: str, street: str, tags: list[str]
) -> None:
    lines = [
        "BEGIN:VCARD",
        "VERSION:4.0",
        f"FN:{escaped(name)}",
        f"NOTE:{escaped(note)}",
        f"ADR:;;{escaped(street)};;;;",
        f"CATEGORIES:{','.join(map(escaped, tags))}",
        "END:VCARD",
    ]
    content = "".join(f"{folded(line)}\r\n" for line in lines).encode()
    source, (line,) = read(tmp_path_factory.getbasetemp(), content)
    cells = dict(zip(source.header, line.cells, strict=True))
    assert (cells["name"], cells["note"], cells["street"]) == (name.strip(), note.strip(), street.strip())
    assert cells["categories"] == "; ".join(tag.strip() for tag in tags if tag.strip()).strip()
