"""The demo company looks alive whenever it is loaded, and loading it again adds nothing."""

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import fmean
from uuid import NAMESPACE_OID, UUID, uuid5

import pytest

from api.demo import load_demo, story
from api.demo_company import PRODUCTS, SELLERS, SOURCES, SPAN, drawn
from api.store import Store, load_workspace
from domain.customer import CustomerRegistered
from domain.event import CustomerId, MemberId
from domain.lead import Lead, LeadCaptured, LeadEvent, evolve
from domain.workspace import DEFAULT_PIPELINE, WORKSPACE_ID, Workspace, publish_pipeline
from eventstore import log
from eventstore.database import connect
from projections.read_models import read_models
from replay.follow import catch_up
from replay.rebuild import verify

UNTIL = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PIPELINE = publish_pipeline(Workspace(), DEFAULT_PIPELINE).pipeline
OWNER = MemberId(UUID(int=1))

Story = list[tuple[LeadEvent, datetime]]


def told(number: int, until: datetime = UNTIL, seed: int = 7) -> Story:
    lead = drawn(seed, number, until)
    return list(story(lead, PIPELINE, OWNER, lambda *of: uuid5(NAMESPACE_OID, "/".join(of)), until))


def leads_of(stories: Sequence[Story]) -> list[Lead]:
    leads = []
    for happened in stories:
        lead = Lead()
        for event, _ in happened:
            lead = evolve(lead, event)
        leads.append(lead)
    return leads


def everything(store: Store) -> list[log.Recorded]:
    with store.pool.connection() as connection:
        return [
            event
            for event in log.read(connection, after=0, horizon=10**9, limit=100_000)
            if event.customer_id != WORKSPACE_ID
        ]


def test_the_same_seed_and_moment_tell_the_same_story() -> None:
    assert [told(number) for number in range(30)] == [told(number) for number in range(30)]
    assert [told(number) for number in range(30)] != [told(number, seed=8) for number in range(30)]


@pytest.mark.parametrize("months", range(0, 24, 3))
def test_the_company_looks_alive_whenever_it_is_loaded(months: int) -> None:
    until = UNTIL + timedelta(days=30.5 * months)
    stories = [told(number, until) for number in range(300)]
    leads = leads_of(stories)
    status = Counter(lead.status for lead in leads)
    stages = Counter(lead.stage for lead in leads if lead.status == "open")
    assert status["open"] >= 60
    assert set(stages) == {stage.name for stage in PIPELINE.stages}
    assert min(stages.values()) >= 3
    assert 0.28 <= status["won"] / (status["won"] + status["lost"]) <= 0.42
    cycles = [
        (happened[-1][1] - happened[0][1]) / timedelta(days=1)
        for happened, lead in zip(stories, leads, strict=True)
        if lead.status in ("won", "lost")
    ]
    assert 30 <= fmean(cycles) <= 60
    assert any("scheduled" in lead.work.follow_ups.values() for lead in leads if lead.status == "open")


def test_a_history_lies_between_its_beginning_and_the_moment_of_loading() -> None:
    for number in range(300):
        moments = [at for _, at in told(number)]
        assert moments == sorted(moments)
        assert UNTIL - SPAN - timedelta(days=1) < moments[0]
        assert moments[-1] <= UNTIL


def test_what_is_recorded_is_what_the_rules_decided(store: Store) -> None:
    report = load_demo(store, leads=40, until=UNTIL)
    events = everything(store)
    assert report == {"leads": 40, "customers": len({e.customer_id for e in events}), "events": len(events)}
    for number in range(40):
        lead = drawn(7, number, UNTIL)
        seller = MemberId(store.derived_id("demo", "7", "member", lead.prospect.seller.name))
        lead_id = store.derived_id("demo", "7", "lead", str(number))
        happened = [event for event in events if event.stream_id == lead_id]
        assert [(type(event.event), event.occurred_at) for event in happened] == [
            (type(event), at) for event, at in told(number)
        ]
        assert {event.actor["id"] for event in happened} == {str(seller)}
        assert {event.actor["kind"] for event in happened} == {"user"}
        assert {event.metadata["channel"] for event in happened} == {"demo"}
        assert happened[0].metadata["flags"] == ["simulated"]
        customer_id = CustomerId(store.derived_id("demo", "7", "customer", lead.prospect.name))
        assert {event.customer_id for event in happened} == {customer_id}


def test_every_prospect_has_a_name_and_every_lead_a_source_and_an_owner(store: Store) -> None:
    load_demo(store, leads=60, until=UNTIL)
    events = [recorded.event for recorded in everything(store)]
    names = [event.name for event in events if isinstance(event, CustomerRegistered)]
    assert len(names) == len(set(names))
    sources = {event.source for event in events if isinstance(event, LeadCaptured)}
    assert sources == {source.name for source in SOURCES}
    products = {product for lead in leads_of([told(number) for number in range(60)]) for product in lead.products}
    assert products == set(PRODUCTS)
    with connect(store.conninfo) as connection:
        members = load_workspace(connection)[0].members
        catch_up(connection)
        assert [verify(connection, model).differing for model in read_models().values()] == [0] * len(read_models())
    assert sorted(map(str, members.values())) == sorted(seller.name for seller in SELLERS)


def test_loading_again_adds_nothing_and_loading_more_adds_only_what_is_missing(store: Store) -> None:
    load_demo(store, leads=20, until=UNTIL)
    before = everything(store)
    nothing = {"leads": 0, "customers": 0, "events": 0}
    assert load_demo(store, leads=20, until=UNTIL + timedelta(days=1)) == nothing
    assert everything(store) == before
    assert load_demo(store, leads=30, until=UNTIL)["leads"] == 10
    assert everything(store)[: len(before)] == before
    assert load_demo(store, leads=10, seed=8, until=UNTIL)["leads"] == 10


def test_without_a_moment_the_history_goes_up_to_now(store: Store) -> None:
    load_demo(store, leads=20)
    latest = max(event.occurred_at for event in everything(store))
    assert timedelta(0) < datetime.now(UTC) - latest < timedelta(days=30)


def test_a_log_that_tells_of_a_customer_is_left_alone(store: Store) -> None:
    assert load_demo(store, leads=3, only_into_empty_log=True)["leads"] == 3
    assert load_demo(store, leads=5, only_into_empty_log=True)["leads"] == 0
    assert load_demo(store, leads=5)["leads"] == 2


@pytest.mark.parametrize("customer_id", [UUID(int=0), UUID(int=2**128 - 1)])
def test_also_a_customer_whose_id_comes_first_or_last_is_seen(store: Store, customer_id: UUID) -> None:
    with store.pool.connection() as connection:
        assert not log.has_customers(connection, except_for=WORKSPACE_ID)
        event = CustomerRegistered(kind="person", name="Ann")
        new = log.NewEvent(CustomerId(customer_id), "customer", customer_id, 1, event)
        log.append(connection, [new], log.Envelope("user", customer_id, "api"))
        assert log.has_customers(connection, except_for=WORKSPACE_ID)
    assert load_demo(store, leads=3, only_into_empty_log=True)["leads"] == 0


def test_two_that_load_at_once_load_it_once(store: Store) -> None:
    reports: list[dict[str, int]] = []
    together = threading.Barrier(2)

    def load() -> None:
        together.wait()
        reports.append(load_demo(store, leads=25, until=UNTIL))

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reports) == 2
    assert sum(report["leads"] for report in reports) == 25
    assert sum(report["events"] for report in reports) == len(everything(store))
    with store.pool.connection() as connection:
        invited = [r for r in log.load(connection, WORKSPACE_ID).history if r.type == "workspace.member_invited"]
    assert len(invited) == len(SELLERS)


def test_a_pipeline_with_other_stages_is_no_obstacle() -> None:
    other = PIPELINE.model_copy(update={"stages": PIPELINE.stages[:2]})
    stories = [
        list(story(drawn(7, number, UNTIL), other, OWNER, lambda *of: uuid5(NAMESPACE_OID, "/".join(of)), UNTIL))
        for number in range(40)
    ]
    assert {lead.stage for lead in leads_of(stories)} == {"new", "contacted"}
