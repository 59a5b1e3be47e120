"""One deal after the other in the story: to win a customer, then to sell her more, or to win her back."""

from collections.abc import Generator
from datetime import datetime
from uuid import UUID

from api.demo.company import EXPANSION, SOURCES, WIN_BACK, Source
from api.demo.deals import Deal
from api.demo.home import Home
from api.demo.offers import first_offer, more
from api.demo.plot import Life
from api.demo.trade import deliver
from domain import lead as rules
from domain.merge import RevertMerge


def courtship(home: Home, first_at: datetime) -> Life:
    """From the first deal on; each begins some time after the one before was decided."""
    yield first_at
    failed = 0
    while True:
        is_won = yield from deal(home, _source(home))
        failed = 0 if is_won else failed + 1
        if failed > 4 or (failed and home.chance(0.17)):
            return
        yield home.days(95 if is_won else 80)


def deal(home: Home, source: Source, campaign_id: UUID | None = None) -> Generator[datetime, None, bool]:
    """One deal, and what follows when it is won; says whether it was."""
    held = home.customer.state.trade.subscriptions[home.main_plan].mrr if home.main_plan else None
    is_held = held is not None and home.is_live(home.main_plan)
    told = Deal(home, source, more(home, held.amount) if held and is_held else first_offer(home), campaign_id)
    if home.chance(0.025):
        home.begin(_asked_twice(home, told))
    yield from told.go()
    if told.lead.status != "won":
        return False
    yield from deliver(home, told)
    return True


def _asked_twice(home: Home, first: Deal) -> Life:
    """They do not want to wait and fill in the form as well; the two are found to be one deal, mostly rightly."""
    yield home.any_time(30)
    again = Deal(home, SOURCES[0], first.offer)
    again.capture()
    yield home.at_work(5)
    merge_id, actor = home.new_id(), home.actor(home.seller())
    command = rules.MergeLead(survivor_id=first.history.stream_id, reason="They asked twice")
    merged = rules.merge(again.lead, command, again.history.stream_id, merge_id)
    absorbed = rules.absorb(first.lead, command, again.history.stream_id, merge_id)
    again.history.tell(merged, actor, "console", correlation_id=merge_id)
    first.history.tell(absorbed, actor, "console", correlation_id=merge_id)
    if home.chance(0.2):
        yield home.at_work(10)
        apart = RevertMerge(merge_id=merge_id, reason="This one is about their other place")
        for told in (again, first):
            decided = rules.revert_merge(told.lead, apart)
            told.history.tell(decided, home.actor(home.seller()), "console", correlation_id=merge_id)
        yield from again.pursue()
        if again.lead.status == "won":
            yield from deliver(home, again)


def deal_of_campaign(home: Home, source: Source, campaign_id: UUID) -> Life:
    """One deal that a campaign brought about."""
    yield home.any_time(3)
    yield from deal(home, source, campaign_id)


def _source(home: Home) -> Source:
    if home.customer.state.status == "churned":
        return WIN_BACK
    return home.traits.source if home.customer.state.status == "prospect" else EXPANSION
