"""A customer and others in the story: whom she belongs to, buys with or was sent by, and who is forgotten."""

from api.demo.home import ERASED, Home
from api.demo.plot import Life
from api.demo.told import seeded_id
from domain import customer
from domain.customer import RelationKind
from domain.event import CustomerId

_KINDS: tuple[RelationKind, ...] = ("partner", "supplier", "referrer", "parent", "branch")


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
        home.customer.tell(customer.end_relation(home.customer.state, end), home.actor(home.seller()), "console")


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
