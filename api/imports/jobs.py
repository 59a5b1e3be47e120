"""Imports that wait their turn: a file for each says how far it is. What was imported, the log alone says.

Below `imports` in the data folder lie `jobs/ID.json`, without anything personal, and for as long as the job is not done
`uploads/ID/` with the uploaded file and its mapping, which only this account can read.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel
from uuid_utils.compat import uuid7

from api.imports.error_files import importing, uploads
from api.imports.kinds import KINDS
from api.imports.report import ImportReport
from api.imports.run import ImportRefused, look_over_both
from api.store import Store

JobState: TypeAlias = Literal["waiting", "running", "done", "interrupted", "failed"]

_BLOCK = 1 << 20
_MAPPING = "mapping.toml"
_LONGEST_MAPPING = 1 << 18


class Counts(BaseModel):
    """What became of rows."""

    rows: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0


class Job(BaseModel):
    """A file to be imported: whose wish it is, how far it is, and what came of it."""

    import_id: UUID
    kind: str
    dry_run: bool
    requested_by: UUID
    received_at: datetime
    file: str
    """The name of the uploaded file here: its ending says which format it has."""
    file_sha256: str
    mapping_sha256: str
    lines: int
    state: JobState = "waiting"
    lines_done: int = 0
    counts: Counts = Counts()
    flagged: dict[str, int] = {}
    problem: str | None = None

    @property
    def asks_for(self) -> tuple[str, bool, str, str]:
        """What was sent: two requests that ask for the same can be one and its repetition."""
        return self.kind, self.dry_run, self.file_sha256, self.mapping_sha256

    def note(self, line: int, report: ImportReport) -> None:
        """Take over how far the import is."""
        self.lines_done = line
        self.counts = counts_of(report)
        self.flagged = dict(report.flagged)


def receive(
    store: Store, requested_by: UUID, kind: str, file: BinaryIO, name: str, mapping: BinaryIO, *, dry_run: bool
) -> Job:
    """Keep an upload and look it over; it is not in the queue yet. Raises ImportRefused, and then nothing is kept."""
    if kind not in KINDS:
        raise ImportRefused(f"There is no kind of import with this name. There are: {', '.join(KINDS)}.")
    import_id, data = uuid7(), store.settings.data
    folder = uploads(data) / str(import_id)
    stored = f"file{ending(name)}"
    with importing(data):  # whoever is forgotten is forgotten before, or finds that it waits
        folder.mkdir(mode=0o700, parents=True)
        try:
            _keep(file, folder / stored, None)
            digest = _keep(mapping, folder / _MAPPING, _LONGEST_MAPPING)
            ready = look_over_both(store, kind, folder / stored, folder / _MAPPING)
        except BaseException as error:
            shutil.rmtree(folder)
            if isinstance(error, ImportRefused):  # where it lies here is nobody's business
                raise ImportRefused(str(error).replace(f"{folder}/", "")) from None
            raise
    return Job(
        import_id=import_id,
        kind=kind,
        dry_run=dry_run,
        requested_by=requested_by,
        received_at=datetime.now(UTC),
        file=stored,
        file_sha256=ready.source.sha256,
        mapping_sha256=digest,
        lines=ready.source.lines,
    )


def enqueue(store: Store, job: Job, command_id: UUID) -> Job:
    """Put a job into the queue; or, where this command has put one there already, that one."""
    folder = folder_of_jobs(store)
    key = folder / f"{command_id}.key"
    with locked(folder):
        if key.exists() and (first := find(store, UUID(key.read_text()))):
            remove_upload(store, job)
            return first
        save(store, job)
        _write(key, str(job.import_id))
    return job


def find(store: Store, import_id: UUID) -> Job | None:
    """The job of that id, where the import was one."""
    with suppress(FileNotFoundError):
        return Job.model_validate_json((folder_of_jobs(store) / f"{import_id}.json").read_text(encoding="utf-8"))
    return None


def newest(store: Store, before: UUID, limit: int) -> list[Job]:
    """The newest jobs before that id, the newest first."""
    ids = sorted((path.stem for path in folder_of_jobs(store).glob("*.json") if path.stem < str(before)), reverse=True)
    return [job for import_id in ids[:limit] if (job := find(store, UUID(import_id)))]


def unfinished(store: Store) -> list[Job]:
    """The jobs whose uploads are still there, in the order in which they came."""
    names = sorted(path.name for path in uploads(store.settings.data).glob("*"))
    found = [job for name in names if (job := find(store, UUID(name)))]
    return [job for job in found if job.state not in ("done", "failed")]


def save(store: Store, job: Job, *, durable: bool = True) -> None:
    """Keep how far it is; a reader sees the state before or after, never half of one."""
    _write(folder_of_jobs(store) / f"{job.import_id}.json", job.model_dump_json(), durable=durable)


def paths(store: Store, job: Job) -> tuple[Path, Path]:
    """The uploaded file and its mapping."""
    folder = uploads(store.settings.data) / str(job.import_id)
    return folder / job.file, folder / _MAPPING


def remove_upload(store: Store, job: Job) -> None:
    """Delete the uploaded file."""
    shutil.rmtree(uploads(store.settings.data) / str(job.import_id), ignore_errors=True)


def remove_leftovers(store: Store) -> None:
    """Delete uploads that never came into the queue, and those of jobs that came to their end."""
    data = store.settings.data
    with locked(folder_of_jobs(store)):
        waiting = {str(job.import_id) for job in unfinished(store)}
        for folder in uploads(data).glob("*"):
            if folder.name not in waiting:
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def only_worker(store: Store) -> Iterator[bool]:
    """Whether this process is the one that works the queue off, which it stays until the end."""
    descriptor = os.open(folder_of_jobs(store) / ".worker", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)  # which gives the lock back


def counts_of(report: ImportReport) -> Counts:
    """The report's counts."""
    return Counts(
        rows=report.rows,
        created=report.created,
        changed=report.changed,
        unchanged=report.unchanged,
        refused=report.refused,
    )


def ending(name: str) -> str:
    """As far as it is an ending; what stands before it may name somebody."""
    ending = PurePosixPath(name).suffix.lower()
    return ending if ending[1:].isascii() and ending[1:].isalnum() and len(ending) <= 12 else ""


def private(path: str, flags: int) -> int:
    """Opens a file that only this account can read."""
    return os.open(path, flags, 0o600)


def _keep(source: BinaryIO, path: Path, limit: int | None) -> str:
    """Copy it block by block, and return its digest. Raises ImportRefused for a mapping that is too long."""
    digest, size = sha256(), 0
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
        while block := source.read(_BLOCK):
            size += len(block)
            if limit and size > limit:
                raise ImportRefused("The mapping is longer than any mapping is. Is it the file itself?")
            digest.update(block)
            copy.write(block)
        _to_disk(copy)
    return digest.hexdigest()


def _write(path: Path, text: str, *, durable: bool = True) -> None:
    fresh = path.with_name(f".{path.name}.new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(text.encode())
        if durable:
            _to_disk(file)
    fresh.replace(path)


def _to_disk(file: BinaryIO) -> None:
    """What was promised is there after a power cut as well."""
    file.flush()
    os.fsync(file.fileno())


def folder_of_jobs(store: Store) -> Path:
    """Where the jobs lie, and for each key of a request the job that it asked for."""
    folder = store.settings.data / "imports" / "jobs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """While this is held, no job comes into the queue."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
