"""An import of any kind: each row becomes the events that make things what the row says, and the second time none.

A row is recorded whole or not at all, so an import that was killed goes on where it stood when it is started again.
"""

import gc
from collections.abc import Callable, Iterator, Sequence, Set
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

from rich.console import Console
from uuid_utils.compat import uuid7

from api.imports.csv_file import RefusedRows
from api.imports.error_files import importing
from api.imports.identities import Identities
from api.imports.kinds import KINDS
from api.imports.mapping import ImportRefused as ImportRefused
from api.imports.mapping_file import ImportMapping, load_mapping
from api.imports.progress import progress
from api.imports.reading import BROKEN, Chunk, Reading
from api.imports.recorder import Recorder, Recording
from api.imports.report import ImportReport as ImportReport
from api.imports.source import Line, Source, lines_of, look_over
from api.store import Store, load_workspace
from domain.imports import ImportCompleted, ImportEvent, ImportReverted, ImportStarted
from domain.workspace import WORKSPACE_ID
from eventstore import log
from eventstore.database import UNAVAILABLE, Connection
from eventstore.erasure.forgetting import forgotten_among
from replay.follow import catch_up

_CHUNK = 1_000

Note: TypeAlias = Callable[[int, ImportReport], None]
"""Is told after each chunk the line that the import has come to, and what became of the rows until there."""


class TakenBack(ImportRefused):
    """The import was taken back before it came to its end. Take it back once more, in case its last rows came after
    that; or import the file again if you want its rows after all."""

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()))


@dataclass(frozen=True, slots=True)
class Ready:
    """A file and its mapping, looked over: they fit each other and the workspace."""

    mapping: ImportMapping
    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class Run:
    """Which import this is: a new one, or one that was killed and goes on."""

    import_id: UUID = field(default_factory=uuid7)
    dry_run: bool = False
    on_behalf_of: UUID | None = None
    keeps_refused: bool = True
    """Whether refused rows go to an error file."""
    counted_to: int = 0
    """The line up to which the rows were counted when it was killed; 0 for a new one."""
    counted: ImportReport | None = None


def import_file(
    store: Store, kind: str, file: Path, mapping_path: Path, console: Console, *, dry_run: bool = False
) -> ImportReport:
    """Take a file in; repeatable. A dry run only says what that would come to.

    Raises ImportRefused when file or mapping cannot be used as they are.
    """
    ready = look_over_both(store, kind, file, mapping_path)
    try:
        with progress(console, ready.source.lines) as advance, _collected_by_chunk() as collect:

            def note(line: int, _: ImportReport) -> None:
                collect()
                advance(line)

            return carry_out(store, ready, Run(dry_run=dry_run, keeps_refused=not dry_run), note)
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


def look_over_both(store: Store, kind: str, file: Path, mapping_path: Path) -> Ready:
    """Raises ImportRefused when file or mapping cannot be used as they are."""
    mapping, text = load_mapping(mapping_path, kind, KINDS)
    source = look_over(file, mapping.file)
    with store.pool.connection() as connection:
        mapping.must_fit(source.header, load_workspace(connection)[0])
    return Ready(mapping, text, source)


def carry_out(store: Store, ready: Ready, run: Run, note: Note) -> ImportReport:
    """Take the rows in. Raises TakenBack, one of UNAVAILABLE, or OSError when the error file cannot be written."""
    if ready.mapping.whose and ready.mapping.whose.by in ("email", "phone"):
        with store.following() as following:
            catch_up(following)  # who is reached where, the read models know
    with store.pool.connection() as connection:
        return _Import(store, connection, ready, run).carry_out(note)


@contextmanager
def _collected_by_chunk() -> Iterator[Callable[[], object]]:
    """The collector of cyclic garbage works when it is called, and looks at nothing older: left to itself it took a
    fifth of an import's time. For processes that do nothing else."""
    gc.freeze()
    gc.disable()
    try:
        yield gc.collect
    finally:
        gc.enable()
        gc.unfreeze()


class _Import:
    """One import under way: while what a chunk adds is written, the next one is read."""

    def __init__(self, store: Store, connection: Connection, ready: Ready, run: Run) -> None:
        self._connection, self._mapping, self._file, self._text = connection, ready.mapping, ready.source, ready.text
        self._run, self._id = run, run.import_id
        self._report = ImportReport(run.import_id, ready.mapping.kind, run.dry_run)
        self._envelope = log.Envelope(
            "import", self._id, "import", correlation_id=self._id, on_behalf_of=run.on_behalf_of
        )
        self._identities = Identities(store, connection, ready.mapping)
        self._recorder = Recorder(
            store, connection, ready.mapping, self._envelope, self._identities, dry_run=run.dry_run
        )
        self._refused = RefusedRows(store.settings.data / "imports" / f"{self._id}-errors.csv", ready.source)
        self._data = store.settings.data
        self._reading = Reading(ready.mapping, ready.source)
        self._now = log.now(connection)

    def carry_out(self, note: Note) -> ImportReport:
        """Take the rows in, chunk by chunk."""
        report = self._report
        with closing(self._reading), ExitStack() as stack:
            self._start()
            # first the lock, and last: whoever is forgotten is either known to be here, or finds all rows in the file
            if self._run.keeps_refused:
                stack.enter_context(importing(self._data))
            stack.enter_context(self._refused)
            self._take_all_in(stack.enter_context(ThreadPoolExecutor(1)), note)
        report.errors_file = self._refused.path if self._refused.count else None
        self._append(
            ImportCompleted(
                rows=report.rows,
                created=report.created,
                changed=report.changed,
                unchanged=report.unchanged,
                refused=report.refused,
            ),
        )
        return report

    def _start(self) -> None:
        """Say so in the log, unless the log says so already. Raises TakenBack."""
        history = log.load(self._connection, self._id).history
        if any(isinstance(recorded.event, ImportReverted) for recorded in history):
            raise TakenBack()
        if not history:
            kind, digest = self._mapping.kind, self._file.sha256
            self._append(ImportStarted(kind=kind, file_sha256=digest, mapping=self._text))

    def _take_all_in(self, beside: Executor, note: Note) -> None:
        """Only `beside` uses the connection while a chunk is read."""
        lines = lines_of(self._file)
        taken: tuple[Chunk, Recording] | None = None
        while some := list(islice(lines, _CHUNK)):
            chunk = self._reading.chunk(some, self._now)
            broken = self._settle(*taken, note) if taken else set[str]()
            taken = chunk, self._take_in(chunk, broken, beside)
        if taken:
            self._settle(*taken, note)

    def _take_in(self, chunk: Chunk, broken: Set[str], beside: Executor) -> Recording:
        """The histories of a whole chunk are read at once, and what it adds to them is recorded at once."""
        if broken and self._mapping.rows_repeat:
            chunk.refused.extend((line, BROKEN) for line, said, _ in chunk.rows if said.key in broken)
            chunk.rows = [row for row in chunk.rows if row[1].key not in broken]
        self._now = log.now(self._connection)
        wanted = self._identities.identified([(said, nth) for _, said, nth in chunk.rows])
        return self._recorder.record(wanted, self._now, beside)

    def _settle(self, chunk: Chunk, recording: Recording, note: Note) -> set[str]:
        """Count the rows of a chunk when they are in the log; returns the external ids of those that were refused."""
        broken: set[str] = set()
        for (line, said, _), entry in zip(chunk.rows, recording(), strict=True):
            if entry.refusal:
                broken.add(said.key)
                self._reading.refuse(said.key, entry.refusal)
                chunk.refused.append((line, entry.refusal))
            else:
                self._report.count(entry)
        for line, said in chunk.repeated:
            if before := self._reading.refused_because(said.key):
                chunk.refused.append((line, before))
            else:
                self._report.unchanged += 1
        if chunk.refused:
            self._write(chunk.refused)
        if self._run.counted and chunk.last == self._run.counted_to:
            self._report.count_as(self._run.counted)
        note(chunk.last, self._report)
        return broken

    def _write(self, refused: Sequence[tuple[Line, str]]) -> None:
        """Of somebody who was forgotten only the line's number: the error file would keep what was erased."""
        ids = [self._identities.ids_in(line.cells, self._file) for line, _ in refused]
        forgotten = forgotten_among(self._connection, set().union(*ids))
        for (line, reason), its in zip(refused, ids, strict=True):
            about = (replace(line, cells=()), str(log.SubjectForgotten())) if its & forgotten else (line, reason)
            self._report.refuse(*about)
            if self._run.keeps_refused:
                self._refused.add(*about)

    def _append(self, event: ImportEvent) -> None:
        if not self._report.dry_run:
            new = log.NewEvent(WORKSPACE_ID, "import", self._id, None, event)
            log.append(self._connection, [new], self._envelope)
