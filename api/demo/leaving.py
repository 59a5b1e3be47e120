"""How a customer leaves in the story, or is kept: worries, a talk, a cancellation for the end of the term."""

from datetime import timedelta
from uuid import UUID

from api.demo.home import Home
from api.demo.plot import Life
from api.demo.words import LEAVING, WORRIES
from api.demo.work import schedule, talk
from domain import customer

_SIGNALS = ("few logins", "low score in a survey", "open tickets", "champion left", "late payment")


def leaving(home: Home, known: UUID) -> Life:
    """The main subscription comes to its end, unless she can be kept."""
    home.is_leaving = True
    home.change_mood(-0.25)
    if home.chance(0.12):
        yield home.days(12)
        _cancel_all(home, known, "card declined", voluntary=False)
    else:
        yield from _in_doubt(home, known)
    home.is_leaving = False


def _in_doubt(home: Home, known: UUID) -> Life:
    reason, member = home.one_of(LEAVING), home.staff("success")
    if home.chance(0.65):
        _mark_at_risk(home)
        yield home.days(14)
        talk(home, home.customer, member, WORRIES)
        schedule(home, home.customer, member, "Ask what would make them stay", 5)
    yield home.days(12)
    if home.chance(0.3 * member.skill) or not home.is_live(known):
        _calmed(home, "talked it over")
        return
    ends_at = home.now + timedelta(days=home.random.randint(20, 75))
    end = customer.ScheduleCancellation(subscription_id=known, effective_on=ends_at.date(), reason=reason)
    home.customer.tell(customer.schedule_cancellation(home.customer.state, end), home.actor(member), "console")
    if home.chance(0.15):
        yield home.days(8)
        if home.is_running(known):
            stay = customer.RenewSubscription(subscription_id=known, effective_on=home.now.date(), term_months=12)
            home.customer.tell(customer.renew_subscription(home.customer.state, stay), home.actor(member), "console")
            _calmed(home, "a better price")
            return
    yield max(home.now, ends_at)
    _cancel_all(home, known, reason, voluntary=True)


def _mark_at_risk(home: Home) -> None:
    if home.customer.state.status != "active":
        return
    version = 1 if home.now < home.office.day(330) else 2
    signals = tuple(signal for signal in _SIGNALS if home.chance(0.4)) or _SIGNALS[:1]
    risk = customer.MarkCustomerAtRisk(
        rule="health", rule_version=version, score=45 + 10 * len(signals), signals=signals
    )
    home.customer.tell(customer.mark_at_risk(home.customer.state, risk), home.office.automation, "automation")


def _calmed(home: Home, cause: str) -> None:
    home.change_mood(0.25)
    if home.customer.state.status == "at_risk":
        stays = customer.ActivateCustomer(cause="recovered", reason=f"They stay: {cause}")
        home.customer.tell(customer.activate(home.customer.state, stays), home.actor(home.staff("success")), "console")


def _cancel_all(home: Home, known: UUID, reason: str, *, voluntary: bool) -> None:
    """What was on top goes first, and the customer with the last."""
    for subscription_id in (*home.extras, known):
        if home.is_live(subscription_id):
            gone = customer.CancelSubscription(
                subscription_id=subscription_id, effective_on=home.now.date(), reason=reason, voluntary=voluntary
            )
            decided = customer.cancel_subscription(home.customer.state, gone, home.now.date())
            home.customer.tell(decided, home.office.billing, "automation")
    home.extras.clear()
