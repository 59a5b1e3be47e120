"""What service and marketing figures said at a moment stays, whatever is recorded later."""

from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from api.kpis import ask, ask_as_of
from api.store import Store
from domain.customer import CustomerActivated, CustomerEvent
from domain.event import Event
from domain.lead import LeadWon
from domain.ticket import TicketEvent
from eventstore import log
from eventstore.database import Connection, connect
from projections.kpi import kpis
from projections.sight import EVERYTHING
from replay.follow import catch_up
from tests.domain.tickets import ANSWERED, ASKED, BOT_SAID, CLOSED, MERGED, OPENED, SOLVED, SPAM
from tests.projections.customer_facts import merge
from tests.projections.records import hour, tell, undone
from tests.projections.test_campaign_kpis import bounced, delivered, responded, sent
from tests.projections.test_campaign_roi import campaign, deal, money
from tests.projections.test_health_kpis import LEFT, ONE, call, rated
from tests.projections.test_reply_kpis import OFFICE, REOPENED, published
from tests.projections.test_subscription_movement import cancelled, day, started
from tests.projections.test_survey_kpis import customer, said, ticket_of
from tests.projections.ticket_figures import Told

FIGURES = (
    "first_response_time",
    "next_reply_time",
    "ces",
    "nps",
    "response_rate",
    "campaign_roi",
    "engagement",
    "customer_health",
)
ON_TICKETS: list[TicketEvent] = [ANSWERED, ASKED, BOT_SAID, SOLVED, CLOSED, REOPENED, SPAM, MERGED]
ON_CUSTOMERS: list[CustomerEvent] = [
    *(said("ces", 3), said("nps", 9), said("nps", 2), rated(2), LEFT, CustomerActivated(), call(ONE), call(), call()),
    *(sent(), delivered(), bounced(), responded(), started(0, 50), cancelled(9)),
]
Facts = list[tuple[int, Event, int]]
MOMENTS = st.integers(0, 400)
FACTS = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([*ON_TICKETS, *ON_CUSTOMERS]), MOMENTS), min_size=6, max_size=14
)


def record(connection: Connection, customers: list[UUID], tickets: list[UUID], facts: Facts) -> None:
    for which, event, at in facts:
        is_of_ticket = event in ON_TICKETS
        tell(
            connection,
            customers[which],
            event,
            noun="ticket" if is_of_ticket else "customer",
            stream_id=tickets[which] if is_of_ticket else None,
            at=[hour(at)],
        )


@for_all(before=FACTS, later=FACTS)
@settings(deadline=None, max_examples=5, suppress_health_check=list(HealthCheck))
def test_what_was_known_stays(store: Store, before: Facts, later: Facts) -> None:
    with connect(store.conninfo) as connection:
        connection.execute("SET search_path TO public")
        published(connection, OFFICE)
        ann, bob = (customer(connection, (CustomerActivated(), 0), segment="smb") for _ in range(2))
        tickets = [ticket_of(connection, customer_id, [Told(OPENED, 0)]) for customer_id in (ann, bob)]
        spring = campaign(connection, (money(100), 1))
        won = deal(connection, spring, (LeadWon(value=money(300)), 5), customer_id=ann)
        record(connection, [ann, bob], tickets, before)
        then = log.now(connection)
        catch_up(connection)
        known = {
            slug: told(ask(connection, kpis()[slug], "UTC", day(0), day(20), then, "occurred", sight=EVERYTHING))
            for slug in FIGURES
        }
        record(connection, [ann, bob], tickets, later)
        undone(connection, "lead", won, 2)
        undone(connection, "customer", ann, 1, 3)
        merge(connection, ann, bob)
        customer(connection, (CustomerActivated(), 0), (call(), 1), (said("nps", 0), 2), (delivered(uuid4()), 3))
        catch_up(connection)
    assert {
        slug: told(ask_as_of(store, kpis()[slug], "UTC", day(0), day(20), then, sight=EVERYTHING)) for slug in FIGURES
    } == known


def told(result: Any) -> tuple[object, ...]:  # Any: the answer to any figure
    return result.value, result.numerator, result.denominator, result.sample_size, result.excluded, result.details


def test_a_late_answer_changes_the_figure_as_it_is_known_now_only(store: Store) -> None:
    with connect(store.conninfo) as connection:
        ann = customer(connection)
        ticket_id = ticket_of(connection, ann, [Told(OPENED, 0)])
        then = log.now(connection)
        record(connection, [ann], [ticket_id], [(0, ANSWERED, 4)])
        catch_up(connection)
    values = [
        ask_as_of(store, kpis()["first_response_time"], "UTC", as_of=as_of, sight=EVERYTHING).value
        for as_of in (then, None)
    ]
    assert values == [None, 4]
