"""One customer's world in the story: who she is, who looks after her, and her own random numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar
from uuid import UUID

from api.demo.company import REGIONS, SEASONS, SIZES, SOURCES, Member, Size, Source
from api.demo.names import INDUSTRIES, PLACES, TRADES, Name, person_name
from api.demo.office import Office
from api.demo.plot import History, Plot
from api.demo.settings import business_time, office, openings
from api.demo.told import Actor, seeded_id
from api.ids import version_8
from domain import customer, lead, ticket
from domain.customer import Customer, CustomerEvent
from domain.event import CustomerId, MemberId
from domain.lead import Lead, LeadEvent
from domain.ticket import Ticket, TicketEvent

Customers = History[Customer, CustomerEvent]
Choice = TypeVar("Choice")

IMPORTED = (1, 4, 8)
"""The last digits of the numbers of those who were customers before the story begins."""
CORRECTED = 4
"""What is left over, divided by 50, of the numbers of those whose first touch was wrong in the earlier system."""
LISTED = 14
"""The same of those who stand in the wrong list of visitors."""
ERASED = 48
"""The number of the customer who is forgotten."""


@dataclass(slots=True)
class Person:
    """Somebody who speaks for the customer."""

    person_id: UUID
    name: Name
    mail: str


@dataclass(slots=True)
class Traits:
    """What the customer is like; her mood goes up and down with what she experiences."""

    name: str
    is_person: bool
    trade: str
    industry: str
    size: Size
    currency: str
    source: Source
    seller: Member
    mood: float
    """From 0, about to leave, to 1, delighted."""
    buys_only: bool
    """Buys now and then, but subscribes to nothing."""


class LeadHistory(History[Lead, LeadEvent]):
    """A lead as it grows."""

    def __init__(self, home: "Home", of: Customers) -> None:
        super().__init__(home, of.customer_id, "lead", home.new_id(), Lead(), lead.evolve)


class TicketHistory(History[Ticket, TicketEvent]):
    """A ticket as it grows, with the clocks of what was promised."""

    def __init__(self, home: "Home") -> None:
        super().__init__(home, home.customer_id, "ticket", home.new_id(), Ticket(), ticket.evolve)
        self._time = home.time

    def completed(self, decided: Sequence[TicketEvent], at: datetime) -> Sequence[TicketEvent]:
        """With what the clocks make of it."""
        return ticket.with_clocks(self.state, decided, at, self._time)

    def next_due(self) -> datetime | None:
        """When the next promise is due, of those that are not kept yet."""
        return min(
            (clock.due_at for clock in self.state.clocks.values() if clock.due_at and clock.outcome is None),
            default=None,
        )


class Home(Plot):
    """The customer of a number, with her leads and tickets as they grow."""

    def __init__(self, seed: int, number: int, until: datetime) -> None:
        self.office: Office = office(seed, until)
        super().__init__(self.office.began_at, until)
        self.seed, self.number = seed, number
        self.random = random = Random(f"{seed} customer {number}")  # noqa: S311  # nothing here is secret
        self.openings, self.time = openings(seed, until), business_time(seed, until)
        self.customer_id = CustomerId(seeded_id(seed, "customer", number))
        self.customer = self.history_of(self.customer_id)
        self.arrives_at = self._arrival()
        self.traits = self._traits(random)
        self.people: list[Person] = []
        self.main_plan: UUID | None = None
        self.extras: list[UUID] = []
        self.is_leaving = False
        self.is_regular = False

    def history_of(self, customer_id: CustomerId) -> Customers:
        """The history of a customer of whom nothing was told yet."""
        return History(self, customer_id, "customer", customer_id, Customer(), customer.evolve)

    def new_lead(self, of: Customers | None = None) -> LeadHistory:
        """A lead of which nothing was told yet."""
        return LeadHistory(self, of or self.customer)

    def new_ticket(self) -> TicketHistory:
        """A ticket of which nothing was told yet."""
        return TicketHistory(self)

    def new_id(self) -> UUID:
        """An id that nothing else has."""
        return version_8(self.random.getrandbits(128))

    def actor(self, member: Member) -> Actor:
        """The member, as whoever does something."""
        return self.office.actor(member)

    def id_of(self, member: Member) -> MemberId:
        """The member's id."""
        return MemberId(self.office.actor(member)[1])

    def chance(self, probability: float) -> bool:
        """Whether it happens this time."""
        return self.random.random() < probability

    def one_of(self, shares: dict[Choice, int]) -> Choice:
        """One of these, each as often as its share says."""
        (chosen,) = self.random.choices(list(shares), list(shares.values()))
        return chosen

    def somebody(self) -> Person | None:
        """One of the customer's people; None when she speaks for herself."""
        known = self.customer.state.people
        people = [person for person in self.people if person.person_id in known]
        return self.random.choice(people) if people else None

    def seller(self) -> Member:
        """Who looks after this customer now; when that one has left, somebody else does from then on."""
        if not self.office.is_there(self.traits.seller, self.now):
            self.traits.seller = self.random.choice(self.office.staff("sales", self.now))
        return self.traits.seller

    def staff(self, team: str) -> Member:
        """Somebody of that team who works here now."""
        return self.random.choice(self.office.staff(team, self.now))

    def at_work(self, hours: float) -> datetime:
        """About so many business hours from now: mostly sooner, now and then much later."""
        return self.openings.after(self.now, timedelta(seconds=60 + int(hours * 3600 * self._skewed())))

    def days(self, days: float) -> datetime:
        """About so many days from now, when people work."""
        passed = self.now + timedelta(seconds=int(days * 86_400 * self._skewed()))
        return self.openings.after(passed, timedelta(seconds=self.random.randint(60, 12_000)))

    def any_time(self, hours: float) -> datetime:
        """About so many hours from now, at any time but the night."""
        passed = self.now + timedelta(seconds=60 + int(hours * 3600 * self._skewed()))
        return passed if 6 <= passed.hour < 21 else passed + timedelta(hours=9)

    def is_live(self, subscription_id: UUID | None) -> bool:
        """Whether that subscription has not ended."""
        held = self.customer.state.trade.subscriptions.get(subscription_id) if subscription_id else None
        return held is not None and held.status != "cancelled"

    def is_running(self, subscription_id: UUID | None) -> bool:
        """Whether it is live and does not rest."""
        held = self.customer.state.trade.subscriptions.get(subscription_id) if subscription_id else None
        return held is not None and held.status == "active"

    def change_mood(self, by: float) -> None:
        """She liked it, or did not."""
        self.traits.mood = min(1.0, max(0.0, self.traits.mood + by))

    def _skewed(self) -> float:
        # of mean 1, with a long tail; products of uniform numbers come out the same on every machine
        return 3 * self.random.random() * self.random.random() + self.random.random() / 2

    def _arrival(self) -> datetime:
        """The company grows, and more of its prospects come in before spring."""
        if self.number % 10 in IMPORTED:
            return self.office.imported_at + timedelta(seconds=self.number % 1_500)
        began_at = self.office.imported_at
        while True:
            share = self.random.random()
            at = began_at + timedelta(seconds=int((self.until - began_at).total_seconds() * share))
            if self.random.random() < (0.45 + 0.55 * share) * SEASONS[at.month - 1] / max(SEASONS):
                return at.replace(hour=self.random.randint(6, 20), minute=self.random.randint(0, 59))

    def _traits(self, random: Random) -> Traits:
        trade = random.choice(TRADES)
        size = self.one_of(SIZES)
        is_person = size == "solo" and random.random() < 0.6
        source = random.choices(SOURCES, [source.share for source in SOURCES])[0]
        return Traits(
            name=str(person_name(random)) if is_person else f"{random.choice(PLACES)} {trade}",
            is_person=is_person,
            trade=trade,
            industry=INDUSTRIES.get(trade, "food"),
            size=size,
            currency=random.choices(list(REGIONS), (80, 11, 9))[0],
            source=source,
            seller=random.choice(self.office.staff("sales", self.arrives_at)),
            mood=0.45 + random.random() * 0.4,
            buys_only=random.random() < 0.13,
        )
