"""What else goes on with a customer in the story: somebody looks after her, and her record is kept in order."""

from api.demo.company import REGIONS, Size
from api.demo.fields import look_around
from api.demo.home import Home
from api.demo.people import TAGS, add_person, correct_number, leave
from api.demo.plot import Life
from api.demo.words import CARE
from api.demo.work import schedule, talk
from domain import customer

_GROWN: dict[Size, Size] = {"solo": "small", "small": "medium", "medium": "large", "large": "large"}


def care(home: Home) -> Life:
    """Every quarter somebody asks how it goes; what has changed is written down then."""
    while True:
        yield home.days(75)
        member = home.staff("success")
        if home.customer.state.status in ("active", "at_risk"):
            talk(home, home.customer, member, CARE)
            if home.chance(0.2):
                schedule(home, home.customer, member, "Send the harvest figures", 10)
            if home.chance(0.3):
                home.change_mood(0.04 * member.skill)
        if home.chance(0.3):
            _write_down(home)


def _write_down(home: Home) -> None:
    known, wish, actor = home.customer, home.random.random(), home.actor(home.seller())
    if wish < 0.4:
        tag = home.random.choice(TAGS)
        if tag in known.state.tags:
            known.tell(customer.untag(known.state, customer.UntagCustomer(tag=tag)), actor, "console")
        else:
            known.tell(customer.tag(known.state, customer.TagCustomer(tag=tag)), actor, "console")
    elif wish < 0.5:
        home.traits.size = _GROWN[home.traits.size]
        grown = customer.ClassifyCustomer(
            segment=REGIONS[home.traits.currency], industry=home.traits.industry, size=home.traits.size, tier="B"
        )
        known.tell(customer.classify(known.state, grown), actor, "console")
    elif wish < 0.56:
        home.traits.name = f"{home.traits.name} & Daughters"
        known.tell(customer.rename(known.state, customer.RenameCustomer(name=home.traits.name)), actor, "console")
    elif wish < 0.7 and home.people:
        add_person(home, home.people[0].mail.partition("@")[2], actor, "console", None)
    elif wish < 0.82:
        leave(home, actor)
    elif wish < 0.9:
        correct_number(home, actor)
    elif wish < 0.96:
        look_around(home, actor)
    else:
        owner = customer.AssignCustomerOwner(owner_id=home.id_of(home.seller()), team="sales")
        known.tell(customer.assign_owner(known.state, owner), actor, "console")


def handover(home: Home) -> Life:
    """When the one who looked after her leaves, somebody else does from the next morning on."""
    leaves = home.traits.seller.leaves
    if leaves is None:
        return
    yield max(home.now, home.office.day(leaves + 1, 9))
    owner = customer.AssignCustomerOwner(owner_id=home.id_of(home.seller()), team="sales", rule="handover")
    home.customer.tell(customer.assign_owner(home.customer.state, owner), home.office.head, "console")


def archive(home: Home) -> Life:
    """Who has never bought anything, and is not heard of, is put away; a few come back."""
    while True:
        yield home.days(330)
        if home.customer.state.status in ("prospect", "churned") and not _subscribes(home) and home.chance(0.4):
            break
    away = customer.ArchiveCustomer(reason="Nothing heard for a year")
    home.customer.tell(customer.archive(home.customer.state, away), home.office.head, "console")
    yield home.days(110)
    if home.chance(0.3):
        take_out(home, "They called")


def take_out(home: Home, reason: str) -> None:
    """Who was put away is a customer like others again."""
    if home.customer.state.is_archived:
        back = customer.RestoreCustomer(reason=reason)
        home.customer.tell(customer.restore(home.customer.state, back), home.actor(home.seller()), "console")


def _subscribes(home: Home) -> bool:
    subscriptions = home.customer.state.trade.subscriptions.values()
    return any(subscription.status in ("active", "paused") for subscription in subscriptions)
