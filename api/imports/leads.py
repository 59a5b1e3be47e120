"""Leads from a CSV file: each row becomes the events that make its lead what the row says, and the second time none.

A row is recorded whole or not at all, so an import that was killed goes on where it stood when it is started again.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text
from uuid_utils.compat import uuid7

from api.imports.csv_file import CsvFile, Line, RefusedRows, lines_of, look_over
from api.imports.error_files import importing
from api.imports.lead_mapping import LeadMapping, load_mapping
from api.imports.lead_row import Entry, Recorder, Wanted
from api.imports.mapping import ImportRefused as ImportRefused
from api.imports.mapping import RowRefused
from api.store import Store, load_workspace
from domain.event import Refusal
from domain.imports import ImportCompleted, ImportEvent, ImportStarted
from domain.workspace import WORKSPACE_ID, Pipeline
from eventstore import log
from eventstore.database import UNAVAILABLE, Connection
from eventstore.erasure.forgetting import forgotten_among

_CHUNK = 400
_CLOCK_TOLERANCE = timedelta(minutes=1)

_Advance: TypeAlias = Callable[[int], None]


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

    def count(self, entry: Entry) -> None:
        """Count a row that was taken in."""
        if not entry.facts:
            self.unchanged += 1
        elif entry.is_new:
            self.created += 1
        else:
            self.changed += 1
        self.flagged.update({flag for fact in entry.facts for flag in fact.flags})

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


def import_file(store: Store, file: Path, mapping_path: Path, console: Console) -> ImportReport:
    """Take a file of leads in; repeatable. Raises ImportRefused when file or mapping cannot be used as they are."""
    mapping, text = load_mapping(mapping_path)
    source = look_over(file, mapping.file)
    with store.pool.connection() as connection:
        pipeline = _pipeline(connection, mapping)
        mapping.must_fit(source.header, pipeline)
        run = _Import(store, connection, mapping, pipeline, source)
        try:
            return run.carry_out(text, console)
        except OSError as error:
            raise ImportRefused(
                f"The error file cannot be written ({error.strerror}). The rows recorded so far stay;"
                " mend that and run the same import again to go on."
            ) from None
        except UNAVAILABLE:
            raise ImportRefused(
                "The database stopped answering in the middle of the import. The rows recorded so far stay;"
                " run the same import again to go on."
            ) from None


def _pipeline(connection: Connection, mapping: LeadMapping) -> Pipeline:
    try:
        return load_workspace(connection)[0].pipeline(mapping.pipeline)
    except Refusal as refusal:
        raise ImportRefused(f"The mapping's pipeline does not fit. {refusal}") from None


class _Import:
    """One import under way. Of each row it keeps a digest, to find external ids that come twice."""

    def __init__(
        self, store: Store, connection: Connection, mapping: LeadMapping, pipeline: Pipeline, file: CsvFile
    ) -> None:
        self._connection, self._mapping, self._file = connection, mapping, file
        self._report = ImportReport(uuid7())
        self._id = self._report.import_id
        self._envelope = log.Envelope("import", self._id, "import", correlation_id=self._id)
        self._recorder = Recorder(store, connection, mapping, pipeline, self._envelope)
        self._refused = RefusedRows(store.settings.data / "imports" / f"{self._id}-errors.csv", file)
        self._data = store.settings.data
        self._set_aside: list[tuple[Line, str]] = []
        self._seen: dict[bytes, bytes] = {}
        self._repeated: list[tuple[Line, Wanted]] = []
        self._refused_leads: dict[UUID, str] = {}

    def carry_out(self, mapping_text: str, console: Console) -> ImportReport:
        """Take the rows in, chunk by chunk. Raises one of UNAVAILABLE when the database goes away."""
        self._append(1, ImportStarted(kind=self._mapping.kind, file_sha256=self._file.sha256, mapping=mapping_text))
        # first the lock, and last: whoever is forgotten is either known to be here, or finds all rows in the file
        with importing(self._data), self._refused, _progress(console, self._file.lines) as advance:
            lines = lines_of(self._file)
            while chunk := list(islice(lines, _CHUNK)):
                self._take_in(chunk)
                advance(chunk[-1].last)
        report = self._report
        report.refused = self._refused.count
        report.errors_file = self._refused.path if self._refused.count else None
        self._append(
            2,
            ImportCompleted(
                rows=report.rows,
                created=report.created,
                changed=report.changed,
                unchanged=report.unchanged,
                refused=report.refused,
            ),
        )
        return report

    def _take_in(self, chunk: Sequence[Line]) -> None:
        """The histories of a whole chunk are read at once, and what it adds to them is recorded at once."""
        now = log.now(self._connection)
        rows = list(self._new_rows(chunk, now))
        wanted = [row for _, row in rows]
        entries = self._recorder.record(wanted, self._recorder.load(wanted), now)
        for (line, row), entry in zip(rows, entries, strict=True):
            if entry.refusal:
                self._refused_leads[row.lead_id] = entry.refusal
                self._set_aside.append((line, entry.refusal))
            else:
                self._report.count(entry)
        for line, row in self._repeated:
            if before := self._refused_leads.get(row.lead_id):
                self._set_aside.append((line, before))
            else:
                self._report.unchanged += 1
        self._repeated.clear()
        self._write_refused()

    def _write_refused(self) -> None:
        """Of somebody who was forgotten only the line's number: the error file would keep what was erased."""
        ids = [self._recorder.ids_in(line.cells, self._file) for line, _ in self._set_aside]
        forgotten = forgotten_among(self._connection, set().union(*ids))
        for (line, reason), its in zip(self._set_aside, ids, strict=True):
            if its & forgotten:
                self._refused.add(replace(line, cells=()), str(log.SubjectForgotten()))
            else:
                self._refused.add(line, reason)
        self._set_aside.clear()

    def _new_rows(self, chunk: Sequence[Line], now: datetime) -> Iterator[tuple[Line, Wanted]]:
        """The rows of the chunk, each external id once."""
        for line in chunk:
            try:
                row = self._wanted(line, now)
                if self._is_repeated(row):
                    self._repeated.append((line, row))
                else:
                    yield line, row
            except RowRefused as refusal:
                self._set_aside.append((line, str(refusal)))

    def _wanted(self, line: Line, now: datetime) -> Wanted:
        if line.trouble:
            raise RowRefused(line.trouble)
        row = self._mapping.read(dict(zip(self._file.header, line.cells, strict=True)))
        for what, moment in (("captured", row.lead.captured_at), ("closed", row.lead.closing_at)):
            if moment and moment > now + _CLOCK_TOLERANCE:
                raise RowRefused(f"It is said to have been {what} at {moment.isoformat()}, which lies in the future.")
        return self._recorder.identified(row)

    def _is_repeated(self, row: Wanted) -> bool:
        """Whether the same row came before. Raises RowRefused when another one with its external id did."""
        said = blake2b(f"{row.customer} {row.lead.model_dump_json()}".encode(), digest_size=8).digest()
        before = self._seen.get(row.lead_id.bytes)
        if before is None:
            self._seen[row.lead_id.bytes] = said
        elif before != said:
            raise RowRefused("A row further up in this file has the same external id and says something else.")
        return before is not None

    def _append(self, version: int, event: ImportEvent) -> None:
        new = log.NewEvent(WORKSPACE_ID, "import", self._id, version, event)
        log.append(self._connection, [new], self._envelope)


@contextmanager
def _progress(console: Console, lines: int) -> Iterator[_Advance]:
    """Shows how far the import is, on a terminal only; is told the line that it has come to."""
    columns = (
        TextColumn("{task.completed:,} of {task.total:,} lines"),
        BarColumn(),
        TaskProgressColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("import", total=lines)
        yield lambda line: progress.update(task, completed=line)


class _Rate(ProgressColumn):
    """Lines a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} lines/s" if speed else "")
