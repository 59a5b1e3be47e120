"""Slips in the story: two people write down the same contract or invoice, and one of the two is taken back."""

from api.demo.home import Home
from api.demo.plot import Life
from domain import customer
from domain.customer import RecordPurchase, StartSubscription


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
