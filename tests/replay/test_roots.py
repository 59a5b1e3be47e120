"""Read models of customers follow merges, un-merges and wrong filings, exactly and at any position."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from psycopg import sql

from domain.interaction import InteractionLogged
from eventstore.database import Connection
from projections.read_models import ROOT, ReadModel, parse
from replay import fold, follow, versions
from replay.fold import create_table, rows_at
from replay.roots import roots
from replay.scope import these
from replay.verification import replay_customer, verify
from tests.replay.histories import STEPS, Company, Step, by, heard

_TYPES = "-- types: customer.* lead.*\n"
BY_CUSTOMER = parse(
    "heard_of",
    "CREATE TABLE heard_of (customer_id uuid PRIMARY KEY, positions bigint[] NOT NULL)",
    "-- question: What was heard of a customer?\n-- key: root_customer_id AS customer_id\n"
    + _TYPES
    + """
    SELECT root_customer_id AS customer_id, array_agg(position ORDER BY position) AS positions
    FROM history GROUP BY root_customer_id""",
)
BY_LEAD = parse(
    "heard_in",
    "CREATE TABLE heard_in (lead_id uuid PRIMARY KEY, customer_id uuid NOT NULL, positions bigint[] NOT NULL)",
    "-- question: What was heard of a lead, and whose is it?\n-- key: stream_id AS lead_id\n-- types: lead.*\n"
    """SELECT stream_id AS lead_id, root_customer_id AS customer_id, array_agg(position ORDER BY position) AS positions
    FROM history GROUP BY stream_id, root_customer_id""",
)
BY_CALL = parse(
    "heard_on",
    "CREATE TABLE heard_on (call_id uuid PRIMARY KEY, customer_id uuid NOT NULL, positions bigint[] NOT NULL)",
    "-- question: What was heard on a call?\n-- key: part_id AS call_id\n-- types: customer.interaction_logged\n"
    """SELECT part_id AS call_id, root_customer_id AS customer_id, array_agg(position ORDER BY position) AS positions
    FROM history GROUP BY part_id, root_customer_id""",
)
MODELS = {model.name: model for model in (BY_CUSTOMER, BY_LEAD, BY_CALL)}


@pytest.fixture
def models(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sequence[ReadModel]]:
    """These models alone, live and followed."""
    for model in MODELS.values():
        with connection.transaction():
            create_table(connection, model, fold.LIVE)
        connection.execute(
            "INSERT INTO replay.checkpoint (projection, definition, position, rebuilt_at, tables)"
            " VALUES (%s, %s, 0, clock_timestamp(), %s)",
            [model.name, model.definition, list(model.tables)],
        )
    monkeypatch.setattr(versions, "read_models", lambda: MODELS)
    yield list(MODELS.values())


def positions(connection: Connection, model: ReadModel, *key: str) -> dict[tuple[Any, ...], list[int]]:
    rows = connection.execute(f"SELECT * FROM {model.tables[-1]}".encode()).fetchall()
    return {tuple(row[name] for name in key): row["positions"] for row in rows}


def begun(connection: Connection) -> Company:
    company = Company(connection)
    company.begin()
    follow.catch_up(connection)
    return company


def must_be_as_heard(connection: Connection) -> None:
    """What is live is what the plain fold says, and what a replay says."""
    rows = heard(connection, follow.catch_up(connection))
    leads = [row for row in rows if row["type"].startswith("lead.")]
    calls = [row for row in rows if row["type"] == "customer.interaction_logged"]
    assert positions(connection, BY_CUSTOMER, "customer_id") == by(rows, "root")
    assert positions(connection, BY_LEAD, "lead_id", "customer_id") == by(leads, "stream_id", "root")
    assert positions(connection, BY_CALL, "call_id", "customer_id") == by(calls, "part_id", "root")
    for model in MODELS.values():
        assert verify(connection, model).differing == 0, model.name


def merged(company: Company, one: int, other: int) -> None:
    company.take("merge", one, other)


@pytest.mark.parametrize(
    "steps",
    [
        [("merge", 0, 1)],
        [("merge", 0, 1), ("follow", 0, 0), ("merge", 1, 2), ("follow", 0, 0), ("qualify", 0, 0)],
        [("merge", 0, 1), ("merge", 1, 2), ("follow", 0, 0), ("part", 1, 0)],
        [("merge", 0, 1), ("merge", 1, 2), ("follow", 0, 0), ("part", 0, 0), ("call", 0, 0)],
        [("move", 0, 1), ("follow", 0, 0), ("merge", 1, 2), ("follow", 0, 0), ("qualify", 0, 0)],
        [("move", 0, 1), ("follow", 0, 0), ("move", 0, 2), ("follow", 0, 0), ("move", 0, 0)],
        [("merge", 0, 1), ("move", 0, 2), ("follow", 0, 0), ("part", 0, 0), ("follow", 0, 0), ("merge", 2, 3)],
    ],
)
def test_every_way_to_change_hands(connection: Connection, models: Sequence[ReadModel], steps: list[Step]) -> None:
    company = begun(connection)
    for step in steps:
        must_be_as_heard(connection) if step[0] == "follow" else company.take(*step)
    must_be_as_heard(connection)


@for_all(steps=STEPS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_whatever_changes_hands_following_equals_the_replay_and_a_plain_fold(
    connection: Connection, models: Sequence[ReadModel], steps: list[Step]
) -> None:
    company = begun(connection)
    for step in steps:
        if step[0] == "follow":
            follow.catch_up(connection)
        company.take(*step)
    must_be_as_heard(connection)


def test_after_an_unmerge_all_is_as_if_there_had_been_no_merge(
    connection: Connection, models: Sequence[ReadModel]
) -> None:
    company = begun(connection)
    company.take("call", 0, 0)
    must_be_as_heard(connection)
    tables = {model.name: positions(connection, model, "customer_id") for model in (BY_LEAD, BY_CALL)}
    before = {row["position"] for row in heard(connection, 10**9)}
    merged(company, 0, 1)
    follow.catch_up(connection)
    assert {model: positions(connection, MODELS[model], "customer_id") for model in tables} != tables
    company.take("part", 0, 0)
    follow.catch_up(connection)
    assert {model: positions(connection, MODELS[model], "customer_id") for model in tables} == tables
    now = positions(connection, BY_CUSTOMER, "customer_id")
    assert {(owner,): [at for at in found if at in before] for (owner,), found in now.items()} == {
        owner: found for owner, found in by(heard(connection, max(before)), "root").items()
    }


def test_before_the_merge_each_has_her_own_history(connection: Connection, models: Sequence[ReadModel]) -> None:
    company = begun(connection)
    company.take("move", 2, 0)
    before = follow.catch_up(connection)
    merged(company, 0, 1)
    merged(company, 1, 3)
    company.take("move", 3, 2)
    now = follow.catch_up(connection)
    for horizon in (before, before + 2, now):
        rows = by(heard(connection, horizon), "root")
        for customer_id in company.customers:
            found = rows_at(connection, BY_CUSTOMER, customer_id, horizon)
            assert [row["positions"] for row in found] == ([rows[customer_id,]] if (customer_id,) in rows else [])
        for lead_id in company.leads:
            (row,) = rows_at(connection, BY_LEAD, lead_id, horizon)
            leads = [event for event in heard(connection, horizon) if event["stream_id"] == lead_id]
            assert {row["customer_id"]} == {event["root"] for event in leads}


def test_one_customers_replay_finds_and_heals_what_is_wrong_with_her_group(
    connection: Connection, models: Sequence[ReadModel]
) -> None:
    company = begun(connection)
    merged(company, 0, 1)
    company.take("move", 2, 0)
    must_be_as_heard(connection)
    for model in models:
        for customer_id in company.customers:
            assert replay_customer(connection, model, customer_id).differing == 0
    survivor = company.customers[1]
    connection.execute("DELETE FROM heard_of WHERE customer_id = %s", [survivor])
    connection.execute("UPDATE heard_in SET positions = '{}' WHERE lead_id = %s", [company.leads[2]])
    assert replay_customer(connection, BY_CUSTOMER, company.customers[0]).differing == 1
    assert replay_customer(connection, BY_LEAD, company.customers[0]).differing == 1
    must_be_as_heard(connection)


def test_a_circle_of_merges_ends(connection: Connection, models: Sequence[ReadModel]) -> None:
    company = begun(connection)
    merged(company, 0, 1)
    company.merges.clear()
    merged(company, 1, 0)
    follow.catch_up(connection)
    rows = connection.execute("SELECT customer_id FROM heard_of").fetchall()
    assert len(rows) == 3
    assert all(verify(connection, model).differing == 0 for model in models)


def test_a_merged_customers_history_is_found_by_its_index(connection: Connection, models: Sequence[ReadModel]) -> None:
    company = begun(connection)
    merged(company, 0, 1)
    company.take("move", 2, 0)
    follow.catch_up(connection)
    for _ in range(300):
        stranger = uuid4()
        company.record(("customer", stranger, stranger, InteractionLogged(interaction_id=uuid4(), kind="call")))
    connection.execute("ANALYZE log.event")
    select, parameters = fold._history(
        connection,
        BY_CUSTOMER.folds[0],
        10**9,
        these([company.customers[1]]),
        sql.SQL(""),
        ["customer_id", "positions"],
        sql.SQL(BY_CUSTOMER.folds[0].text),
    )
    plan = connection.execute(sql.SQL("EXPLAIN {}").format(select), parameters).fetchall()
    assert not any("Seq Scan on event" in row["QUERY PLAN"] for row in plan), plan


@pytest.mark.parametrize("mode", ["auto", "force_generic_plan"])
def test_whoever_plans_once_goes_on_to(connection: Connection, mode: str) -> None:
    """What was chosen for the statements around holds after the roots were found."""
    with connection.transaction():
        connection.execute("SELECT set_config('plan_cache_mode', %s, true)", [mode])
        roots(connection, ROOT, 1, [uuid4()])
        assert connection.execute("SHOW plan_cache_mode").fetchone() == {"plan_cache_mode": mode}
    assert connection.execute("SHOW plan_cache_mode").fetchone() == {"plan_cache_mode": "auto"}
