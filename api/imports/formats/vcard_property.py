"""One line of a vCard: its group, name and parameters, and its value as text."""

import codecs
import quopri
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_OUTSIDE_QUOTES = r'(?:[^"{0}]|"[^"]*")*'
_BINARY_NAMES = frozenset({"PHOTO", "LOGO", "SOUND", "KEY"})
_TYPES = "TYPE"


@dataclass(frozen=True, slots=True)
class Property:
    """A property as it was written; `types` are those of TYPE in small letters, `value` is not yet taken apart."""

    group: str
    name: str
    types: frozenset[str]
    preference: int
    value: str
    is_old: bool
    """Of vCard 2.1, where a backslash stands for itself but before a semicolon."""

    @property
    def text(self) -> str:
        """The whole value as one text."""
        return unescaped(self.value, self.is_old)

    def parts(self) -> Sequence[str]:
        """The parts of a name or an address; a part may itself be a list, which is told with commas."""
        if self.is_old:
            return [unescaped(part, True).strip() for part in split(self.value, ";")]
        inner = ([unescaped(item, False).strip() for item in split(part, ",")] for part in split(self.value, ";"))
        return [", ".join(filter(None, items)) for items in inner]

    def lists(self) -> Sequence[str]:
        """The items of a list, such as categories."""
        if self.is_old:
            return [self.text.strip()]
        return [unescaped(item, False).strip() for item in split(self.value, ",")]


def split(text: str, between: str) -> Sequence[str]:
    """The pieces between separators that no backslash stands before."""
    pieces = [""]
    for token in re.findall(r"\\.|[^\\]|\\", text, re.DOTALL):
        if token == between:
            pieces.append("")
        else:
            pieces[-1] += token
    return pieces


def property_of(line: str, version: str) -> Property:
    """What an unfolded line says; it holds a colon."""
    head = re.match(_OUTSIDE_QUOTES.format(":"), line)
    if head is None or line[head.end() : head.end() + 1] != ":":  # a quote is left open
        head = re.match(r"[^:]*", line)
    assert head is not None
    value = line[head.end() + 1 :]
    name, *given = [piece for piece in re.findall(_OUTSIDE_QUOTES.format(";"), head[0]) if piece]
    group, _, plain_name = name.rpartition(".")
    parameters = _parameters(given)
    if "QUOTED-PRINTABLE" in parameters.get("ENCODING", "").upper():
        # which character a byte is that fits none is not worth a card
        value = quopri.decodestring(value.encode()).decode(_charset(parameters), errors="replace")
    types = frozenset(filter(None, parameters.get(_TYPES, "").lower().split(",")))
    preference = 1 if "pref" in types else int(parameters["PREF"]) if parameters.get("PREF", "").isdecimal() else 101
    return Property(group.lower(), plain_name.upper(), types, preference, value, version.startswith("2"))


def is_binary(line: str) -> bool:
    """Whether it is a photo or the like."""
    head, _, value = line.partition(":")
    name = re.split(r"[;]", head)[0].rpartition(".")[2].upper()
    encodings = re.search(r";(ENCODING=B|(ENCODING=)?BASE64)(;|$)", head, re.IGNORECASE)
    return bool(encodings) or (name in _BINARY_NAMES and not value.lower().startswith(("http:", "https:")))


def unescaped(text: str, is_old: bool) -> str:
    """Without the backslashes."""
    if is_old:
        return text.replace("\\;", ";").replace("\r\n", "\n")
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], text, flags=re.DOTALL)


def _parameters(given: Sequence[str]) -> Mapping[str, str]:
    """By name, in capitals; several of a name are joined by commas, and those of 2.1 without a name are types."""
    found: dict[str, str] = {}
    for piece in given:
        name, equals, value = piece.partition("=")
        bare = name.upper()
        if not equals:
            value, name = name, "ENCODING" if bare in ("QUOTED-PRINTABLE", "BASE64", "8BIT") else _TYPES
        key = name.upper()
        value = value.replace('"', "")
        found[key] = f"{found[key]},{value}" if key in found else value
    return found


def _charset(parameters: Mapping[str, str]) -> str:
    charset = parameters.get("CHARSET", "utf-8")
    try:
        codecs.lookup(charset)
    except LookupError:
        return "utf-8"
    # which is what a program writes that does not look
    return "utf-8" if charset.lower() in ("us-ascii", "ascii") else charset
