"""Lines as vCard and iCalendar have them: escaped, folded at 75 octets, ended by CRLF."""

import re
from datetime import UTC, datetime

_WIDTH = 75
_ESCAPES = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"}
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
"""What no line may hold, even escaped."""


def property_line(name: str, value: str) -> bytes:
    """A property with its value, which is escaped already. A letter is never cut in two."""
    folded, line = bytearray(), bytearray()
    for letter in f"{name}:{value}":
        octets = letter.encode()
        if len(line) + len(octets) > _WIDTH:
            folded += line + b"\r\n"
            line = bytearray(b" ")
        line += octets
    return bytes(folded + line + b"\r\n")


def text(words: str) -> str:
    """Words as a value: a line end, comma, semicolon or backslash in them means itself."""
    plain = _CONTROLS.sub("", words.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(_ESCAPES.get(letter, letter) for letter in plain)


def moment(when: datetime) -> str:
    """A moment in UTC, to the second."""
    return f"{when.astimezone(UTC):%Y%m%dT%H%M%SZ}"
