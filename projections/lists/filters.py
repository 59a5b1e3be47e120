"""Which rows of a list are asked for: conditions on fields, joined by and, or and not, as a condition of SQL."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from psycopg import sql
from psycopg.types.json import Jsonb

from projections.lists.fields import CASTS, CUSTOM, Field, Operator

Value: TypeAlias = object
"""Of the type that the field's kind has in Python."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a field must hold. A field that holds nothing meets `is_null` and `ne` alone. A list of words is equal to a
    word when the word is in it, and null when it is empty; `is_null` has whether as its value. Texts contain and start
    with others whatever the case."""

    field: Field
    operator: Operator
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """All of the filters hold, at least one of them, or none of them."""

    kind: Literal["and", "or", "not"]
    filters: tuple["Filter", ...]


Filter: TypeAlias = Condition | Group


@dataclass(slots=True)
class Parameters:
    """The values of a statement, each under a name of its own."""

    named: dict[str, object] = field(default_factory=dict)

    def add(self, value: object) -> sql.Placeholder:
        """Its place in the statement."""
        name = f"value_{len(self.named)}"
        self.named[name] = value
        return sql.Placeholder(name)


_COMPARISONS: dict[Operator, sql.SQL] = {
    "lt": sql.SQL("{} < {}"),
    "lte": sql.SQL("{} <= {}"),
    "gt": sql.SQL("{} > {}"),
    "gte": sql.SQL("{} >= {}"),
    "contains": sql.SQL("strpos(lower({}), lower({})) > 0"),
    "starts_with": sql.SQL("starts_with(lower({}), lower({}))"),
}
_MERGED = sql.SQL("ARRAY(SELECT a.customer_id FROM customer_alias AS a WHERE a.root_customer_id = ANY ({}))")
_EMPTY, _NULL = sql.SQL("cardinality({}) IS NOT DISTINCT FROM 0"), sql.SQL("{} IS NULL")


def condition(asked: Filter, parameters: Parameters) -> sql.Composable:
    """It as SQL about a row called `record`. It may be null in place of false."""
    match asked:
        case Condition():
            return _condition(asked, parameters)
        case Group(kind="not"):
            return sql.SQL("({}) IS NOT TRUE").format(_joined(" OR ", asked.filters, parameters))
        case Group():
            return _joined(f" {asked.kind.upper()} ", asked.filters, parameters)


def _joined(word: str, filters: Sequence[Filter], parameters: Parameters) -> sql.Composable:
    # the word is one of this module's own
    return sql.SQL("({})").format(sql.SQL(word).join(condition(one, parameters) for one in filters))


def _condition(asked: Condition, parameters: Parameters) -> sql.Composable:
    place, cast, operator = asked.field.place, CASTS[asked.field.kind], asked.operator
    if operator == "is_null":
        is_list = asked.field.kind == "words" and not asked.field.custom_kind
        empty = _EMPTY if is_list else _NULL
        wanted = sql.SQL("{}") if asked.values[0] else sql.SQL("NOT ({})")
        return wanted.format(empty.format(place))
    if operator in ("eq", "in", "ne"):
        if asked.field.custom_kind and asked.field.kind != "number":
            among = _holding(asked, parameters)
        else:
            among = _among(asked, sql.SQL("{}::{}[]").format(parameters.add(list(asked.values)), cast))
        return among if operator != "ne" else sql.SQL("({}) IS NOT TRUE").format(among)
    if operator == "between":
        low, high = (sql.SQL("{}::{}").format(parameters.add(value), cast) for value in asked.values)
        return sql.SQL("{} BETWEEN {} AND {}").format(place, low, high)
    return _COMPARISONS[operator].format(place, sql.SQL("{}::{}").format(parameters.add(asked.values[0]), cast))


def _among(asked: Condition, values: sql.Composable) -> sql.Composable:
    if asked.field.kind == "words":
        return sql.SQL("{} && {}").format(asked.field.place, values)
    if asked.field.name == "customer_id":  # a customer's are also those of whoever was merged into her
        values = sql.SQL("{} || {}").format(_MERGED.format(values), values)
    return sql.SQL("{} = ANY ({})").format(asked.field.place, values)


def _holding(asked: Condition, parameters: Parameters) -> sql.Composable:
    """Custom fields as the index on them knows them: each value as it is written in JSON."""
    field_id, is_list = asked.field.name.removeprefix(CUSTOM), asked.field.kind == "words"
    wanted = [{field_id: [str(value)] if is_list else str(value)} for value in asked.values]
    held = [sql.SQL("record.custom_fields @> {}").format(parameters.add(Jsonb(one))) for one in wanted]
    return sql.SQL("({})").format(sql.SQL(" OR ").join(held))
