"""One deal after the other in the story: to win a customer, then to sell her more, or to win her back."""

from collections.abc import Generator
from datetime import datetime
from uuid import UUID

from api.demo.company import EXPANSION, WIN_BACK, Source
from api.demo.deals import Deal
from api.demo.home import Home
from api.demo.offers import first_offer, more
from api.demo.plot import Life
from api.demo.trade import deliver


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
    yield from told.go()
    if told.lead.status != "won":
        return False
    yield from deliver(home, told)
    return True


def deal_of_campaign(home: Home, source: Source, campaign_id: UUID) -> Life:
    """One deal that a campaign brought about."""
    yield home.any_time(3)
    yield from deal(home, source, campaign_id)


def _source(home: Home) -> Source:
    if home.customer.state.status == "churned":
        return WIN_BACK
    return home.traits.source if home.customer.state.status == "prospect" else EXPANSION
