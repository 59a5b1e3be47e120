"""A mapping as a text that a person reads and corrects: TOML, with a remark on all that is not sure."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Value: TypeAlias = "str | bool | Sequence[Value] | Mapping[str, Value]"

_BARE = re.compile("[A-Za-z0-9_-]+")
_SHORT = 100


@dataclass(slots=True)
class Entry:
    """A line of a table, and what is to be said about it."""

    key: str
    value: Value
    remarks: Sequence[str] = ()
    is_off: bool = False
    """Whether it is only shown, for a person to take it in."""


@dataclass(slots=True)
class Section:
    """A table with its name in dots, and the entries in it; tables in it may follow."""

    name: str
    entries: list[Entry] = field(default_factory=list)
    remarks: Sequence[str] = ()


def mapping_text(remarks: Iterable[str], sections: Iterable[Section]) -> str:
    """The whole file."""
    lines = [_remark(remark) for remark in remarks]
    for section in sections:
        if section.name:
            lines += ["", *map(_remark, section.remarks), f"[{section.name}]"]
        for entry in section.entries:
            lines += map(_remark, entry.remarks)
            lines.append(f"{'# ' if entry.is_off else ''}{toml_key(entry.key)} = {toml(entry.value)}")
    return "\n".join([*lines, ""])


def toml(value: Value) -> str:
    """As TOML writes it, in one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{toml_key(key)} = {toml(inner)}" for key, inner in value.items()) + " }"
    if any(isinstance(inner, Mapping) for inner in value):
        return "[\n" + "".join(f"    {toml(inner)},\n" for inner in value) + "]"
    return "[" + ", ".join(map(toml, value)) + "]"


def toml_key(key: str) -> str:
    """A key, in quotes where it is no plain word."""
    return key if _BARE.fullmatch(key) else toml(key)


def templates(*whole: Sequence[str]) -> list[str]:
    """Templates of texts and columns, of which the columns stand in braces. One whose columns have signs in their names
    that templates mean something by is left out."""
    return [
        "".join(parts)
        for parts in whole
        if not any(re.search("[{}!:]", part[1:-1]) for part in parts if part.startswith("{") and part.endswith("}"))
    ]


def named(columns: Iterable[str]) -> str:
    """The names of columns in a remark, on one line whatever is in them."""
    return ", ".join(toml(column[:_SHORT]) for column in columns)


def _remark(text: str) -> str:
    return f"# {text}" if text else "#"


def is_taken(column: str, sections: Sequence[Section]) -> bool:
    """Whether some entry reads the column."""
    written = toml(column)
    return any(
        entry.value == column or written in toml(entry.value) or f"{{{column}}}" in toml(entry.value)
        for section in sections
        if section.name.startswith("fields")
        for entry in section.entries
        if not entry.is_off
    )
