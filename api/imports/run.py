"""An import of any kind: each row becomes the events that make things what the row says, and the second time none.

A row is recorded whole or not at all, so an import that was killed goes on where it stood when it is started again.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text
from uuid_utils.compat import uuid7

from api.imports.csv_file import RefusedRows
from api.imports.error_files import importing
from api.imports.identities import Identities
from api.imports.kinds import KINDS
from api.imports.mapping import ImportRefused as ImportRefused
from api.imports.mapping import RowRefused
from api.imports.mapping_file import ImportMapping, Said, load_mapping
from api.imports.recorder import BROKEN, Recorder
from api.imports.report import ImportReport as ImportReport
from api.imports.source import Line, Source, lines_of, look_over
from api.store import Store, load_workspace
from domain.imports import ImportCompleted, ImportEvent, ImportStarted
from domain.workspace import WORKSPACE_ID
from eventstore import log
from eventstore.database import UNAVAILABLE, Connection
from eventstore.erasure.forgetting import forgotten_among
from replay.follow import catch_up

_CHUNK = 400
_CLOCK_TOLERANCE = timedelta(minutes=1)

_Advance: TypeAlias = Callable[[int], None]


def import_file(
    store: Store, kind: str, file: Path, mapping_path: Path, console: Console, *, dry_run: bool = False
) -> ImportReport:
    """Take a file in; repeatable. A dry run only says what that would come to.

    Raises ImportRefused when file or mapping cannot be used as they are.
    """
    mapping, text = load_mapping(mapping_path, kind, KINDS)
    source = look_over(file, mapping.file)
    if mapping.whose and mapping.whose.by in ("email", "phone"):
        with store.following() as following:
            catch_up(following)  # who is reached where, the read models know
    with store.pool.connection() as connection:
        mapping.must_fit(source.header, load_workspace(connection)[0])
        run = _Import(store, connection, mapping, source, dry_run=dry_run)
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


class _Import:
    """One import under way. Of each row it keeps a digest, to find external ids that come twice."""

    def __init__(
        self, store: Store, connection: Connection, mapping: ImportMapping, file: Source, *, dry_run: bool
    ) -> None:
        self._connection, self._mapping, self._file = connection, mapping, file
        self._report = ImportReport(uuid7(), mapping.kind, dry_run)
        self._id = self._report.import_id
        self._envelope = log.Envelope("import", self._id, "import", correlation_id=self._id)
        self._identities = Identities(store, connection, mapping)
        self._recorder = Recorder(store, connection, mapping, self._envelope, self._identities, dry_run=dry_run)
        self._refused = RefusedRows(store.settings.data / "imports" / f"{self._id}-errors.csv", file)
        self._data = store.settings.data
        self._set_aside: list[tuple[Line, str]] = []
        self._seen: dict[bytes, bytes] = {}
        self._count: dict[bytes, int] = {}
        self._repeated: list[tuple[Line, Said]] = []
        self._refused_keys: dict[bytes, str] = {}

    def carry_out(self, mapping_text: str, console: Console) -> ImportReport:
        """Take the rows in, chunk by chunk. Raises one of UNAVAILABLE when the database goes away."""
        report = self._report
        self._append(1, ImportStarted(kind=self._mapping.kind, file_sha256=self._file.sha256, mapping=mapping_text))
        with ExitStack() as stack:
            # first the lock, and last: whoever is forgotten is either known to be here, or finds all rows in the file
            if not report.dry_run:
                stack.enter_context(importing(self._data))
            stack.enter_context(self._refused)
            advance = stack.enter_context(_progress(console, self._file.lines))
            lines = lines_of(self._file)
            while chunk := list(islice(lines, _CHUNK)):
                self._take_in(chunk)
                advance(chunk[-1].last)
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
        entries = self._recorder.record(self._identities.identified([(said, nth) for _, said, nth in rows]), now)
        for (line, said, _), entry in zip(rows, entries, strict=True):
            if entry.refusal:
                self._refused_keys[_digest(said.key)] = entry.refusal
                self._set_aside.append((line, entry.refusal))
            else:
                self._report.count(entry)
        for line, said in self._repeated:
            if before := self._refused_keys.get(_digest(said.key)):
                self._set_aside.append((line, before))
            else:
                self._report.unchanged += 1
        self._repeated.clear()
        self._write_refused()

    def _write_refused(self) -> None:
        """Of somebody who was forgotten only the line's number: the error file would keep what was erased."""
        ids = [self._identities.ids_in(line.cells, self._file) for line, _ in self._set_aside]
        forgotten = forgotten_among(self._connection, set().union(*ids))
        for (line, reason), its in zip(self._set_aside, ids, strict=True):
            about = (replace(line, cells=()), str(log.SubjectForgotten())) if its & forgotten else (line, reason)
            self._report.refuse(*about)
            if not self._report.dry_run:
                self._refused.add(*about)
        self._set_aside.clear()

    def _new_rows(self, chunk: Sequence[Line], now: datetime) -> Iterator[tuple[Line, Said, int]]:
        """The rows of the chunk, each external id once, with how many rows have said the same."""
        for line in chunk:
            try:
                said = self._said(line, now)
                if self._mapping.rows_repeat:
                    if _digest(said.key) in self._refused_keys:
                        raise RowRefused(BROKEN)
                    yield line, said, self._counted(f"{said.key} {_content(said)}")
                elif self._is_repeated(said):
                    self._repeated.append((line, said))
                else:
                    yield line, said, 1 if self._mapping.has_ids else self._counted(_content(said))
            except RowRefused as refusal:
                self._set_aside.append((line, str(refusal)))
                self._remember(line, str(refusal))

    def _remember(self, line: Line, refusal: str) -> None:
        """A refused row keeps its number among those alike, and what comes behind it in a log waits for it."""
        if line.trouble:
            return
        with suppress(RowRefused):
            key = self._mapping.key.read(dict(zip(self._file.header, line.cells, strict=True)), self._mapping.empty)
            if key and self._mapping.key.numbered:
                self._counted(key)
            if key and self._mapping.rows_repeat:
                self._refused_keys[_digest(key)] = refusal

    def _said(self, line: Line, now: datetime) -> Said:
        if line.trouble:
            raise RowRefused(line.trouble)
        said = self._mapping.read(dict(zip(self._file.header, line.cells, strict=True)))
        for what, moment in self._mapping.moments(said.record):
            if moment and moment > now + _CLOCK_TOLERANCE:
                raise RowRefused(f"It is said to have been {what} at {moment.isoformat()}, which lies in the future.")
        if self._mapping.key.numbered and (nth := self._counted(said.key)) > 1:
            return said.model_copy(update={"key": f"{said.key} #{nth}"})
        return said

    def _counted(self, text: str) -> int:
        """How many times this was met by now."""
        digest = _digest(text)
        self._count[digest] = self._count.get(digest, 0) + 1
        return self._count[digest]

    def _is_repeated(self, said: Said) -> bool:
        """Whether the same row came before. Raises RowRefused when another one with its external id did."""
        key, content = _digest(said.key), _digest(_content(said))
        before = self._seen.get(key)
        if before is None:
            self._seen[key] = content
        elif before != content:
            raise RowRefused("A row further up in this file has the same external id and says something else.")
        return before is not None

    def _append(self, version: int, event: ImportEvent) -> None:
        if not self._report.dry_run:
            new = log.NewEvent(WORKSPACE_ID, "import", self._id, version, event)
            log.append(self._connection, [new], self._envelope)


def _content(said: Said) -> str:
    """What a row says, but for its external id."""
    customer = said.customer and (said.customer.by, said.customer.system, said.customer.key, said.customer.name)
    return f"{customer} {said.owner} {said.record.model_dump_json()}"


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()


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
