"""Slips in the story: what was written down twice, or of the wrong one, and is taken back."""

from uuid import UUID

from api.demo.home import Customers, Home, LeadHistory, TicketHistory
from api.demo.names import PLACES
from api.demo.plot import Life
from api.demo.told import Actor
from domain import customer, lead, ticket
from domain.customer import RecordPurchase, StartSubscription
from domain.reversal import EVOLVE
from domain.undo import EventsUndone, undo

WRONG_LIST = "The list is last year's"


def wins_the_wrong_one(home: Home) -> bool:
    """Whether the seller clicks on this deal when another one is won."""
    return home.number % 40 == 7 and home.chance(0.6)


def solves_the_wrong_one(home: Home) -> bool:
    """Whether the agent takes this ticket for another one that is solved."""
    return home.number % 20 == 1 and home.chance(0.08)


def has_a_neighbour(number: int) -> bool:
    """Whether the customer of that number has a neighbour on the list, who is taken for her."""
    return number % 40 == 6


def subscribed_twice(home: Home, command: StartSubscription) -> Life:
    """Somebody else writes down the same subscription."""
    yield home.at_work(3)
    again, actor = home.new_id(), home.actor(home.staff("success"))
    same = command.model_copy(update={"subscription_id": again})
    home.customer.tell(customer.start_subscription(home.customer.state, same, again), actor, "console")
    yield home.at_work(12)
    wrong = customer.RetractSubscription(subscription_id=again, reason="Entered twice")
    home.customer.tell(customer.retract_subscription(home.customer.state, wrong), home.office.head, "console")


def bought_twice(home: Home, command: RecordPurchase) -> Life:
    """Somebody else writes down the same purchase, without the number of its invoice."""
    yield home.at_work(5)
    again, actor = home.new_id(), home.actor(home.staff("success"))
    same = command.model_copy(update={"purchase_id": again, "external_id": None})
    home.customer.tell(customer.record_purchase(home.customer.state, same, again), actor, "console")
    yield home.at_work(20)
    wrong = customer.RetractPurchase(purchase_id=again, reason="Entered twice")
    home.customer.tell(customer.retract_purchase(home.customer.state, wrong), home.office.head, "console")


def renamed_for_another(home: Home) -> Life:
    """Her neighbour on the list of customers has a new name, and for some minutes it is hers."""
    yield home.days(150)
    slip, actor = home.new_id(), home.actor(home.seller())
    wrong = customer.RenameCustomer(name=f"{home.random.choice(PLACES)} Growers")
    home.customer.tell(customer.rename(home.customer.state, wrong), actor, "console", correlation_id=slip)
    yield home.at_work(0.5)
    take_back(home.customer, slip, home.new_id(), home.office.head, "The neighbour's new name")


def won_for_another(home: Home, history: LeadHistory, actor: Actor) -> Life:
    """Another deal of that seller was won; soon somebody asks why this one should be."""
    slip = home.new_id()
    history.tell(lead.win(history.state, lead.WinLead(), home.now.date()), actor, "console", correlation_id=slip)
    yield home.at_work(1)
    take_back(history, slip, home.new_id(), home.office.head, "Another deal was meant")


def solved_for_another(home: Home, history: TicketHistory, actor: Actor) -> Life:
    """Another ticket of that agent was solved; the customer of this one would have been surprised."""
    slip = home.new_id()
    solved = ticket.solve(history.state, ticket.SolveTicket(resolution="Sensor replaced"))
    history.tell(solved, actor, "console", correlation_id=slip)
    yield home.at_work(0.2)
    take_back(history, slip, home.new_id(), home.office.head, "Another ticket was meant")


def take_back(
    history: Customers | LeadHistory | TicketHistory, together_id: UUID, undo_id: UUID, actor: Actor, reason: str
) -> None:
    """Undo what was told with that correlation id, as far as nothing that stays builds upon it."""
    told = history.told
    wanted = {one.version for one in told if one.correlation_id == together_id}
    undoing = undo(told, wanted, EVOLVE[history.noun], lambda one: one.correlation_id)
    if undoing.undone:
        undone = EventsUndone(versions=tuple(one.version for one in undoing.undone), reason=reason)
        history.tell(undone, actor, "console", correlation_id=undo_id, causation_id=together_id)
