"""Leads from a CSV file: each row becomes the events that make its lead what the row says, and the second time none.

A row is one append, so an import that is killed leaves whole rows, and the next one goes on from there.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from uuid_utils.compat import uuid7

from api.csv_file import CsvFile, Line, RefusedRows, lines_of, look_over
from api.lead_mapping import LeadMapping, LeadRow, load_mapping
from api.mapping import ImportRefused as ImportRefused
from api.mapping import RowRefused
from api.store import Store, append_to_workspace, load_workspace
from domain import customer, workspace
from domain.customer import RegisterCustomer
from domain.event import CustomerId, MemberId, Refusal
from domain.imports import ImportCompleted, ImportStarted
from domain.lead import LeadEvent
from domain.lead_import import ImportedFact, ImportedLead, reconcile
from domain.workspace import WORKSPACE_ID, InviteMember, Pipeline
from eventstore import log
from eventstore.database import UNAVAILABLE, Connection

_CHUNK = 400
_CLOCK_TOLERANCE = timedelta(minutes=1)

Streams: TypeAlias = Mapping[UUID, Sequence[log.Recorded]]


@dataclass(slots=True)
class ImportReport:
    """What became of the rows, and where the refused ones are."""

    import_id: UUID
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    flagged: Counter[str] = field(default_factory=Counter)
    errors_file: Path | None = None

    @property
    def leads(self) -> int:
        """The rows that were taken in."""
        return self.created + self.changed + self.unchanged

    @property
    def rows(self) -> int:
        """All rows."""
        return self.leads + self.refused

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "import_id": str(self.import_id),
            "rows": self.rows,
            "leads": self.leads,
            "created": self.created,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "refused": self.refused,
            "flagged": dict(self.flagged),
            "errors_file": str(self.errors_file) if self.errors_file else None,
        }

    def __str__(self) -> str:
        said = (
            f"{self.leads:,} leads: {self.created:,} new, {self.changed:,} changed, {self.unchanged:,} unchanged;"
            f" {self.refused:,} rows refused."
        )
        if self.flagged:
            flags = ", ".join(f"{count:,} {flag.replace('_', ' ')}" for flag, count in sorted(self.flagged.items()))
            said += f"\nRecorded and flagged as odd: {flags}."
        if self.errors_file:
            said += f"\nThe refused rows, each with its line and the reason: {self.errors_file}"
        return said


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A row with the ids that its names stand for. The customer is None when the row does not say whose the lead is."""

    line: Line
    key: str
    lead: ImportedLead
    lead_id: UUID
    customer_id: CustomerId
    customer: str | None
    owner: str | None


def import_file(store: Store, file: Path, mapping_path: Path, console: Console) -> ImportReport:
    """Take a file of leads in; repeatable. Raises ImportRefused when file or mapping cannot be used as they are."""
    mapping, text = load_mapping(mapping_path)
    source = look_over(file, mapping.file)
    begun = False
    try:
        with store.pool.connection() as connection:
            pipeline = _pipeline(connection, mapping)
            mapping.must_fit(source.header, pipeline)
            begun = True
            return _Import(store, connection, mapping, pipeline, source).carry_out(text, console)
    except UNAVAILABLE:
        if not begun:
            raise
        raise ImportRefused(
            "The database stopped answering in the middle of the import. The rows recorded so far stay;"
            " run the same import again to go on."
        ) from None


def _pipeline(connection: Connection, mapping: LeadMapping) -> Pipeline:
    try:
        return load_workspace(connection)[0].pipeline(mapping.pipeline)
    except Refusal as refusal:
        raise ImportRefused(f"The mapping's pipeline does not fit: {refusal}") from None


class _Import:
    """One import under way. What it remembers of the rows is a digest each, to find the ids that come twice."""

    def __init__(
        self, store: Store, connection: Connection, mapping: LeadMapping, pipeline: Pipeline, file: CsvFile
    ) -> None:
        self._store, self._connection = store, connection
        self._mapping, self._pipeline, self._file = mapping, pipeline, file
        self._id = uuid7()
        self._envelope = log.Envelope("import", self._id, "import", correlation_id=self._id)
        self._refused = RefusedRows(store.settings.data / "imports" / f"{self._id}-errors.csv", file)
        self._report = ImportReport(self._id)
        self._members = load_workspace(connection)[0].members.keys()
        self._customers: set[UUID] = set()
        self._seen: dict[bytes, bytes] = {}

    def carry_out(self, mapping_text: str, console: Console) -> ImportReport:
        started = ImportStarted(kind=self._mapping.kind, file_sha256=self._file.sha256, mapping=mapping_text)
        self._append([log.NewEvent(WORKSPACE_ID, "import", self._id, 1, started)])
        with self._refused, _progress(console, self._file) as advance:
            lines = lines_of(self._file)
            while chunk := list(islice(lines, _CHUNK)):
                self._take_in(chunk)
                advance(chunk[-1].last)
        report = self._report
        report.refused = self._refused.count
        report.errors_file = self._refused.path if self._refused.count else None
        completed = ImportCompleted(
            rows=report.rows,
            created=report.created,
            changed=report.changed,
            unchanged=report.unchanged,
            refused=report.refused,
        )
        self._append([log.NewEvent(WORKSPACE_ID, "import", self._id, 2, completed)])
        return report

    def _take_in(self, chunk: Sequence[Line]) -> None:
        """Read the histories of the whole chunk at once, then record row by row."""
        now = log.now(self._connection)
        rows: list[_Wanted] = []
        for line in chunk:
            try:
                rows.append(self._wanted(line, now))
            except RowRefused as refusal:
                self._refused.add(line, str(refusal))
        ids = {row.lead_id for row in rows} | ({row.customer_id for row in rows} - self._customers)
        streams = log.load_many(self._connection, ids)
        for row in rows:
            try:
                self._record(row, streams, now)
            except RowRefused as refusal:
                self._refused.add(row.line, str(refusal))

    def _wanted(self, line: Line, now: datetime) -> _Wanted:
        if line.trouble:
            raise RowRefused(line.trouble)
        row = self._mapping.read(dict(zip(self._file.header, line.cells, strict=True)))
        for name, moment in (("captured", row.lead.captured_at), ("closed", row.lead.closing_at)):
            if moment and moment > now + _CLOCK_TOLERANCE:
                raise RowRefused(f"It is said to have been {name} at {moment.isoformat()}, which lies in the future.")
        return self._identified(line, row)

    def _identified(self, line: Line, row: LeadRow) -> _Wanted:
        system = self._mapping.system
        whose = ("imported customer", system, row.customer) if row.customer else ("prospect of", system, row.key)
        owner_id = MemberId(self._store.derived_id("member", row.owner)) if row.owner else None
        return _Wanted(
            line=line,
            key=row.key,
            lead=row.lead.model_copy(update={"owner_id": owner_id}),
            lead_id=self._store.derived_id("imported lead", system, row.key),
            customer_id=CustomerId(self._store.derived_id(*whose)),
            customer=row.customer,
            owner=row.owner,
        )

    def _record(self, row: _Wanted, streams: Streams, now: datetime) -> None:
        """Append what the row adds to the lead's history. Raises RowRefused."""
        if self._is_repeated(row):
            self._report.unchanged += 1
            return
        loaded: Streams | None = streams

        def attempt() -> tuple[Sequence[log.Recorded], Sequence[ImportedFact]]:
            nonlocal loaded, now, row
            if loaded is None:  # somebody else was faster: decide anew
                now = log.now(self._connection)
                self._customers.discard(row.customer_id)
                loaded = log.load_many(self._connection, {row.lead_id, row.customer_id})
            known, loaded = loaded, None
            history = known.get(row.lead_id, ())
            facts = self._decided(row, history, now)
            try:
                self._append_row(row, history, known, facts)
            except log.ExternalIdTaken:
                row = self._captured_elsewhere(row)
                raise log.VersionConflict from None
            return history, facts

        history, facts = log.retrying(attempt)
        self._count(history, facts)

    def _is_repeated(self, row: _Wanted) -> bool:
        """Whether the same row came before. Raises RowRefused when another one of that id did."""
        said = blake2b(f"{row.customer} {row.lead.model_dump_json()}".encode(), digest_size=8).digest()
        before = self._seen.setdefault(row.lead_id.bytes, said)
        if before is said:
            return False
        if before != said:
            raise RowRefused("A row with the same external id stands above in this file and says something else.")
        return True

    def _decided(self, row: _Wanted, history: Sequence[log.Recorded], now: datetime) -> Sequence[ImportedFact]:
        if history and history[0].stream_type != "lead":
            raise RowRefused("Its external id belongs to a record that is not a lead.")
        if history and row.customer and history[0].customer_id != row.customer_id:
            raise RowRefused(
                "The lead is on record with another customer than the row names. A lead's customer never changes;"
                " if the row is right, give it an external id of its own."
            )
        past: list[tuple[LeadEvent, datetime]] = []
        for recorded in history:
            assert isinstance(recorded.event, LeadEvent)
            past.append((recorded.event, recorded.occurred_at))
        try:
            return reconcile(past, row.lead, self._pipeline, now)
        except Refusal as refusal:
            raise RowRefused(str(refusal)) from None

    def _append_row(
        self, row: _Wanted, history: Sequence[log.Recorded], known: Streams, facts: Sequence[ImportedFact]
    ) -> None:
        if not facts:
            return
        if row.owner and row.lead.owner_id not in self._members:
            self._invite(MemberId(self._store.derived_id("member", row.owner)), row.owner)
        customer_id = history[0].customer_id if history else row.customer_id
        registered = [] if history else self._registered(row, known, facts[0].occurred_at)
        changes = [
            log.NewEvent(customer_id, "lead", row.lead_id, version, fact.event, fact.occurred_at, fact.flags)
            for version, fact in enumerate(facts, start=len(history) + 1)
        ]
        claimed = [] if history else [log.ExternalId(self._mapping.system, row.key, customer_id, row.lead_id)]
        self._append([*registered, *changes], claimed)
        self._customers.add(customer_id)

    def _registered(self, row: _Wanted, known: Streams, captured_at: datetime) -> list[log.NewEvent]:
        """A customer is taken up with the first of her rows; an unnamed prospect is not."""
        cell = self._mapping.fields.customer
        if not row.customer or not cell or row.customer_id in self._customers or row.customer_id in known:
            return []
        event = customer.register(None, RegisterCustomer(kind=cell.kind, name=row.customer, source=row.lead.source))
        return [log.NewEvent(row.customer_id, "customer", row.customer_id, 1, event, captured_at)]

    def _captured_elsewhere(self, row: _Wanted) -> _Wanted:
        """The lead of that external id, which somebody else captured: it stays the customer's whose it is there."""
        found = log.find_external_id(self._connection, self._mapping.system, row.key)
        if found is None or found.stream_id == row.lead_id:
            return row
        return replace(row, lead_id=found.stream_id, customer_id=found.customer_id, customer=None)

    def _invite(self, member_id: MemberId, name: str) -> None:
        def attempt() -> Collection[MemberId]:
            state, version = load_workspace(self._connection)
            if member_id in state.members:
                return state.members.keys()
            invited = workspace.invite_member(state, InviteMember(member_id=member_id, name=name))
            append_to_workspace(self._connection, version, invited, self._envelope)
            return state.members.keys() | {member_id}

        self._members = log.retrying(attempt)

    def _count(self, history: Sequence[log.Recorded], facts: Sequence[ImportedFact]) -> None:
        if not facts:
            self._report.unchanged += 1
        elif history:
            self._report.changed += 1
        else:
            self._report.created += 1
        self._report.flagged.update({flag for fact in facts for flag in fact.flags})

    def _append(self, events: Sequence[log.NewEvent], claimed: Sequence[log.ExternalId] = ()) -> None:
        log.append(self._connection, events, self._envelope, external_ids=claimed)
        self._store.appended()


@contextmanager
def _progress(console: Console, file: CsvFile) -> Iterator["_Advance"]: ...
