"""Finds customers who stay away longer than they are used to, and takes back what was found of those who came again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from uuid_utils.compat import uuid7

from api.store import SYSTEM_ID, Store
from api.streams import Streams
from domain.catalogue import stored_type_of
from domain.customer import Habit, LifeEvent, find_silence, silence_of
from domain.event import CustomerId, Refusal
from eventstore import log
from eventstore.database import Connection, query
from projections.reading import Row, read
from projections.sight import EVERYTHING

_READ = ("customer_lifecycle_interval", "purchase", "subscription")


@dataclass(frozen=True, slots=True)
class Found:
    """What was recorded of a customer, or would be, and in words; or why nothing can be."""

    customer_id: UUID
    types: tuple[str, ...]
    words: str
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """Of how many customers there was something to look at, what was found, and by which id it can be undone."""

    customers: int
    found: tuple[Found, ...]
    correlation_id: UUID | None


def find_silent(store: Store, *, dry_run: bool = False) -> Findings:
    """Bring what is said of customers into line with their silence, each in one append; a second time, nothing is left
    to do. The read models must be up to date."""
    correlation_id = None if dry_run else UUID(bytes=uuid7().bytes)
    with store.pool.connection() as connection:
        today = log.now(connection).astimezone(ZoneInfo(store.settings.zone)).date()
        rows = read(
            connection, query("projections.purchase", "habits"), _READ, {"zone": store.settings.zone}, sight=EVERYTHING
        )
        found = [
            one
            for row in rows
            if _may_change(row, today) and (one := _settled(connection, store, row, today, correlation_id))
        ]
    return Findings(len(rows), tuple(found), correlation_id)


def _settled(connection: Connection, store: Store, row: Row, today: date, correlation_id: UUID | None) -> Found | None:
    customer_id, zone = CustomerId(row["customer_id"]), ZoneInfo(store.settings.zone)

    def attempt() -> tuple[LifeEvent, ...]:
        streams = Streams(connection, "customer", [customer_id], sight=EVERYTHING)
        history = [(event, at.astimezone(zone).date()) for event, at in streams.customer_history(customer_id)]
        events = find_silence(history, _habit(row), today)
        if events and correlation_id:
            by = log.Envelope("automation", SYSTEM_ID, "cli", correlation_id)
            log.append(connection, streams.follow(customer_id, events, None), by)
        return events

    return _told(customer_id, lambda: log.retrying(attempt))


def _told(customer_id: UUID, attempt: Callable[[], tuple[LifeEvent, ...]]) -> Found | None:
    try:
        events = attempt()
    except Refusal as refusal:  # such as of somebody of whom only those merged into her tell
        return Found(customer_id, (), "", str(refusal))
    types = tuple(stored_type_of("customer", event) for event in events)
    return Found(customer_id, types, "; ".join(event.in_words() for event in events)) if events else None


def _may_change(row: Row, today: date) -> bool:
    """Whether her silence says something else than what she is held to be: only then her history is read."""
    found = silence_of(_habit(row), today)
    finding = found.finding if found else "active"
    return finding != ("active" if row["status"] == "won_back" else row["status"])


def _habit(row: Row) -> Habit | None:
    if row["purchase_days"] is None or row["median_gap"] is None:
        return None
    return Habit(row["purchase_days"], row["median_gap"], row["last_bought_on"])
