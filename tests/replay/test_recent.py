"""What has happened is read once for all read models, and touches what each would find by itself."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all

from eventstore.database import Connection, query
from eventstore.fence import drawn
from projections.read_models import read_models
from replay import follow, recent
from replay.fold import touched
from replay.recent import LEAVING, MOVING, read_recent
from replay.verification import verify
from tests.facts import captured
from tests.replay.histories import STEPS, Company, Step
from tests.replay.own import lead_count


@pytest.mark.full
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@for_all(steps=STEPS)
def test_it_touches_what_the_log_says_of_any_part_of_it(connection: Connection, steps: list[Step]) -> None:
    company = Company(connection)
    company.begin()
    before = drawn(connection)
    for step in steps:
        company.take(*step)
    head = drawn(connection)
    known = read_recent(connection, before, head)
    for name in ("customer_360", "lead", "interaction"):
        model = read_models()[name]
        for after in range(before, head):
            assert known.touched(connection, model, after, head) == touched(connection, model, after, head)


@pytest.mark.parametrize(
    ("name", "known"),
    [("touched", LEAVING), ("touched_roots", LEAVING | MOVING), ("moved", MOVING)],
)
def test_the_types_that_reach_other_keys_are_all_known(name: str, known: frozenset[str]) -> None:
    named = set(re.findall(r"'((?:customer|lead|ticket)\.[a-z_]+)'", query("replay", name)))
    assert named
    assert named <= known


def test_a_record_that_was_moved_is_its_holders_ever_after(connection: Connection) -> None:
    company = Company(connection)
    company.begin()
    company.take("move", 0, 1)
    company.take("merge", 1, 2)
    before = follow.catch_up(connection)
    company.record(("lead", company.customers[0], company.leads[0], captured()))
    head = drawn(connection)
    (concerned,) = read_recent(connection, before, head).touched(connection, lead_count(), before, head)
    assert concerned == {*company.customers[:3]}


def test_following_asks_once(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    company = Company(connection)
    company.begin()
    follow.catch_up(connection)
    company.take("call", 0, 0)
    company.take("qualify", 1, 0)

    def never(*_: Any) -> Any:
        raise AssertionError("the log was asked for one read model")

    monkeypatch.setattr(recent, "touched_by", never)
    monkeypatch.setattr(follow, "touched", never)
    follow.catch_up(connection)
    assert [verify(connection, model).differing for model in read_models().values()] == [0] * len(read_models())


def test_what_lies_outside_of_it_is_asked_of_the_log(connection: Connection) -> None:
    company = Company(connection)
    company.begin()
    before = drawn(connection)
    company.take("call", 0, 0)
    company.take("call", 1, 0)
    head = drawn(connection)
    model = read_models()["interaction"]
    late = read_recent(connection, head - 1, head)
    assert late.touched(connection, model, before, head) == touched(connection, model, before, head)
    assert late.touched(connection, model, before, head - 1) == touched(connection, model, before, head - 1)
