"""Lists: every filter finds what a plain Python filter finds, and pages give each row once, in any order."""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as for_all
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from psycopg import sql
from psycopg.types.json import Jsonb

from domain.custom_field import CustomField, FieldKind
from eventstore.database import Connection
from projections.lists.fields import ALLOWED, Field, Kind, Operator, columns, custom_field
from projections.lists.filters import Condition, Filter, Group
from projections.lists.nouns import NOUNS
from projections.lists.page import Question, Sort, named, record, rows, whole_sort
from projections.reading import Row
from projections.sight import EVERYTHING

LEADS = NOUNS["leads"]
WORDS = ["", "web", "Web", "50%", "a_b", "'; --", "ünïcode", "日本"]
IDS = [UUID(int=number) for number in range(1, 5)]
DAYS = [date(2026, 3, 1) + timedelta(days=number) for number in range(4)]
MOMENTS = [datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=number) for number in range(5)]
NUMBERS = [Decimal(0), Decimal("-1.5"), Decimal("12.50"), Decimal(1000)]
VALUES: dict[Kind, Sequence[Any]] = {
    "text": WORDS,
    "id": IDS,
    "integer": [0, 1, 2, -1, 2**40],
    "number": NUMBERS,
    "boolean": [True, False],
    "day": DAYS,
    "moment": MOMENTS,
    "words": WORDS[1:5],
}
KINDS: list[FieldKind] = ["text", "number", "money", "date", "choices", "reference"]
CUSTOM = [
    custom_field(CustomField(noun="lead", field_id=f"of_{kind}", version=1, label="x", kind=kind, is_personal=False))
    for kind in KINDS
]
FIELDS = [*(field for field in LEADS.fields.values() if ALLOWED[field.kind]), *CUSTOM]
MERGED, SURVIVOR = IDS[0], IDS[1]


def held(field: Field, chance: random.Random) -> Any:  # Any: as the kind has it
    if field.kind == "words":
        return chance.sample(WORDS[1:5], chance.randrange(3))
    if field.is_nullable and chance.random() < 0.3:
        return None
    return chance.choice(VALUES[field.kind])


def lead(number: int, chance: random.Random) -> Row:
    made: Row = {field.name: held(field, chance) for field in columns("lead").values() if field.kind != "object"}
    values = {field: held(field, chance) for field in CUSTOM}
    written = {
        field.name.removeprefix("custom."): {"amount": str(value), "currency": "EUR"}
        if field.custom_kind == "money"
        else (value if field.kind == "words" else str(value))
        for field, value in values.items()
        if value not in (None, [])
    }
    made["version"], made["open_follow_ups"] = number % 3, number % 2
    return made | {"lead_id": UUID(int=1000 + number), "custom_fields": written}


def add(connection: Connection, row: Row) -> None:
    statement = sql.SQL("INSERT INTO public.lead ({}) VALUES ({})").format(
        sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join(map(sql.Placeholder, row))
    )
    connection.execute(statement, row | {"custom_fields": Jsonb(row["custom_fields"])})


@pytest.fixture(scope="module")
def known(shared: Connection) -> list[Row]:
    """Leads with every kind of value, and with none."""
    chance = random.Random(7)
    made = [lead(number, chance) for number in range(60)]
    for one in made:
        add(shared, one)
    alias = "INSERT INTO public.customer_alias VALUES (%s, %s, %s, %s, %s, 1)"
    shared.execute(alias, [MERGED, SURVIVOR, SURVIVOR, UUID(int=9), MOMENTS[0]])
    return made


def of(row: Row, field: Field) -> Any:  # Any: the same
    if field.custom_kind is None:
        return row[field.name]
    written = row["custom_fields"].get(field.name.removeprefix("custom."))
    if written is None or field.kind in ("text", "words"):
        return written
    reads: dict[Kind, Callable[[str], Any]] = {"number": Decimal, "day": date.fromisoformat, "id": UUID}
    return reads[field.kind](written["amount"] if field.custom_kind == "money" else written)


def meets(row: Row, asked: Filter) -> bool:
    """The same in plain Python."""
    match asked:
        case Group(kind="and"):
            return all(meets(row, one) for one in asked.filters)
        case Group(kind="or"):
            return any(meets(row, one) for one in asked.filters)
        case Group():
            return not any(meets(row, one) for one in asked.filters)
    value: Any = of(row, asked.field)  # Any: as the kind has it
    first: Any
    first, *more = asked.values
    if asked.operator == "is_null":
        return bool((value in (None, [])) == first)
    if asked.operator == "ne":
        return not meets(row, Condition(asked.field, "in", asked.values))
    if value is None:
        return False
    if asked.operator in ("eq", "in"):
        if asked.field.kind == "words":
            return bool({*value} & {*asked.values})
        also = {MERGED} if asked.field.name == "customer_id" and SURVIVOR in asked.values else set()
        return value in {*asked.values, *also}
    answers: dict[Operator, Callable[[], bool]] = {
        "lt": lambda: value < first,
        "lte": lambda: value <= first,
        "gt": lambda: value > first,
        "gte": lambda: value >= first,
        "between": lambda: first <= value <= more[0],
        "contains": lambda: first.lower() in value.lower(),
        "starts_with": lambda: value.lower().startswith(first.lower()),
    }
    return answers[asked.operator]()


@st.composite
def conditions(draw: st.DrawFn) -> Filter:
    field = draw(st.sampled_from(FIELDS))
    operator = draw(st.sampled_from(ALLOWED[field.kind]))
    if operator == "is_null":
        return Condition(field, operator, (draw(st.booleans()),))
    least, most = {"in": (1, 3), "ne": (1, 2), "between": (2, 2)}.get(operator, (1, 1))
    one = st.sampled_from(VALUES[field.kind])
    return Condition(field, operator, tuple(draw(st.lists(one, min_size=least, max_size=most))))


def groups(members: SearchStrategy[Filter]) -> SearchStrategy[Filter]:
    several = st.lists(members, min_size=1, max_size=3).map(tuple)
    return st.builds(Group, st.sampled_from(["and", "or", "not"]), several)


FILTERS = st.recursive(conditions(), groups, max_leaves=8)
SORTS = st.lists(
    st.builds(Sort, st.sampled_from([field for field in LEADS.fields.values() if field.is_sortable]), st.booleans()),
    min_size=1,
    max_size=3,
    unique_by=lambda sort: sort.field.name,
)


def question(asked: Filter | None = None, **more: Any) -> Question:  # Any: parts of a question
    sort = whole_sort(LEADS, [Sort(LEADS.fields["lead_id"], falls=False)])
    return Question(**{"filter": asked, "words": None, "sort": sort, "columns": ("lead_id",), "limit": 100} | more)


@for_all(asked=FILTERS)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_filter_finds_what_a_plain_one_finds(shared: Connection, known: list[Row], asked: Filter) -> None:
    found = rows(shared, LEADS, question(asked), sight=EVERYTHING)
    assert [row["lead_id"] for row in found] == [row["lead_id"] for row in known if meets(row, asked)]


def pages(connection: Connection, sort: Sequence[Sort], limit: int, between: Callable[[int], None]) -> Iterator[Row]:
    after = None
    number = 0
    while found := rows(
        connection, LEADS, question(sort=whole_sort(LEADS, sort), limit=limit, after=after), sight=EVERYTHING
    ):
        yield from found
        after = tuple(found[-1][one.field.name] for one in whole_sort(LEADS, sort))
        between(number := number + 1)
        assert number < 200, "the pages never end"


@for_all(sort=SORTS, limit=st.integers(1, 25), chance=st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_pages_in_any_order_give_each_row_once_also_while_rows_are_added(
    shared: Connection, known: list[Row], sort: list[Sort], limit: int, chance: random.Random
) -> None:
    def added(number: int) -> None:
        if number < 20:
            add(shared, lead(200 + number, chance))

    with shared.transaction(force_rollback=True):
        seen = [row["lead_id"] for row in pages(shared, sort, limit, added)]
    assert len(seen) == len(set(seen))
    assert {row["lead_id"] for row in known} <= set(seen)


@for_all(sort=SORTS)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_null_comes_after_everything_else_and_first_when_falling(
    shared: Connection, known: list[Row], sort: list[Sort]
) -> None:
    (first, *_) = sort
    values = [row[first.field.name] for row in pages(shared, sort, 100, lambda _: None)]
    nulls = [value is None for value in values]
    assert nulls == sorted(nulls, reverse=first.falls)
    told = [value for value in values if value is not None]
    if first.field.kind != "text":  # whose order is that of the database's language
        assert told == sorted(told, reverse=first.falls)


def test_every_noun_is_listed_by_every_order_and_found_by_its_id(shared: Connection) -> None:
    for noun in NOUNS.values():
        for field in noun.fields.values():
            if field.is_sortable:
                for falls in (True, False):
                    sort = whole_sort(noun, [Sort(field, falls)])
                    asked = Question(None, None, sort, tuple(noun.fields), 3)
                    assert rows(shared, noun, asked, sight=EVERYTHING) is not None
            for operator in ALLOWED[field.kind]:
                value = True if operator == "is_null" else VALUES[field.kind][0]
                condition = Condition(field, operator, (value,) * (2 if operator == "between" else 1))
                asked = Question(condition, None, whole_sort(noun, [Sort(noun.fields[noun.id], True)]), noun.key, 3)
                assert rows(shared, noun, asked, sight=EVERYTHING) is not None
        if noun.has_page:
            assert record(shared, noun, UUID(int=77), sight=EVERYTHING) is None


def test_who_was_merged_is_named_as_whom_she_lives_on_in(shared: Connection, known: list[Row]) -> None:
    shared.execute(
        "INSERT INTO public.customer_360 (customer_id, status, tags, custom_fields, consents, unsubscribed, open_leads,"
        " open_tickets, open_follow_ups, interactions, purchases, subscriptions, mrr, purchased)"
        " VALUES (%s, 'active', '{}', '{}', '{}', '{}', 0, 0, 0, 0, 0, 0, '{}', '{}')",
        [SURVIVOR],
    )
    found = named(shared, NOUNS["customers"], [MERGED, SURVIVOR, IDS[3]], sight=EVERYTHING)
    assert {asked: row["customer_id"] for asked, row in found.items()} == {MERGED: SURVIVOR, SURVIVOR: SURVIVOR}
    leads = named(shared, LEADS, [known[0]["lead_id"]], sight=EVERYTHING)
    assert leads[known[0]["lead_id"]]["version"] == known[0]["version"]
