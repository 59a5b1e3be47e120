"""The demo company: its history up to the moment of loading, decided by the same rules as everybody's."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from api.demo_company import SELLERS, SPAN, LeadOfDemo, drawn, life
from api.store import SYSTEM_ID, Store, load_workspace
from domain import customer, workspace
from domain.customer import RegisterCustomer
from domain.event import CustomerId, MemberId, must_not_predate
from domain.lead import Lead, LeadEvent, evolve
from domain.workspace import WORKSPACE_ID, InviteMember, Pipeline
from eventstore import log
from eventstore.bulk import append_rows_bulk
from eventstore.database import Connection

_CHUNK = 100
_SIMULATED = ("simulated",)
"""Flags the first event of each stream; the channel of all of them is "demo"."""


def load_demo(
    store: Store,
    leads: int = 300,
    seed: int = 7,
    only_into_empty_log: bool = False,
    until: datetime | None = None,
) -> dict[str, int]:
    """Record the company's history up to `until` (default: now); leads that are there already stay as they are.

    Returns how many leads, customers and events are new. With `only_into_empty_log`, nothing is done when the log
    tells of any customer.
    """
    new = {"leads": 0, "customers": 0, "events": 0}
    new_id = partial(store.derived_id, "demo", str(seed))
    with store.pool.connection() as connection:
        if only_into_empty_log and log.has_customers(connection, except_for=WORKSPACE_ID):
            return new
        end = until or log.now(connection)
        _invite_sellers(connection, new_id, end - SPAN)
        pipeline = load_workspace(connection)[0].pipeline("default")
        # in the order of their capture, so that the log reads like a company's
        numbers = sorted(range(leads), key=lambda number: drawn(seed, number, end).captured_at)
        for begin in range(0, leads, _CHUNK):
            chunk = {
                new_id("lead", str(number)): (drawn(seed, number, end), partial(new_id, "lead", str(number)))
                for number in numbers[begin : begin + _CHUNK]
            }
            events = _append(connection, chunk, pipeline, new_id, end)
            new["leads"] += len({event.stream_id for event in events if event.stream_type == "lead"})
            new["customers"] += sum(event.stream_type == "customer" for event in events)
            new["events"] += len(events)
            store.bell.ring(connection)
    return new


def _append(
    connection: Connection,
    leads: Mapping[UUID, tuple[LeadOfDemo, Callable[..., UUID]]],
    pipeline: Pipeline,
    new_id: Callable[..., UUID],
    until: datetime,
) -> Sequence[log.NewEvent]:
    """Everything that happens to these leads, all at once; nothing of a lead that is there."""

    def customer_of(lead: LeadOfDemo) -> CustomerId:
        return CustomerId(new_id("customer", lead.prospect.name))

    def attempt() -> Sequence[log.NewEvent]:
        known = set(log.load_many(connection, [*leads, *(customer_of(lead) for lead, _ in leads.values())]))
        events, rows = list[log.NewEvent](), list[log.Row]()
        for lead_id, (lead, new_id_of_lead) in leads.items():
            if lead_id in known:
                continue
            customer_id, owner_id = customer_of(lead), MemberId(new_id("member", lead.prospect.seller.name))
            registered = [] if customer_id in known else [_registered(lead, customer_id, owner_id)]
            known.add(customer_id)
            happens = story(lead, pipeline, owner_id, new_id_of_lead, until)
            happened = [
                log.NewEvent(customer_id, "lead", lead_id, version, event, at, _SIMULATED if version == 1 else ())
                for version, (event, at) in enumerate(happens, start=1)
            ]
            envelope = log.Envelope("user", owner_id, "demo")
            events += [*registered, *happened]
            rows += [log.row_of(event, envelope) for event in (*registered, *happened)]
        append_rows_bulk(connection, rows)
        return events

    return log.retrying(attempt)


def story(
    lead: LeadOfDemo, pipeline: Pipeline, owner_id: MemberId, new_id: Callable[..., UUID], until: datetime
) -> Iterator[tuple[LeadEvent, datetime]]:
    """What the rules decide, step by step, on the lead as it then is; what lies behind `until` has not happened yet."""
    state, latest = Lead(), lead.captured_at
    for at, decide in life(lead, pipeline, owner_id, new_id):
        if at > until:
            return
        decided = decide(state)
        for event in decided if isinstance(decided, Sequence) else (decided,):
            must_not_predate(latest, event, at)
            yield event, at
            state, latest = evolve(state, event), max(latest, at)


def _registered(lead: LeadOfDemo, customer_id: CustomerId, owner_id: MemberId) -> log.NewEvent:
    command = RegisterCustomer(kind="organisation", name=lead.prospect.name, source=lead.source.name, owner_id=owner_id)
    event = customer.register(None, command)
    return log.NewEvent(customer_id, "customer", customer_id, 1, event, lead.captured_at, _SIMULATED)


def _invite_sellers(connection: Connection, new_id: Callable[..., UUID], began_at: datetime) -> None:
    def attempt() -> None:
        state, version = load_workspace(connection)
        wanted = [
            InviteMember(member_id=MemberId(new_id("member", seller.name)), name=seller.name) for seller in SELLERS
        ]
        missing = [command for command in wanted if command.member_id not in state.members]
        invited = [
            log.NewEvent(
                WORKSPACE_ID,
                "workspace",
                WORKSPACE_ID,
                number,
                workspace.invite_member(state, command),
                began_at,
                _SIMULATED,
            )
            for number, command in enumerate(missing, start=version + 1)
        ]
        log.append(connection, invited, log.Envelope("system", SYSTEM_ID, "demo"))

    log.retrying(attempt)
