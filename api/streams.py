"""The streams that one command reads and writes, loaded together, and what their histories make of each noun."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from api.problems import NotFound
from api.store import load_workspace
from api.visible import sees
from domain import business_time, campaign, customer, lead, ticket, workspace
from domain.campaign import Campaign
from domain.customer import Customer, CustomerEvent
from domain.event import CustomerId, Event, must_not_predate
from domain.lead import Lead
from domain.ticket import BusinessTime, Ticket, TicketEvent, TicketId
from domain.workspace import WORKSPACE_ID, Workspace, WorkspaceEvent
from eventstore import log
from eventstore.database import Connection
from projections.sight import Sight

State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class Dated:
    """An event that happened at a moment of its own, also before the last change of state: it corrects a history."""

    event: Event
    occurred_at: datetime | None


Decision: TypeAlias = Mapping[UUID, Sequence[Event | Dated]]
"""What shall happen, by stream."""


def happening(events: Mapping[UUID, Event | None]) -> Decision:
    """One event on each stream that has one."""
    return {stream_id: [event] for stream_id, event in events.items() if event}


class Streams:
    """Those with these ids come in one round trip, with the command's own look-up on the first; others when asked for.

    Raises NotFound when the first is no `noun`, or none that may be seen; likewise for those that are asked for.
    """

    def __init__(
        self,
        connection: Connection,
        noun: str = "",
        stream_ids: Sequence[UUID] = (),
        command_id: UUID | None = None,
        *,
        sight: Sight,
    ) -> None:
        self.connection = connection
        self.sight, self._seen = sight, set[UUID]()
        self._first = next(iter(stream_ids), None)
        self._loaded = log.load_together(connection, stream_ids, command_id) if stream_ids else {}
        if self._first:
            self._standing(noun, self._first, None)

    @property
    def first(self) -> log.Loaded:
        """The stream that the route names, with what is known of the command."""
        assert self._first is not None
        return self._loaded[self._first]

    @property
    def carried_out(self) -> log.CarriedOut | None:
        """Whether the command was carried out before."""
        return self.first.carried_out

    def must_stand(self, noun: str) -> None:
        """Raises NotFound where nothing stands of the record that the route names."""
        assert self._first is not None
        if noun == "customer":
            self.customer(CustomerId(self._first))
        elif not self.first.standing:
            raise _nothing(noun, None)

    def stranger(self, customer_id: CustomerId) -> CustomerId:
        """Whose lead or ticket is at hand: nobody owns one of whom nothing else is known, so who sees that sees her."""
        if not self._of(customer_id).history:
            self._seen.add(customer_id)
        return customer_id

    def customer(self, customer_id: CustomerId, field: str | None = None) -> Customer:
        """The customer as she is; raises NotFound, naming the field of the command that holds the id."""
        stands = self._standing("customer", customer_id, field)
        # somebody of whom only a lead or a ticket is known is a customer as well
        if not stands and not log.has_standing_customer(self.connection, customer_id):
            raise _nothing("customer", field)
        return _state(stands, customer.evolve) or Customer()

    def root(self, customer_id: CustomerId) -> CustomerId:
        """Who the customer is by now, through however many merges; raises NotFound."""
        met = {customer_id}
        while (into := self.customer(customer_id).merges.into) and into.survivor_id not in met:
            customer_id = CustomerId(into.survivor_id)
            met.add(customer_id)
        return customer_id

    def people(self, customer_id: CustomerId) -> frozenset[UUID]:
        """The contact persons of the customer, also of whom she turned out to be."""
        return self.customer(customer_id).people | self.customer(self.root(customer_id)).people

    def lead(self, lead_id: UUID, field: str | None = None) -> Lead:
        """The lead as it is; raises NotFound."""
        return _found(_state(self._standing("lead", lead_id, field), lead.evolve), "lead", field)

    def ticket(self, ticket_id: UUID, field: str | None = None) -> Ticket:
        """The ticket as it is; raises NotFound."""
        return _found(_state(self._standing("ticket", ticket_id, field), ticket.evolve), "ticket", field)

    def campaign(self, campaign_id: UUID, field: str | None = None) -> Campaign:
        """The campaign as it is; raises NotFound."""
        return _found(_state(self._standing("campaign", campaign_id, field), campaign.evolve), "campaign", field)

    def workspace(self, workspace_id: UUID = WORKSPACE_ID) -> Workspace:
        """The settings as they are in the workspace's own history."""
        state = Workspace()
        for recorded in self._standing("workspace", workspace_id, None):
            assert isinstance(recorded.event, WorkspaceEvent)
            state = workspace.evolve(state, recorded.event)
        return state

    def filed_under(self, stream_id: UUID) -> CustomerId:
        """The customer in whose history the stream lies: its own, where it has no events yet."""
        history = self._of(stream_id).history
        return history[0].customer_id if history else CustomerId(stream_id)

    def customer_history(self, customer_id: CustomerId) -> list[tuple[CustomerEvent, datetime]]:
        """What counts of the customer's own stream, each event with the moment when it happened."""
        stands = self._standing("customer", customer_id, None)
        return [(one.event, one.occurred_at) for one in stands if isinstance(one.event, CustomerEvent)]

    def follow(
        self, stream_id: UUID, events: Sequence[Event | Dated], occurred_at: datetime | None
    ) -> list[log.NewEvent]:
        """The events as they follow on what was loaded, a ticket's with what its clocks make of them.

        Raises PredatesLastChange, UnknownCalendar.
        """
        loaded = self._of(stream_id)
        if loaded.history and loaded.history[0].stream_type == "ticket":
            events = self._with_clocks(TicketId(stream_id), events, occurred_at)
        latest = max((one.occurred_at for one in loaded.standing if not one.event.is_fact), default=None)
        noun = loaded.history[0].stream_type if loaded.history else "customer"
        new = []
        for version, event in enumerate(events, start=loaded.version + 1):
            if not isinstance(event, Dated):
                if occurred_at:
                    must_not_predate(latest, event, occurred_at)
                event = Dated(event, occurred_at)
            new.append(
                log.NewEvent(
                    self.filed_under(stream_id),
                    noun,
                    stream_id,
                    version,
                    event.event,
                    event.occurred_at,
                    subject_id=getattr(event.event, "person_id", None),
                )
            )
        return new

    def _with_clocks(
        self, ticket_id: TicketId, events: Sequence[Event | Dated], occurred_at: datetime | None
    ) -> Sequence[Event | Dated]:
        state = self.ticket(ticket_id)
        if state.sla_policy is None:
            return events
        calendar = load_workspace(self.connection)[0].calendar(state.sla_policy.calendar)
        decided = [event for event in events if isinstance(event, TicketEvent)]
        return ticket.with_clocks(state, decided, occurred_at or log.now(self.connection), as_time_counts(calendar))

    def _standing(self, noun: str, stream_id: UUID, field: str | None) -> Sequence[log.Recorded]:
        loaded = self._of(stream_id)
        if loaded.history and loaded.history[0].stream_type != noun:
            raise _nothing(noun, field)
        if stream_id not in self._seen and not sees(self.connection, self.sight, noun, stream_id):
            raise _nothing(noun, field)
        self._seen.add(stream_id)
        return loaded.standing

    def _of(self, stream_id: UUID) -> log.Loaded:
        if stream_id not in self._loaded:
            self._loaded[stream_id] = log.load(self.connection, stream_id)
        return self._loaded[stream_id]


def as_time_counts(calendar: business_time.BusinessCalendar) -> BusinessTime:
    """How time counts by this calendar."""
    return BusinessTime(partial(business_time.after, calendar), partial(business_time.elapsed, calendar))


def _state(
    stands: Sequence[log.Recorded],
    evolve: Callable[[State | None, Any], State],  # Any: the noun's own events, as its stream holds no others
) -> State | None:
    state: State | None = None
    for recorded in stands:
        state = evolve(state, recorded.event)
    return state


def _found(state: State | None, noun: str, field: str | None) -> State:
    if state is None:
        raise _nothing(noun, field)
    return state


def _nothing(noun: str, field: str | None) -> NotFound:
    return NotFound(f"There is no {noun} with this {field}, or it is not yours to see." if field else None)
