"""What a customer pays for in the story: subscriptions from month to month, and purchases now and then."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from api.demo.care import take_out
from api.demo.deals import Deal
from api.demo.home import Home
from api.demo.leaving import leaving
from api.demo.offers import Line, money
from api.demo.plot import Life
from api.demo.slips import bought_twice, subscribed_twice
from api.demo.told import Actor
from domain import customer
from domain import lead as leads
from domain.customer import PurchaseLine
from domain.money import Money

_MONTH = timedelta(days=30)


def deliver(home: Home, deal: Deal) -> Life:
    """What follows from a deal that was won."""
    if home.customer.state.status == "prospect" and deal.lead.conversion is None:
        _convert(home, deal)
    yield home.days(3)
    plan, offer = deal.offer.plan, deal.offer
    actor = home.actor(home.seller())
    if plan and offer.is_upgrade and home.is_running(home.main_plan):
        upgrade(home, home.main_plan, plan.monthly, actor, plan.name)
    elif plan:
        months = 12 if home.traits.size in ("medium", "large") or home.chance(0.5) else 1
        subscribe(home, plan.name, money(home, plan.monthly), months, actor)
    if offer.lines:
        buy(home, offer.lines, actor)
        if home.traits.buys_only and not home.is_regular:
            home.is_regular = True
            home.begin(buying(home))


def _convert(home: Home, deal: Deal) -> None:
    history, actor = deal.history, home.actor(deal.owner)
    history.tell(leads.convert(history.state, leads.ConvertLead()), actor, "console")
    if home.chance(0.06):
        home.begin(_converted_too_soon(home, deal))


def _converted_too_soon(home: Home, deal: Deal) -> Life:
    history = deal.history
    yield home.at_work(2)
    wrong = leads.RevertConversion(reason="The contract was not signed yet")
    reverted = leads.revert_conversion(history.state, wrong, home.customer.state, home.customer.state)
    history.tell(reverted.lead, home.actor(deal.owner), "console")
    yield home.at_work(9)
    if history.state.status == "won":
        history.tell(leads.convert(history.state, leads.ConvertLead()), home.actor(deal.owner), "console")


def subscribe(
    home: Home,
    plan: str,
    mrr: Money,
    months: int,
    actor: Actor,
    since: datetime | None = None,
    channel: str = "console",
) -> None:
    """She subscribes, now or, as an earlier system has it, long ago; the first plan is her main one."""
    take_out(home, "They subscribe")
    began_at = since or home.now
    command = customer.StartSubscription(
        subscription_id=home.new_id(), plan=plan, mrr=mrr, term_months=months, effective_on=began_at.date()
    )
    assert command.subscription_id is not None
    started = customer.start_subscription(home.customer.state, command, command.subscription_id)
    home.customer.tell(started, actor, channel, occurred_at=since)
    is_main = not home.is_live(home.main_plan)
    if is_main:
        home.main_plan = command.subscription_id
    else:
        home.extras.append(command.subscription_id)
    if since is None and home.chance(0.03):
        home.begin(subscribed_twice(home, command))
    home.begin(_subscription(home, command.subscription_id, months, began_at, is_main))


def upgrade(home: Home, subscription_id: UUID | None, monthly: int | Decimal, actor: Actor, plan: str | None) -> None:
    """For more a month, if it is more than what the subscription brings."""
    assert subscription_id is not None
    held, wanted = home.customer.state.trade.subscriptions[subscription_id].mrr, money(home, monthly)
    if held is not None and wanted.amount > held.amount:
        _change(home, subscription_id, wanted, actor, plan)


def _change(home: Home, subscription_id: UUID, mrr: Money, actor: Actor, plan: str | None = None) -> None:
    state, today = home.customer.state, home.now.date()
    subscription = state.trade.subscriptions[subscription_id]
    if subscription.ends_on is not None and subscription.ends_on <= today:
        return  # cancelled some time ago, it ends this very day
    held = subscription.mrr
    if held is not None and mrr.amount > held.amount:
        up = customer.UpgradeSubscription(subscription_id=subscription_id, effective_on=today, mrr=mrr, plan=plan)
        home.customer.tell(customer.upgrade_subscription(state, up), actor, "console")
    elif held is not None and mrr.amount < held.amount:
        down = customer.DowngradeSubscription(subscription_id=subscription_id, effective_on=today, mrr=mrr, plan=plan)
        home.customer.tell(customer.downgrade_subscription(state, down), actor, "console")


def _subscription(home: Home, known: UUID, months: int, began_at: datetime, is_main: bool) -> Life:
    """Month by month, until it ends."""
    billing, number = home.office.billing, (home.now - began_at) // _MONTH
    while True:
        number += 1
        yield max(home.now, began_at + number * _MONTH)
        if not home.is_running(known):
            if home.is_live(known):
                continue
            return
        if months == 12 and number % 12 == 0:
            _renew(home, known, months)
        wish = home.random.random()
        worry = 0.017 + max(0.0, 0.6 - home.traits.mood) * 0.1
        if is_main and not home.is_leaving and wish < worry:
            home.begin(leaving(home, known))
        elif wish < 0.012 and not is_main:
            gone = customer.CancelSubscription(subscription_id=known, effective_on=home.now.date(), reason="not needed")
            home.customer.tell(
                customer.cancel_subscription(home.customer.state, gone, home.now.date()), billing, "automation"
            )
        elif wish > 0.979:
            _change(home, known, _times(home, known, home.random.randint(110, 135)), home.actor(home.staff("success")))
        elif wish > 0.972:
            _change(home, known, _times(home, known, home.random.randint(60, 85)), home.actor(home.staff("success")))
        elif wish > 0.965 and home.now.month in (9, 10, 11) and is_main and not home.is_leaving:
            home.begin(_rest(home, known))


def _renew(home: Home, known: UUID, months: int) -> None:
    billing, today = home.office.billing, home.now.date()
    if home.customer.state.trade.subscriptions[known].ends_on is not None:
        return  # it is to end: only a person may say otherwise
    renewed = customer.RenewSubscription(subscription_id=known, effective_on=today, term_months=months)
    home.customer.tell(customer.renew_subscription(home.customer.state, renewed), billing, "automation")
    if home.chance(0.4):
        _change(home, known, _times(home, known, 104), billing)


def _times(home: Home, known: UUID, hundredths: int) -> Money:
    held = home.customer.state.trade.subscriptions[known].mrr
    assert held is not None
    return Money(amount=(held.amount * hundredths / 100).quantize(Decimal(1)), currency=held.currency)


def _rest(home: Home, known: UUID) -> Life:
    """The houses stand empty in winter."""
    until = home.now + timedelta(days=home.random.randint(60, 110))
    rest = customer.PauseSubscription(
        subscription_id=known, effective_on=home.now.date(), until=until.date(), reason="The houses stand empty"
    )
    home.customer.tell(customer.pause_subscription(home.customer.state, rest), home.office.billing, "automation")
    yield until
    if home.is_live(known) and not home.is_running(known):
        on = customer.ResumeSubscription(subscription_id=known, effective_on=home.now.date())
        home.customer.tell(customer.resume_subscription(home.customer.state, on), home.office.billing, "automation")


def buy(
    home: Home, lines: tuple[Line, ...], actor: Actor, channel: str = "console", since: datetime | None = None
) -> None:
    """She buys something once, now or long ago; some of it comes back."""
    total = sum(line.quantity * line.price for line in lines)
    invoice = f"INV-{home.number}-{home.new_id().hex[:6]}"
    command = customer.RecordPurchase(
        purchase_id=home.new_id(),
        lines=tuple(
            PurchaseLine(
                product_id=line.product_id, quantity=Decimal(line.quantity), unit_price=money(home, line.price)
            )
            for line in lines
        ),
        total=money(home, total),
        external_id=invoice,
    )
    assert command.purchase_id is not None
    bought = customer.record_purchase(home.customer.state, command, command.purchase_id)
    home.customer.tell(bought, actor, channel, occurred_at=since, external_ids=(("erp", invoice),))
    if since is None and home.chance(0.05):
        home.begin(_refund(home, command.purchase_id, command.total))
    if since is None and home.chance(0.02):
        home.begin(bought_twice(home, command))


def _refund(home: Home, purchase_id: UUID, total: Money) -> Life:
    yield home.days(12)
    amount = (
        total if home.chance(0.4) else Money(amount=(total.amount / 4).quantize(Decimal(1)), currency=total.currency)
    )
    back = customer.RefundPurchase(purchase_id=purchase_id, amount=amount, reason="Some of it came broken")
    home.customer.tell(
        customer.refund_purchase(home.customer.state, back), home.actor(home.staff("support")), "console"
    )
    home.change_mood(-0.05)


def buying(home: Home) -> Life:
    """Who subscribes to nothing buys again in her own rhythm, until she does so no more without a word."""
    rhythm = home.random.randint(35, 130)
    while True:
        yield home.days(rhythm)
        if home.chance(0.11):
            yield from _silent(home)
            if not home.chance(0.3):
                return
            yield home.days(50)
            back = customer.WinBackCustomer(cause="purchase")
            buy(home, (Line("sensor-kit", 1, 420),), home.office.website, "web")
            if home.customer.state.status == "churned":
                decided = customer.win_back(home.customer.state, back)
                home.customer.tell(decided, home.office.automation, "automation")
        else:
            number = home.random.randint(1, 4)
            buy(home, (Line("sensor-kit", number, 420),), home.office.website, "web")


def _silent(home: Home) -> Life:
    """A rule finds that nothing was heard for long, unless somebody says so before."""
    yield home.now + timedelta(days=100)
    state = home.customer.state
    if state.status == "active":
        risk = customer.MarkCustomerAtRisk(rule="no_purchase", rule_version=1, score=60, signals=("no purchase",))
        home.customer.tell(customer.mark_at_risk(state, risk), home.office.automation, "automation")
    yield home.now + timedelta(days=90)
    day: date = home.now.date()
    if home.chance(0.25):
        said = customer.ChurnCustomer(kind="said", effective_on=day, reason="Buys from somebody else now")
        home.customer.tell(customer.churn(home.customer.state, said), home.actor(home.seller()), "console")
    else:
        found = customer.ChurnCustomer(kind="silence", effective_on=day, rule="no_purchase", rule_version=1)
        home.customer.tell(customer.churn(home.customer.state, found), home.office.automation, "automation")
