"""A question to a list, as it comes in a query or a body, and its cursor."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, WithJsonSchema

from api import cursors
from api.lists.asked import Reader, words
from api.lists.values import packed, unpacked
from api.past import Axis, must_be_recorded
from api.problems import BadCursor, Malformed, malformed
from api.store import Store
from domain.event import Moment
from domain.workspace import Workspace
from projections.lists.fields import ALLOWED, CUSTOM, OPERATORS, Operator
from projections.lists.filters import Filter, Group
from projections.lists.nouns import Noun
from projections.lists.page import Question, Sort
from projections.reading import Row
from projections.sight import Sight

_LISTS = ("sort", "fields", "expand")
_OF_QUERIES = tuple(operator for operator in OPERATORS if operator not in ("in", "between"))
_PARAMETER = re.compile(r"([a-z_0-9.]+)(?:\[([a-z_]+)\])?")
_FILTER = {
    "type": ["object", "null"],
    "description": (
        'Either a condition, {"field": "status", "op": "eq", "value": "open"}, or {"and": [ … ]}, {"or": [ … ]}, '
        '{"not": { … }} of filters, at most 5 levels deep and with at most 100 conditions. '
        f"Operators: {', '.join(OPERATORS)}; `in` takes a list, `between` a list of two, `is_null` true or false."
    ),
}


class Search(BaseModel):
    """What is asked of a list; the parts are joined by and."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"limit": 20}})

    filter: Annotated[JsonValue, WithJsonSchema(_FILTER)] = None
    q: Annotated[str | None, Field(max_length=200, description="Words of a name, title, address or id.")] = None
    segment: Annotated[str | None, Field(max_length=100, description="The name of a segment.")] = None
    sort: Annotated[list[str], Field(description="Fields to sort by, with a minus where they fall.")] = []
    fields: Annotated[list[str] | None, Field(description="What to show; without it, everything.")] = None
    expand: Annotated[list[str], Field(description="Which records to show with those that name them.")] = []
    as_of: Moment | None = None
    axis: Axis | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(description="`next_cursor` of the page before, of the same question.")] = None


PARAMETERS = tuple(name for name in Search.model_fields if name != "filter")
"""What a query may say besides conditions on fields."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was understood, what to show of its answer, and by what its cursors are known."""

    question: Question
    shown: tuple[str, ...]
    expand: tuple[str, ...]
    as_of: datetime | None
    print: str

    def cursor(self, store: Store, noun: Noun, last: Row) -> str:
        """What to go on with after a page with this last row."""
        values = [packed(last[sort.field.name]) for sort in self.question.sort]
        return cursors.encode(store, noun.name, self.print, *values)


def from_query(
    store: Store, noun: Noun, sight: Sight, settled: Callable[[], Workspace], given: Sequence[tuple[str, str]]
) -> Asked:
    """The question in a query string. Raises Malformed, HiddenField, BadCursor, BadParameter."""
    reader = Reader(noun, sight, settled)
    told: dict[str, Any] = {}  # Any: what pydantic is to read
    sought: dict[tuple[str, Operator], list[str]] = {}
    tags: list[str] = []
    for name, written in given:
        if name in PARAMETERS:
            if name in told:
                raise Malformed(f"/query/{name}", "Say this once.")
            told[name] = [one for one in written.split(",") if one] if name in _LISTS else written
        elif name == "tag" and "tags" in noun.fields:
            tags.append(written)
        else:
            sought.setdefault(_condition(noun, name), []).append(written)
    try:
        search = Search.model_validate(told)
    except ValidationError as problem:
        raise malformed(problem, "query") from None
    conditions = [_asked_for(reader, field, operator, values) for (field, operator), values in sought.items()]
    conditions += [reader.condition("tags", "eq", [tag], "/query/tag", as_text=True) for tag in tags]
    return _asked(store, reader, search, conditions, "/query")


def from_body(store: Store, noun: Noun, sight: Sight, settled: Callable[[], Workspace], search: Search) -> Asked:
    """The question in a body. Raises Malformed, HiddenField, BadCursor, BadParameter."""
    reader = Reader(noun, sight, settled)
    conditions = [] if search.filter is None else [reader.tree(search.filter, "/body/filter")]
    return _asked(store, reader, search, conditions, "/body")


def _asked(store: Store, reader: Reader, search: Search, conditions: list[Filter], place: str) -> Asked:
    noun = reader.noun
    must_be_recorded(search.axis)
    if search.segment is not None:
        conditions.append(reader.segment(search.segment, f"{place}/segment"))
    asked = Group("and", tuple(conditions)) if conditions else None
    sought = words(search.q, noun, reader.sight, f"{place}/q")
    sort = reader.sort(search.sort or noun.sort.split(","), f"{place}/sort")
    shown = reader.columns(search.fields, f"{place}/fields")
    expand = reader.expands(search.expand, f"{place}/expand")
    seen_by = (reader.sight.records, reader.sight.member_id, reader.sight.personal)
    told = repr((asked, sought, [(one.field.name, one.falls) for one in sort], search.as_of, seen_by))
    print_ = hashlib.sha256(told.encode()).hexdigest()[:32]
    after = None if search.cursor is None else _after(store, noun, sort, print_, search.cursor)
    columns = tuple(dict.fromkeys((*shown, *(noun.expands[name][0] for name in expand))))
    return Asked(Question(asked, sought, sort, columns, search.limit + 1, after), shown, expand, search.as_of, print_)


def _condition(noun: Noun, name: str) -> tuple[str, Operator]:
    """The field and the operator that a parameter names; without one, eq."""
    found = _PARAMETER.fullmatch(name)
    operator = next((one for one in _OF_QUERIES if found and one == (found[2] or "eq")), None)
    if not found or not operator or not (found[1] in noun.fields or found[1].startswith(CUSTOM)):
        shown = name if re.fullmatch("[A-Za-z0-9_-]{1,40}", name) else "?"
        raise Malformed(f"/query/{shown}", f"There is no such parameter. There are: {', '.join(_known(noun))}.")
    return found[1], operator


def _known(noun: Noun) -> list[str]:
    fields = [field.name for field in noun.fields.values() if ALLOWED[field.kind]]
    more = [f"{CUSTOM}<field>"] if noun.record else []
    tag = ["tag"] if "tags" in noun.fields else []
    return [*PARAMETERS, *tag, *fields, *more, f"and fields with [{'], ['.join(_OF_QUERIES)}]"]


def _asked_for(reader: Reader, field: str, operator: Operator, written: Sequence[str]) -> Filter:
    place = f"/query/{field}"
    if operator not in ("eq", "ne") and len(written) > 1:
        raise Malformed(place, "Only what is equal, or not, may be asked for several times.")
    return reader.condition(field, operator, written, place, as_text=True)


def _after(store: Store, noun: Noun, sort: Sequence[Sort], print_: str, cursor: str) -> tuple[object, ...]:
    seen, *values = cursors.decode(store, noun.name, cursor)
    if seen != print_ or len(values) != len(sort):
        raise BadCursor("This cursor belongs to another question. Send it with the one it came from, or start again.")
    return tuple(unpacked(one.field, str(written)) for one, written in zip(sort, values, strict=True))
