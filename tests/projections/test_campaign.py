"""A campaign's plan, how far it is, and what it cost, in all and cost by cost."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.campaign import (
    Campaign,
    CampaignBudgetSpent,
    CampaignEnded,
    CampaignEvent,
    CampaignLaunched,
    CampaignPlanned,
    evolve,
)
from domain.event import FORGOTTEN, MemberId
from domain.money import Money
from domain.workspace import WORKSPACE_ID
from eventstore.database import Connection
from tests.domain.histories import examples_of
from tests.projections.records import all_rows, tell, values

DAY = datetime(2026, 3, 1, tzinfo=UTC)
OWNER = MemberId(uuid4())
PLANNED = CampaignPlanned(
    name="Spring",
    kind="webinar",
    owner_id=OWNER,
    starts_on=date(2026, 3, 2),
    ends_on=date(2026, 3, 9),
    budget=Money(amount=Decimal(500), currency="EUR"),
)


def spent(amount: str, currency: str = "EUR", what: str | None = None) -> CampaignBudgetSpent:
    return CampaignBudgetSpent(spending_id=uuid4(), spent=Money(amount=Decimal(amount), currency=currency), what=what)


def campaign(connection: Connection, *events: CampaignEvent) -> UUID:
    campaign_id = uuid4()
    moments = [DAY + timedelta(days=number) for number in range(len(events))]
    tell(connection, WORKSPACE_ID, *events, at=moments, noun="campaign", stream_id=campaign_id)
    return campaign_id


def test_a_campaign_from_its_plan_to_its_end(connection: Connection) -> None:
    campaign_id = campaign(
        connection, PLANNED, CampaignLaunched(), spent("100.25"), spent("-0.25"), CampaignEnded(reason="Done")
    )
    (row,) = all_rows(connection, "campaign")
    assert row.pop("position") > 0
    assert row == {
        "campaign_id": campaign_id,
        "customer_id": WORKSPACE_ID,
        "version": 5,
        "status": "ended",
        "name": "Spring",
        "kind": "webinar",
        "owner_id": OWNER,
        "starts_on": date(2026, 3, 2),
        "ends_on": date(2026, 3, 9),
        "budget": 500,
        "currency": "EUR",
        "spent": {"EUR": "100.00"},
        "planned_at": DAY,
        "launched_at": DAY + timedelta(days=1),
        "ended_at": DAY + timedelta(days=4),
        "end_reason": "Done",
    }


def test_planned_again_the_later_plan_holds_in_full(connection: Connection) -> None:
    campaign(connection, PLANNED, CampaignLaunched(), CampaignPlanned(name="Summer"))
    found = values(connection, "campaign", "status", "name", "kind", "budget", "planned_at", "spent")
    assert found == [("launched", "Summer", None, None, DAY, {})]


def test_a_campaign_that_goes_on_after_its_end_has_none(connection: Connection) -> None:
    campaign(connection, CampaignEnded(reason="Too early"), CampaignLaunched())
    assert values(connection, "campaign", "status", "name", "ended_at", "end_reason") == [
        ("launched", None, None, None)
    ]


def test_costs_are_summed_by_currency_and_listed_one_by_one(connection: Connection) -> None:
    campaign_id = campaign(connection, spent("10", what="Stand"), spent("2.5", "USD"), spent("5"))
    assert values(connection, "campaign", "status", "spent") == [("planned", {"EUR": "15", "USD": "2.5"})]
    assert values(connection, "campaign_spending", "campaign_id", "amount", "currency", "what", "spent_at") == [
        (campaign_id, 10, "EUR", "Stand", DAY),
        (campaign_id, Decimal("2.5"), "USD", None, DAY + timedelta(days=1)),
        (campaign_id, 5, "EUR", None, DAY + timedelta(days=2)),
    ]


def test_what_is_forgotten_of_a_campaign_is_null(connection: Connection) -> None:
    cost = spent("10").model_copy(update={"what": FORGOTTEN})
    campaign(connection, PLANNED, cost, CampaignEnded(reason=FORGOTTEN))
    assert values(connection, "campaign", "status", "end_reason") == [("ended", None)]
    assert values(connection, "campaign_spending", "amount", "what") == [(10, None)]


EVENTS = st.one_of(
    [examples_of(event) for event in (CampaignPlanned, CampaignLaunched, CampaignBudgetSpent, CampaignEnded)]
)


@for_all(events=st.lists(EVENTS, min_size=1, max_size=6))
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_row_and_the_rules_see_the_same_campaign(connection: Connection, events: list[CampaignEvent]) -> None:
    campaign_id = campaign(connection, *events)
    known: Campaign | None = None
    for event in events:
        known = evolve(known, event)
    assert known is not None
    found = {row["campaign_id"]: row for row in all_rows(connection, "campaign")}[campaign_id]
    assert (found["status"], found["version"]) == (known.status, len(events))
