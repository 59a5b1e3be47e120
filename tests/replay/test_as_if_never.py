"""What was taken back leaves no trace in any read model: merges that were reverted, and persons who were forgotten."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.catalogue import EVENT_TYPES
from domain.customer import CustomerRegistered
from domain.event import Event
from domain.merge import Absorbed, MergedInto, MergeReverted
from domain.ticket import TicketOpened
from eventstore.database import Connection, connect, migrate
from projections.read_models import read_models
from replay import follow, rebuild
from tests.domain.histories import examples_of
from tests.facts import captured
from tests.projections.records import forget, tell

Step = tuple[str, int, Event]
Merge = tuple[str, bool]

OPENED = TicketOpened(subject="No heat")
BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOUNS = ("customer", "lead", "ticket")
TIES = {"merged_into", "absorbed", "merge_reverted", "reattributed", "events_undone", "forgotten", "person_forgotten"}
"""What ties records to each other, or was forgotten for good; the tests do these themselves."""
TYPES = [type_ for type_ in EVENT_TYPES if type_.partition(".")[0] in NOUNS and type_.partition(".")[2] not in TIES]


def told(type_: str) -> st.SearchStrategy[Step]:
    return st.tuples(st.just(type_.partition(".")[0]), st.integers(0, 1), examples_of(EVENT_TYPES[type_]))


STEPS = st.sampled_from(TYPES).flatmap(told)
"""A noun, which of the two records, and what happens to it."""
MERGES = st.tuples(st.sampled_from(NOUNS), st.booleans())
"""A noun, and which way round; where its two records are merged by now, they are parted."""

ERASED = "SELECT occurred_at FROM log.event WHERE customer_id = ANY(%s) AND type = 'customer.forgotten'"
PLACES = {
    "position", "positions", "version", "status_position", "stage_position", "responded_position", "record_position",
    "refund_positions", "answered_position", "last_event_at",
}  # fmt: skip
"""Where something stands in the log, and when its last event was, which a merge in between moves on."""


@pytest.fixture(scope="module")
def two(new_database_of_a_module: Callable[[], str]) -> Iterator[tuple[Connection, Connection]]:
    """Two databases that are set up and empty."""
    with connect(new_database_of_a_module()) as one, connect(new_database_of_a_module()) as other:
        for connection in (one, other):
            migrate(connection)
            rebuild.prepare(connection)
        yield one, other


class Pair:
    """Two customers, each with a lead and a ticket, in two logs in which the same happens to them."""

    def __init__(self, two: tuple[Connection, Connection]) -> None:
        self.two = two
        self.ids = {noun: (uuid4(), uuid4()) for noun in NOUNS}
        self.merges: dict[str, tuple[UUID, UUID, UUID]] = {}
        self.hours = 0
        begun = {"customer": CustomerRegistered(kind="person", name="Ann"), "lead": captured(), "ticket": OPENED}
        for noun, event in begun.items():
            for record_id in self.ids[noun]:
                self.tell_both(noun, record_id, event)

    def tell_both(self, noun: str, record_id: UUID, event: Event) -> None:
        self.hours += 1
        for connection in self.two:
            self.tell(connection, noun, record_id, event)

    def tell(self, connection: Connection, noun: str, record_id: UUID, event: Event) -> None:
        owner = self.ids["customer"][self.ids[noun].index(record_id)]
        tell(connection, owner, event, noun=noun, stream_id=record_id, at=[BEGIN + timedelta(hours=self.hours)])

    def merge_or_part(self, connection: Connection, noun: str, *, is_turned: bool) -> None:
        if noun in self.merges:
            merge_id, *both = self.merges.pop(noun)
            for record_id in both:
                self.tell(connection, noun, record_id, MergeReverted(merge_id=merge_id))
            return
        merge_id, (one, other) = uuid4(), self.ids[noun][:: -1 if is_turned else 1]
        self.merges[noun] = (merge_id, one, other)
        self.tell(connection, noun, one, MergedInto(survivor_id=other, merge_id=merge_id))
        self.tell(connection, noun, other, Absorbed(merged_id=one, merge_id=merge_id))

    def rows(self, connection: Connection) -> dict[str, list[dict[str, Any]]]:
        """What all read models say of the two, but for the places in the log."""
        follow.catch_up(connection)
        erased = connection.execute(ERASED, [list(self.ids["customer"])]).fetchall()
        moments = {row["occurred_at"] for row in erased}
        found = {}
        for model in read_models().values():
            for table in model.tables:
                statement = f"SELECT * FROM public.{table} WHERE customer_id = ANY(%s)"
                rows = connection.execute(statement.encode(), [list(self.ids["customer"])]).fetchall()
                left = [
                    {
                        name: value
                        for name, value in row.items()
                        if name not in PLACES and not (isinstance(value, datetime) and value in moments)
                    }
                    for row in rows
                ]
                found[table] = sorted(left, key=repr)
        return found


def assert_alike(pair: Pair) -> None:
    one, other = (pair.rows(connection) for connection in pair.two)
    assert {table for table in one if one[table] != other[table]} == set()
    assert one == other


@pytest.mark.full
@for_all(steps=st.lists(st.tuples(STEPS, st.none() | MERGES, st.booleans()), min_size=1, max_size=12))
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_after_an_unmerge_all_is_as_in_a_log_without_it(
    two: tuple[Connection, Connection], steps: list[tuple[Step, Merge | None, bool]]
) -> None:
    pair = Pair(two)
    with_merges, _ = two
    for (noun, which, event), merge, is_followed in steps:
        if merge:
            pair.merge_or_part(with_merges, merge[0], is_turned=merge[1])
        pair.tell_both(noun, pair.ids[noun][which], event)
        if is_followed:
            follow.catch_up(with_merges)
    for noun in list(pair.merges):
        pair.merge_or_part(with_merges, noun, is_turned=False)
    assert_alike(pair)


@for_all(steps=st.lists(st.tuples(STEPS, st.booleans()), min_size=1, max_size=12))
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_after_an_erasure_all_is_as_if_nothing_personal_had_ever_been_given(
    two: tuple[Connection, Connection], steps: list[tuple[Step, bool]]
) -> None:
    pair = Pair(two)
    followed, never_given = two
    for (noun, which, event), is_followed in steps:
        pair.tell_both(noun, pair.ids[noun][which], event)
        never_given.execute("DELETE FROM log.personal_data")
        if is_followed:
            follow.catch_up(followed)
    for connection in two:
        for customer_id in pair.ids["customer"]:
            forget(connection, customer_id)
    assert_alike(pair)
