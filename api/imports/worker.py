"""Works off the queue of imports beside the server: one after the other, and what was killed goes on."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

import structlog

from api.imports import jobs
from api.imports.ended import drop_old_jobs
from api.imports.jobs import Job
from api.imports.report import ImportReport
from api.imports.run import ImportRefused, Ready, Run, TakenBack, carry_out, look_over_both
from api.store import Store
from domain.imports import ImportCompleted, ImportReverted
from eventstore import log
from eventstore.database import UNAVAILABLE

_PAUSE = 0.3
_LEAVE_TAKING = 10.0
_BETWEEN_LOOKS = 3600.0
"""At old jobs, in seconds."""

_log = structlog.get_logger("everfold.imports")


class Stopped(Exception):
    """The server stops. The import goes on when it is started again."""


_GOES_ON: tuple[type[Exception], ...] = (Stopped, *UNAVAILABLE)


@contextmanager
def import_jobs(store: Store) -> Iterator[None]:
    """Uploads are imported until the end; one that is under way then is left at its next chunk, to go on later."""
    with jobs.only_worker(store) as is_worker:
        if is_worker:
            jobs.remove_leftovers(store)
            for job in jobs.unfinished(store):
                _interrupt(store, job)
    worker = _Worker(store)
    worker.start()
    try:
        yield
    finally:
        worker.stop()


def work_off(store: Store, stopping: Callable[[], bool] = lambda: False) -> None:
    """Carry out what is in the queue, where no other process does. Raises Stopped, or one of UNAVAILABLE."""
    with jobs.only_worker(store) as is_worker:
        for job in jobs.unfinished(store) if is_worker else ():
            if stopping():
                raise Stopped
            _work_on(store, job, stopping)


def _work_on(store: Store, job: Job, stopping: Callable[[], bool]) -> None:
    """Carry a job out, or go on with it. Raises Stopped, or one of UNAVAILABLE."""

    def note(line: int, report: ImportReport) -> None:
        if line > job.lines_done:
            job.note(line, report)
            jobs.save(store, job, durable=False)  # of a few rows lost to a power cut only the counts suffer
        if _has(store, job.import_id, ImportReverted):
            raise TakenBack()
        if stopping():
            raise Stopped

    try:
        if not _has(store, job.import_id, ImportCompleted):  # it may have been killed between its end and saying so
            ready, run = _prepared(store, job)
            job.state = "running"
            jobs.save(store, job)
            report = carry_out(store, ready, run, note)
            job.note(job.lines, report)
        job.state = "done"
    except _GOES_ON:
        _interrupt(store, job)
        raise
    except ImportRefused as refusal:
        job.state, job.problem = "failed", str(refusal)
    except OSError as error:
        job.state, job.problem = "failed", f"A file of the import cannot be read or written ({error.strerror})."
    except Exception as error:  # its text may quote a row
        _log.error("import failed", import_id=str(job.import_id), problem=type(error).__name__)
        job.state, job.problem = "failed", "This is our fault. What went wrong was noted in the server's log."
    jobs.save(store, job)
    jobs.remove_upload(store, job)


def _prepared(store: Store, job: Job) -> tuple[Ready, Run]:
    """Raises ImportRefused, also where the workspace is another one by now."""
    file, mapping = jobs.paths(store, job)
    try:
        ready = look_over_both(store, job.kind, file, mapping)
    except ImportRefused as refusal:
        raise ImportRefused(str(refusal).replace(f"{file.parent}/", "")) from None
    if job.dry_run:  # the log keeps no mapping of it, so its error file must be read without one
        form = ready.source.form.model_copy(update={"encoding": None})
        ready = replace(ready, source=replace(ready.source, form=form))
    counted = ImportReport(
        job.import_id,
        job.kind,
        created=job.counts.created,
        changed=job.counts.changed,
        unchanged=job.counts.unchanged,
        flagged=Counter(job.flagged),
    )
    return ready, Run(
        job.import_id,
        job.dry_run,
        on_behalf_of=job.requested_by,
        counted_to=job.lines_done,
        counted=counted if job.lines_done and not job.dry_run else None,
    )


def _has(store: Store, import_id: UUID, event: type[ImportCompleted | ImportReverted]) -> bool:
    """Whether the log says that this happened to the import."""
    with store.pool.connection() as connection:
        return any(isinstance(one.event, event) for one in log.load(connection, import_id).history)


def _interrupt(store: Store, job: Job) -> None:
    if job.state == "running":
        job.state = "interrupted"
        jobs.save(store, job)


class _Worker(threading.Thread):
    """Looks often whether something is in the queue, which costs nothing while nothing is."""

    def __init__(self, store: Store) -> None:
        super().__init__(name="imports", daemon=True)
        self._store, self._stopping = store, threading.Event()

    def stop(self) -> None:
        """End at the next chunk."""
        self._stopping.set()
        self.join(_LEAVE_TAKING)

    def run(self) -> None:
        looked_at = float("-inf")
        while not self._stopping.wait(_PAUSE):
            try:
                if time.monotonic() - looked_at > _BETWEEN_LOOKS:
                    looked_at = time.monotonic()
                    drop_old_jobs(self._store)
                if jobs.unfinished(self._store):
                    work_off(self._store, self._stopping.is_set)
            except Stopped:
                return
            except Exception as problem:  # the text may hold personal values
                _log.warning("imports wait", problem=type(problem).__name__)
