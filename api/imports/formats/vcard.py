"""vCard 2.1, 3.0 and 4.0: one row a card, with the columns that address books share.

The parser is our own, because the published one stops at cards of Android, iPhones, Lotus Notes and Outlook: at text in
quoted-printable over several lines, at photos that are not folded, and at names that it keeps for itself.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from api.imports.formats import vcard_row
from api.imports.formats.vcard_property import Property, is_binary, property_of
from api.imports.lines import FileFormat, Line, Source
from api.imports.mapping import ImportRefused
from api.imports.text_file import look_through, physical_lines

_BEGINS_PROPERTY = re.compile(r"[\w-]+(\.[\w-]+)?[;:]", re.ASCII)
_LONGEST_CARD = 1 << 20  # without what is binary
_END = re.compile(r"END\s*:\s*VCARD\s*", re.IGNORECASE)
_BEGIN = re.compile(r"BEGIN\s*:\s*VCARD\s*", re.IGNORECASE)


def look_over(path: Path, form: FileFormat) -> Source:
    """Raises ImportRefused when it has no card, and OSError."""
    text = look_through(path, form.encoding)
    plain = Source(path, text.encoding, ",", (), text.sha256, text.lines, form, "vcard")
    emails, phones, cards = 0, 0, 0
    for card in _cards(plain):
        cards += not card.trouble
        emails = max(emails, len(card.named("EMAIL")))
        phones = max(phones, len(card.named("TEL")))
    if not cards:
        raise ImportRefused(f"{path} holds no vCard: none begins with BEGIN:VCARD and ends with END:VCARD.")
    header = vcard_row.header(emails, phones)
    return Source(path, text.encoding, ",", header, text.sha256, text.lines, form, "vcard")


def lines_of(source: Source) -> Iterator[Line]:
    """A card that has no end, or is far too long, is refused alone."""
    for card in _cards(source):
        if card.trouble:
            yield Line(card.begin, card.last, card.stray, card.trouble)
        else:
            row = vcard_row.row(card.properties, source.header)
            yield Line(card.begin, card.last, [row.get(name, "").strip() for name in source.header])


@dataclass(slots=True)
class _Card:
    begin: int
    last: int
    stray: Sequence[str] = ()
    properties: Sequence[Property] = ()
    trouble: str | None = None
    unread: list[str] = field(default_factory=list)
    size: int = 0

    def named(self, name: str) -> list[Property]:
        return [found for found in self.properties if found.name == name]

    def add(self, line: str) -> None:
        """A line that goes on with the one above is joined to it; of a photo only the name is kept."""
        self.size += len(line)
        if self.size > _LONGEST_CARD:
            self.trouble, self.unread = "The card is longer than a megabyte.", []
        elif self.unread and (joined := _joined(self.unread[-1], line)) is not None:
            self.size -= len(line) if is_binary(self.unread[-1]) else 0
            self.unread[-1] = joined
        elif line.strip():
            self.unread.append(line)
            if is_binary(line):
                self.size -= len(line)
                self.unread[-1] = line.partition(":")[0] + ":"

    def close(self, number: int) -> "_Card":
        self.last = number
        if not self.trouble:
            version = next((line[8:].strip() for line in self.unread if line.upper().startswith("VERSION:")), "")
            self.properties = [property_of(line, version) for line in self.unread if ":" in line]
        self.unread = []
        return self


def _cards(source: Source) -> Iterator[_Card]:
    card: _Card | None = None
    inner = 0
    number = 0
    for number, line in physical_lines(source.path, source.encoding):
        if card and inner == 0 and _END.fullmatch(line):
            yield card.close(number)
            card = None
        elif _END.fullmatch(line):
            inner = max(0, inner - 1)
        elif _BEGIN.fullmatch(line) and card and card.unread and card.unread[-1].upper().startswith("AGENT"):
            inner += 1  # the card of somebody who acts for her
        elif _BEGIN.fullmatch(line):
            if card:
                yield _endless(card, number - 1)
            card, inner = _Card(number, number), 0
        elif card and inner == 0:
            card.add(line)
        elif card is None and line.strip():
            yield _Card(number, number, [line], trouble="It stands outside of any card.")
    if card:
        yield _endless(card, number)


def _endless(card: _Card, last: int) -> _Card:
    card.last, card.trouble = last, card.trouble or "The card has no end."
    return card


def _joined(above: str, line: str) -> str | None:
    """The line above with this one, if it goes on there."""
    if is_binary(above):
        return above if line[:1] in (" ", "\t") or not _BEGINS_PROPERTY.match(line) else None
    name = above.partition(":")[0].upper()
    if "QUOTED-PRINTABLE" in name and above.endswith("="):
        return above[:-1] + (line[1:] if line[:1] in (" ", "\t") else line) if line else above[:-1]
    if line[:1] in (" ", "\t"):
        return above + line[1:]
    if not line.strip() or _BEGINS_PROPERTY.match(line):
        return None
    return f"{above}\n{line}"  # some programs break texts without a sign of it
