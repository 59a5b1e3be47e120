"""What customers answered when they were asked: each figure is the plain count over events."""

from decimal import Decimal
from statistics import mean, median
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.customer import CustomerClassified, CustomerEvent, CustomerRegistered, CustomerSurveyAnswered
from eventstore.database import Connection
from tests.domain.tickets import CLOSED, MERGED, OPENED, SOLVED, SPAM, TAKEN
from tests.projections.customer_facts import merge
from tests.projections.marketing_figures import Known, Said, effort, net_promoters
from tests.projections.records import hour, tell, told
from tests.projections.test_ticket_kpis import TIMES, imported, only
from tests.projections.ticket_figures import History, Told, asked, behind

DAY = 24
PEOPLE = [None, UUID(int=1), UUID(int=2)]
ENOUGH = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])


def said(survey: str, score: int, person_id: UUID | None = None) -> CustomerSurveyAnswered:
    return CustomerSurveyAnswered.model_validate({"survey": survey, "score": score, "person_id": person_id})


def customer(connection: Connection, *answers: tuple[CustomerEvent, float], segment: str = "smb") -> UUID:
    """A customer who answered this in these hours."""
    customer_id = uuid4()
    first = [CustomerRegistered(kind="person", name="Ann Example"), CustomerClassified(segment=segment)]
    events = [*first, *(event for event, _ in answers)]
    tell(connection, customer_id, *events, at=[hour(-1), hour(-1), *(hour(at) for _, at in answers)])
    return customer_id


def ticket_of(connection: Connection, customer_id: UUID, history: History) -> UUID:
    """A ticket of hers with that history."""
    events, at = [step.event for step in history], [hour(step.at) for step in history]
    return told(connection, "ticket", *events, record_id=uuid4(), customer_id=customer_id, at=at)[0]


# effort


def test_effort_is_the_mean_of_all_answers_on_the_scale(connection: Connection) -> None:
    customer(connection, (said("ces", 2), 1), (said("ces", 7), 2), (said("ces", 9), 3), (said("nps", 9), 3))
    customer(connection, (said("ces", 3), 4))
    row = only(connection, "ces")
    assert (row["value"], row["sample_size"], row["excluded"]) == (4, 3, 1)
    assert (row["details"]["median"], row["details"]["customers"]) == (3, 2)
    assert row["details"]["by_score"]["7"] == {"answers": 1}
    assert [only(connection, "ces", *bounds)["value"] for bounds in ((1, 2), (2, 3, 2))] == [2, 7]
    assert asked(connection, "ces", 5) == []
    assert len(behind(connection, "ces")) == 4


def test_effort_comes_with_how_many_of_the_helped_answered(connection: Connection) -> None:
    ann, bob = customer(connection, (said("ces", 2), 5)), customer(connection)
    for customer_id in (ann, bob):
        ticket_of(connection, customer_id, [Told(OPENED, 0), Told(TAKEN, 1), Told(SOLVED, 2), Told(CLOSED, 50)])
    details = only(connection, "ces", 0, 10)["details"]
    assert (details["solved"], details["rated"], details["response_rate"]) == (2, 1, 0.5)
    assert asked(connection, "ces", 40) == [], "closing what is solved solves nothing"
    carl, dora = customer(connection), customer(connection)
    ticket_of(connection, carl, [Told(OPENED, 0), Told(SOLVED, 2), Told(SPAM, 3)])
    ticket_of(connection, dora, [Told(OPENED, 0), Told(SOLVED, 2), Told(MERGED, 3)])
    assert only(connection, "ces", 0, 10)["details"]["solved"] == 2


# promoters


def test_the_score_is_promoters_less_detractors(connection: Connection) -> None:
    for score in (10, 9, 9, 8, 7, 6, 0):
        customer(connection, (said("nps", score), 1))
    customer(connection, (said("nps", 11), 1))
    row = only(connection, "nps")
    assert (row["numerator"], row["denominator"], row["excluded"]) == (1, 7, 1)
    assert float(row["value"]) == pytest.approx(100 / 7)
    details = row["details"]
    assert (details["promoters"], details["passives"], details["detractors"]) == (3, 2, 2)
    # by hand: sqrt(5/7 - 1/49) / sqrt(7) = 0.314842 is the standard error
    assert details["margin"] == pytest.approx(61.7079, abs=1e-3)
    assert (details["low"], details["high"]) == (pytest.approx(-47.4222, abs=1e-3), pytest.approx(75.9936, abs=1e-3))
    assert asked(connection, "nps", 2) == []
    assert len(behind(connection, "nps")) == 8


def test_of_a_person_the_last_answer_in_a_window_counts(connection: Connection) -> None:
    ann, bob = UUID(int=1), UUID(int=2)
    customer(connection, (said("nps", 0, ann), 1), (said("nps", 10, ann), 9 * DAY), (said("nps", 3, bob), 2))
    assert only(connection, "nps")["value"] == 0
    assert asked(connection, "nps", window_days=Decimal(5))[0]["denominator"] == 3, (
        "she answered again, but not so soon"
    )
    assert only(connection, "nps", 0, DAY)["value"] == -100, "she thought again in another period"
    assert only(connection, "nps", as_of=8 * DAY)["value"] == -100, "she had not thought again"


def test_answers_of_merged_customers_are_those_of_one(connection: Connection) -> None:
    ann, anna = customer(connection, (said("nps", 0), 1)), customer(connection, (said("nps", 10), 2))
    assert only(connection, "nps")["denominator"] == 2
    merge(connection, ann, anna)
    row = only(connection, "nps")
    assert (row["value"], row["denominator"]) == (100, 1), "she thought again"


# any history

ANSWERS = st.lists(
    st.tuples(
        st.builds(said, st.sampled_from(["nps", "ces"]), st.integers(-1, 11), st.sampled_from(PEOPLE)),
        st.sampled_from([0.0, 1.0, 5.5, 9.0, 13.0, 30.0, 40.0]),
    ),
    max_size=8,
)


@for_all(told_of=st.lists(st.tuples(ANSWERS, st.lists(imported(), max_size=2)), min_size=1, max_size=3), times=TIMES)
@ENOUGH
def test_every_figure_is_the_plain_count_over_events(
    shared: Connection,
    told_of: list[tuple[list[tuple[CustomerEvent, float]], list[History]]],
    times: list[float],
) -> None:
    first, end, as_of = sorted(times)[0], sorted(times)[1] + 0.1, times[2]
    segment, known = uuid4().hex, []
    for answers, tickets in told_of:
        customer_id = customer(shared, *answers, segment=segment)
        for history in tickets:
            ticket_of(shared, customer_id, history)
        known.append(Known(customer_id, [Said(event, at) for event, at in answers], tickets))

    def found(slug: str) -> dict[str, Any]:  # Any: a row of any figure
        rows = asked(
            shared, slug, first, end, as_of, "segment", **({"window_days": Decimal(1)} if slug == "nps" else {})
        )
        return next((row for row in rows if row["group_key"] == segment), {})

    promoters, passives, detractors, off_scale = net_promoters(known, first, end, as_of, DAY)
    row = found("nps")
    asked_of = promoters + passives + detractors
    assert (row.get("denominator") or 0, row.get("excluded", 0)) == (asked_of, off_scale)
    if asked_of:
        assert float(row["value"]) == pytest.approx(100 * (promoters - detractors) / asked_of, abs=1e-5)
        assert row["details"]["low"] <= row["value"] <= row["details"]["high"]
    scores, off_scale, solved, rated = effort(known, first, end, as_of)
    row = found("ces")
    details = row.get("details", {"solved": 0, "rated": 0, "median": None})
    assert (row.get("sample_size", 0), row.get("excluded", 0)) == (len(scores), off_scale)
    assert (details["solved"], details["rated"]) == (solved, rated)
    if scores:
        assert float(row["value"]) == pytest.approx(mean(scores))
        assert details["median"] == median(scores)
