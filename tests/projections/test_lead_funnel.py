"""How leads go through the stages: each figure equals the plain count over events, and its edge cases hold."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all

from domain.lead import LeadValued
from domain.workspace import WORKSPACE_ID, Stage, WorkspacePipelinePublished
from eventstore import log
from eventstore.database import Connection
from projections.reading import Row
from tests.facts import NOBODY, PIPELINE
from tests.projections.lead_figures import captured_at, held, rounded, share, spans, spread
from tests.projections.leads import (
    DAY,
    DISQUALIFIED,
    ELSEWHERE,
    LOST,
    MERGED,
    QUALIFIED,
    REOPENED,
    STAGES,
    TIMES,
    WON,
    History,
    Told,
    asked,
    behind,
    from_source,
    groups,
    histories,
    lead,
    money,
    moved,
    of_source,
    only,
    tell,
)

NEW, CONTACTED, PROPOSAL = moved("new"), moved("contacted"), moved("proposal")


def passed(row: Row) -> list[int]:
    """How many leads were ever in each stage, and at last won."""
    return [step["leads"] for step in row["details"]["stages"]]


# stage conversion


def test_skipped_stages_count_as_passed_and_lost_leads_stay_in(connection: Connection) -> None:
    lead(connection)
    lead(connection, (PROPOSAL, 1), (LOST, 2))
    lead(connection, (CONTACTED, 1))
    lead(connection, (WON, 1))
    row = only(connection, "stage_conversion")
    assert [(step["stage"], step["status"]) for step in row["details"]["stages"]] == [
        *((stage, None) for stage in STAGES),
        (None, "won"),
    ]
    assert passed(row) == [4, 3, 2, 2, 1, 1]
    assert [step["of_previous"] for step in row["details"]["stages"]] == [None, 0.75, round(2 / 3, 10), 1, 0.5, 1]
    assert [step["of_first"] for step in row["details"]["stages"]] == [1, 0.75, 0.5, 0.5, 0.25, 0.25]
    assert (row["value"], row["numerator"], row["denominator"]) == (Decimal("0.25"), 1, 4)
    assert len(behind(connection, "stage_conversion")) == 4 + 2 + 1, "captures, entries into a stage, and the win"


def test_going_back_and_forth_counts_once(connection: Connection) -> None:
    lead(connection, (PROPOSAL, 1), (CONTACTED, 2), (PROPOSAL, 3), (NEW, 4))
    assert passed(only(connection, "stage_conversion")) == [1, 1, 1, 1, 0, 0]
    assert passed(only(connection, "stage_conversion", as_of=0)) == [1, 0, 0, 0, 0, 0]


def test_a_lead_counts_in_the_period_of_its_capture_and_is_won_by_its_last_outcome(connection: Connection) -> None:
    lead(connection, (WON, 30), (REOPENED, 50), at=10)
    assert passed(only(connection, "stage_conversion", 10, 11, 30)) == [1] * 6
    assert passed(only(connection, "stage_conversion", 10, 11)) == [1, 0, 0, 0, 0, 0]
    assert asked(connection, "stage_conversion", 0, 10) == asked(connection, "stage_conversion", 10.1) == []
    assert asked(connection, "stage_conversion", as_of=9.9) == []


def test_disqualified_leads_and_unknown_stages_are_excluded_and_counted(connection: Connection) -> None:
    lead(connection, (DISQUALIFIED, 1))
    row = only(connection, "stage_conversion")
    assert (row["value"], row["denominator"], row["excluded"]) == (None, 0, 1), "none is no share"
    assert row["details"]["stages"] == []
    lead(connection, (moved(ELSEWHERE), 0))
    lead(connection, (moved(ELSEWHERE), 2))
    lead(connection, (MERGED, 2))
    row = only(connection, "stage_conversion")
    assert (row["denominator"], row["excluded"]) == (1, 2), "in the stage of its capture it was for no time"
    assert (row["details"]["disqualified"], row["details"]["without_stage"]) == (1, 1)


def test_a_pipeline_published_anew_says_the_order_of_the_stages(connection: Connection) -> None:
    lead(connection, stage="contacted")
    assert passed(only(connection, "stage_conversion")) == [1, 1, 0, 0, 0, 0]
    stages = (Stage(name="contacted", probability=Decimal("0.1")), Stage(name="new", probability=Decimal("0.2")))
    later = PIPELINE.model_copy(update={"version": 2, "stages": stages})
    new = log.NewEvent(WORKSPACE_ID, "workspace", WORKSPACE_ID, None, WorkspacePipelinePublished(pipeline=later))
    log.append(connection, [new], NOBODY)
    assert passed(only(connection, "stage_conversion")) == [1, 0, 0]


def test_leads_of_a_month_are_a_cohort(connection: Connection) -> None:
    lead(connection, (WON, 900))
    lead(connection, at=40 * DAY)
    lead(connection, (WON, 990), at=30 * DAY)
    assert groups(connection, "stage_conversion", "month") == {"2026-03": 1, "2026-04": Decimal("0.5")}


# time in stage


def stays(row: Row) -> dict[str, Any]:  # Any: means and counts
    return {stage["stage"]: (stage["mean"], stage["count"], stage["open"]) for stage in row["details"]["stages"]}


def test_coming_back_to_a_stage_adds_up_and_the_one_under_way_is_counted(connection: Connection) -> None:
    lead(connection, (CONTACTED, DAY), (LeadValued(value=money("9")), 2 * DAY), (NEW, 3 * DAY), (CONTACTED, 7 * DAY))
    row = only(connection, "time_in_stage", as_of=9 * DAY)
    assert stays(row) == {"new": (5, 1, 0), "contacted": (None, 0, 1)}
    assert (row["value"], row["sample_size"], row["details"]["open"]) == (5, 1, 1)
    assert stays(only(connection, "time_in_stage", as_of=2 * DAY)) == {"new": (1, 1, 0), "contacted": (None, 0, 1)}
    assert stays(only(connection, "time_in_stage", as_of=7 * DAY))["contacted"] == (None, 0, 1), "it is in it again"
    assert len(behind(connection, "time_in_stage")) == 4


def test_time_after_the_outcome_does_not_count_and_time_after_a_reopening_does(connection: Connection) -> None:
    lead(connection, (LOST, 2 * DAY), (REOPENED, 9 * DAY), (WON, 10 * DAY))
    row = only(connection, "time_in_stage")
    assert stays(row) == {"new": (3, 1, 0)}
    assert stays(only(connection, "time_in_stage", as_of=5 * DAY)) == {"new": (2, 1, 0)}
    assert asked(connection, "time_in_stage", 0, 9 * DAY) == [], "it ended later"
    assert stays(only(connection, "time_in_stage", 10 * DAY, 11 * DAY)) == {"new": (3, 1, 0)}


def test_who_came_after_the_period_is_not_under_way_in_it(connection: Connection) -> None:
    lead(connection, at=50)
    assert asked(connection, "time_in_stage", 0, 50) == []
    assert stays(only(connection, "time_in_stage", 0, 51)) == {"new": (None, 0, 1)}
    lead(connection, (CONTACTED, DAY), (MERGED, 50))
    assert stays(only(connection, "time_in_stage")) == {"new": (None, 0, 1)}, "merged leads do not count"


def test_stages_are_told_in_their_order_and_apart_by_group(connection: Connection) -> None:
    lead(connection, (PROPOSAL, DAY), (CONTACTED, 3 * DAY), (moved(ELSEWHERE), 4 * DAY), (QUALIFIED, 4 * DAY))
    row = only(connection, "time_in_stage")
    assert list(stays(row)) == ["new", "contacted", "proposal", ELSEWHERE]
    found = groups(connection, "time_in_stage", "stage")
    assert found == {"new": 1, "contacted": 1, "proposal": 2, ELSEWHERE: None}


# any history


def reached(history: History, as_of: float) -> int | None:
    """The place of the farthest stage it was ever in by then, 6 for a win, None where there was no stage."""
    if held(history, as_of).status == "won":
        return len(STAGES) + 1
    stages = {now.stage for _, _, now in spans(history, as_of)}
    return max((STAGES.index(stage) + 1 for stage in stages if stage in STAGES), default=None)


@for_all(histories=histories(), times=TIMES)
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_every_figure_is_the_plain_count_over_events(
    shared: Connection, histories: list[list[Told]], times: list[float]
) -> None:
    first, end, as_of = sorted(times)[0], sorted(times)[1] + 0.1, times[2]
    source = f"s{uuid4().hex[:12]}"
    told = from_source(histories, source)
    for history in told:
        tell(shared, history)
    there = [history for history in told if held(history, as_of).status != "merged"]

    cohort = [one for one in there if first <= captured_at(one) < end and captured_at(one) <= as_of]
    good = [one for one in cohort if held(one, as_of).status != "disqualified"]
    places = [reached(one, as_of) for one in good]
    known = [place for place in places if place is not None]
    row = of_source(shared, "stage_conversion", source, first, end, as_of)
    assert bool(row) == bool(cohort)
    if row:
        counts = [sum(place >= step for place in known) for step in range(1, 7)]
        assert (passed(row) or [0] * 6) == counts == sorted(counts, reverse=True), "a funnel narrows"
        assert row["value"] == share(counts[-1], counts[0])
        assert row["excluded"] == len(cohort) - len(known)
        rates = [step["of_first"] for step in row["details"]["stages"]]
        assert rates == [pytest.approx(count / counts[0]) for count in counts[: len(rates)]]

    lengths: dict[str, list[float]] = {}
    under_way: dict[str, int] = {}
    for history in there:
        pieces: dict[str, list[tuple[float, float | None]]] = {}
        for start, until, now in spans(history, as_of):
            if now.status == "open" and now.stage:
                pieces.setdefault(now.stage, []).append((start, until))
        for stage, ran in pieces.items():
            last = ran[-1][1]
            if last is None and ran[0][0] < end:
                under_way[stage] = under_way.get(stage, 0) + 1
            if last is not None and first <= last < end:
                hours = sum(until - start for start, until in ran if until is not None)
                lengths.setdefault(stage, []).append(hours / DAY)
    row = of_source(shared, "time_in_stage", source, first, end, as_of)
    assert bool(row) == bool(lengths or under_way)
    if row:
        found = {stage["stage"]: stage for stage in row["details"]["stages"]}
        assert set(found) == {*lengths, *under_way}
        for name, stage in found.items():
            assert rounded(stage) == spread(lengths.get(name, []))
            assert stage["open"] == under_way.get(name, 0)
        every = spread([one for stay in lengths.values() for one in stay])
        assert (row["value"] if row["value"] is None else round(float(row["value"]), 5)) == every["median"]
