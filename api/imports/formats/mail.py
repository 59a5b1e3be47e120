"""E-mails: one row a message, from a file of one, from a folder of them, or from an mbox file."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from html.parser import HTMLParser
from pathlib import Path

from api.imports.lines import FileFormat, Line, Source
from api.imports.mapping import ImportRefused

_COLUMNS = ("message_id", "in_reply_to", "from", "from_name", "to", "cc", "subject", "text", "sent_at")
_LARGEST = 1 << 25
_BLOCK = 1 << 20
_UNSEEN = ("script", "style", "head", "title")
_BREAKS = ("br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "blockquote", "table")


def look_over(path: Path, form: FileFormat) -> Source:
    """Raises ImportRefused when there is no message, and OSError."""
    digest, count = hashlib.sha256(), 0
    for file in _files(path):
        if path.is_dir():
            digest.update(file.name.encode("utf-8", "surrogateescape") + b"\0")
        with open(file, "rb") as content:
            while block := content.read(_BLOCK):
                digest.update(block)
                count += block.count(b"\n")
    if not any(True for _ in _messages(path)):
        raise ImportRefused(f"There is no e-mail in {path}. Name an .eml file, a folder of them, or an mbox file.")
    lines = len(_files(path)) if path.is_dir() else count + 1
    return Source(path, "utf-8", ",", _COLUMNS, digest.hexdigest(), lines, form, "mail")


def lines_of(source: Source) -> Iterator[Line]:
    """In a folder a message has the number of its file, in the order of their names."""
    for number, last, content in _messages(source.path):
        if content is None:
            yield Line(number, last, [], "The message is larger than 32 megabytes.")
            continue
        try:
            row = _row(content)
        except Exception:  # the parser fails in many ways on a broken message, and the next one may be whole
            yield Line(number, last, [], "This cannot be read as an e-mail.")
        else:
            yield Line(number, last, row, None if any(row) else "It has neither a head nor a text of an e-mail.")


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix.lower() == ".eml" and file.is_file())


def _messages(path: Path) -> Iterator[tuple[int, int, bytes | None]]:
    """First and last line of each message, and its content, None where it is too large."""
    if path.is_dir():
        for number, one in enumerate(_files(path), start=1):
            yield number, number, _content(one)
        return
    with open(path, "rb") as file:
        is_many = file.read(5) == b"From "
    if is_many:
        yield from _of_mbox(path)
    elif path.stat().st_size:
        yield 1, 1, _content(path)


def _content(file: Path) -> bytes | None:
    return file.read_bytes() if file.stat().st_size <= _LARGEST else None


def _of_mbox(path: Path) -> Iterator[tuple[int, int, bytes | None]]:
    """A message begins below a line that begins with From and a blank, at the beginning or behind an empty line."""
    begin, size, lines, above = 1, 0, list[bytes](), b"\n"
    number = 0
    with open(path, "rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(_BLOCK), b""), start=1):
            if line.startswith(b"From ") and not above.strip():
                if number > 1:
                    yield begin, number - 1, b"".join(lines) if size <= _LARGEST else None
                begin, size, lines = number, 0, []
            else:
                size += len(line)
                if size > _LARGEST:
                    lines.clear()
                else:
                    lines.append(line[1:] if re.match(b">+From ", line) else line)
            above = line
    yield begin, number, b"".join(lines) if size <= _LARGEST else None


def _row(content: bytes) -> list[str]:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    name, sender = parseaddr(_head(message, "From"))
    return [
        _head(message, "Message-ID"),
        _head(message, "In-Reply-To"),
        sender,
        name,
        _addresses(message, "To"),
        _addresses(message, "Cc"),
        _head(message, "Subject"),
        _text(message).strip(),
        _sent_at(message),
    ]


def _head(message: EmailMessage, name: str) -> str:
    return " ".join(str(message.get(name, "")).split())


def _addresses(message: EmailMessage, name: str) -> str:
    found = getaddresses([_head(message, name)])
    return "; ".join(address for _, address in found if address)


def _sent_at(message: EmailMessage) -> str:
    with suppress(AttributeError, TypeError):  # there is no date, or none that can be read
        moment = message["Date"].datetime
        # whoever says -0000 means UTC and does not tell where she is
        return str((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat())
    return ""


def _text(message: EmailMessage) -> str:
    """The plain text; where there is none, that of the page."""
    body = message.get_body(preferencelist=("plain", "html"))
    if body is None or body.is_multipart():
        return ""
    try:
        text = str(body.get_content())
    except LookupError:  # no such character set
        payload = body.get_payload(decode=True)
        text = payload.decode("utf-8", errors="replace") if isinstance(payload, bytes) else ""
    return _plain(text) if body.get_content_subtype() == "html" else text.replace("\r\n", "\n")


class _PlainText(HTMLParser):
    """Gathers what a reader of the page sees."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._unseen += tag in _UNSEEN
        if tag in _BREAKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        if tag in _BREAKS and tag != "br":
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.pieces.append(re.sub(r"\s+", " ", data))


def _plain(page: str) -> str:
    parser = _PlainText()
    parser.feed(page)
    parser.close()
    lines = (line.strip() for line in "".join(parser.pieces).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
