"""Records by the names that other systems have for them: one that is not there is begun, and of one that is there only
what differs is recorded, by the same rules by which files are imported."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, Literal, TypeAlias
from uuid import UUID

from api.problems import (
    ExternalIdTaken,
    NotFound,
    OccurredInFuture,
    StaleVersion,
)
from api.resources import CommandResult
from api.streams import Streams, as_time_counts
from api.visible import sees
from api.write import Answer, Writer
from domain import customer, ticket
from domain.customer import imported as customers
from domain.event import Command, CustomerId, MemberId, Word
from domain.imported import ImportedFact, Past
from domain.lead import LeadEvent
from domain.lead import imported as leads
from domain.ticket import Ticket, TicketEvent
from domain.ticket import imported as tickets
from domain.workspace import Workspace, must_be_active
from eventstore import log
from eventstore.database import Connection

CHANNEL = "upsert"
"""How what was recorded so is told from what people did: that is left alone until the other system says otherwise."""

Noun: TypeAlias = Literal["customer", "lead", "ticket"]


class PutCustomer(customers.ImportedCustomer, Command):
    """A customer as the other system has her. What is left out it does not say; a contact point is told by its slot,
    so that another address in the same slot corrects the one that was there."""

    owner_id: MemberId | None = None


class PutLead(leads.ImportedLead, Command):
    """A lead as the other system has it. What is left out it does not say."""

    customer_id: CustomerId | None = None
    pipeline: Word = "default"


class PutTicket(tickets.ImportedTicket, Command):
    """A ticket as the other system has it. What is left out it does not say."""

    customer_id: CustomerId | None = None
    assignee_id: MemberId | None = None


@dataclass(frozen=True, slots=True)
class Upsert(Generic[Answer]):
    """One record by its name: what the other system says, and what of it is to be recorded."""

    write: Writer
    noun: Noun
    system: str
    key: str
    wanted: Any  # Any: one of the three above
    reconcile: Callable[["Upsert[Any]", Sequence[Past], Workspace, datetime], Sequence[ImportedFact]]
    answer: Callable[[Connection, CommandResult], Answer]

    def carry_out(self) -> Answer:
        """The record as it then is."""
        return self.write.retrying(self.attempt)

    def id(self, *more: str) -> UUID:
        """The same as an import gives to what the system calls so."""
        return self.write.store.derived_id(f"imported {self.noun}", self.system, self.key, *more)

    def attempt(self, connection: Connection) -> Answer:
        """Raises what the rules refuse, ExternalIdTaken, NotFound, StaleVersion, OccurredInFuture."""
        write = self.write
        found = log.find_external_id(connection, self.system, self.key)
        stream_id = found.stream_id if found else self.id()
        loaded = write.loading(connection, lambda: log.load(connection, stream_id, write.command_id))
        if loaded.carried_out:
            done = write.first_time(loaded, self.wanted)
            first = next(one for one in loaded.history if one.command_id == write.command_id)
            if first.version > 1:
                self._must_be_seen(connection, loaded)
            return self._answered(connection, done, is_new=first.version == 1)
        self._must_be_seen(connection, loaded)
        if loaded.history and loaded.history[0].stream_type != self.noun:
            raise ExternalIdTaken(f"This external id belongs to a record that is not a {self.noun}.")
        if write.if_match is not None and write.if_match != loaded.version:
            raise StaleVersion()
        settings, now = write.store.settled.now(connection)[0], log.now(connection)
        customer_id = self._customer(connection, loaded, stream_id)
        facts = self._facts(loaded, settings, self.wanted.occurred_at or now)
        new = [
            log.NewEvent(
                customer_id,
                self.noun,
                stream_id,
                version,
                fact.event,
                fact.occurred_at,
                fact.flags,
                subject_id=getattr(fact.event, "person_id", None),
            )
            for version, fact in enumerate(facts, start=loaded.version + 1)
        ]
        if not new:
            if not loaded.history:
                raise NotFound()
            return self._answered(connection, _done(loaded.history[-1]), is_new=False)
        claims = self._claims(connection, customer_id, stream_id)
        try:
            position = write.append(connection, self.wanted, customer_id, new, claims)
        except log.ExternalIdTaken:
            raise log.VersionConflict from None  # by now one can see what has the name
        done = CommandResult(
            stream_type=self.noun, stream_id=stream_id, version=loaded.version + len(new), position=position
        )
        return self._answered(connection, done, is_new=not loaded.standing)

    def _must_be_seen(self, connection: Connection, loaded: log.Loaded) -> None:
        """Who may not see the record that has the name learns that it has one, and nothing else: ExternalIdTaken."""
        sight, stands = self.write.principal.sight, loaded.standing
        if stands and not sees(connection, sight, stands[0].stream_type, stands[0].stream_id):
            raise ExternalIdTaken()

    def _owned(self) -> "Upsert[Answer]":
        """As it begins: it is of who sees only some records, unless the other system says whose it is."""
        field = "assignee_id" if self.noun == "ticket" else "owner_id"
        owner_id = getattr(self.wanted, field) or self.write.owner_id
        return replace(self, wanted=self.wanted.model_copy(update={field: owner_id}))

    def _facts(self, loaded: log.Loaded, settings: Workspace, at: datetime) -> Sequence[ImportedFact]:
        for field in ("owner_id", "assignee_id"):
            if member_id := getattr(self.wanted, field, None):
                must_be_active(settings, member_id)
        history = [Past(one.event, one.occurred_at, by_import=_is_told(one)) for one in loaded.standing]
        facts = self.reconcile(self if history else self._owned(), history, settings, at)
        if any(fact.occurred_at > at for fact in facts):
            raise OccurredInFuture("A date lies in the future. The log holds only what has happened.")
        # without a date it happened now, which is nothing odd
        return [replace(fact, flags=tuple(flag for flag in fact.flags if not flag.startswith("no_"))) for fact in facts]

    def _customer(self, connection: Connection, loaded: log.Loaded, stream_id: UUID) -> CustomerId:
        """Whose it is. Raises NotFound, ExternalIdTaken, and what is refused of customers."""
        named: CustomerId | None = getattr(self.wanted, "customer_id", None)
        if self.noun == "customer":
            return CustomerId(stream_id)
        if loaded.history:
            filed_under = loaded.history[0].customer_id
            if named and not log.is_held_by(connection, stream_id, filed_under, named):
                raise ExternalIdTaken(f"This {self.noun} is another customer's. Reattribute it, or merge the two.")
            return filed_under
        if named is None:
            return CustomerId(self.write.store.derived_id("prospect of", self.system, self.key))
        Streams(connection, sight=self.write.principal.sight).customer(named, "customer_id").must_be_in_use()
        return named

    def _claims(self, connection: Connection, customer_id: CustomerId, stream_id: UUID) -> list[log.ExternalId]:
        """The names that nothing has yet. Raises ExternalIdTaken."""
        names = {**self.wanted.external_ids, self.system: self.key}
        taken = log.find_external_ids(connection, list(names.items()))
        if any(name.stream_id != stream_id for name in taken):
            raise ExternalIdTaken()
        known = {(name.system, name.key) for name in taken}
        return [log.ExternalId(*name, customer_id, stream_id) for name in names.items() if name not in known]

    def _answered(self, connection: Connection, done: CommandResult, *, is_new: bool) -> Answer:
        if is_new:
            self.write.response.status_code = 201
            self.write.response.headers["Location"] = f"/v1/{self.noun}s/{done.stream_id}"
        return self.answer(connection, done)


def customer_facts(
    upsert: Upsert[Any], history: Sequence[Past], settings: Workspace, at: datetime
) -> Sequence[ImportedFact]:
    """What must be recorded for the customer to be as she was put."""
    state: customer.Customer | None = None
    for past in history:
        assert isinstance(past.event, customer.CustomerEvent)
        state = customer.evolve(state, past.event)
    customer.must_be_in_use(state)
    row = customers.Row(
        wanted=_named(upsert),
        owner_id=upsert.wanted.owner_id,
        point_ids={point.slot: upsert.id(point.slot) for point in upsert.wanted.points},
    )
    return customers.reconcile(history, row, settings, at)


def lead_facts(
    upsert: Upsert[Any], history: Sequence[Past], settings: Workspace, at: datetime
) -> Sequence[ImportedFact]:
    """What must be recorded for the lead to be as it was put."""
    past = [(one.event, one.occurred_at) for one in history if isinstance(one.event, LeadEvent)]
    told = [one.event for one in history if one.by_import and isinstance(one.event, LeadEvent)]
    return leads.reconcile(past, _named(upsert), settings.pipeline(upsert.wanted.pipeline), at, told)


def ticket_facts(
    upsert: Upsert[Any], history: Sequence[Past], settings: Workspace, at: datetime
) -> Sequence[ImportedFact]:
    """What must be recorded for the ticket to be as it was put, with what its clocks make of that."""
    state: Ticket | None = None
    for past in history:
        assert isinstance(past.event, TicketEvent)
        state = ticket.evolve(state, past.event)
    facts = tickets.reconcile(history, _named(upsert), upsert.wanted.assignee_id, at)
    if state is None or state.sla_policy is None:
        return facts
    time, timed = as_time_counts(settings.calendar(state.sla_policy.calendar)), list[ImportedFact]()
    for fact in facts:
        assert isinstance(fact.event, TicketEvent)
        for event in ticket.with_clocks(state, [fact.event], fact.occurred_at, time):
            timed.append(replace(fact, event=event))
            state = ticket.evolve(state, event)
    return timed


def _named(upsert: Upsert[Any]) -> Any:  # Any: what it is the wanted record of
    names = {**upsert.wanted.external_ids, upsert.system: upsert.key}
    return upsert.wanted.model_copy(update={"external_ids": names})


def _is_told(recorded: log.Recorded) -> bool:
    return recorded.actor["kind"] == "import" or recorded.metadata.get("channel") == CHANNEL


def _done(last: log.Recorded) -> CommandResult:
    return CommandResult(
        stream_type=last.stream_type, stream_id=last.stream_id, version=last.version, position=last.position
    )
