"""How a list's rows look in the OpenAPI document, and what a query may ask: from the columns of their table."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from types import GenericAlias
from typing import Any
from uuid import UUID

from pydantic import BaseModel, create_model

from projections.lists.fields import ALLOWED, Field, Kind
from projections.lists.nouns import Noun

LISTED = """The records that meet all conditions.

`field=value` asks for what is equal, and several values for any of them; `field[gte]=value` for what is at least that:
with gt, gte, lt, lte, ne, contains, starts_with and is_null. `custom.<field>` is a field of your own. What is null
comes after everything else, and so first when falling. Who asks for a past moment first waits until it is folded."""

SEARCHED = """The records that a filter of conditions finds, joined by and, or and not; otherwise as the list."""

_TYPES: Mapping[Kind, Any] = {  # Any: types, and one that pydantic makes of them
    "text": str,
    "id": UUID,
    "integer": int,
    "number": Decimal,
    "boolean": bool,
    "day": date,
    "moment": datetime,
    "words": list[str],
    "object": Any,
}
_SCHEMAS: Mapping[Kind, Mapping[str, str]] = {
    "id": {"type": "string", "format": "uuid"},
    "integer": {"type": "integer", "format": "int64"},
    "number": {"type": "string", "pattern": "^[+-]?[0-9]{1,30}(\\.[0-9]{1,30})?$"},
    "boolean": {"type": "boolean"},
    "day": {"type": "string", "format": "date"},
    "moment": {"type": "string", "format": "date-time"},
}


def row_of(noun: Noun) -> type[BaseModel]:
    """What of a record is shown: all of it, or what `fields` names and the key. What `expand` names is there then."""
    fields: dict[str, Any] = {name: (Any, None) for name in noun.expands}  # Any: as pydantic asks
    fields |= {field.name: _shown(field, is_key=field.name in noun.key) for field in noun.fields.values()}
    made: type[BaseModel] = create_model(f"{_title(noun)}InList", __doc__=row_of.__doc__, **fields)
    return made


def page_of(noun: Noun, row: type[BaseModel]) -> type[BaseModel]:
    """A page of the list."""
    fields: dict[str, Any] = {
        "data": (GenericAlias(list, (row,)), ...),
        "has_more": (bool, ...),
    }  # Any: as pydantic asks
    made: type[BaseModel] = create_model(
        f"{_title(noun)}List", __doc__=page_of.__doc__, **fields, next_cursor=(str | None, ...)
    )
    return made


def parameters(noun: Noun) -> list[dict[str, Any]]:  # Any: JSON
    """What a query may say, for the document."""
    # a segment's name goes before the field of customers that is called so
    own = [field for field in noun.fields.values() if not (noun.record and field.name == "segment")]
    told = [_parameter(field) for field in own if ALLOWED[field.kind]]
    text: dict[str, Any] = {"type": "string"}
    if "tags" in noun.fields:
        told.append(_said("tag", {"type": "array", "items": text}, "A tag that it has; several must all be there."))
    if noun.found_by:
        told.append(_said("q", text | {"maxLength": 200}, "Words of its name, title, subject, addresses or ids."))
    if noun.record:
        told.append(_said("segment", text, "The name of a segment."))
    sortable = ", ".join(field.name for field in noun.fields.values() if field.is_sortable)
    told.append(_said("sort", text, f"By {noun.sort} unless said otherwise. Possible: {sortable}; - in front falls."))
    told.append(_said("fields", text, "What to show, by commas; the key always is."))
    if noun.expands:
        told.append(_said("expand", text, f"Show what it names, by commas: {', '.join(noun.expands)}."))
    told.append(_said("as_of", {"type": "string", "format": "date-time"}, "Answer as it was known at this moment."))
    told.append(_said("axis", text | {"enum": ["recorded"]}, "On which axis of time: recorded alone."))
    told.append(_said("limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, "Rows of a page."))
    told.append(_said("cursor", text, "`next_cursor` of the page before, of the same question."))
    return told


def _shown(field: Field, *, is_key: bool) -> tuple[Any, Any]:
    return (_TYPES[field.kind], ...) if is_key else (_TYPES[field.kind] | None, None)


def _parameter(field: Field) -> dict[str, Any]:
    one: dict[str, Any] = dict(_SCHEMAS.get(field.kind, {"type": "string"}))
    if field.choices:
        one["enum"] = list(field.choices)
    operators = ", ".join(one for one in ALLOWED[field.kind] if one not in ("in", "between"))
    about = f"Several mean any of them. As {field.name}[operator] also: {operators}."
    return _said(field.name, {"type": "array", "items": one}, about)


def _said(name: str, schema: dict[str, Any], about: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": about}


def _title(noun: Noun) -> str:
    return "".join(word.capitalize() for word in noun.singular.split("-"))
