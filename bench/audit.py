"""A customer's whole history with what each event changed, as lines of JSON, against psycopg fetching the same rows."""

import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from pydantic_core import to_json

from bench.append import ENVELOPE, life
from bench.ground import ROUNDS, Result, compared, statement
from domain.customer import (
    CustomerCampaignMessageDelivered,
    CustomerCampaignMessageOpened,
    CustomerCampaignMessageSent,
    CustomerRegistered,
)
from domain.event import CustomerId, Event
from domain.follow_up import FollowUpCompleted, FollowUpScheduled
from domain.interaction import InteractionLogged
from eventstore import fence, log
from eventstore.audit.shown import shown
from eventstore.audit.trail import Cut, Trail, whose
from eventstore.bulk import append_bulk
from eventstore.database import Connection, connect

_AT_ONCE = 5_000
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Measured:
    """Events per second beside the peer's, and the bytes that Python holds at most for all of them and for a tenth."""

    result: Result
    peak: int
    peak_of_a_tenth: int


def run(conninfo: str, events: int) -> Measured:
    """Both in rounds taken in turn; then the memory, in rounds of its own, because to watch it takes time."""
    with connect(conninfo) as connection:
        large, small = (fill(connection, count) for count in (events, max(events // 10, 10)))
        connection.execute("VACUUM ANALYZE log.event, log.personal_data")
        rates: dict[str, list[float]] = {"everfold": [], "psycopg": []}
        for _ in range(ROUNDS):
            for name, work in zip(rates, (_audited, _fetched), strict=True):
                rates[name].append(_rate(partial(work, connection, large)))
        result = compared(f"history of {events:,} events, streamed, in events", rates, 0.4)
        return Measured(result, _peak(connection, large), _peak(connection, small))


def fill(connection: Connection, events: int) -> CustomerId:
    """One customer with that many events: her calls, tasks and messages, and a lead in every two hundred."""
    customer_id = CustomerId(uuid4())
    new: list[log.NewEvent] = []
    told = _told()
    version = 0
    while version < events:
        if version % 200 == 199:
            lead_id, steps = uuid4(), life(5)
            new += [log.NewEvent(customer_id, "lead", lead_id, n, step) for n, step in enumerate(steps, start=1)]
        version += 1
        new.append(log.NewEvent(customer_id, "customer", customer_id, version, next(told)))
        if len(new) >= _AT_ONCE or version == events:
            append_bulk(connection, new, ENVELOPE)
            new = []
    return customer_id


def _told() -> Iterator[Event]:
    yield CustomerRegistered(kind="person", name="Ann Example")
    for n in range(10**9):
        task, call, message, campaign = uuid4(), uuid4(), uuid4(), UUID(int=n % 7)
        yield InteractionLogged(interaction_id=call, kind="call", summary=f"Asked about her order {n}, and the bill")
        yield FollowUpScheduled(task_id=task, what="Send the bill again", due_at=_BEGAN + timedelta(hours=n))
        yield CustomerCampaignMessageSent(message_id=message, campaign_id=campaign, channel="email")
        yield CustomerCampaignMessageDelivered(message_id=message, campaign_id=campaign)
        yield CustomerCampaignMessageOpened(message_id=message, campaign_id=campaign)
        yield FollowUpCompleted(task_id=task, outcome="She has it")


def _audited(connection: Connection, customer_id: CustomerId) -> int:
    horizon = fence.horizon(connection)
    trail = Trail(lambda: nullcontext(connection), whose(connection, customer_id, horizon), Cut(horizon))
    written = [0, 0]
    for entry in trail:
        written[0] += 1
        written[1] += len(to_json(shown(entry, {}, personal=True)))
    return written[0]


def _fetched(connection: Connection, customer_id: CustomerId) -> int:
    parameters = {"customer_id": customer_id}
    with connection.transaction(), connection.cursor("same_rows") as cursor:
        cursor.itersize = 1_000
        return sum(1 for _ in cursor.execute(statement("same_rows"), parameters))


def _rate(work: Callable[[], int]) -> float:
    begin = time.perf_counter()
    done = work()
    return done / (time.perf_counter() - begin)


def _peak(connection: Connection, customer_id: CustomerId) -> int:
    tracemalloc.start()
    try:
        _audited(connection, customer_id)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
