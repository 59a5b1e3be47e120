"""What campaigns cost and what was won through them: the figure is the plain sum over events."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.campaign import CampaignBudgetSpent, CampaignPlanned
from domain.customer import CustomerEvent
from domain.lead import LeadEvent, LeadLost, LeadReopened, LeadWon
from domain.money import Money
from domain.workspace import WORKSPACE_ID
from eventstore.database import Connection
from tests.facts import captured
from tests.projections.marketing_figures import Deal, Known, Said, returns
from tests.projections.records import hour, tell
from tests.projections.test_campaign_kpis import responded
from tests.projections.test_survey_kpis import customer
from tests.projections.test_ticket_kpis import TIMES, only
from tests.projections.ticket_figures import asked, behind

ROI = "campaign_roi"
LOST, REOPENED, WON_FOR_NOTHING = LeadLost(), LeadReopened(), LeadWon()


def money(amount: int, currency: str = "EUR") -> Money:
    return Money(amount=Decimal(amount), currency=currency)


def won(amount: int, currency: str = "EUR") -> LeadEvent:
    return LeadWon(value=money(amount, currency))


def campaign(connection: Connection, *costs: tuple[Money, float], kind: str = "mailing", name: str = "Spring") -> UUID:
    campaign_id = uuid4()
    events = [CampaignBudgetSpent(spending_id=uuid4(), spent=spent) for spent, _ in costs]
    moments = [hour(-1), *(hour(at) for _, at in costs)]
    tell(
        connection, WORKSPACE_ID, CampaignPlanned(name=name, kind=kind), *events,
        noun="campaign", stream_id=campaign_id, at=moments,
    )  # fmt: skip
    return campaign_id


def deal(
    connection: Connection,
    campaign_id: UUID | None,
    *steps: tuple[LeadEvent, float],
    customer_id: UUID | None = None,
) -> UUID:
    lead_id = uuid4()
    events = [captured(campaign_id=campaign_id), *(event for event, _ in steps)]
    moments = [hour(-1), *(hour(at) for _, at in steps)]
    tell(connection, customer_id or customer(connection), *events, noun="lead", stream_id=lead_id, at=moments)
    return lead_id


def test_the_return_is_what_was_won_beyond_the_cost(connection: Connection) -> None:
    spring = campaign(connection, (money(100), 0), (money(-20), 1))
    deal(connection, spring, (won(200), 2))
    deal(connection, spring, (won(999), 2), (LOST, 3))
    deal(connection, spring, (WON_FOR_NOTHING, 2))
    deal(connection, None, (won(5000), 2))
    row = only(connection, ROI)
    assert (row["value"], row["numerator"], row["denominator"]) == (Decimal("1.5"), 120, 80)
    assert (row["sample_size"], row["excluded"]) == (1, 1)
    assert len(behind(connection, ROI)) == 4
    assert only(connection, ROI, as_of=2)["numerator"] == 200 + 999 - 80, "it was not lost yet"
    assert only(connection, ROI, 0, 2)["value"] == -1, "by then it had only cost"
    assert only(connection, ROI, 2)["value"] is None, "it cost nothing in this time"


def test_a_reopened_deal_counts_by_its_last_outcome(connection: Connection) -> None:
    spring = campaign(connection, (money(100), 0))
    deal(connection, spring, (won(200), 2), (REOPENED, 3), (won(300), 4))
    assert [only(connection, ROI, as_of=at)["value"] for at in (2, 3, 4)] == [1, -1, 2]


def test_currencies_are_not_added_up(connection: Connection) -> None:
    spring = campaign(connection, (money(100), 0), (money(50, "USD"), 0))
    deal(connection, spring, (won(200), 2))
    row = only(connection, ROI)
    assert (row["value"], row["denominator"]) == (None, None)
    parts = row["details"]["by_currency"]
    assert (parts["EUR"]["value"], parts["USD"]["value"]) == (1, -1)
    assert (parts["USD"]["spent"], parts["EUR"]["won"]) == (50, 200)


def test_the_rule_says_to_which_campaign_a_deal_goes(connection: Connection) -> None:
    spring, autumn = (campaign(connection, (money(100), 0), name=name) for name in ("Spring", "Autumn"))
    ann = customer(
        connection, (responded(campaign=spring), 0), (responded(campaign=autumn), 1), (responded(campaign=spring), 5)
    )
    deal(connection, spring, (won(300), 3), customer_id=ann)
    groups = {row["group_label"]: row["value"] for row in asked(connection, ROI, group_by="campaign")}
    assert groups == {"Spring": 2, "Autumn": -1}
    by_answer = asked(connection, ROI, group_by="campaign", attribution="last_response")
    assert {row["group_label"]: row["value"] for row in by_answer} == {"Spring": -1, "Autumn": 2}


STEPS = st.sampled_from([won(100), won(70, "USD"), WON_FOR_NOTHING, LOST, REOPENED])
PAUSES = st.sampled_from([0.5, 1.0, 3.0, 9.0])


@for_all(
    costs=st.lists(
        st.tuples(st.integers(0, 1), st.sampled_from([money(40), money(-10), money(30, "USD")]), st.integers(0, 40)),
        max_size=5,
    ),
    deals=st.lists(
        st.tuples(
            st.sampled_from([None, 0, 1]),
            st.lists(st.tuples(STEPS, PAUSES), max_size=4),
            st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20)), max_size=3),
        ),
        max_size=4,
    ),
    times=TIMES,
    attribution=st.sampled_from(["first", "last_response"]),
)
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_the_return_is_the_plain_sum_over_events(
    shared: Connection,
    costs: list[tuple[int, Money, int]],
    deals: list[tuple[int | None, list[tuple[LeadEvent, float]], list[tuple[int, int]]]],
    times: list[float],
    attribution: str,
) -> None:
    first, end, as_of = sorted(times)[0], sorted(times)[1] + 0.1, times[2]
    kind = uuid4().hex
    of_each = [[(spent, float(at)) for which, spent, at in costs if which == number] for number in (0, 1)]
    ids = [campaign(shared, *told, kind=kind) for told in of_each]
    known = []
    for which, pauses, answered in deals:
        at, steps = 0.0, []
        for event, pause in pauses:
            at += pause
            steps.append((event, at))
        said: list[tuple[CustomerEvent, float]] = [(responded(campaign=ids[place]), when) for place, when in answered]
        who = Known(customer(shared, *said), [Said(event, when) for event, when in said])
        campaign_id = None if which is None else ids[which]
        deal(shared, campaign_id, *steps, customer_id=who.customer_id)
        known.append(Deal(campaign_id, who, steps))
    rows = asked(shared, ROI, first, end, as_of, "kind", attribution=attribution)
    row: dict[str, Any] = next(  # Any: a row of any figure
        (row for row in rows if row["group_key"] == kind), {"excluded": 0, "details": {"by_currency": {}}}
    )
    by_currency, without = returns(dict(zip(ids, of_each, strict=True)), known, first, end, as_of, attribution)
    parts = row["details"]["by_currency"]
    assert {name: (part["won"], part["spent"]) for name, part in parts.items()} == by_currency
    assert row["excluded"] == without
    if len(by_currency) == 1:
        ((gained, spent),) = by_currency.values()
        expected = (gained - spent) / spent if spent else None
        assert row["value"] == (None if expected is None else pytest.approx(expected))
