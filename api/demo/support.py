"""When customers write tickets in the story, and the few that they write twice."""

from api.demo.company import Size
from api.demo.home import Home
from api.demo.plot import Life
from api.demo.tickets import Case
from domain import ticket as rules
from domain.merge import RevertMerge

_DAYS_BETWEEN: dict[Size, float] = {"solo": 235, "small": 152, "medium": 98, "large": 55}


def support(home: Home) -> Life:
    """Those who have bought something need something now and then; others seldom."""
    while True:
        status, days = home.customer.state.status, _DAYS_BETWEEN[home.traits.size]
        yield home.any_time(24 * days * (1.2 - 0.4 * home.traits.mood))
        if status not in ("active", "at_risk") and not home.chance(0.05):
            continue
        case = Case(home)
        home.begin(case.go())
        if home.chance(0.035):
            home.begin(_twice(home, case))


def _twice(home: Home, case: Case) -> Life:
    """She does not want to wait, and writes again; the two are found to be one, mostly rightly."""
    yield home.any_time(1)
    again = Case(home)
    again.open()
    yield home.at_work(2)
    if case.ticket.status in ("solved", "closed") or case.ticket.spam:
        yield from again.see_to()
        return
    merge_id, actor = home.new_id(), home.actor(case.agent)
    again_id = rules.TicketId(again.history.stream_id)
    command = rules.MergeTicket(survivor_id=case.history.stream_id, reason="Same question")
    merged = rules.merge(again.ticket, command, again_id, merge_id)
    absorbed = rules.absorb(case.ticket, command, again_id, merge_id)
    again.history.tell(merged, actor, "console", correlation_id=merge_id)
    case.history.tell(absorbed, actor, "console", correlation_id=merge_id)
    if home.chance(0.25):
        yield home.at_work(5)
        apart = RevertMerge(merge_id=merge_id, reason="It is about another sensor")
        for told in (again, case):
            told.history.tell(rules.revert_merge(told.ticket, apart), actor, "console", correlation_id=merge_id)
        yield from again.see_to()
