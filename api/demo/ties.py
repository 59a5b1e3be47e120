"""A customer and other records in the story: relations, two records of the same, and what is forgotten."""

from uuid import UUID

from api.demo.home import ERASED, Customers, Home
from api.demo.offers import money
from api.demo.plot import Life
from api.demo.told import seeded_id
from domain import customer
from domain import lead as leads
from domain.customer import RelationKind
from domain.event import CustomerId
from domain.merge import RevertMerge

_KINDS: tuple[RelationKind, ...] = ("partner", "supplier", "referrer", "parent", "branch")


def has_double(number: int) -> bool:
    """Whether there is a second record of the customer of that number, until it is found."""
    return number % 33 == 5


def has_namesake(number: int) -> bool:
    """Whether the customer of that number is taken for another one, until somebody knows better."""
    return number % 300 == 11


def asks_to_forget_somebody(number: int) -> bool:
    """Whether one of the people of the customer of that number wants to be forgotten."""
    return number % 120 == 37


def relations(home: Home) -> Life:
    """She belongs to, buys with or was sent by a customer who was there before."""
    if home.number < 5 or not home.chance(0.1):
        return
    other = CustomerId(seeded_id(home.seed, "customer", home.random.randrange(home.number)))
    kind = home.random.choice(_KINDS)
    yield home.days(60)
    actor, begins = home.actor(home.seller()), home.now.date()
    relate = customer.RelateCustomer(other_id=other, kind=kind, valid_from=begins)
    home.customer.tell(customer.relate(home.customer.state, relate, home.customer_id), actor, "console")
    if home.chance(0.3):
        yield home.days(150)
        end = customer.EndRelation(other_id=other, kind=kind, valid_to=home.now.date(), reason="Went their own ways")
        home.customer.tell(customer.end_relation(home.customer.state, end), actor, "console")


def double(home: Home) -> Life:
    """She writes through the website under a slightly other name; weeks later somebody sees that she is known."""
    yield home.days(80)
    other = _registered(home, f"{home.traits.name} Ltd.")
    lead = home.new_lead(other)
    told = leads.CaptureLead(title="Question through the website", source="web", value=money(home, 900))
    captured = leads.capture(told, home.office.pipeline(home.now))
    lead.tell(captured, home.office.website, "web")
    yield home.days(25)
    _merge(home, other, "The same address")
    yield home.at_work(3)
    seen = leads.DisqualifyLead(reason="known already")
    lead.tell(leads.disqualify(lead.state, seen), home.actor(home.seller()), "console")


def namesake(home: Home) -> Life:
    """Two companies of nearly the same name are taken for one, and told apart again some days later."""
    yield home.days(120)
    other = _registered(home, home.traits.name.replace(" ", " Old ", 1))
    yield home.days(20)
    merge_id = _merge(home, other, "Sounds like the same")
    yield home.days(9)
    apart = RevertMerge(merge_id=merge_id, reason="Two brothers with a company each")
    for history in (other, home.customer):
        decided = customer.revert_merge(history.state, apart)
        history.tell(decided, home.office.head, "console", correlation_id=merge_id)


def _registered(home: Home, name: str) -> Customers:
    other = home.history_of(CustomerId(home.new_id()))
    command = customer.RegisterCustomer(kind="organisation", name=name, source="web")
    other.tell(customer.register(other.state, command), home.office.website, "web")
    return other


def _merge(home: Home, other: Customers, reason: str) -> UUID:
    merge_id, actor = home.new_id(), home.actor(home.seller())
    command = customer.MergeCustomer(
        survivor_id=home.customer_id, field_choices={"name": "survivor", "source": "survivor"}, reason=reason
    )
    merged = customer.merge(other.state, command, other.customer_id, merge_id)
    absorbed = customer.absorb(home.customer.state, command, other.customer_id, merge_id)
    other.tell(merged, actor, "console", correlation_id=merge_id)
    home.customer.tell(absorbed, actor, "console", correlation_id=merge_id)
    return merge_id


def forgotten_person(home: Home) -> Life:
    """One of her people wants to be forgotten."""
    yield home.days(110)
    person = home.somebody()
    if person is not None:
        command = customer.ForgetPerson(person_id=person.person_id)
        forgotten = customer.forget_person(home.customer.state, command)
        home.customer.tell(forgotten, home.office.head, "console", subject_id=person.person_id)


def forgotten(home: Home) -> Life:
    """She wants to be forgotten, with everything; nothing happens to her after that."""
    if home.number == ERASED:
        yield home.office.day(700, 14)
        decided = customer.forget(home.customer.state, customer.ForgetCustomer())
        home.customer.tell(decided, home.office.head, "console")
        home.end()
