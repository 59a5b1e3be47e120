"""NDJSON: a JSON object on each line. Its columns are the names of all objects, those inside others joined by dots."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from api.imports.lines import FileFormat, Line, Source
from api.imports.mapping import ImportRefused
from api.imports.text_file import look_through, opened

# numbers stay the text that they were: 1.10 is not 1.1
Json: TypeAlias = "str | bool | list[Json] | dict[str, Json] | None"

_MOST_COLUMNS = 2_000


def look_over(path: Path, form: FileFormat) -> Source:
    """Raises ImportRefused when no line is a JSON object, and OSError."""
    text = look_through(path, form.encoding)
    columns: dict[str, None] = {}
    with opened(path, text.encoding, newline="\n") as lines:
        for line in lines:
            try:
                columns.update(dict.fromkeys(_flat(line)))
            except _NoObject:
                continue
            if len(columns) > _MOST_COLUMNS:
                raise ImportRefused(f"The objects of {path} have more than {_MOST_COLUMNS:,} names. Export fewer.")
    if not columns:
        raise ImportRefused(f"{path} has no JSON object on any line. Write it as NDJSON: one object on each line.")
    return Source(path, text.encoding, ",", tuple(columns), text.sha256, text.lines, form, "ndjson")


def lines_of(source: Source) -> Iterator[Line]:
    """A cell is a text, a number as written, true or false; a list is its items joined by semicolons."""
    with opened(source.path, source.encoding, newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                flat = _flat(line)
            except _NoObject as problem:
                yield Line(number, number, [line.strip()], str(problem))
            else:
                yield Line(number, number, [flat.get(name, "") for name in source.header])


class _NoObject(Exception):
    """The line is not a JSON object; the text says why, without quoting it."""


def _flat(line: str) -> Mapping[str, str]:
    if not line.strip():
        return {}
    try:
        found: Json = json.loads(line, parse_float=str, parse_int=str, parse_constant=_refused)
    except RecursionError:
        raise _NoObject("Its objects lie too deep in each other.") from None
    except ValueError as error:
        at = f" (character {error.pos + 1})" if isinstance(error, json.JSONDecodeError) else ""
        raise _NoObject(f"This is not JSON{at}.") from None
    if not isinstance(found, dict):
        raise _NoObject("This is not a JSON object.")
    cells: dict[str, str] = {}
    for name, text in _leaves("", found):
        if name in cells:
            raise _NoObject("Two of its values have the same name once those inside others are joined by dots.")
        cells[name] = text
    return cells


def _leaves(name: str, value: Json) -> Iterator[tuple[str, str]]:
    if isinstance(value, list) and any(isinstance(item, list | dict) for item in value):
        value = {str(index): item for index, item in enumerate(value)}
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(f"{name}.{key}" if name else key, inner)
    elif isinstance(value, list):
        yield name, "; ".join(_text(item) for item in value)
    else:
        yield name, _text(value)


def _text(value: Json) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return str(value).strip()


def _refused(constant: str) -> str:
    raise ValueError(constant)
