"""What the rows of an imported file add to the histories of customers, leads and tickets: whole rows or nothing."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import TypeAlias
from uuid import UUID

from api.imports.appending import append, new_event
from api.imports.identities import NO_LEAD, Identities
from api.imports.mapping import RowRefused
from api.imports.mapping_file import Deciding, ImportMapping
from api.imports.named import Named
from api.imports.reading import BROKEN
from api.imports.rows import Entry, Stream, Streams, Wanted, streams_of
from api.store import Store
from domain import customer
from domain.customer import RegisterCustomer
from domain.event import Refusal
from domain.imported import ImportedFact
from eventstore import log
from eventstore.database import UNAVAILABLE, Connection

# a deadlock with another import is among the reasons why a statement was not carried out
_CONFLICTS: tuple[type[Exception], ...] = (
    log.VersionConflict,
    log.ExternalIdTaken,
    log.SubjectForgotten,
    *UNAVAILABLE,
)
_ELSEWHERE = (
    "The {thing} is on record with another customer than the row names, and an import moves nothing."
    " If the row is right, reattribute the {thing} to its customer, or merge the two customers."
)
_ON_OTHER_RECORD = (
    "The {thing} is on record with another lead or customer than the row names, and an import moves nothing."
    " If the row is right, retract the {thing} there, and import the row again."
)

_MOST_CUSTOMERS = 20_000
"""Whom it has met, it knows so many of."""

OTHER_CUSTOMER = "other_customer"
"""The flag of what is recorded with the ticket's customer though the row names another one."""

Recording: TypeAlias = Callable[[], list[Entry]]
"""Waits until the rows are in the log, and says what each came to."""


class Recorder:
    """Records the rows of one import. The customers whom it has met lately need not be looked up again."""

    def __init__(
        self,
        store: Store,
        connection: Connection,
        mapping: ImportMapping,
        envelope: log.Envelope,
        identities: Identities,
        *,
        dry_run: bool = False,
    ) -> None:
        self._store, self._connection, self._envelope, self._dry_run = store, connection, envelope, dry_run
        self._mapping, self._identities = mapping, identities
        self._named = Named(store, connection, envelope, dry_run=dry_run)
        self._customers: set[UUID] = set()

    def record(self, rows: Sequence[Wanted], now: datetime, beside: Executor) -> Recording:
        """Append what the rows add, all at once: a commit for each would take most of the time.

        Until that is done, which is beside, the connection is in use.
        """
        entries = self._entries(rows, now)
        appending = beside.submit(self._append, entries)

        def recorded() -> list[Entry]:
            try:
                appending.result()
            except _CONFLICTS:
                return self._record_apart(rows)
            return entries

        return recorded

    def _record_apart(self, rows: Sequence[Wanted]) -> list[Entry]:
        """The rows of each history together."""
        order = sorted(range(len(rows)), key=lambda index: rows[index].stream_id)
        entries: dict[int, Entry] = {}
        for _, indexes in groupby(order, key=lambda index: rows[index].stream_id):
            together = list(indexes)
            entries |= zip(together, self._record_alone([rows[index] for index in together]), strict=True)
        return [entries[index] for index in range(len(rows))]

    def _record_alone(self, rows: Sequence[Wanted]) -> list[Entry]:
        """Decide on the newest state, as often as somebody else is faster."""

        def attempt() -> list[Entry]:
            anew = self._identities.identified([(row.said, row.nth) for row in rows])
            self._customers -= {row.customer_id for row in (*rows, *anew)}
            entries = self._entries(anew, log.now(self._connection))
            try:
                self._append(entries)
            except log.ExternalIdTaken:
                # nothing was appended, her registration neither; by now one can see what has the name
                raise log.VersionConflict from None
            return entries

        try:
            return log.retrying(attempt)
        except log.SubjectForgotten as refusal:
            self._customers -= {row.customer_id for row in rows}
            return [Entry(refusal=str(refusal))] * len(rows)

    def _entries(self, rows: Sequence[Wanted], now: datetime) -> list[Entry]:
        """What each row comes to, upon what those above it add."""
        rows, elsewhere = self._at_home(rows)
        streams = self._load(rows)
        entries: list[Entry] = []
        broken: set[str] = set()
        for row in rows:
            trouble = row.trouble or elsewhere.get(row.said.key) or (BROKEN if row.said.key in broken else None)
            entry = Entry(refusal=trouble) if trouble else self._entry(self._placed(row, streams), streams, now)
            if entry.refusal and self._mapping.rows_repeat:
                broken.add(row.said.key)
            entries.append(entry)
        return entries

    def _load(self, rows: Sequence[Wanted]) -> Streams:
        """What is on record of the rows' histories and customers."""
        if len(self._customers) > _MOST_CUSTOMERS:
            self._customers.clear()
        customers = {row.customer_id for row in rows if row.said.customer} - self._customers
        records = {row.stream_id for row in rows} | {row.named.stream_id for row in rows if row.named}
        streams = streams_of(log.load_many(self._connection, customers | records))
        self._customers |= {
            customer_id for customer_id in customers if customer_id in streams and streams[customer_id].stands
        }
        return streams

    def _at_home(self, rows: Sequence[Wanted]) -> tuple[Sequence[Wanted], dict[str, str]]:
        """The rows, each with the customer in whose history its part lies already, if she is the same one by now; and
        by external id those whose part is another customer's, with the reason."""
        if self._mapping.has_history or not self._mapping.has_ids:
            return rows, {}
        there = {self._identities.thing_id(row.said.key): row for row in rows}
        refused: dict[str, str] = {}
        for part_id, stream_id, customer_id in log.streams_of_parts(self._connection, there):
            row = there[part_id]
            if stream_id == row.stream_id or not self._stands_at(part_id, stream_id):
                continue
            if stream_id != customer_id or row.noun != "customer":
                refused[row.said.key] = _ON_OTHER_RECORD.format(thing=self._mapping.thing)
            elif log.is_held_by(self._connection, customer_id, customer_id, row.customer_id):
                there[part_id] = replace(row, stream_id=customer_id, customer_id=customer_id)
            else:
                refused[row.said.key] = _ELSEWHERE.format(thing=self._mapping.thing)
        return list(there.values()), refused

    def _stands_at(self, part_id: UUID, stream_id: UUID) -> bool:
        return part_id in streams_of(log.load_many(self._connection, [stream_id]))[stream_id].by_part

    def _placed(self, row: Wanted, streams: Streams) -> Wanted:
        """Which history the row goes on in: its own; that which has its name, where something stands there and nothing
        in its own; or a new one, where nothing stands and the one that was there is another customer's."""
        own = streams.get(row.stream_id)
        if not self._mapping.has_history or (own and own.stands):
            return row
        taken = row.named and streams.get(row.named.stream_id)
        if taken and taken.stands and row.named:
            # what somebody else captured stays the customer's whose it is there
            return replace(
                row, stream_id=row.named.stream_id, customer_id=row.customer_id if own else taken.customer_id
            )
        if own and row.said.customer and own.customer_id != row.customer_id:
            stream_id = self._identities.thing_id(row.said.key, row.said.customer.key)
            if stream_id not in streams:
                streams |= streams_of(log.load_many(self._connection, [stream_id]))
            return replace(row, stream_id=stream_id)
        return row

    def _entry(self, row: Wanted, streams: Streams, now: datetime) -> Entry:
        mapping = self._mapping
        stream = streams.get(row.stream_id) or Stream(row.noun, row.customer_id)
        try:
            if row.said.lead and not stream.stands:
                raise RowRefused(NO_LEAD)
            is_hers = self._is_hers(row, stream)
            deciding = self._deciding(row, stream, now)
            facts = mapping.decide(row.said.record, stream.stands, deciding)
            if not facts:
                return Entry()
            if not is_hers:
                facts = [replace(fact, flags=(*fact.flags, OTHER_CUSTOMER)) for fact in facts]
            is_new = isinstance(facts[0].event, mapping.begins) and not deciding.part
            registered = self._registered(row, stream, streams, facts[0].occurred_at)
        except (RowRefused, Refusal) as refusal:
            return Entry(refusal=str(refusal))
        if row.said.owner and row.owner_id:
            self._named.invite(row.owner_id, row.said.owner)
        if row.said.campaign and row.campaign_id:
            self._named.plan(row.campaign_id, row.said.campaign)
        streams[row.stream_id] = stream
        claims = self._claims(row, stream, bool(registered))
        added = [(row.noun, row.stream_id, fact) for fact in facts]
        events: list[log.NewEvent] = []
        for noun, stream_id, fact in [*(("customer", row.customer_id, one) for one in registered), *added]:
            into = streams[stream_id]
            events.append(new_event(into, noun, stream_id, fact))
            into.extend(fact)
        released = row.named if row.named and row.named.stream_id != row.stream_id else None
        return Entry(is_new, facts, events, claims, released)

    def _is_hers(self, row: Wanted, stream: Stream) -> bool:
        """Whether the row names the customer whose the record is; a log of a ticket may name others in between.

        Raises RowRefused.
        """
        thing = self._mapping.thing
        if stream.version and stream.noun != row.noun:
            what = row.noun if row.said.lead else thing
            raise RowRefused(f"Its external id belongs to a record that is not a {what}.")
        if row.customer_id == stream.customer_id or not row.said.customer:
            return True
        is_hers = log.is_held_by(self._connection, row.stream_id, stream.customer_id, row.customer_id)
        if not is_hers and not self._mapping.rows_repeat:
            raise RowRefused(_ELSEWHERE.format(thing=thing))
        return is_hers

    def _deciding(self, row: Wanted, stream: Stream, now: datetime) -> Deciding:
        new_id = partial(self._identities.thing_id, row.said.key)
        part = () if self._mapping.has_history else tuple(stream.by_part.get(new_id(), ()))
        return Deciding(new_id, row.owner_id, row.campaign_id, self._named.workspace, now, part, row.nth)

    def _registered(self, row: Wanted, stream: Stream, streams: Streams, at: datetime) -> list[ImportedFact]:
        """A customer is taken up with the first of her rows; an unnamed prospect is not."""
        whose = row.said.customer
        if not whose or row.customer_id in self._customers:
            return []
        if self._mapping.has_history and stream.stands:
            return []  # her lead or ticket is on record, so she is
        if not whose.registers:
            raise RowRefused(
                f"There is no customer with this {whose.by.replace('_', ' ')} on record, and the mapping does not"
                " say register = true. Take her in first."
            )
        self._customers.add(row.customer_id)
        streams.setdefault(row.customer_id, Stream("customer", row.customer_id))
        ids = {whose.system: whose.key} if whose.by == "external_id" else {}
        command = RegisterCustomer(kind=whose.kind, name=whose.name, source=row.said.source, external_ids=ids)
        return [ImportedFact(customer.register(None, command), at)]

    def _claims(self, row: Wanted, stream: Stream, is_registered: bool) -> list[log.ExternalId]:
        claims: list[log.ExternalId] = []
        whose = row.said.customer
        if is_registered and whose and whose.by == "external_id" and not row.customer_named:
            claims.append(log.ExternalId(whose.system, whose.key, row.customer_id, row.customer_id))
        is_named = row.named and (stream.stands or row.named.stream_id == row.stream_id)
        if self._mapping.has_history and not is_named:
            customer_id = stream.customer_id
            claims.append(log.ExternalId(self._mapping.system, row.said.key, customer_id, row.stream_id))
        return claims

    def _append(self, entries: Sequence[Entry]) -> None:
        if not self._dry_run and append(self._connection, entries, self._envelope):
            self._store.bell.ring(self._connection)
