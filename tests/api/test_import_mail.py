"""E-mails are rows, whether they lie in a file each, in a folder or in an mbox."""

from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.imports.formats import mail
from api.imports.lines import FileFormat, Line
from api.imports.mapping import ImportRefused
from api.imports.source import lines_of, look_over

PLAIN = b"""Message-ID: <1@a.example>\r
In-Reply-To: <0@a.example>\r
From: =?utf-8?q?Ann_M=C3=BCller?= <ann@a.example>\r
To: Bo <bo@b.example>, "Cy, of sales" <cy@b.example>\r
Cc: Sales:dee@b.example;\r
Subject: =?iso-8859-1?q?Gr=FC=DFe?= from\r
 Cologne\r
Date: Tue, 3 Mar 2026 09:00:00 +0100\r
Content-Type: text/plain; charset=iso-8859-1\r
Content-Transfer-Encoding: quoted-printable\r
\r
Dear Bo,\r
gr=FC=DFe\r
"""


def read(path: Path) -> list[Line]:
    return list(lines_of(look_over(path, FileFormat())))


def one(folder: Path, content: bytes) -> dict[str, str]:
    path = folder / "one.eml"
    path.write_bytes(content)
    source = look_over(path, FileFormat())
    (line,) = lines_of(source)
    assert line.trouble is None
    return dict(zip(source.header, line.cells, strict=True))


def test_a_message_is_a_row(tmp_path: Path) -> None:
    assert one(tmp_path, PLAIN) == {
        "message_id": "<1@a.example>",
        "in_reply_to": "<0@a.example>",
        "from": "ann@a.example",
        "from_name": "Ann Müller",
        "to": "bo@b.example; cy@b.example",
        "cc": "dee@b.example",
        "subject": "Grüße from Cologne",
        "text": "Dear Bo,\ngrüße",
        "sent_at": "2026-03-03T09:00:00+01:00",
    }


def test_the_plain_part_is_the_text_and_else_what_a_reader_of_the_page_sees(tmp_path: Path) -> None:
    message = EmailMessage()
    message["From"] = "ann@a.example"
    page = (
        "<html><head><title>no</title><style>p {}</style></head><body><p>Dear  Bo,</p>\n"
        "<div>one<br>two &amp;\nthree</div><script>no()</script><!-- no --></body></html>"
    )
    message.set_content(page, subtype="html")
    message.add_attachment(b"\x00\x01", maintype="application", subtype="pdf", filename="offer.pdf")
    assert one(tmp_path, bytes(message))["text"] == "Dear Bo,\n\none\ntwo & three"
    both = EmailMessage()
    both.set_content("as plain text")
    both.add_alternative("<p>as a page</p>", subtype="html")
    assert one(tmp_path, bytes(both))["text"] == "as plain text"


@pytest.mark.parametrize(
    ("written", "sent_at"),
    [
        ("Tue, 3 Mar 2026 09:00:00 -0000", "2026-03-03T09:00:00+00:00"),
        ("some day in spring", ""),
        ("", ""),
    ],
)
def test_a_date_is_a_moment_or_nothing(tmp_path: Path, written: str, sent_at: str) -> None:
    assert one(tmp_path, f"From: a@b.example\nDate: {written}\n\nhi\n".encode())["sent_at"] == sent_at


def test_an_unknown_character_set_is_read_as_well_as_it_can_be(tmp_path: Path) -> None:
    content = b"From: a@b.example\nContent-Type: text/plain; charset=martian\n\nhi \xc3\xbc\n"
    assert one(tmp_path, content)["text"] == "hi ü"


def test_a_folder_is_its_messages_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "mails"
    folder.mkdir()
    (folder / "b.eml").write_bytes(PLAIN)
    (folder / "a.EML").write_bytes(PLAIN.replace(b"<1@", b"<2@"))
    (folder / "notes.txt").write_bytes(b"no mail")
    assert [(line.number, line.cells[0]) for line in read(folder)] == [(1, "<2@a.example>"), (2, "<1@a.example>")]
    before = look_over(folder, FileFormat()).sha256
    (folder / "b.eml").rename(folder / "c.eml")
    assert look_over(folder, FileFormat()).sha256 != before


def test_an_mbox_is_its_messages_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "archive.mbox"
    plain = PLAIN.replace(b"\r\n", b"\n")
    quoted = b"From: a@b.example\nMessage-ID: <3>\n\n>From here on\nFrom there, with nothing above\n"
    path.write_bytes(b"From ann Mon\n" + plain + b"\nFrom bo Tue\n" + quoted)
    first, second = read(path)
    assert (first.number, first.last, first.cells[0]) == (1, 15, "<1@a.example>")
    assert (second.number, second.last, second.cells[7]) == (16, 21, "From here on\nFrom there, with nothing above")
    assert look_over(path, FileFormat()).lines == 22


def test_what_is_no_message_is_refused_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "_LARGEST", 1_000)
    (tmp_path / "a.eml").write_bytes(b"")
    (tmp_path / "b.eml").write_bytes(PLAIN + b"x" * 1_000)
    (tmp_path / "c.eml").write_bytes(PLAIN)
    assert [line.trouble for line in read(tmp_path)] == [
        "It has neither a head nor a text of an e-mail.",
        "The message is larger than 32 megabytes.",
        None,
    ]
    path = tmp_path / "all.mbox"
    path.write_bytes(b"From a\n" + PLAIN + b"x" * 1_000 + b"\n\nFrom b\n" + PLAIN)
    assert [line.trouble for line in read(path)] == ["The message is larger than 32 megabytes.", None]
    with pytest.raises(ImportRefused, match="There is no e-mail in"):
        look_over(tmp_path / "a.eml", FileFormat())


@given(st.binary(max_size=300))
@settings(max_examples=150)
def test_no_bytes_stop_an_import(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.eml"
    path.write_bytes(b"From: a@b.example\n" + content)
    for line in read(path):
        assert line.trouble or len(line.cells) == 9
