"""What every event type means and holds: for the command line, for programs, and for docs/events.md."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import groupby
from typing import Any

from domain.catalogue import EVENT_TYPES
from domain.event import Event, personal_fields

Schema = dict[str, Any]  # Any: a JSON Schema


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an event, in words."""

    name: str
    kind: str
    is_needed: bool
    is_personal: bool


@dataclass(frozen=True, slots=True)
class EventType:
    """An event type: what it means, and the JSON Schemas of what the log keeps and of what can be forgotten."""

    name: str
    noun: str
    meaning: str
    schema_version: int
    may_be_late: bool
    part_field: str | None
    fields: Sequence[Field]
    data: Schema
    personal: Schema | None

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "type": self.name,
            "meaning": self.meaning,
            "schema_version": self.schema_version,
            "may_be_late": self.may_be_late,
            "part_field": self.part_field,
            "data": self.data,
            "personal": self.personal,
        }


@cache
def event_types() -> dict[str, EventType]:
    """All of them, by stored name."""
    return {name: _described(name, event) for name, event in EVENT_TYPES.items()}


def chosen(name: str | None) -> list[EventType]:
    """All types, those of one noun, or the one of that name; empty when there is no such."""
    return [found for found in event_types().values() if name in (None, found.name, found.noun)]


def markdown() -> str:
    """The page docs/events.md."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    yield from [
        "# Events",
        "",
        "Every type of event that the log can hold, with its JSON Schema. This page is made by",
        "`./crm events --markdown > docs/events.md`; a test fails while it is out of date.",
        "",
        "An event has two parts. `data` stays for ever. `personal` lies beside the log and is deleted when its subject",
        'is forgotten; the API then shows `{"forgotten": true}` in place of each personal field. A field that was not',
        "given is absent. An event that may be *recorded late* can lie before the stream's last change of state.",
        "`./crm events TYPE --json` prints the schemas of one type for programs; how to change an event is told in",
        "[Change an event](guides/change-an-event.md).",
    ]
    for noun, found in groupby(event_types().values(), key=lambda event_type: event_type.noun):
        yield from ["", f"## {noun}"]
        for event_type in found:
            yield from _section(event_type)


def _section(event_type: EventType) -> Iterator[str]:
    yield from ["", f"### {event_type.name}", "", event_type.meaning]
    notes = [f"Schema version {event_type.schema_version}."]
    if event_type.may_be_late:
        notes.append("May be recorded late.")
    if event_type.part_field:
        notes.append(f"About one part of the history, named by `{event_type.part_field}`.")
    yield " ".join(notes)
    if event_type.fields:
        yield from ["", "| field | holds | always there | personal |", "| --- | --- | --- | --- |"]
    for field in event_type.fields:
        needed, personal = ("yes" if told else "" for told in (field.is_needed, field.is_personal))
        yield f"| `{field.name}` | {field.kind} | {needed} | {personal} |"
    parts = {"data": event_type.data} | ({"personal": event_type.personal} if event_type.personal else {})
    yield from ["", "<details><summary>JSON Schema</summary>", "", "```json"]
    yield _spread(parts, depth=3)
    yield from ["```", "", "</details>"]


def _described(name: str, event: type[Event]) -> EventType:
    own = _untitled(event.model_json_schema(mode="serialization"))
    definitions = own.get("$defs", {})
    fields = [
        Field(
            field,
            "decimal number, as text" if event.model_fields[field].annotation is Decimal else _kind(schema),
            is_needed=event.model_fields[field].is_required(),
            is_personal=field in personal_fields(event),
        )
        for field, schema in own.get("properties", {}).items()
    ]
    data, personal = (
        _part(own.get("properties", {}), [field for field in fields if field.is_personal == is_personal], definitions)
        for is_personal in (False, True)
    )
    return EventType(
        name,
        name.partition(".")[0],
        " ".join((event.__doc__ or "").split()),
        event.schema_version,
        event.is_fact,
        event.part_field,
        fields,
        data,
        personal if personal["properties"] else None,
    )


def _part(properties: Schema, fields: Sequence[Field], definitions: Schema) -> Schema:
    part: Schema = {
        "type": "object",
        "properties": {field.name: properties[field.name] for field in fields},
        "required": [field.name for field in fields if field.is_needed],
        "additionalProperties": False,
    }
    used: Schema = {}
    while missing := _references([part, *used.values()]) - used.keys():
        used |= {name: definitions[name] for name in missing}
    return part | ({"$defs": dict(sorted(used.items()))} if used else {})


def _references(schema: object) -> set[str]:
    if isinstance(schema, dict):
        here = {schema["$ref"].removeprefix("#/$defs/")} if "$ref" in schema else set()
        return here.union(*map(_references, schema.values()))
    return set().union(*map(_references, schema)) if isinstance(schema, list) else set()


def _untitled(schema: Any) -> Any:  # Any: a part of a JSON Schema
    """Without the titles, which only repeat the names of fields."""
    if isinstance(schema, list):
        return [_untitled(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _untitled(part) for name, part in value.items()} if key == "properties" else _untitled(value)
        for key, value in schema.items()
        if key != "title"
    }


def _spread(value: object, depth: int, margin: str = "") -> str:
    """JSON with a line for each member down to some depth, and what lies deeper in one line."""
    if not depth or not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False)
    inner = margin + "  "
    members = [f"{inner}{json.dumps(key)}: {_spread(part, depth - 1, inner)}" for key, part in value.items()]
    return "{\n" + ",\n".join(members) + "\n" + margin + "}"


def _kind(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2].lower()
    if "anyOf" in schema:
        kinds = [_kind(choice) for choice in schema["anyOf"] if choice.get("type") != "null"]
        return " or ".join(dict.fromkeys(kind for kind in kinds if kind != "forgotten"))
    if "oneOf" in schema:
        return "value that says its kind"
    if "enum" in schema:
        return " or ".join(f"`{choice}`" for choice in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    if schema.get("type") == "object":
        values = _kind(schema.get("additionalProperties", {}))
        return f"{'texts' if values.startswith('text') else values} by name"
    if "maxLength" in schema:
        return f"text up to {schema['maxLength']:,}"
    form = str(schema.get("format") or schema.get("type"))
    return _KINDS.get(form, form)


_KINDS = {
    "uuid": "id",
    "date-time": "moment",
    "date": "day",
    "string": "text",
    "integer": "whole number",
    "boolean": "yes or no",
}
