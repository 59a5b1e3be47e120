"""A customer's whole life in the story, from the first touch on."""

from datetime import datetime, timedelta

from api.demo.care import archive, care, handover
from api.demo.company import PLANS, PRODUCTS
from api.demo.courtship import courtship
from api.demo.doubles import double, has_double, has_namesake, namesake
from api.demo.home import CORRECTED, IMPORTED, LISTED, Home, LeadHistory
from api.demo.offers import Line, money
from api.demo.outreach import mailings, surveys
from api.demo.people import describe, register
from api.demo.plot import Life
from api.demo.slips import WRONG_LIST, has_a_neighbour, renamed_for_another, take_back
from api.demo.support import support
from api.demo.ties import asks_to_forget_somebody, forgotten, forgotten_person, relations
from api.demo.told import Actor
from api.demo.trade import buy, buying, subscribe
from domain.lead import LeadEvent
from domain.lead.imported import ImportedLead, reconcile


def account(home: Home) -> Life:
    """She is taken up, and everything else begins."""
    yield home.arrives_at
    is_old = home.number % 10 in IMPORTED
    if is_old:
        _take_over(home)
    elif home.traits.source.inbound:
        register(home, home.office.website, "web")
        describe(home, home.office.website, "web")
    else:
        yield home.at_work(1)
        register(home, home.actor(home.seller()), "console")
        describe(home, home.actor(home.seller()), "console")
    home.begin(courtship(home, home.days(90) if is_old else home.now))
    for life in (support, mailings, surveys, care, handover, archive, relations, forgotten):
        home.begin(life(home))
    if has_double(home.number):
        home.begin(double(home))
    if has_namesake(home.number):
        home.begin(namesake(home))
    if has_a_neighbour(home.number):
        home.begin(renamed_for_another(home))
    if asks_to_forget_somebody(home.number):
        home.begin(forgotten_person(home))


def _take_over(home: Home) -> None:
    """She comes out of an earlier system, with the deal that made her a customer and what she pays for."""
    actor = home.office.imported
    since = home.arrives_at - timedelta(days=home.random.randint(60, 1_500))
    register(home, actor, "import", since=since)
    if home.traits.buys_only:
        buy(home, (Line("sensor-kit", 2, PRODUCTS["sensor-kit"]),), actor, "import", since)
        home.begin(buying(home))
        home.is_regular = True
    else:
        plan = home.random.choice(PLANS[home.traits.size])
        subscribe(home, plan.name, money(home, plan.monthly), 12, actor, since, "import")
    describe(home, actor, "import")
    home.begin(_imported_deal(home, since))
    if home.number % 50 == LISTED:
        home.begin(_listed(home))


def _imported_deal(home: Home, since: datetime) -> Life:
    """Her first deal as the file has it; for a few another file says later when it really began, and through what."""
    deal, key = home.new_lead(), f"D-{home.number}"
    row = ImportedLead(
        title=f"First order of {home.traits.name}",
        source=home.traits.source.name,
        stage="negotiation",
        status="won",
        captured_at=since - timedelta(days=home.random.randint(12, 90)) if home.chance(0.93) else None,
        closed_at=since,
        value=money(home, home.random.randint(6, 80) * 100),
        owner_id=home.id_of(home.traits.seller),
        external_ids={"erp": key},
    )
    _record(home, deal, row, home.office.imported, (("erp", key),))
    if home.number % 50 == CORRECTED:
        yield home.office.corrected_at
        earlier = {"captured_at": since - timedelta(days=120), "source": "fair"}
        _record(home, deal, row.model_copy(update=earlier), home.office.correction, ())


def _listed(home: Home) -> Life:
    """She is among the fair's visitors, by a list that is last year's; the next day the whole list is taken back."""
    office, visit = home.office, home.new_lead()
    yield office.listed_at
    row = ImportedLead(title="Met at the Glasshouse fair", source="event", owner_id=home.id_of(home.seller()))
    _record(home, visit, row, office.wrong_list, ())
    yield office.unlisted_at
    take_back(visit, office.wrong_list[1], office.correction_of_list, office.head, WRONG_LIST)


def _record(
    home: Home, deal: LeadHistory, row: ImportedLead, file: Actor, external_ids: tuple[tuple[str, str], ...]
) -> None:
    history = [
        (told.event, told.occurred_at)
        for told in home.told
        if told.stream_id == deal.stream_id and isinstance(told.event, LeadEvent)
    ]
    pipeline = home.office.pipeline(home.now)
    for fact in reconcile(history, row, pipeline, home.now, [event for event, _ in history]):
        deal.tell(
            fact.event,
            file,
            "import",
            occurred_at=fact.occurred_at,
            correlation_id=file[1],
            flags=fact.flags,
            external_ids=external_ids,
        )
        external_ids = ()
