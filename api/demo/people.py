"""Who a customer is in the story: taken up, described, and reached by way of her people."""

from datetime import datetime

from api.demo.company import REGIONS
from api.demo.fields import measure
from api.demo.home import Customers, Home, Person
from api.demo.names import mail_host, person_name, phone_number
from api.demo.told import Actor
from domain import customer
from domain.contact_point import ContactPointKind
from domain.customer import BuyingRole

_ROLES: tuple[BuyingRole, ...] = ("decision_maker", "champion", "user", "economic_buyer", "influencer", "gatekeeper")
TAGS = ("organic", "early adopter", "reference", "heated houses", "export", "key account", "co-operative")


def register(home: Home, actor: Actor, channel: str, since: datetime | None = None) -> None:
    """Take the customer up, under what an earlier system calls her; she may be a customer for long."""
    traits = home.traits
    is_known_elsewhere = actor == home.office.imported or home.chance(0.5)
    external_ids = {"erp": f"C-{10_000 + home.number}"} if is_known_elsewhere else {}
    command = customer.RegisterCustomer(
        kind="person" if traits.is_person else "organisation",
        name=traits.name,
        source=traits.source.name,
        owner_id=home.id_of(home.seller()),
        external_ids=external_ids,
    )
    home.customer.tell(
        customer.register(home.customer.state, command),
        actor,
        channel,
        occurred_at=since,
        external_ids=tuple(external_ids.items()),
        correlation_id=actor[1] if actor[0] == "import" else None,
    )


def describe(home: Home, actor: Actor, channel: str) -> None:
    """Write down what kind of customer she is, and how she is reached."""
    traits, known = home.traits, home.customer
    classified = customer.ClassifyCustomer(
        segment=REGIONS[traits.currency],
        industry=traits.industry,
        size=traits.size,
        tier="A" if traits.size == "large" else "B" if traits.size == "medium" else "C",
    )
    known.tell(customer.classify(known.state, classified), actor, channel)
    if home.chance(0.55):
        measure(home, actor, channel)
    host = mail_host(traits.name if not traits.is_person else traits.trade, home.number)
    if not traits.is_person:
        _add_point(home, known, actor, channel, "email", f"office@{host}")
    _add_point(home, known, actor, channel, "phone", phone_number(home.random, traits.currency))
    if home.chance(0.3):
        address = f"{home.random.randint(1, 90)} Glasshouse Lane\n{traits.name.split()[0]}"
        _add_point(home, known, actor, channel, "postal", address)
    if traits.is_person:
        _add_point(home, known, actor, channel, "email", f"{traits.name.casefold().replace(' ', '.')}@{host}")
        return
    for number in range({"solo": 1, "small": 1, "medium": 2, "large": 3}[traits.size]):
        add_person(home, host, actor, channel, _ROLES[number])


def add_person(home: Home, host: str, actor: Actor, channel: str, role: BuyingRole | None) -> Person:
    """Somebody speaks for the customer, and is reached by mail."""
    name, known = person_name(home.random), home.customer
    person = Person(home.new_id(), name, f"{name.first}.{name.last}@{host}".casefold())
    command = customer.AddContactPerson(
        person_id=person.person_id, name=str(name), role=role, valid_from=home.now.date()
    )
    added = customer.add_contact_person(known.state, command, person.person_id)
    known.tell(added, actor, channel, subject_id=person.person_id)
    _add_point(home, known, actor, channel, "email", person.mail, person)
    home.people.append(person)
    return person


def _add_point(
    home: Home,
    known: Customers,
    actor: Actor,
    channel: str,
    kind: ContactPointKind,
    written: str,
    person: Person | None = None,
) -> None:
    person_id = person.person_id if person else None
    command = customer.AddContactPoint(kind=kind, written=written, person_id=person_id)
    added = customer.add_contact_point(known.state, command, home.new_id())
    known.tell(added, actor, channel, subject_id=person_id)


def leave(home: Home, actor: Actor) -> None:
    """One of several people has left, or has another part in decisions now."""
    person, known = home.somebody(), home.customer
    if person is None:
        return
    if len(known.state.people) > 1 and home.chance(0.5):
        gone = customer.RemoveContactPerson(person_id=person.person_id, reason="Has left the company")
        known.tell(customer.remove_contact_person(known.state, gone), actor, "console", subject_id=person.person_id)
        return
    role = customer.AssignContactPersonRole(person_id=person.person_id, role=home.random.choice(_ROLES))
    known.tell(customer.assign_contact_person_role(known.state, role), actor, "console")


def correct_number(home: Home, actor: Actor) -> None:
    """A telephone number was wrong, or nobody is reached there any more."""
    known = home.customer
    phones = [key for key, point in known.state.contact_points.items() if point.kind == "phone"]
    if not phones:
        return
    if home.chance(0.3):
        gone = customer.RemoveContactPoint(point_id=phones[0], reason="Nobody answers")
        known.tell(customer.remove_contact_point(known.state, gone), actor, "console")
        return
    number = phone_number(home.random, home.traits.currency)
    right = customer.CorrectContactPoint(point_id=phones[0], kind="phone", written=number, primary=True)
    known.tell(customer.correct_contact_point(known.state, right), actor, "console")
