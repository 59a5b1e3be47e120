"""Folds of one folder build on each other: at one position, in one transaction, and only for the keys concerned."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all

from eventstore.database import Connection
from projections.read_models import FoldHeaderError, ReadModel, load
from replay import fold, follow, rebuild, swap, verification, versions
from replay.fold import rows_at
from tests.replay.histories import STEPS, Company, Step, heard

TABLE = """
CREATE TABLE lead_effort (lead_id uuid PRIMARY KEY, customer_id uuid NOT NULL, events bigint NOT NULL);
CREATE INDEX lead_effort_of_customer ON lead_effort (customer_id);
CREATE TABLE effort (customer_id uuid PRIMARY KEY, leads bigint NOT NULL, events bigint NOT NULL, calls bigint NOT NULL)
"""
PER_LEAD = """-- key: stream_id AS lead_id
-- types: lead.*
SELECT stream_id AS lead_id, root_customer_id AS customer_id, count(*) AS events
FROM history
GROUP BY stream_id, root_customer_id
"""
PER_CUSTOMER = """-- question: How much work do we have with a customer?
-- key: root_customer_id AS customer_id
-- types: customer.interaction_logged
SELECT customer_id, sum(leads)::bigint AS leads, sum(events)::bigint AS events, sum(calls)::bigint AS calls
FROM (
    SELECT customer_id, 1 AS leads, events, 0 AS calls FROM lead_effort
    UNION ALL
    SELECT root_customer_id, 0, 0, 1 FROM history
) AS part
GROUP BY customer_id
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "effort").mkdir()
    for name, text in {"table": TABLE, "fold_1_lead_effort": PER_LEAD, "fold_2_effort": PER_CUSTOMER}.items():
        (tmp_path / "effort" / f"{name}.sql").write_text(text)
    return tmp_path / "effort"


@pytest.fixture
def model(folder: Path, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReadModel]:
    """The model alone, live and followed."""
    model = load(folder)
    for module in (versions, rebuild, swap):
        monkeypatch.setattr(module, "read_models", lambda: {model.name: model})
    rebuild.prepare(connection)
    yield model


def efforts(connection: Connection, upto: int) -> dict[Any, tuple[int, int, int]]:
    """Leads, their events and calls by customer, folded in plain Python."""
    rows = heard(connection, upto)
    found = {}
    for root in {row["root"] for row in rows}:
        hers = [row for row in rows if row["root"] == root]
        leads = [row["stream_id"] for row in hers if row["type"].startswith("lead.")]
        calls = [row for row in hers if row["type"] == "customer.interaction_logged"]
        if leads or calls:
            found[root] = (len(set(leads)), len(leads), len(calls))
    return found


def live(connection: Connection) -> dict[Any, tuple[int, int, int]]:
    rows = connection.execute("SELECT * FROM effort").fetchall()
    return {row["customer_id"]: (row["leads"], row["events"], row["calls"]) for row in rows}


@for_all(steps=STEPS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_stacked_folds_followed_in_any_batches_equal_their_replay_and_a_plain_fold(
    connection: Connection, model: ReadModel, steps: list[Step]
) -> None:
    company = Company(connection)
    company.begin()
    for step in steps:
        if step[0] == "follow":
            follow.catch_up(connection)
        company.take(*step)
    head = follow.catch_up(connection)
    assert live(connection) == efforts(connection, head)
    assert verification.verify(connection, model).differing == 0


def test_they_are_folded_at_any_position(connection: Connection, model: ReadModel) -> None:
    company = Company(connection)
    company.begin()
    company.take("call", 1, 0)
    before = follow.catch_up(connection)
    company.take("merge", 0, 1)
    company.take("move", 2, 0)
    now = follow.catch_up(connection)
    for horizon in (before, now):
        expected = efforts(connection, horizon)
        for customer_id in company.customers:
            found = [
                (row["leads"], row["events"], row["calls"]) for row in rows_at(connection, model, customer_id, horizon)
            ]
            assert found == ([expected[customer_id]] if customer_id in expected else [])


def test_every_table_is_verified_replayed_and_swapped(connection: Connection, model: ReadModel) -> None:
    company = Company(connection)
    company.begin()
    follow.catch_up(connection)
    connection.execute("UPDATE lead_effort SET events = 7 WHERE lead_id = %s", [company.leads[0]])
    found = verification.verify(connection, model)
    assert found.differing == 1
    assert str(found.differences[0]) == f"lead_effort lead_id={company.leads[0]}: events"
    assert verification.replay_customer(connection, model, company.customers[0]).differing == 1
    assert verification.verify(connection, model).differing == 0
    connection.execute("UPDATE lead_effort SET events = 7")
    connection.execute("UPDATE effort SET events = 7")
    company.take("qualify", 1, 0)
    assert rebuild.rebuild(connection, model).differing == 6
    assert verification.verify(connection, model).differing == 0
    company.take("qualify", 2, 0)
    head = follow.catch_up(connection)
    assert live(connection) == efforts(connection, head)


def test_a_model_with_other_tables_than_before_leaves_none_of_them_among_the_live_ones(
    connection: Connection, model: ReadModel, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = Company(connection)
    company.begin()
    head = follow.catch_up(connection)
    (folder / "table.sql").write_text(TABLE.replace("lead_effort", "effort_of_lead"))
    (folder / "fold_1_lead_effort.sql").rename(folder / "fold_1_effort_of_lead.sql")
    (folder / "fold_2_effort.sql").write_text(PER_CUSTOMER.replace("lead_effort", "effort_of_lead"))
    other = load(folder)
    assert other.definition != model.definition
    for module in (versions, rebuild, swap):
        monkeypatch.setattr(module, "read_models", lambda: {other.name: other})
    rebuild.prepare(connection)
    assert live(connection) == efforts(connection, head)
    names = connection.execute("SELECT schemaname, tablename FROM pg_tables WHERE tablename LIKE '%effort%'").fetchall()
    assert {tuple(row.values()) for row in names} == {
        ("public", "effort"),
        ("public", "effort_of_lead"),
        ("previous_effort", "effort"),
        ("previous_effort", "lead_effort"),
    }


def test_a_customer_with_many_leads_is_not_read_whole(connection: Connection, model: ReadModel) -> None:
    company = Company(connection)
    company.begin()
    follow.catch_up(connection)
    company.take("qualify", 0, 0)
    per_lead, per_customer = fold.touched(connection, model, follow.position(connection, model), 10**9)
    assert (per_lead, per_customer) == ({company.leads[0]}, set())


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("fold_1_lead_effort", "fold_3_lead_effort", "number its folds"),
        ("fold_2_effort", "fold", "either one fold.sql or folds with numbers"),
    ],
)
def test_a_folder_whose_files_do_not_fit_is_refused(folder: Path, old: str, new: str, sentence: str) -> None:
    (folder / f"{old}.sql").rename(folder / f"{new}.sql")
    with pytest.raises(FoldHeaderError, match=sentence):
        load(folder)


@pytest.mark.parametrize("lacking", ["question", "key", "types"])
def test_a_fold_whose_header_lacks_a_line_is_refused(folder: Path, lacking: str) -> None:
    for file in folder.glob("fold*.sql"):
        lines = file.read_text().splitlines()
        file.write_text("\n".join(line for line in lines if not line.startswith(f"-- {lacking}:")))
    with pytest.raises(FoldHeaderError, match=f"lacks the header line '-- {lacking}"):
        load(folder)
