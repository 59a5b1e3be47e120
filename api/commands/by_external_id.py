"""Customers, leads and tickets by the names that other systems have for them: read, and put as those have them."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response, Security

from api.access import OpenStore, Principal, principal
from api.commands.answers import (
    CustomerAnswer,
    TicketAnswer,
    customer_answer,
    customer_as_of,
    ticket_answer,
    ticket_at,
)
from api.commands.upserting import (
    CHANNEL,
    Noun,
    PutCustomer,
    PutLead,
    PutTicket,
    Upsert,
    customer_facts,
    lead_facts,
    ticket_facts,
)
from api.problems import (
    BadIfMatch,
    ExternalIdTaken,
    IdempotencyKeyInFlight,
    IdempotencyKeyReused,
    NotFound,
    OccurredInFuture,
    StaleVersion,
    documented,
)
from api.resources import CustomerResource, LeadAnswer, LeadResource, TicketResource
from api.visible import sees
from api.write import Writer, lead_at, writer
from domain.event import ExternalKey, Word
from eventstore import log
from eventstore.database import Connection
from eventstore.fence import drawn
from projections.sight import Sight

router = APIRouter(prefix="/v1")

System = Annotated[Word, Path(description="What the other system is called here, such as shop.")]
Key = Annotated[ExternalKey, Path(description="What it calls the record.")]

_GET = documented(NotFound)
_PUT = documented(
    NotFound,
    StaleVersion,
    IdempotencyKeyReused,
    IdempotencyKeyInFlight,
    OccurredInFuture,
    BadIfMatch,
    ExternalIdTaken,
    writes=True,
) | {201: {"description": "It was not there, and is now"}}


@router.get("/customers/by-external-id/{system}/{key:path}", responses=_GET, tags=["customers"])
def get_customer_by_external_id(
    system: System,
    key: Key,
    caller: Annotated[Principal, Security(principal, scopes=["customers:read"])],
    store: OpenStore,
) -> CustomerResource:
    """The customer whom another system calls so, as she is now, folded on the fly."""
    with store.pool.connection() as connection:
        customer_id = _found(connection, caller.sight, "customer", system, key)
        settings, _ = store.settled.now(connection)
        found = customer_as_of(connection, settings, caller.sight, customer_id, drawn(connection))
        return CustomerResource.model_validate(found)


@router.get("/leads/by-external-id/{system}/{key:path}", responses=_GET, tags=["leads"])
def get_lead_by_external_id(
    system: System,
    key: Key,
    caller: Annotated[Principal, Security(principal, scopes=["leads:read"])],
    store: OpenStore,
    response: Response,
) -> LeadResource:
    """The lead that another system calls so, as it is now. Its version is the ETag to send as If-Match."""
    with store.pool.connection() as connection:
        settings, _ = store.settled.now(connection)
        lead_id = _found(connection, caller.sight, "lead", system, key)
        lead = lead_at(connection, settings, caller.sight, lead_id, drawn(connection))
    response.headers["ETag"] = f'"{lead.version}"'
    return lead


@router.get("/tickets/by-external-id/{system}/{key:path}", responses=_GET, tags=["tickets"])
def get_ticket_by_external_id(
    system: System,
    key: Key,
    caller: Annotated[Principal, Security(principal, scopes=["tickets:read"])],
    store: OpenStore,
    response: Response,
) -> TicketResource:
    """The ticket that another system calls so, as it is now. Its version is the ETag to send as If-Match."""
    with store.pool.connection() as connection:
        settings, _ = store.settled.now(connection)
        ticket_id = _found(connection, caller.sight, "ticket", system, key)
        ticket = ticket_at(connection, settings, caller.sight, ticket_id, drawn(connection))
    response.headers["ETag"] = f'"{ticket.version}"'
    return ticket


@router.put("/customers/by-external-id/{system}/{key:path}", responses=_PUT, tags=["customers"])
def put_customer_by_external_id(
    system: System,
    key: Key,
    wanted: PutCustomer,
    write: Annotated[Writer, Security(writer, scopes=["customers:write"])],
) -> CustomerAnswer:
    """Say what another system knows of a customer. She is registered if she is not there; else what differs from what
    that system said before is recorded, and what people changed since is left alone."""
    write = replace(write, channel=CHANNEL)
    return Upsert(write, "customer", system, key, wanted, customer_facts, customer_answer(write)).carry_out()


@router.put("/leads/by-external-id/{system}/{key:path}", responses=_PUT, tags=["leads"])
def put_lead_by_external_id(
    system: System, key: Key, wanted: PutLead, write: Annotated[Writer, Security(writer, scopes=["leads:write"])]
) -> LeadAnswer:
    """Say what another system knows of a lead: captured if it is not there, else what differs is recorded. Without
    `customer_id` a new one is a new prospect's."""
    write = replace(write, channel=CHANNEL)
    return Upsert(write, "lead", system, key, wanted, lead_facts, write.lead_answer()).carry_out()


@router.put("/tickets/by-external-id/{system}/{key:path}", responses=_PUT, tags=["tickets"])
def put_ticket_by_external_id(
    system: System, key: Key, wanted: PutTicket, write: Annotated[Writer, Security(writer, scopes=["tickets:write"])]
) -> TicketAnswer:
    """Say what another system knows of a ticket: opened if it is not there, else what differs is recorded. Without
    `customer_id` a new one is a new prospect's."""
    write = replace(write, channel=CHANNEL)
    return Upsert(write, "ticket", system, key, wanted, ticket_facts, ticket_answer(write)).carry_out()


def _found(connection: Connection, sight: Sight, noun: Noun, system: str, key: str) -> UUID:
    """The record of that name; raises NotFound, also where nothing of it stands."""
    found = log.find_external_id(connection, system, key)
    stands = log.load(connection, found.stream_id).standing if found else []
    is_one = bool(stands) and stands[0].stream_type == noun
    if found is None or not is_one or not sees(connection, sight, noun, found.stream_id):
        raise NotFound(f"There is no {noun} with this external id, or it is not yours to see.")
    return found.stream_id
