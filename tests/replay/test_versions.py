"""A changed definition takes the live one's place; the earlier one follows on, to be gone back to at once."""

from collections.abc import Callable
from uuid import UUID

import pytest

from eventstore.database import Connection, connect
from projections.read_models import ReadModel
from replay import follow, rebuild, scratch, swap, versions
from replay.scratch import drop_leftovers
from replay.verification import NotComparable, preview, replay_customer, verify
from tests.facts import captured, given
from tests.replay.own import TENFOLD, lead_count

Now = Callable[[ReadModel], None]
FIRST, SECOND = lead_count(), lead_count(TENFOLD)


@pytest.fixture
def now(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Now:
    """Start the program anew, with this read model alone."""

    def started(model: ReadModel) -> None:
        for module in (versions, rebuild, swap, scratch):
            monkeypatch.setattr(module, "read_models", lambda: {model.name: model})
        rebuild.prepare(connection)
        follow.catch_up(connection)

    return started


def leads(connection: Connection, schema: str = "public") -> dict[UUID, int]:
    rows = connection.execute(f"SELECT customer_id, leads FROM {schema}.lead_count".encode()).fetchall()
    return {row["customer_id"]: row["leads"] for row in rows}


def test_the_one_before_follows_on_and_comes_back_at_once(connection: Connection, now: Now) -> None:
    now(FIRST)
    _, ann = given(connection, captured())
    now(SECOND)
    assert (leads(connection), leads(connection, "previous_lead_count")) == ({ann: 10}, {ann: 1})
    given(connection, captured(), customer_id=ann)
    follow.catch_up(connection)
    assert (leads(connection), leads(connection, "previous_lead_count")) == ({ann: 20}, {ann: 2})
    given(connection, captured(), customer_id=ann)
    assert swap.roll_back(connection, "lead_count") == FIRST
    follow.catch_up(connection)
    assert (leads(connection), leads(connection, "previous_lead_count")) == ({ann: 3}, {ann: 30})
    assert verify(connection, SECOND).differing == 0
    assert replay_customer(connection, SECOND, ann).differing == 0


def test_what_was_gone_back_from_stays_away_until_it_is_asked_for(connection: Connection, now: Now) -> None:
    now(FIRST)
    _, ann = given(connection, captured())
    now(SECOND)
    swap.roll_back(connection, "lead_count")
    now(SECOND)
    assert leads(connection) == {ann: 1}
    assert swap.roll_back(connection, "lead_count") == SECOND
    now(SECOND)
    assert leads(connection) == {ann: 10}
    swap.roll_back(connection, "lead_count")
    rebuild.rebuild(connection, SECOND)
    assert (leads(connection), leads(connection, "previous_lead_count")) == ({ann: 10}, {ann: 1})


def test_gone_back_from_it_gives_way_to_a_third_definition(connection: Connection, now: Now) -> None:
    now(FIRST)
    _, ann = given(connection, captured())
    now(SECOND)
    swap.roll_back(connection, "lead_count")
    now(lead_count("100 * count(*)"))
    assert (leads(connection), leads(connection, "previous_lead_count")) == ({ann: 100}, {ann: 1})


def test_retired_it_is_gone(connection: Connection, now: Now) -> None:
    now(FIRST)
    now(SECOND)
    swap.retire(connection, "lead_count")
    for attempt in (swap.retire, swap.roll_back):
        with pytest.raises(versions.NoPrevious, match="No earlier version of lead_count is kept"):
            attempt(connection, "lead_count")
    assert [version.schema for version in versions.versions(connection)] == ["public"]


def test_replayed_by_the_same_definition_there_is_nothing_to_go_back_to(connection: Connection, now: Now) -> None:
    now(FIRST)
    rebuild.rebuild(connection, FIRST)
    with pytest.raises(versions.NoPrevious):
        swap.roll_back(connection, "lead_count")


def test_forgetting_somebody_drops_it(connection: Connection, now: Now) -> None:
    now(FIRST)
    now(SECOND)
    assert drop_leftovers(connection) == ["previous_lead_count"]
    assert [version.schema for version in versions.versions(connection)] == ["public"]


def test_going_back_waits_for_no_reader_and_is_stopped_by_what_is_built_on_it(
    conninfo: str, connection: Connection, now: Now
) -> None:
    now(FIRST)
    now(SECOND)
    connection.execute("CREATE VIEW public.analysts AS SELECT leads FROM public.lead_count")
    with pytest.raises(swap.InUse, match="drop it, replay again"):
        swap.roll_back(connection, "lead_count")
    with connect(conninfo) as other:
        assert other.execute("SELECT * FROM public.analysts").fetchall() == []


def test_a_preview_says_what_a_change_would_change(connection: Connection, now: Now) -> None:
    now(FIRST)
    _, ann = given(connection, captured())
    given(connection, captured(), customer_id=ann)
    _, bob = given(connection, captured(title="Nought"))
    follow.catch_up(connection)
    draft = lead_count("greatest(2, count(*))")
    found = preview(connection, draft)
    assert (found.rows, found.added, found.removed, found.changed) == (2, 0, 0, 1)
    assert found.columns == {"leads": 1}
    assert [difference.key["customer_id"] for difference in found.differences] == [str(bob)]
    assert leads(connection) == {ann: 2, bob: 1}
    other_key = "CREATE TABLE lead_count (customer_id uuid, leads bigint PRIMARY KEY)"
    with pytest.raises(NotComparable, match="primary key of lead_count is another one"):
        preview(connection, lead_count(table=other_key))


def test_a_preview_names_columns_that_come_and_go(connection: Connection, now: Now) -> None:
    now(FIRST)
    given(connection, captured())
    follow.catch_up(connection)
    table = "CREATE TABLE lead_count (customer_id uuid PRIMARY KEY, newest bigint)"
    found = preview(connection, lead_count("count(*) AS leads, max(position) AS newest, 1", table))
    assert (found.new_columns, found.lost_columns, found.changed) == (["newest"], ["leads"], 0)
