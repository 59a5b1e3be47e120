"""Composes and runs the SELECT behind a page of a list: from an allow-list of columns, with values as parameters."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from eventstore.database import Connection, query
from projections.lists.fields import CASTS, Field
from projections.lists.filters import Filter, Parameters, condition
from projections.lists.nouns import Noun
from projections.reading import LIVE, Row, read
from projections.searching import Sought, sought_words
from projections.sight import Sight

_PAGE = "SELECT {columns} FROM {table} AS record WHERE {condition} ORDER BY {order} LIMIT {limit}"
_ORDERS = {True: sql.SQL("{} DESC NULLS FIRST"), False: sql.SQL("{} ASC NULLS LAST")}


@dataclass(frozen=True, slots=True)
class Sort:
    """A field to sort by. What is null comes after everything else, and so first when falling."""

    field: Field
    falls: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a list: which rows, with which words, in which order, and which of their columns.

    `after` holds the sort fields of the last row that was seen, in the order of `sort`.
    """

    filter: Filter | None
    words: str | None
    sort: tuple[Sort, ...]
    columns: tuple[str, ...]
    limit: int
    after: tuple[object, ...] | None = None


def whole_sort(noun: Noun, asked: Sequence[Sort]) -> tuple[Sort, ...]:
    """The order that was asked for, made one without ties by the key, which goes the way of the last field."""
    named = {sort.field.name for sort in asked}
    falls = asked[-1].falls
    return (*asked, *(Sort(noun.fields[name], falls) for name in noun.key if name not in named))


def rows(connection: Connection, noun: Noun, question: Question, *, sight: Sight, schema: str = LIVE) -> list[Row]:
    """The rows of a page, with the columns that were asked for and those they are sorted by."""
    if question.words is None:
        return _read(connection, noun, question, None, sight, schema)
    with connection.transaction():  # how alike words must be is set for this
        found = sought_words(connection, question.words, schema, sight=sight)
        return _read(connection, noun, question, found, sight, schema) if found else []


def record(connection: Connection, noun: Noun, id_: object, *, sight: Sight, schema: str = LIVE) -> Row | None:
    """The row of this id, with everything that is shown."""
    parameters = Parameters()
    text = sql.SQL(_PAGE).format(
        columns=_columns(list(noun.fields)),
        table=sql.Identifier(noun.table),
        condition=_equals(noun.fields[noun.id], id_, parameters),
        order=sql.SQL(", ").join(sql.Identifier("record", name) for name in noun.key),
        limit=sql.Literal(1),
    )
    found = read(connection, text.as_string(connection), (noun.table,), parameters.named, schema, sight=sight)
    return found[0] if found else None


def named(
    connection: Connection, noun: Noun, ids: Sequence[object], *, sight: Sight, schema: str = LIVE
) -> dict[object, Row]:
    """The rows of these ids, by id; of customers who were merged, those of whom they live on in."""
    is_customers = noun.record == "customer"
    text = sql.SQL(query("projections.lists", "named_customers" if is_customers else "named")).format(
        columns=_columns(list(noun.fields)),
        table=sql.Identifier(noun.table),
        id=sql.Identifier(noun.id),
    )
    tables = (noun.table, "customer_alias") if is_customers else (noun.table,)
    found = read(connection, text.as_string(connection), tables, {"ids": list(ids)}, schema, sight=sight)
    return {row.pop("asked_id"): row for row in found}


def _read(
    connection: Connection, noun: Noun, question: Question, found: Sought | None, sight: Sight, schema: str
) -> list[Row]:
    parameters = Parameters()
    conditions = [condition(question.filter, parameters)] if question.filter else []
    if found:
        conditions.append(
            sql.SQL("record.{} IN ({})").format(sql.Identifier(noun.id), _matching(noun, found, parameters))
        )
    if question.after is not None:
        conditions.append(_after(question.sort, question.after, parameters))
    text = sql.SQL(_PAGE).format(
        columns=_columns(dict.fromkeys((*question.columns, *(sort.field.name for sort in question.sort)))),
        table=sql.Identifier(noun.table),
        condition=sql.SQL(" AND ").join(conditions) if conditions else sql.SQL("true"),
        order=sql.SQL(", ").join(_ORDERS[sort.falls].format(sort.field.place) for sort in question.sort),
        limit=sql.Literal(question.limit),
    )
    return read(connection, text.as_string(connection), noun.tables, parameters.named, schema, sight=sight)


def _columns(names: Sequence[str] | dict[str, None]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier("record", name) for name in names)


def _matching(noun: Noun, found: Sought, parameters: Parameters) -> sql.Composable:
    assert noun.found_by is not None
    is_alike: sql.Composable = sql.SQL("false")
    if found.trigrams:
        operator = sql.SQL("sought OPERATOR({}.%%>>) {}")
        is_alike = operator.format(sql.Identifier(found.trigrams), parameters.add(found.words))
    return sql.SQL(query("projections.search", "matching")).format(
        found_by=sql.Identifier(noun.found_by),
        stream_type=parameters.add(noun.record),
        longest=parameters.add(found.patterns["longest"]),
        patterns=parameters.add(found.patterns["patterns"]),
        digits=parameters.add(found.patterns["digits"]),
        is_alike=is_alike,
    )


def _after(sort: Sequence[Sort], values: Sequence[object], parameters: Parameters) -> sql.Composable:
    """What comes after the row that had these values."""
    if _is_one_comparison(sort, values):
        operator = ">" if not sort[0].falls else "<"
        places = sql.SQL(", ").join(one.field.place for one in sort)
        seen = sql.SQL(", ").join(_value(one.field, value, parameters) for one, value in zip(sort, values, strict=True))
        return sql.SQL("({}) {} ({})").format(places, sql.SQL(operator), seen)
    ways: list[sql.Composable] = []
    same: list[sql.Composable] = []
    for one, value in zip(sort, values, strict=True):
        if (later := _later(one, value, parameters)) is not None:
            ways.append(sql.SQL("({})").format(sql.SQL(" AND ").join([*same, later])))
        same.append(_equals(one.field, value, parameters))
    return sql.SQL("({})").format(sql.SQL(" OR ").join(ways))


def _is_one_comparison(sort: Sequence[Sort], values: Sequence[object]) -> bool:
    """Whether an index finds the place at once: all go one way, and no null comes after the place."""
    if len({one.falls for one in sort}) > 1 or None in values:
        return False
    return sort[0].falls or not any(one.field.is_nullable for one in sort)


def _later(sort: Sort, value: object, parameters: Parameters) -> sql.Composable | None:
    """What comes after this value alone; None when nothing does."""
    place = sort.field.place
    if value is None:
        return sql.SQL("{} IS NOT NULL").format(place) if sort.falls else None
    operator = sql.SQL("<" if sort.falls else ">")
    further = sql.SQL("{} {} {}").format(place, operator, _value(sort.field, value, parameters))
    if sort.falls or not sort.field.is_nullable:
        return further
    return sql.SQL("({} OR {} IS NULL)").format(further, place)


def _equals(field: Field, value: object, parameters: Parameters) -> sql.Composable:
    if value is None:
        return sql.SQL("{} IS NULL").format(field.place)
    return sql.SQL("{} = {}").format(field.place, _value(field, value, parameters))


def _value(field: Field, value: object, parameters: Parameters) -> sql.Composable:
    return sql.SQL("{}::{}").format(parameters.add(value), CASTS[field.kind])
