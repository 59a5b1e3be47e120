"""A customer with a long history over all that one has with a company: leads, tickets, interactions, purchases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count, islice
from uuid import UUID, uuid5

from bench.append import ENVELOPE, life
from bench.tail import Appends
from domain.customer import CustomerPurchaseRecorded, CustomerRegistered
from domain.event import CustomerId, Event
from domain.interaction import InteractionLogged
from domain.money import Money
from domain.ticket import TicketClosed, TicketOpened, TicketReplied, TicketSolved
from eventstore import log
from eventstore.bulk import LARGEST, append_rows_bulk
from eventstore.database import connect

_SPACE = UUID("00000000-0000-8000-8000-00000000ab1e")
_CUSTOMER = CustomerId(uuid5(_SPACE, "customer"))
_BEGINNING = datetime(2023, 1, 1, tzinfo=UTC)
_BETWEEN = timedelta(minutes=15)


def fill(conninfo: str, events: int, more: int) -> Appends:
    """Append a customer's first events; returns that many more of hers, one by one."""
    story = _story()
    with connect(conninfo) as connection:
        while events > 0:
            append_rows_bulk(connection, list(islice(story, min(events, LARGEST))))
            events -= LARGEST
    return [[row] for row in islice(story, more)]


def _story() -> Iterator[log.Row]:
    moment = _BEGINNING
    for noun, stream_id, version, event in _events():
        new = log.NewEvent(_CUSTOMER, noun, stream_id, version, event, moment)
        yield log.row_of(new, ENVELOPE)
        moment += _BETWEEN


def _events() -> Iterator[tuple[str, UUID, int, Event]]:
    own = count(1)
    yield "customer", _CUSTOMER, next(own), CustomerRegistered(kind="organisation", name="A customer of many years")
    for number in count():
        for version, of_lead in enumerate(life(5), start=1):
            yield "lead", uuid5(_SPACE, f"lead {number}"), version, of_lead
        for version, event in enumerate(_ticket(), start=1):
            yield "ticket", uuid5(_SPACE, f"ticket {number}"), version, event
        for event in _on_herself(number):
            yield "customer", _CUSTOMER, next(own), event


def _ticket() -> Iterator[Event]:
    yield TicketOpened(subject="The export stops half way")
    yield TicketReplied(author="agent", body="Which browser do you use?")
    yield TicketReplied(author="customer", body="The usual one")
    yield TicketSolved()
    yield TicketClosed()


def _on_herself(number: int) -> Iterator[Event]:
    for kind in ("call", "email", "meeting"):
        about = uuid5(_SPACE, f"{kind} {number}")
        yield InteractionLogged.model_validate({"interaction_id": about, "kind": kind, "summary": "How it goes"})
    yield CustomerPurchaseRecorded(
        purchase_id=uuid5(_SPACE, f"purchase {number}"), total=Money(amount=Decimal(120), currency="EUR")
    )
