"""The columns of a mapping as a person chooses them in a table: read out of its text, and put into it, line by line, so
that remarks and all that a table does not show stay as they are."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.imports.guess.written import toml
from api.imports.kinds import KINDS

_LINE = re.compile(r"(?P<key>[A-Za-z0-9_-]+) = (?P<value>.*)")
_PLACE = re.compile(r'\b(?:column|constant) = "(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True)
class Choice:
    """A field, which column feeds it or what stands in every row, and what the mapping remarks on it."""

    field: str
    column: str
    constant: str
    remarks: Sequence[str]
    is_plain: bool
    """Whether a column is all there is to choose; what is put together from several, the text tells."""


def choices(text: str, kind: str) -> list[Choice]:
    """All fields of that kind, those that are fed first. A text that cannot be read has none."""
    try:
        told: Mapping[str, Any] = tomllib.loads(text).get("fields", {})  # Any: TOML
    except tomllib.TOMLDecodeError:
        return []
    remarks = _remarks(text)
    fields = KINDS[kind].model_fields["fields"].annotation
    names = list(getattr(fields, "model_fields", {})) if kind in KINDS else []
    found = [_choice(name, told.get(name), remarks.get(name, [])) for name in (*told, *names)]
    return list({choice.field: choice for choice in reversed(found)}.values())[::-1]


def with_column(text: str, field: str, column: str) -> str:
    """The mapping with that field fed from another column; from none where it is empty."""
    lines = text.splitlines()
    section = ""
    for number, line in enumerate(lines):
        if line.startswith("["):
            section = line.strip().strip("[]")
            if section == f"fields.{field}":
                return _joined(_with_section(lines, number, column))
        elif section == "fields" and (told := _LINE.fullmatch(line)) and told["key"] == field:
            lines[number] = _with_line(told["value"], field, column)
            return _joined(lines)
    if not column:
        return text
    entry = f"{field} = {toml(column)}"
    if "[fields]" not in lines:
        return _joined([*lines, "", "[fields]", entry])
    at = lines.index("[fields]") + 1
    return _joined([*lines[:at], entry, *lines[at:]])


def _choice(name: str, value: Any, remarks: Sequence[str]) -> Choice:  # Any: as TOML has it
    if isinstance(value, Mapping):
        column, constant = value.get("column"), value.get("constant")
        is_plain = isinstance(column, str) or isinstance(constant, str)
        return Choice(name, column or "", constant or "", remarks, is_plain)
    column = value if isinstance(value, str) else ""
    is_template = "{" in column
    return Choice(name, column, "", remarks, (value is None or bool(column)) and not is_template)


def _with_line(value: str, field: str, column: str) -> str:
    if not column:
        return f"# {field} = {value}"
    if value.startswith("{") and _PLACE.search(value):
        return f"{field} = {_PLACE.sub(lambda _: f'column = {toml(column)}', value, count=1)}"
    return f"{field} = {toml(column)}"


def _with_section(lines: list[str], begins: int, column: str) -> list[str]:
    ends = next((at for at in range(begins + 1, len(lines)) if lines[at].startswith("[")), len(lines))
    for at in range(begins, ends):
        if not column and lines[at].strip() and not lines[at].startswith("#"):
            lines[at] = f"# {lines[at]}"
        elif column and _PLACE.fullmatch(lines[at]):
            lines[at] = f"column = {toml(column)}"
    return lines


def _remarks(text: str) -> Mapping[str, list[str]]:
    """By field, what stands right above its lines."""
    found: dict[str, list[str]] = {}
    section, above = "", list[str]()
    for line in text.splitlines():
        if line.startswith("#"):
            above.append(line.removeprefix("#").strip())
            continue
        if line.startswith("["):
            section = line.strip().strip("[]")
        told = _LINE.fullmatch(line)
        field = told["key"] if told and section == "fields" else section.removeprefix("fields.")
        if section.startswith("fields"):
            found.setdefault(field, []).extend(remark for remark in above if not _LINE.fullmatch(remark))
        above = []
    return found


def _joined(lines: Sequence[str]) -> str:
    return "\n".join([*lines, ""])
