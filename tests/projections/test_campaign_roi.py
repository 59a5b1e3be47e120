"""What campaigns bring in for their cost: the figure equals the plain count over events, and its edge cases hold."""

from collections import defaultdict
from decimal import Decimal
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.campaign import CampaignBudgetSpent, CampaignPlanned
from domain.lead import LeadCaptured, LeadWon
from eventstore.database import Connection
from tests.projections.lead_figures import held, share
from tests.projections.leads import (
    DAY,
    LOST,
    MERGED,
    REOPENED,
    TIMES,
    WON,
    Told,
    asked,
    behind,
    histories,
    lead,
    money,
    only,
    tell,
)
from tests.projections.records import hour, told


def campaign(
    connection: Connection, *costs: tuple[str, float], name: str = "Spring roofs", currency: str = "EUR"
) -> UUID:
    """A campaign with these costs, each in its hour."""
    spent = [CampaignBudgetSpent(spending_id=uuid4(), spent=money(amount, currency)) for amount, _ in costs]
    planned = CampaignPlanned(name=name, kind="fair")
    at = [hour(0), *(hour(then) for _, then in costs)]
    return told(connection, "campaign", planned, *spent, at=at)[0]


def test_what_was_won_beyond_the_cost_is_the_return(connection: Connection) -> None:
    spring = campaign(connection, ("20", 1), ("15", 2), ("-3", 3))
    lead(connection, (WON, 5), campaign_id=spring)
    lead(connection, (LOST, 5), campaign_id=spring)
    lead(connection, (WON, 5))
    row = only(connection, "campaign_roi")
    assert (row["value"], row["numerator"], row["denominator"]) == (Decimal("1.5"), 48, 32), "money came back"
    assert row["details"]["attribution"] == "first_touch"
    assert len(behind(connection, "campaign_roi")) == 4


def test_without_any_cost_there_is_no_return_and_without_a_win_all_is_lost(connection: Connection) -> None:
    assert asked(connection, "campaign_roi") == []
    spring, autumn = campaign(connection), campaign(connection, ("20", 1), name="Autumn")
    lead(connection, (WON, 5), campaign_id=spring)
    lead(connection, (WON, 5), (MERGED, 6), campaign_id=autumn)
    rows = asked(connection, "campaign_roi", group_by="campaign")
    assert {row["group_label"]: row["value"] for row in rows} == {"Spring roofs": None, "Autumn": -1}
    assert only(connection, "campaign_roi")["value"] == 3


def test_costs_and_wins_count_when_they_fell_due(connection: Connection) -> None:
    spring = campaign(connection, ("20", 1), ("60", 40 * DAY))
    lead(connection, (WON, 5), (REOPENED, 8), (WON, 50), campaign_id=spring)
    assert only(connection, "campaign_roi", 0, 50)["value"] == -1, "the last outcome counts, and it came later"
    assert only(connection, "campaign_roi", 0, 50, 7)["value"] == 3
    assert only(connection, "campaign_roi", 0, 51)["value"] == 3
    assert only(connection, "campaign_roi", 2, as_of=60)["value"] is None, "what will be spent is not spent"
    rows = asked(connection, "campaign_roi", group_by="month")
    assert {row["group_key"]: row["value"] for row in rows} == {"2026-03": 3, "2026-04": -1}


def test_wins_without_an_amount_and_several_currencies_are_told_apart(connection: Connection) -> None:
    spring = campaign(connection, ("20", 1))
    lead(connection, (LeadWon(), 5), campaign_id=spring)
    row = only(connection, "campaign_roi")
    assert (row["value"], row["sample_size"], row["excluded"]) == (-1, 0, 1)
    lead(connection, (LeadWon(value=money("30", "USD")), 5), campaign_id=spring)
    row = only(connection, "campaign_roi")
    assert (row["value"], row["numerator"], row["denominator"]) == (None, None, None)
    assert row["details"]["by_currency"] == {
        "EUR": {"value": -1, "won": 0, "spent": 20, "deals": 0},
        "USD": {"value": None, "won": 30, "spent": 0, "deals": 1},
    }


costs = st.lists(
    st.tuples(st.sampled_from(["5", "12.50", "-2"]), st.sampled_from(["EUR", "USD"]), st.integers(0, 60)), max_size=4
)


@for_all(histories=histories(), costs=costs, times=TIMES)
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_the_return_is_the_plain_count_over_events(
    shared: Connection, histories: list[list[Told]], costs: list[tuple[str, str, int]], times: list[float]
) -> None:
    first, end, as_of = sorted(times)[0], sorted(times)[1] + 0.1, times[2]
    campaign_id = uuid4()
    for history in histories:
        captured = history[0].event.model_copy(update={"campaign_id": campaign_id})
        assert isinstance(captured, LeadCaptured)
        tell(shared, [Told(captured, history[0].at), *history[1:]])
    won: dict[str, Decimal] = defaultdict(Decimal)
    spent: dict[str, Decimal] = defaultdict(Decimal)
    unpriced = 0
    for amount, currency, at in costs:
        told(
            shared,
            "campaign",
            CampaignBudgetSpent(spending_id=uuid4(), spent=money(amount, currency)),
            record_id=campaign_id,
            at=[hour(at)],
        )
        if first <= at < end and at <= as_of:
            spent[currency] += Decimal(amount)
    for now in (held(history, as_of) for history in histories):
        if now.status == "won" and first <= now.since < end:
            unpriced += now.value is None
            if now.value:
                won[now.value.currency] += now.value.amount
    rows = asked(shared, "campaign_roi", first, end, as_of, "campaign")
    row = next((row for row in rows if row["group_key"] == str(campaign_id)), None)
    assert bool(row) == bool(won or spent or unpriced)
    if row:
        parts = {name: (part["won"], part["spent"]) for name, part in row["details"]["by_currency"].items()}
        assert parts == {name: (float(won[name]), float(spent[name])) for name in {*won, *spent}}
        assert row["excluded"] == unpriced
        (only_one, *more) = parts or [None]
        if only_one and not more:
            cost = max(spent[only_one], Decimal(0))
            assert row["value"] == share(float(won[only_one] - spent[only_one]), float(cost))
