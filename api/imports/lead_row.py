"""What the rows of an imported file add to the histories of leads, customers and members: whole rows or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from api.imports.csv_file import CsvFile
from api.imports.lead_mapping import LeadMapping, LeadRow
from api.imports.mapping import RowRefused
from api.store import Store, append_to_workspace
from domain import customer, workspace
from domain.customer import RegisterCustomer
from domain.event import CustomerId, MemberId, Refusal
from domain.lead import LeadEvent
from domain.lead.imported import ImportedFact, ImportedLead, reconcile
from domain.undo import standing
from domain.workspace import InviteMember, Pipeline
from eventstore import log
from eventstore.bulk import append_bulk
from eventstore.database import UNAVAILABLE, Connection

Streams: TypeAlias = Mapping[UUID, Sequence[log.Recorded]]

# a deadlock with another import is among the reasons why a statement was not carried out
_CONFLICTS: tuple[type[Exception], ...] = (
    log.VersionConflict,
    log.ExternalIdTaken,
    log.SubjectForgotten,
    *UNAVAILABLE,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A row with the ids that its names stand for. The customer is None when the row does not say whose the lead is."""

    key: str
    lead: ImportedLead
    lead_id: UUID
    customer_id: CustomerId
    customer: str | None
    owner: str | None
    named: log.ExternalId | None = None
    """What has the row's name by now, where all that was on record of the lead was undone."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a row comes to: the facts it adds and the events to append for them, or why it is refused."""

    is_new: bool = False
    facts: Sequence[ImportedFact] = ()
    events: Sequence[log.NewEvent] = ()
    claims: Sequence[log.ExternalId] = ()
    released: log.ExternalId | None = None
    """The name, of a lead of which nothing stands: it becomes another one's."""
    refusal: str | None = None


class Recorder:
    """Records the rows of one import. The customers and members it has met need not be looked up again."""

    def __init__(
        self,
        store: Store,
        connection: Connection,
        mapping: LeadMapping,
        pipeline: Pipeline,
        envelope: log.Envelope,
    ) -> None:
        self._store, self._connection, self._envelope = store, connection, envelope
        self._mapping, self._pipeline = mapping, pipeline
        self._members = set(store.settled.now(connection)[0].members)
        self._customers: set[UUID] = set()

    def identified(self, row: LeadRow) -> Wanted:
        """The same names stand for the same ids in every file of the system."""
        system = self._mapping.system
        whose = ("imported customer", system, row.customer) if row.customer else ("prospect of", system, row.key)
        owner_id = MemberId(self._store.derived_id("member", row.owner)) if row.owner else None
        return Wanted(
            key=row.key,
            lead=row.lead.model_copy(update={"owner_id": owner_id}),
            lead_id=self._store.derived_id("imported lead", system, row.key),
            customer_id=CustomerId(self._store.derived_id(*whose)),
            customer=row.customer,
            owner=row.owner,
        )

    def ids_in(self, cells: Sequence[str], file: CsvFile) -> set[UUID]:
        """Of all customers and leads that a row may be about, whichever of its cells can be read as names of theirs."""
        pieces = {piece.strip(' "') for cell in cells for piece in (cell, *cell.split(file.delimiter))}
        for field in filter(None, (self._mapping.fields.customer, self._mapping.fields.external_id)):
            pieces |= {field.values.get(piece, piece) for piece in pieces} | {field.constant or ""}
        names = pieces | {" ".join(piece.split()) for piece in pieces}
        return {
            self._store.derived_id(kind, self._mapping.system, name)
            for name in names - {""}
            for kind in ("imported customer", "prospect of", "imported lead")
        }

    def load(self, rows: Sequence[Wanted]) -> Streams:
        """What is on record of the rows' leads and customers."""
        customers = {row.customer_id for row in rows if row.customer} - self._customers
        streams = log.load_many(self._connection, customers | {row.lead_id for row in rows})
        self._customers |= {customer_id for customer_id in customers if standing(streams.get(customer_id, ()))}
        return streams

    def record(self, rows: Sequence[Wanted], streams: Streams, now: datetime) -> list[Entry]:
        """Append what the rows add to `streams`, all at once: a commit for each would take most of the time."""
        streams = dict(streams)
        entries = [self._entry(self._begun_anew(row, streams), streams, now) for row in rows]
        try:
            self._append(entries)
        except _CONFLICTS:
            return [self._record_alone(row) for row in rows]
        return entries

    def _record_alone(self, row: Wanted) -> Entry:
        """Decide on the newest state, as often as somebody else is faster."""

        def attempt() -> Entry:
            nonlocal row
            self._customers.discard(row.customer_id)
            streams = dict(self.load([row]))
            entry = self._entry(self._begun_anew(row, streams), streams, log.now(self._connection))
            try:
                self._append([entry])
            except log.ExternalIdTaken:
                self._customers.discard(row.customer_id)  # nothing was appended, her registration neither
                row = self._captured_elsewhere(row)
                raise log.VersionConflict from None
            return entry

        try:
            return log.retrying(attempt)
        except log.SubjectForgotten as refusal:
            return Entry(refusal=str(refusal))

    def _entry(self, row: Wanted, streams: Streams, now: datetime) -> Entry:
        history = streams.get(row.lead_id, ())
        try:
            facts = self._decided(row, history, now)
        except (RowRefused, Refusal) as refusal:
            return Entry(refusal=str(refusal))
        if not facts:
            return Entry()
        if row.owner and row.lead.owner_id and row.lead.owner_id not in self._members:
            self._invite(row.lead.owner_id, row.owner)
        customer_id = history[0].customer_id if history else row.customer_id
        changes = [
            log.NewEvent(customer_id, "lead", row.lead_id, version, fact.event, fact.occurred_at, fact.flags)
            for version, fact in enumerate(facts, start=len(history) + 1)
        ]
        if standing(history):
            return Entry(False, facts, changes)
        registered = self._registered(row, streams.get(row.customer_id, ()), facts[0].occurred_at)
        if row.named and row.named.stream_id == row.lead_id:
            return Entry(True, facts, [*registered, *changes])
        claim = log.ExternalId(self._mapping.system, row.key, customer_id, row.lead_id)
        return Entry(True, facts, [*registered, *changes], [claim], released=row.named)

    def _decided(self, row: Wanted, history: Sequence[log.Recorded], now: datetime) -> Sequence[ImportedFact]:
        if history and history[0].stream_type != "lead":
            raise RowRefused("Its external id belongs to a record that is not a lead.")
        if history and row.customer and not self._is_hers(row.lead_id, history[0].customer_id, row.customer_id):
            raise RowRefused(
                "The lead is on record with another customer than the row names, and an import moves no leads."
                " If the row is right, reattribute the lead to its customer, or merge the two customers."
            )
        past: list[tuple[LeadEvent, datetime]] = []
        stands = standing(history)
        for recorded in stands:
            assert isinstance(recorded.event, LeadEvent)
            past.append((recorded.event, recorded.occurred_at))
        imported = [
            event for (event, _), recorded in zip(past, stands, strict=True) if recorded.actor["kind"] == "import"
        ]
        return reconcile(past, row.lead, self._pipeline, now, imported)

    def _is_hers(self, lead_id: UUID, filed_under: CustomerId, customer_id: CustomerId) -> bool:
        return filed_under == customer_id or log.is_held_by(self._connection, lead_id, filed_under, customer_id)

    def _begun_anew(self, row: Wanted, streams: dict[UUID, Sequence[log.Recorded]]) -> Wanted:
        """Where a lead goes of which nothing stands any more: on in its own history if that is its customer's, else
        into a new one, which then has its name. `streams` gets what has to be read for that."""
        history = streams.get(row.lead_id, ())
        if not history or standing(history):
            return row
        named = log.find_external_id(self._connection, self._mapping.system, row.key)
        if named and named.stream_id != row.lead_id:
            streams[named.stream_id] = log.load(self._connection, named.stream_id).history
            if standing(streams[named.stream_id]):
                return replace(row, lead_id=named.stream_id)
        if row.customer and history[0].customer_id != row.customer_id:
            lead_id = self._store.derived_id("imported lead", self._mapping.system, row.key, row.customer)
            streams[lead_id] = log.load(self._connection, lead_id).history
            row = replace(row, lead_id=lead_id)
        return replace(row, named=named)

    def _registered(self, row: Wanted, history: Sequence[log.Recorded], captured_at: datetime) -> list[log.NewEvent]:
        """A customer is taken up with the first of her rows; an unnamed prospect is not."""
        cell = self._mapping.fields.customer
        if not row.customer or not cell or row.customer_id in self._customers:
            return []
        self._customers.add(row.customer_id)
        event = customer.register(None, RegisterCustomer(kind=cell.kind, name=row.customer, source=row.lead.source))
        version = len(history) + 1
        return [log.NewEvent(row.customer_id, "customer", row.customer_id, version, event, captured_at)]

    def _append(self, entries: Sequence[Entry]) -> None:
        for name in (entry.released for entry in entries if entry.released):
            log.release_external_id(self._connection, name.system, name.key)
        events = [event for entry in entries for event in entry.events]
        claims = [claim for entry in entries for claim in entry.claims]
        if append_bulk(self._connection, events, self._envelope, claims):
            self._store.bell.ring(self._connection)

    def _captured_elsewhere(self, row: Wanted) -> Wanted:
        """The lead of that external id, which somebody else captured: it stays the customer's whose it is there.
        Where nothing stands of it, the row is its own lead and gets the name."""
        found = log.find_external_id(self._connection, self._mapping.system, row.key)
        if found is None or found.stream_id == row.lead_id:
            return row
        if not log.load(self._connection, found.stream_id).standing:
            log.release_external_id(self._connection, found.system, found.key)
            return row
        return replace(row, lead_id=found.stream_id, customer_id=found.customer_id)

    def _invite(self, member_id: MemberId, name: str) -> None:
        """Exactly once, also when two imports meet the name at the same time."""

        def attempt() -> None:
            state, version = self._store.settled.now(self._connection)
            self._members |= state.members.keys()
            if member_id not in state.members:
                invited = workspace.invite_member(state, InviteMember(member_id=member_id, name=name))
                append_to_workspace(self._connection, version, invited, self._envelope)
                self._members.add(member_id)

        log.retrying(attempt)
