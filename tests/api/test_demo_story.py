"""The demo company's story: the same on every machine, possible by the rules, and alive wherever one looks."""

import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from itertools import pairwise
from statistics import fmean, median
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.access import SCOPES
from api.demo.company import MEMBERS, SOURCES
from api.demo.home import ERASED, IMPORTED, LISTED, Home
from api.demo.office import SPAN
from api.demo.plot import History, Life, Plot, TimeRunsBackwards
from api.demo.settings import office, openings
from api.demo.slips import take_back
from api.demo.story import customer_story, workspace_story
from api.demo.told import Told, seeded_id
from domain import business_time, campaign, customer, imports, lead, ticket, workspace
from domain.catalogue import EVENT_TYPES, stored_type_of
from domain.contact_point import ContactPoint
from domain.customer import Customer
from domain.event import CustomerId, Forgotten, personal_fields
from domain.lead import Lead
from domain.ticket import Ticket
from domain.undo import EventsUndone, standing, undone
from domain.workspace import WORKSPACE_ID

pytestmark = pytest.mark.full

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
CUSTOMERS = 400

NOT_TOLD = {
    "customer.forgetting_requested",  # whoever was forgotten was so by the command line
    "customer.forgetting_request_withdrawn",
    "workspace.kpi_definition_published",  # the figures' own definitions hold
    "workspace.model_fitted",  # nothing was fitted to invented data
    "workspace.webhook_registered",  # nothing of the demo is sent to anybody
    "workspace.webhook_paused",
    "workspace.webhook_resumed",
    "workspace.webhook_removed",
    "workspace.member_identified",  # nobody signs in with an account elsewhere
    "workspace.member_identity_revoked",
    "workspace.api_key_rotated",  # the shop's key is revoked when its time has come
}
"""What never happens to the company."""

EVOLVE: Mapping[str, Any] = {  # Any: each noun has its own state and events
    "customer": (Customer(), customer.evolve),
    "lead": (Lead(), lead.evolve),
    "ticket": (Ticket(), ticket.evolve),
    "campaign": (None, campaign.evolve),
    "import": (None, imports.evolve),
    "workspace": (workspace.Workspace(), workspace.evolve),
}


@cache
def stories(seed: int = 7) -> Sequence[Told]:
    """Everything, as the log has it."""
    told = list(workspace_story(seed, UNTIL, CUSTOMERS))
    for number in range(CUSTOMERS):
        told += customer_story(seed, number, UNTIL, CUSTOMERS)
    return told


def streams(told: Sequence[Told]) -> Mapping[object, list[Told]]:
    """What was told of each stream, in the order of its versions."""
    found = defaultdict(list)
    for one in told:
        found[one.stream_id].append(one)
    return {stream_id: sorted(events, key=lambda one: one.version) for stream_id, events in found.items()}


def states(told: Sequence[Told], noun: str) -> list[Any]:  # Any: each noun has its own
    """What all of that noun are in the end, as far as it was not undone."""
    found = []
    for events in streams([one for one in told if one.stream_type == noun]).values():
        state, evolve = EVOLVE[noun]
        for one in standing(events):
            state = evolve(state, one.event)
        found.append(state)
    return found


def typed(told: Sequence[Told]) -> Counter[str]:
    return Counter(stored_type_of(one.stream_type, one.event) for one in told)


def of_type(told: Sequence[Told], *types: str) -> list[Told]:
    return [one for one in told if stored_type_of(one.stream_type, one.event) in types]


def digest(told: Iterator[Told]) -> str:
    """Over everything that is stored."""
    whole = sha256()
    for one in told:
        whole.update(repr((one.event.model_dump_json(), type(one.event).__name__, *(_plain(one)))).encode())
    return whole.hexdigest()


def _plain(one: Told) -> tuple[object, ...]:
    return tuple(getattr(one, name) for name in one.__slots__ if name != "event")


DIGEST_ELSEWHERE = """
from tests.api.test_demo_story import UNTIL, digest
from api.demo.slips import take_back
from api.demo.story import customer_story, workspace_story
print(digest(workspace_story(3, UNTIL, 12)), *(digest(customer_story(3, number, UNTIL, 12)) for number in range(12)))
"""


def told_elsewhere(hash_seed: str, zone: str) -> str:
    """The story in a process with other accidents."""
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "TZ": zone, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", DIGEST_ELSEWHERE]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_the_story_is_the_same_in_every_process() -> None:
    assert told_elsewhere("1", "Asia/Tokyo") == told_elsewhere("2", "America/New_York")


def test_another_seed_tells_another_story() -> None:
    assert digest(customer_story(7, 3, UNTIL, 10)) != digest(customer_story(8, 3, UNTIL, 10))


def test_a_customer_is_the_same_however_many_are_wanted() -> None:
    assert list(customer_story(7, 7, UNTIL, 8)) == list(customer_story(7, 7, UNTIL, 5_000))


def test_ids_are_of_version_8_and_depend_on_every_part_of_the_name() -> None:
    ids = {seeded_id(1, "a", "b c"), seeded_id(1, "a b", "c"), seeded_id(2, "a", "b c"), seeded_id(1, "a", "bc")}
    assert len(ids) == 4
    assert {(one.version, one.variant) for one in ids} == {(8, "specified in RFC 4122")}


@pytest.mark.parametrize("until", [UNTIL, datetime(2025, 2, 28, 23, 59, 59, tzinfo=UTC)])
def test_streams_are_gapless_and_lie_in_the_story(until: datetime) -> None:
    told = [*workspace_story(5, until, 60)]
    for number in range(60):
        told += customer_story(5, number, until, 60)
    began_at = until - SPAN - timedelta(days=1)
    for events in streams(told).values():
        assert [one.version for one in events] == list(range(1, len(events) + 1))
        assert len({(one.customer_id, one.stream_type) for one in events}) == 1
        assert all(one.recorded_at <= other.recorded_at for one, other in pairwise(events))
        assert [number for number, one in enumerate(events) if "simulated" in one.flags] == [0]
        assert all(one.occurred_at <= one.recorded_at and began_at < one.recorded_at <= until for one in events)
    assert any(one.recorded_at > until - timedelta(days=3) for one in told)


def test_every_history_evolves_and_states_change_in_order() -> None:
    for events in streams(stories()).values():
        state, evolve = EVOLVE[events[0].stream_type]
        latest = None
        for one in events:
            state = evolve(state, one.event)
            if not one.event.is_fact and one.actor[0] != "import":
                assert latest is None or one.occurred_at >= latest
                latest = one.occurred_at


def test_whatever_can_happen_to_the_company_does_happen() -> None:
    counts = typed(stories())
    assert {name for name in EVENT_TYPES if not counts[name]} == NOT_TOLD


def test_no_two_records_share_an_id_or_an_external_id() -> None:
    claims = [claim for one in stories() for claim in one.external_ids]
    assert len(claims) == len(set(claims)) > 300
    openings_of = [one.stream_id for one in stories() if one.version == 1]
    assert len(openings_of) == len(set(openings_of))


def test_the_company_has_the_size_that_was_promised() -> None:
    counts = typed(stories())
    assert 1_350 <= counts["lead.captured"] <= 1_700
    assert 1_000 <= counts["ticket.opened"] <= 1_400
    assert 400 <= counts["customer.registered"] <= 430
    assert 40_000 <= len(stories()) <= 65_000


@pytest.mark.parametrize("seed", [7, 8])
def test_sales_look_alive(seed: int) -> None:
    told = [one for one in stories(seed) if one.actor[0] != "import"]
    counts = typed(told)
    assert 0.2 <= counts["lead.won"] / (counts["lead.won"] + counts["lead.lost"]) <= 0.35
    leads = [state for state in states(told, "lead") if state.pipeline]
    stages = Counter(state.stage for state in leads if state.status == "open")
    assert min(stages[stage] for stage in ("new", "contacted", "qualified", "proposal", "negotiation")) >= 3
    won, lost = Counter[str](), Counter[str]()
    for state in leads:
        {"won": won, "lost": lost}.get(state.status, Counter[str]())[str(state.source)] += 1
    rates = {source.name: won[source.name] / (won[source.name] + lost[source.name]) for source in SOURCES}
    assert rates["referral"] > rates["web"] > rates["cold call"]
    captured = Counter(one.occurred_at.month for one in of_type(told, "lead.captured"))
    assert min(captured.values()) >= 40


@pytest.mark.parametrize("seed", [7, 8])
def test_support_looks_alive(seed: int) -> None:
    told = stories(seed)
    outcomes = Counter[tuple[str, str]]()
    for one in of_type(told, "ticket.sla_met", "ticket.sla_breached"):
        assert isinstance(one.event, ticket.TicketSlaMet | ticket.TicketSlaBreached)
        outcomes[one.event.target, type(one.event).__name__] += 1
    met, breached = (outcomes["first_response", name] for name in ("TicketSlaMet", "TicketSlaBreached"))
    assert 0.84 <= met / (met + breached) <= 0.94
    ratings = [one.event.csat for one in of_type(told, "ticket.rated") if isinstance(one.event, ticket.TicketRated)]
    assert 0.7 <= fmean(csat >= 4 for csat in ratings) <= 0.88
    assert set(ratings) == {1, 2, 3, 4, 5}
    unsolved = Counter(state.status for state in states(told, "ticket") if state.merges.into is None)
    assert unsolved["open"] + unsolved["new"] + unsolved["pending"] + unsolved["on_hold"] >= 5


@pytest.mark.parametrize("seed", [7, 8])
def test_surveys_and_subscriptions_look_alive(seed: int) -> None:
    told = stories(seed)
    scores = [
        one.event.score
        for one in of_type(told, "customer.survey_answered")
        if isinstance(one.event, customer.CustomerSurveyAnswered) and one.event.survey == "nps"
    ]
    assert 15 <= 100 * fmean((score >= 9) - (score <= 6) for score in scores) <= 50
    customers = states(told, "customer")
    status = Counter(state.status for state in customers)
    assert min(status["active"], status["prospect"]) >= 100
    assert min(status["churned"], status["at_risk"] * 20) >= 20
    income = Counter[str]()
    for state in customers:
        income.update({currency: int(amount) for currency, amount in customer.mrr(state.trade, UNTIL.date()).items()})
    assert min(income[currency] for currency in ("EUR", "USD", "GBP")) > 1_000
    churned = Counter(one.occurred_at.strftime("%Y-%m") for one in of_type(told, "customer.churned"))
    assert 0.005 <= fmean(churned.values()) / 150 <= 0.03
    kinds = {one.event.kind for one in told if isinstance(one.event, customer.CustomerChurned)}
    assert kinds == {"contractual", "silence", "said"}


def test_nobody_who_is_put_away_subscribes_and_keys_have_scopes_that_there_are() -> None:
    for state in states(stories(), "customer"):
        held = {subscription.status for subscription in state.trade.subscriptions.values()}
        assert not state.is_archived or held <= {"cancelled", "retracted"}
    issued = of_type(stories(), "workspace.api_key_issued")
    assert {scope for one in issued for scope in one.event.model_dump()["scopes"]} <= set(SCOPES)


def test_sellers_have_their_habits() -> None:
    waited = defaultdict(list)
    for events in streams([one for one in stories() if one.stream_type == "lead"]).values():
        contacted = next((one for one in events if isinstance(one.event, lead.LeadContacted)), None)
        if contacted is not None:
            waited[contacted.actor].append((contacted.occurred_at - events[0].occurred_at).total_seconds())
    house = office(7, UNTIL)
    medians = {member.name: median(waited[house.actor(member)]) for member in MEMBERS if member.team == "sales"}
    assert medians["Mara Lindqvist"] < medians["Tobias Achterberg"] < medians["Jonas Weidmann"]


def test_nobody_works_before_she_joins_or_after_she_left() -> None:
    house = office(7, UNTIL)
    members = {house.actor(member): member for member in MEMBERS}
    acting = [one for one in stories() if one.actor in members and one.customer_id != WORKSPACE_ID]
    assert {one.actor for one in acting} == set(members)
    assert [one for one in acting if not house.is_there(members[one.actor], one.recorded_at)] == []


def test_some_things_are_learned_late_and_some_are_put_right() -> None:
    people = [one for one in stories() if one.actor[0] == "user"]
    late = [one for one in people if one.recorded_at - one.occurred_at > timedelta(days=1)]
    assert {"lead.interaction_logged", "customer.interaction_logged"} <= typed(late).keys()
    foreign = [one for one in stories() if one.actor[0] == "import"]
    assert {one.channel for one in foreign} == {"import"}
    assert {flag for one in foreign for flag in one.flags} == {"simulated", "no_capture_date"}
    created = {
        one.stream_id: one.event.created
        for one in of_type(foreign, "import.completed")
        if isinstance(one.event, imports.ImportCompleted) and one.event.created
    }
    assert created == Counter(one.correlation_id for one in of_type(foreign, "lead.captured"))
    assert sorted(created.values()) == [CUSTOMERS // 50, len(IMPORTED) * CUSTOMERS // 10]


def test_a_wrong_list_is_taken_back_with_all_that_it_brought() -> None:
    (back,) = of_type(stories(), "import.reverted")
    assert isinstance(back.event, imports.ImportReverted)
    brought = [one for one in stories() if one.correlation_id == back.causation_id and one.stream_type == "lead"]
    assert {one.customer_id for one in brought} == {
        seeded_id(7, "customer", number) for number in range(LISTED, CUSTOMERS, 50)
    }
    leads = streams([one for one in stories() if one.stream_id in {other.stream_id for other in brought}])
    assert len(leads) == back.event.compensated
    for events in leads.values():
        assert standing(events) == []
        assert (events[-1].correlation_id, events[-1].causation_id) == (back.correlation_id, back.causation_id)
        assert events[-1].recorded_at == back.recorded_at


@pytest.mark.parametrize(
    ("noun", "slip"), [("customer", "customer.renamed"), ("lead", "lead.won"), ("ticket", "ticket.solved")]
)
def test_a_slip_is_undone_with_the_whole_command_and_life_goes_on(noun: str, slip: str) -> None:
    """What was meant for another one; what an undo leaves out is what its cause recorded here, and nothing else."""
    undos = of_type(stories(), f"{noun}.events_undone")
    told = streams([one for one in stories() if one.stream_type == noun])
    slips = Counter[str]()
    for one in undos:
        events = told[one.stream_id]
        assert isinstance(one.event, EventsUndone)
        gone = [other for other in events if other.version in one.event.versions]
        assert gone == [other for other in events if other.correlation_id == one.causation_id]
        assert {other.version for other in gone} == undone(events)
        assert max(other.recorded_at for other in gone) < one.recorded_at
        slips.update(stored_type_of(noun, other.event) for other in gone)
    assert slips[slip] >= 5
    assert any(told[one.stream_id][-1].version > one.version for one in undos)


def test_what_somebody_built_upon_is_not_taken_back() -> None:
    home = Home(7, 6, UNTIL)
    slip, somebody = UUID(int=1), ("user", UUID(int=2))
    tagged = customer.tag(home.customer.state, customer.TagCustomer(tag="fair"))
    home.customer.tell(tagged, somebody, "console", correlation_id=slip)
    home.customer.tell(customer.untag(home.customer.state, customer.UntagCustomer(tag="fair")), somebody, "console")
    take_back(home.customer, slip, UUID(int=3), somebody, "Another was meant")
    assert [type(one.event) for one in home.told] == [customer.CustomerTagged, customer.CustomerUntagged]


def test_after_an_undo_a_history_goes_on_from_what_stands() -> None:
    home = Home(7, 7, UNTIL)
    slip, somebody = UUID(int=1), ("user", UUID(int=2))
    deal = home.new_lead()
    deal.tell(
        lead.capture(lead.CaptureLead(title="Ten seats"), home.office.pipeline(UNTIL), home.office.those_there(UNTIL)),
        somebody,
        "console",
    )
    before = deal.state
    deal.tell(lead.win(deal.state, lead.WinLead(), UNTIL.date()), somebody, "console", correlation_id=slip)
    take_back(deal, slip, UUID(int=3), somebody, "Another was meant")
    assert deal.state == before
    assert [one.version for one in home.told] == [1, 2, 3]


@pytest.mark.parametrize("noun", ["customer", "lead", "ticket"])
def test_a_merge_is_told_on_both_sides_and_one_is_taken_back(noun: str) -> None:
    merged = {one.correlation_id: one for one in of_type(stories(), f"{noun}.merged_into")}
    absorbed = {one.correlation_id: one for one in of_type(stories(), f"{noun}.absorbed")}
    assert merged.keys() == absorbed.keys()
    assert {one.recorded_at for one in merged.values()} == {one.recorded_at for one in absorbed.values()}
    reverted = Counter(one.correlation_id for one in of_type(stories(), f"{noun}.merge_reverted"))
    assert reverted
    assert set(reverted.values()) == {2}
    assert reverted.keys() < merged.keys()


def test_a_prospect_turns_out_to_be_a_customer_on_three_histories() -> None:
    converted = [
        one
        for one in of_type(stories(), "lead.converted")
        if isinstance(one.event, lead.LeadConverted) and one.event.merge_id
    ]
    assert converted
    for one in converted:
        together = [other for other in stories() if other.correlation_id == one.correlation_id]
        assert typed(together) == {"lead.converted": 1, "customer.merged_into": 1, "customer.absorbed": 1}
        assert len({other.recorded_at for other in together}) == 1


def test_what_was_filed_under_the_wrong_customer_goes_to_the_right_one() -> None:
    moved = of_type(stories(), "lead.reattributed", "ticket.reattributed")
    assert set(typed(moved)) == {"lead.reattributed", "ticket.reattributed"}
    calls = {
        (one.event.summary, one.occurred_at, one.customer_id): one.recorded_at
        for one in of_type(stories(), "customer.interaction_logged")
        if isinstance(one.event, customer.InteractionLogged)
    }
    for one in moved:
        assert isinstance(one.event, lead.Reattributed)
        assert one.event.from_customer_id == one.customer_id
        there = [key for key, at in calls.items() if key[2] == one.event.to_customer_id and at == one.recorded_at]
        assert [(summary, at, one.customer_id) in calls for summary, at, _ in there] == [True]


def test_who_was_forgotten_is_marked_from_the_beginning_and_nothing_happens_to_her_after() -> None:
    (forgotten,) = of_type(stories(), "customer.forgotten")
    hers = [one for one in stories() if one.customer_id == forgotten.customer_id]
    assert all(one.is_forgotten for one in hers)
    assert len({one.stream_id for one in hers}) > 3
    assert max(one.recorded_at for one in hers) == forgotten.recorded_at
    assert forgotten.customer_id == seeded_id(7, "customer", ERASED)
    people = {
        one.event.person_id
        for one in of_type(stories(), "customer.person_forgotten")
        if isinstance(one.event, customer.CustomerPersonForgotten)
    }
    assert people
    for one in stories():
        assert one.is_forgotten == (one.customer_id == forgotten.customer_id or one.subject_id in people)
    told_again = [one for one in stories() if getattr(one.event, "person_id", None) in people and not one.is_forgotten]
    assert all(not personal_fields(type(one.event)) or one.stream_type == "ticket" for one in told_again)


def test_nobody_is_reached_at_an_address_that_exists() -> None:
    points = [
        one.event.value
        for one in of_type(stories(), "customer.contact_point_added", "customer.contact_point_corrected")
        if isinstance(one.event, customer.CustomerContactPointAdded | customer.CustomerContactPointCorrected)
    ]
    assert all(isinstance(point, ContactPoint) and not point.unreadable for point in points)
    mails = [str(point.normalised) for point in points if isinstance(point, ContactPoint) and point.kind == "email"]
    assert all(mail.rpartition(".example.")[2] in ("com", "org", "net") for mail in mails)
    assert not any(isinstance(point, Forgotten) for point in points)


def test_a_life_does_not_go_back_in_time() -> None:
    def life() -> Life:
        yield UNTIL
        yield UNTIL - timedelta(seconds=1)

    plot = Plot(UNTIL, UNTIL)
    plot.begin(life())
    with pytest.raises(TimeRunsBackwards):
        plot.play()


def test_an_external_id_is_claimed_with_the_first_of_several_events() -> None:
    history = History(Plot(UNTIL, UNTIL), CustomerId(UUID(int=1)), "lead", UUID(int=2), Lead(), lead.evolve)
    decided = (lead.LeadQualified(), lead.LeadWon())
    history.tell(decided, ("user", UUID(int=3)), "console", external_ids=(("erp", "1"),))
    assert [one.external_ids for one in history.plot.told] == [(("erp", "1"),), ()]


FIRST = datetime(2024, 1, 10, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
# whole ones, so that openings and closings are met, too
moments = st.integers(0, 53_000).map(lambda number: FIRST + number * HALF_HOUR)


@settings(max_examples=60)
@given(moments, moments, st.integers(0, 120).map(lambda number: number * HALF_HOUR))
def test_business_time_is_looked_up_as_the_domain_counts_it(start: datetime, end: datetime, time: timedelta) -> None:
    hours, calendar = openings(7, UNTIL), office(7, UNTIL).calendar
    assert hours.elapsed(start, end) == business_time.elapsed(calendar, start, end)
    assert hours.is_open(start) == business_time.is_open(calendar, start)
    if start < datetime(2027, 1, 10, tzinfo=UTC):
        assert hours.after(start, time) == business_time.after(calendar, start, time)
