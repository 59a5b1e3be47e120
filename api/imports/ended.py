"""Jobs that ended long ago are dropped: which imports there were, and how to take them back, the log knows for ever."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from api.imports import jobs
from api.store import Store


def drop_old_jobs(store: Store) -> int:
    """Drop the jobs that ended more days ago than the setting says, with the keys of the requests that asked for them;
    of a dry run its refused rows too, which nobody finds without it. Returns how many jobs."""
    folder, dropped = jobs.folder_of_jobs(store), 0
    last = datetime.now(UTC) - timedelta(days=store.settings.import_job_days)
    with jobs.locked(folder):
        for path in folder.glob("*.json"):
            dropped += _drop(store, path, last)
        there = {path.stem for path in folder.glob("*.json")}
        for key in folder.glob("*.key"):
            if key.read_text() not in there:
                key.unlink()
    return dropped


def _drop(store: Store, path: Path, last: datetime) -> bool:
    """A job is saved the last time when it ends."""
    with suppress(FileNotFoundError):
        job = jobs.find(store, UUID(path.stem))
        ended_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if job and job.state in ("done", "failed") and ended_at < last:
            if job.dry_run:
                (store.settings.data / "imports" / f"{job.import_id}-errors.csv").unlink(missing_ok=True)
            path.unlink()
            return True
    return False
