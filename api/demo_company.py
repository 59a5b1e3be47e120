"""An invented maker of greenhouse equipment: its sellers, products and prospects, and how a lead fares there.

Nobody and nothing in it exists. What happens to a lead is drawn from its own random numbers, so that lead 7 of a seed
is the same lead however many are wanted.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TypeAlias
from uuid import UUID

from domain import lead as rules
from domain.event import MemberId
from domain.interaction import Direction, InteractionKind
from domain.lead import Lead, LeadEvent
from domain.money import Money
from domain.workspace import Pipeline

SPAN = timedelta(days=548)
"""How far back the company's history goes."""

Decision: TypeAlias = Callable[[Lead], LeadEvent | Sequence[LeadEvent]]
Step: TypeAlias = tuple[datetime, Decision]
Talk: TypeAlias = tuple[InteractionKind, Direction, str]


@dataclass(frozen=True, slots=True)
class Seller:
    """Who sells, how many days a prospect waits for a first answer, and how good she is at closing."""

    name: str
    answers_after: float
    skill: float


@dataclass(frozen=True, slots=True)
class Source:
    """Where leads come from, how many of a hundred do, and how much better than the rest they are."""

    name: str
    share: int
    quality: float
    inbound: bool


SELLERS = (
    Seller("Mara Lindqvist", 0.1, 1.25),
    Seller("Tobias Achterberg", 0.6, 0.95),
    Seller("Ines Caldeira", 0.2, 1.15),
    Seller("Colm Hanratty", 1.5, 1.05),
    Seller("Priya Raghunath", 0.3, 1.1),
    Seller("Jonas Weidmann", 2.5, 0.7),
    Seller("Elif Sandalci", 0.4, 1.0),
    Seller("Ruben Oyelaran", 1.0, 0.8),
)
SOURCES = (
    Source("web", 30, 1.0, True),
    Source("referral", 16, 1.7, True),
    Source("event", 14, 0.9, True),
    Source("partner", 12, 1.35, True),
    Source("cold call", 14, 0.5, False),
    Source("ad", 14, 0.65, True),
)
PRODUCTS = {
    "frost-guard": 1_900,
    "climate-hub": 3_400,
    "irrigation-line": 6_200,
    "shading-sails": 4_800,
    "greenhouse-suite": 18_500,
    "service-plan": 1_200,
}
_PLACES = (
    "Harrowfield Oldenmoor Tessaby Lindenau-Ost Brackwell Quillhaven Marlowsund Ferndrup Ashgrove-on-Wye Kestrelford "
    "Dunmarrow Silberbach Vallonne Northwick-Lea Ostravane Pellworth Thornbury-Vale Emberly Wexcombe Rosenkoog "
    "Calderholm Yarrowgate Birkensee Montfleur Saltmere Hollowdale Greifental Stonnick Larkhurst Wintermoor "
    "Applegarth-Hill Corvane Dellbrook Eschenried Foxhollow-Green Gullsey Heathermill Ivelstone Juniper-Rise Kaltbrunn"
).split()
_TRADES = (
    "Nursery|Orchards|Vineyard|Botanic Garden|Seed Bank|Brewery|Farm Shop|Research Station|Flower Market|Herb Gardens|"
    "Rose Breeders|School Gardens|Mushroom Cellars|Tea House|Garden Centre|Tree School"
).split("|")
_EVENING = 19
_SEASONS = (0.95, 1.1, 1.2, 1.15, 1.05, 0.95, 0.85, 0.8, 1.0, 1.05, 1.0, 0.75)  # greenhouses are bought before spring
_FIRST_WORDS: tuple[Talk, ...] = (
    ("call", "outbound", "Introduced ourselves and asked how large the houses are"),
    ("email", "outbound", "Thanked for the interest and proposed two dates for a call"),
    ("call", "outbound", "They lost seedlings to frost last spring and want it solved"),
    ("email", "outbound", "Sent the brochure and asked who decides"),
)
_TALKS: tuple[Talk, ...] = (
    ("call", "outbound", "Went through the measurements of the second house"),
    ("call", "inbound", "They compare us with what they have now; energy costs matter most"),
    ("email", "outbound", "Sent the data sheet and two references nearby"),
    ("email", "inbound", "Asked whether the alarms also reach them at night"),
    ("meeting", "outbound", "Walked through the houses together and took photographs"),
    ("meeting", "outbound", "Showed the suite to the owner and the head gardener"),
    ("call", "inbound", "Head gardener is convinced, the owner wants to see numbers"),
    ("email", "outbound", "Sent the calculation of savings over five years"),
)
_LOSSES = (
    ("too expensive", None),
    ("postponed to next season", None),
    ("chose another supplier", "Glashaus Nordlicht"),
    ("chose another supplier", "Verdanta Works"),
    ("no budget after all", None),
    ("no longer answers", None),
)
_UNFIT = ("outside our region", "student project", "wanted a private balcony kit", "no glass house, and none planned")


@dataclass(frozen=True, slots=True)
class Prospect:
    """Somebody who may buy: the same name is the same prospect, looked after by the same seller."""

    name: str
    seller: Seller


@dataclass(frozen=True, slots=True)
class LeadOfDemo:
    """A lead before anything happened: when it came in, from whom and through what, and its own random numbers."""

    captured_at: datetime
    prospect: Prospect
    source: Source
    random: Random


def drawn(seed: int, number: int, until: datetime) -> LeadOfDemo:
    """Lead `number` of a seed, captured within SPAN before `until`; the company grows, and sells by season."""
    random = Random(f"{seed} demo lead {number}")  # noqa: S311  # nothing here is secret
    name = f"{random.choice(_PLACES)} {random.choice(_TRADES)}"
    seller = Random(f"{seed} seller of {name}").choice(SELLERS)  # noqa: S311  # nothing here is secret
    (source,) = random.choices(SOURCES, [source.share for source in SOURCES])
    return LeadOfDemo(_captured_at(random, until), Prospect(name, seller), source, random)


def life(lead: LeadOfDemo, pipeline: Pipeline, owner_id: MemberId, new_id: Callable[[str], UUID]) -> Iterator[Step]:
    """What happens to the lead, each step with its moment: as a rule to apply to the lead as it then is."""
    random, seller, at = lead.random, lead.prospect.seller, lead.captured_at
    wanted = _order(random)
    guess = _worth(wanted) * Decimal(random.choice(("0.8", "1", "1.2")))
    told = rules.CaptureLead(
        title=f"{wanted[0][0].replace('-', ' ').capitalize()} for {lead.prospect.name}",
        source=lead.source.name,
        owner_id=owner_id,
        value=_euros(guess) if random.random() < 0.7 else None,
        inbound=lead.source.inbound,
    )
    yield at, lambda _: rules.capture(told, pipeline)
    if random.random() < 0.11:  # nobody got round to it
        yield _later(random, at, 60), lambda lead: rules.disqualify(lead, rules.DisqualifyLead(reason="went cold"))
        return
    yield (at := _later(random, at, seller.answers_after)), _talk(random, new_id("first contact"), _FIRST_WORDS)
    yield at, _move(pipeline, "contacted")
    if random.random() < 0.2:
        unfit = rules.DisqualifyLead(reason=random.choice(_UNFIT))
        yield (at := _later(random, at, 6)), lambda lead: rules.disqualify(lead, unfit)
        if random.random() < 0.85:
            return
        nurture = rules.RecycleLead(until=(at + timedelta(days=60)).date(), reason="may build next year")
        yield (at := _later(random, at, 40)), lambda lead: rules.recycle(lead, nurture)
    yield from _deal(lead, pipeline, wanted, at, owner_id, new_id)


def _deal(
    lead: LeadOfDemo,
    pipeline: Pipeline,
    wanted: Sequence[tuple[str, int]],
    at: datetime,
    owner_id: MemberId,
    new_id: Callable[[str], UUID],
) -> Iterator[Step]:
    random = lead.random
    fit = rules.QualifyLead(criteria="need and budget confirmed", score=random.randint(40, 95))
    yield (at := _later(random, at, 11)), lambda lead: rules.qualify(lead, fit)
    yield at, _move(pipeline, "qualified")
    for product_id, quantity in wanted:
        added = rules.AddProduct(
            product_id=product_id, quantity=Decimal(quantity), unit_price=_euros(Decimal(PRODUCTS[product_id]))
        )
        yield at, lambda lead, added=added: rules.add_product(lead, added)  # type: ignore[misc]  # bound now
    worth = _worth(wanted)
    yield at, lambda lead: rules.value(lead, rules.ValueLead(value=_euros(worth)))
    yield (at := _later(random, at, 4)), _talk(random, new_id("visit"))
    if random.random() < 0.25:
        yield _later(random, at, 14), _lose(random)
        return
    offer = rules.SendProposal(document=f"Offer to {lead.prospect.name}", value=_euros(worth))
    decision = rules.MoveExpectedClose(expected_close=(at + timedelta(days=random.randint(20, 60))).date())
    yield (at := _later(random, at, 9)), lambda lead: rules.send_proposal(lead, offer)
    yield at, _move(pipeline, "proposal")
    yield at, lambda lead: rules.move_expected_close(lead, decision)
    task_id, due_at = new_id("ask about the offer"), at + timedelta(days=7)
    asked = rules.ScheduleFollowUp(what="Ask what they think of the offer", due_at=due_at, assignee_id=owner_id)
    yield at, lambda lead: rules.schedule_follow_up(lead, asked, task_id)
    if random.random() < 0.8:
        done = rules.CompleteFollowUp(task_id=task_id, outcome="They are reading it")
        yield (at := _later(random, due_at, 1)), lambda lead: rules.complete_follow_up(lead, done)
    if random.random() < 0.7:
        yield (at := _later(random, at, 7)), _move(pipeline, "negotiation")
        yield at, _talk(random, new_id("negotiation"))
        worth *= Decimal(random.choice(("0.9", "0.95", "1")))
        yield at, lambda lead: rules.value(lead, rules.ValueLead(value=_euros(worth)))
    patience = 100 if random.random() < 0.13 else 14  # some wait for next year's budget
    yield from _outcome(lead, _later(random, at, patience))


def _outcome(lead: LeadOfDemo, at: datetime) -> Iterator[Step]:
    random = lead.random
    chance = 0.44 * lead.source.quality * lead.prospect.seller.skill
    if random.random() >= chance:
        yield at, _lose(random)
        if random.random() < 0.92:
            return
        again = rules.ReopenLead(reason="they called: the other supplier cannot deliver")
        yield (at := _later(random, at, 20)), lambda lead: rules.reopen(lead, again)
        at = _later(random, at, 10)
    yield at, lambda lead: rules.win(lead, rules.WinLead())
    yield at, lambda lead: rules.convert(lead, rules.ConvertLead())


def _lose(random: Random) -> Decision:
    reason, competitor = random.choice(_LOSSES)
    lost = rules.LoseLead(reason=reason, competitor=competitor)
    return lambda lead: rules.lose(lead, lost)


def _talk(random: Random, interaction_id: UUID, talks: Sequence[Talk] = _TALKS) -> Decision:
    kind, direction, summary = random.choice(talks)
    seconds = None if kind == "email" else 60 * random.randint(4, 60)
    told = rules.LogInteraction(kind=kind, direction=direction, summary=summary, duration_seconds=seconds)
    return lambda lead: rules.log_interaction(lead, told, interaction_id)


def _move(pipeline: Pipeline, stage: str) -> Decision:
    """Workspaces with other stages do without."""
    if stage not in [known.name for known in pipeline.stages]:
        return lambda _: ()
    return lambda lead: rules.move_to_stage(lead, rules.MoveLeadToStage(to_stage=stage), pipeline)


def _order(random: Random) -> list[tuple[str, int]]:
    """Products with quantities, the one that it is mainly about first."""
    main = random.choice([name for name in PRODUCTS if name != "service-plan"])
    order = [(main, random.choice((1, 1, 1, 2, 3)))]
    return [*order, ("service-plan", 1)] if random.random() < 0.4 else order


def _worth(order: Sequence[tuple[str, int]]) -> Decimal:
    return Decimal(sum(PRODUCTS[name] * quantity for name, quantity in order))


def _euros(amount: Decimal) -> Money:
    return Money(amount=amount.quantize(Decimal(1)), currency="EUR")


def _captured_at(random: Random, until: datetime) -> datetime:
    while True:
        share = random.random()
        at = _at_work(random, until - SPAN * (1 - share))
        growth = 0.06 + 0.94 * share**2.8
        if at < until and random.random() < growth * _SEASONS[at.month - 1] / max(_SEASONS):
            return at


def _later(random: Random, at: datetime, days: float) -> datetime:
    """About that many days later, when people work: mostly sooner, now and then much later."""
    waited = at + timedelta(days=random.gammavariate(2, days / 2))
    if waited.date() > at.date():
        return _at_work(random, waited)
    return waited if waited.hour < _EVENING else _at_work(random, at + timedelta(days=1))


def _at_work(random: Random, at: datetime) -> datetime:
    """Some time of that day between eight and six, or of the Monday after."""
    day = at + timedelta(days=max(0, 7 - at.isoweekday() + 1) if at.isoweekday() > 5 else 0)
    return day.replace(hour=random.randint(8, 17), minute=random.randint(0, 59), second=0, microsecond=0)
