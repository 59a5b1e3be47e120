"""Two records that are one in the story, or are taken for one: a double, a namesake, and what is put right after."""

from uuid import UUID

from api.demo.home import Customers, Home, LeadHistory
from api.demo.offers import Line, money
from api.demo.plot import Life
from api.demo.tickets import Case
from api.demo.trade import buy
from api.demo.words import FIRST_WORDS
from api.demo.work import talk
from domain import customer
from domain import lead as leads
from domain import ticket as tickets
from domain.customer import CustomerEvent, FieldChoice
from domain.event import CustomerId
from domain.interaction import LogInteraction
from domain.merge import RevertMerge
from domain.reattribution import Reattribute
from domain.workspace import Workspace

_THEY_DIFFER: dict[str, FieldChoice] = {"name": "survivor", "source": "survivor"}


def has_double(number: int) -> bool:
    """Whether there is a second record of the customer of that number, until it is found."""
    return number % 33 == 5


def has_namesake(number: int) -> bool:
    """Whether the customer of that number is taken for another one, until somebody knows better."""
    return number % 100 == 11


def double(home: Home) -> Life:
    """She writes through the website under a slightly other name; weeks later somebody sees that she is known."""
    yield home.days(80)
    other = _registered(home, f"{home.traits.name} Ltd.")
    lead = _asked(home, other, "Question through the website")
    if home.chance(0.5):
        yield from _seen_when_she_buys(home, other, lead)
        return
    yield home.days(25)
    _merge(home, other, "The same address")
    yield home.at_work(3)
    seen = leads.DisqualifyLead(reason="known already")
    lead.tell(leads.disqualify(lead.state, seen), home.actor(home.seller()), "console")


def _seen_when_she_buys(home: Home, other: Customers, lead: LeadHistory) -> Life:
    """The deal is won before anybody sees who she is."""
    yield home.at_work(5)
    talk(home, lead, home.seller(), FIRST_WORDS)
    yield home.days(12)
    lead.tell(leads.win(lead.state, leads.WinLead(), home.now.date()), home.actor(home.seller()), "console")
    yield home.at_work(2)
    merge_id, actor = home.new_id(), home.actor(home.seller())
    command = leads.ConvertLeadInto(
        customer_id=home.customer_id, field_choices=_THEY_DIFFER, reason="The same VAT number"
    )
    known = leads.convert_into(
        lead.state,
        command,
        other.customer_id,
        other.state,
        home.customer.state,
        merge_id,
        other.customer_id,
        Workspace(),
    )
    assert known.prospect is not None
    assert known.customer is not None
    lead.tell(known.lead, actor, "console", correlation_id=merge_id)
    other.tell(known.prospect, actor, "console", correlation_id=merge_id)
    home.customer.tell(known.customer, actor, "console", correlation_id=merge_id)
    buy(home, (Line("sensor-kit", 2, 450),), actor)


def namesake(home: Home) -> Life:
    """Two companies of nearly the same name are taken for one, and told apart again some days later."""
    yield home.days(120)
    other = _registered(home, home.traits.name.replace(" ", " Old ", 1))
    yield home.days(20)
    merge_id = _merge(home, other, "Sounds like the same")
    yield home.at_work(9)
    lead = _asked(home, home.customer, "A planner for the old nursery")
    case = Case(home)
    case.person = None
    home.begin(case.go())
    call = LogInteraction(
        interaction_id=home.new_id(), kind="call", direction="inbound", summary="Asked why they write to them twice"
    )
    assert call.interaction_id is not None
    logged = customer.log_interaction(home.customer.state, call, call.interaction_id)
    home.customer.tell(logged, home.actor(home.seller()), "console")
    yield home.days(9)
    apart = RevertMerge(merge_id=merge_id, reason="Two brothers with a company each")
    for history in (other, home.customer):
        decided = customer.revert_merge(history.state, apart)
        history.tell(decided, home.office.head, "console", correlation_id=merge_id)
    yield home.at_work(1)
    _put_where_it_belongs(home, other, lead, case, call.interaction_id)


def _put_where_it_belongs(home: Home, other: Customers, lead: LeadHistory, case: Case, interaction_id: UUID) -> None:
    """What the other one wanted while the two were taken for one lies under the wrong name."""
    head, reason = home.office.head, "Of the other brother"
    command = Reattribute(to_customer_id=other.customer_id, reason=reason)
    lead.tell(leads.reattribute(lead.state, command, home.customer_id, other.state), head, "console")
    case.history.tell(tickets.reattribute(case.ticket, command, home.customer_id, other.state), head, "console")
    part = customer.ReattributePart(part_id=interaction_id, to_customer_id=other.customer_id, reason=reason)
    known = [
        (told.event, told.occurred_at)
        for told in home.told
        if told.stream_id == home.customer_id and isinstance(told.event, CustomerEvent)
    ]
    moved = customer.reattribute_part(home.customer.state, part, home.customer_id, other.state, known, home.new_id())
    home.customer.tell(moved.here, head, "console")
    for event, at in moved.there:
        other.tell(event, head, "console", occurred_at=at)


def _asked(home: Home, of: Customers, title: str) -> LeadHistory:
    lead = home.new_lead(of)
    told = leads.CaptureLead(title=title, source="web", value=money(home, 900))
    lead.tell(leads.capture(told, home.office.pipeline(home.now), Workspace()), home.office.website, "web")
    return lead


def _registered(home: Home, name: str) -> Customers:
    other = home.history_of(CustomerId(home.new_id()))
    command = customer.RegisterCustomer(kind="organisation", name=name, source="web")
    other.tell(customer.register(other.state, command), home.office.website, "web")
    return other


def _merge(home: Home, other: Customers, reason: str) -> UUID:
    merge_id, actor = home.new_id(), home.actor(home.seller())
    command = customer.MergeCustomer(survivor_id=home.customer_id, field_choices=_THEY_DIFFER, reason=reason)
    merged = customer.merge(other.state, command, other.customer_id, merge_id, Workspace())
    absorbed = customer.absorb(home.customer.state, command, other.customer_id, merge_id)
    other.tell(merged, actor, "console", correlation_id=merge_id)
    home.customer.tell(absorbed, actor, "console", correlation_id=merge_id)
    return merge_id
