"""An import of any kind: each row becomes the events that make things what the row says, and the second time none.

A row is recorded whole or not at all, so an import that was killed goes on where it stood when it is started again.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
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
from api.imports.mapping import RowRefused
from api.imports.mapping_file import ImportMapping, Said, load_mapping
from api.imports.progress import progress
from api.imports.recorder import BROKEN, Recorder
from api.imports.report import ImportReport as ImportReport
from api.imports.source import Line, Source, lines_of, look_over
from api.store import Store, load_workspace
from domain.imports import ImportCompleted, ImportEvent, ImportReverted, ImportStarted
from domain.workspace import WORKSPACE_ID
from eventstore import log
from eventstore.database import UNAVAILABLE, Connection
from eventstore.erasure.forgetting import forgotten_among
from replay.follow import catch_up

_CHUNK = 400
_CLOCK_TOLERANCE = timedelta(minutes=1)

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
        with progress(console, ready.source.lines) as advance:
            run = Run(dry_run=dry_run, keeps_refused=not dry_run)
            return carry_out(store, ready, run, lambda line, _: advance(line))
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


class _Import:
    """One import under way. Of each row it keeps a digest, to find external ids that come twice."""

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
        self._set_aside: list[tuple[Line, str]] = []
        self._seen: dict[bytes, bytes] = {}
        self._count: dict[bytes, int] = {}
        self._repeated: list[tuple[Line, Said]] = []
        self._refused_keys: dict[bytes, str] = {}

    def carry_out(self, note: Note) -> ImportReport:
        """Take the rows in, chunk by chunk."""
        report = self._report
        self._start()
        with ExitStack() as stack:
            # first the lock, and last: whoever is forgotten is either known to be here, or finds all rows in the file
            if self._run.keeps_refused:
                stack.enter_context(importing(self._data))
            stack.enter_context(self._refused)
            lines = lines_of(self._file)
            while chunk := list(islice(lines, _CHUNK)):
                self._take_in(chunk)
                if self._run.counted and chunk[-1].last == self._run.counted_to:
                    report.count_as(self._run.counted)
                note(chunk[-1].last, report)
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
            if self._run.keeps_refused:
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

    def _append(self, event: ImportEvent) -> None:
        if not self._report.dry_run:
            new = log.NewEvent(WORKSPACE_ID, "import", self._id, None, event)
            log.append(self._connection, [new], self._envelope)


def _content(said: Said) -> str:
    """What a row says, but for its external id."""
    customer = said.customer and (said.customer.by, said.customer.system, said.customer.key, said.customer.name)
    return f"{customer} {said.owner} {said.record.model_dump_json()}"


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()
