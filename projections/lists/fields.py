"""What a list can be asked about: the columns of its read model's table, each of a kind, and the custom fields."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

from psycopg import sql

from domain.custom_field import CustomField, FieldKind
from projections.read_models import read_models

Kind: TypeAlias = Literal["text", "id", "integer", "number", "boolean", "day", "moment", "words", "object"]
"""`words` is a list of words; an `object` is shown, and neither sought nor sorted by."""

Operator: TypeAlias = Literal[
    "eq", "ne", "in", "lt", "lte", "gt", "gte", "between", "contains", "starts_with", "is_null"
]
OPERATORS: tuple[Operator, ...] = get_args(Operator)

_ANY: tuple[Operator, ...] = ("eq", "ne", "in", "is_null")
_ORDERED: tuple[Operator, ...] = (*_ANY, "lt", "lte", "gt", "gte", "between")

ALLOWED: Mapping[Kind, tuple[Operator, ...]] = MappingProxyType(
    {
        "text": (*_ANY, "contains", "starts_with"),
        "id": _ANY,
        "integer": _ORDERED,
        "number": _ORDERED,
        "boolean": _ANY,
        "day": _ORDERED,
        "moment": _ORDERED,
        "words": _ANY,
        "object": (),
    }
)
"""What may be asked about a field of each kind."""

CASTS: Mapping[Kind, sql.SQL] = MappingProxyType(
    {
        "text": sql.SQL("text"),
        "id": sql.SQL("uuid"),
        "integer": sql.SQL("bigint"),
        "number": sql.SQL("numeric"),
        "boolean": sql.SQL("boolean"),
        "day": sql.SQL("date"),
        "moment": sql.SQL("timestamptz"),
        "words": sql.SQL("text"),
    }
)
"""What a value of that kind is to Postgres."""

_COLUMN_KINDS: Mapping[str, Kind] = {
    "text": "text",
    "uuid": "id",
    "integer": "integer",
    "bigint": "integer",
    "numeric": "number",
    "boolean": "boolean",
    "date": "day",
    "timestamptz": "moment",
    "text[]": "words",
}
_CUSTOM_KINDS: Mapping[FieldKind, Kind] = {
    "text": "text",
    "number": "number",
    "money": "number",
    "date": "day",
    "choice": "text",
    "choices": "words",
    "reference": "id",
}
CUSTOM = "custom."
"""What the names of custom fields begin with."""


@dataclass(frozen=True, slots=True)
class Field:
    """Something that is known of a record. `choices` are the values that it can have, where they are few and fixed."""

    name: str
    kind: Kind
    is_nullable: bool = True
    is_personal: bool = False
    choices: tuple[str, ...] = ()
    custom_kind: FieldKind | None = None

    @property
    def is_sortable(self) -> bool:
        """Whether records can be put in its order."""
        return self.kind not in ("words", "object") and self.custom_kind is None

    @property
    def place(self) -> sql.Composable:
        """Where it stands in the row that is called `record`."""
        if self.custom_kind is None:
            return sql.Identifier("record", self.name)
        field_id = sql.Literal(self.name.removeprefix(CUSTOM))
        if self.custom_kind == "money":
            return sql.SQL("(record.custom_fields->{}->>'amount')::numeric").format(field_id)
        return sql.SQL("(record.custom_fields->>{})::{}").format(field_id, CASTS[self.kind])


def custom_field(defined: CustomField) -> Field:
    """The field that a company defined for itself; one of money is asked about by its amount."""
    return Field(
        f"{CUSTOM}{defined.field_id}",
        _CUSTOM_KINDS[defined.kind],
        is_personal=defined.is_personal,
        choices=defined.choices,
        custom_kind=defined.kind,
    )


@cache
def columns(table: str) -> Mapping[str, Field]:
    """The columns of a read model's table by name, in its order."""
    for model in read_models().values():
        if found := re.search(rf"^CREATE TABLE {table} \((.+?)^\);", model.table, re.MULTILINE | re.DOTALL):
            lines = re.findall(r"^    ([a-z]\w*) +([a-z]+(?:\[\])?)(.*)$", found[1], re.MULTILINE)
            return {
                name: Field(name, _COLUMN_KINDS.get(kind, "object"), "NOT NULL" not in rest and "KEY" not in rest)
                for name, kind, rest in lines
            }
    raise KeyError(table)
