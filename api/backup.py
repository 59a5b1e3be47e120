"""`crm backup` and `crm restore`: the log in one file, and back into an empty installation."""

import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from api import VERSION
from api.forget import erasure_list, sweep
from api.sealing import checking_key, seals_file
from api.settings import Settings
from api.store import SYSTEM_ID, database, fingerprint, open_store
from eventstore import access, log
from eventstore.backup import backup
from eventstore.backup.archive import Manifest
from eventstore.backup.backup import Restored, RestoredLogWrong
from eventstore.database import Connection, connect, migrate
from eventstore.erasure import disk, erasures
from eventstore.erasure.erasures import Erasure
from eventstore.sealing.verification import Report, verify
from eventstore.whole_log import filling
from replay.follow import catch_up

# not by structlog: that would write to the standard output of a command, where its figures are expected
_log = logging.getLogger("everfold.restore")


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What came back, how far seals prove it, and what is left for somebody to do."""

    manifest: Manifest
    restored: Restored
    verified: Report
    left: tuple[str, ...]


def back_up(settings: Settings, path: Path) -> Manifest:
    """Write the log to a new file. Raises FileExists, StuckWriter or OSError."""
    with open_store(settings, publish=False) as store, connect(store.conninfo) as connection:
        return backup.back_up(connection, path, VERSION)


def restore(settings: Settings, path: Path, listed: Path | None = None) -> RestoreReport:
    """Fill an empty installation from a backup, forget again whom the list of erasures names, verify, fold.

    `listed` is the list as kept elsewhere; that of the data folder counts in any case. Run again, it ends what was cut
    off. Raises what `backup.restoring` raises, RestoredLogWrong and ErasureListDamaged; then the log is as before.
    """
    return bring_back(settings, partial(backup.restoring, path=path), listed)


def bring_back(
    settings: Settings, kept: Callable[..., AbstractContextManager[Restored]], listed: Path | None = None
) -> RestoreReport:
    """The same for a log that was kept in any form: `kept` fills an empty log as `backup.restoring` does."""
    if listed and not listed.exists():
        raise FileNotFoundError(2, "there is no such list of erasures", str(listed))
    own = erasure_list(settings.data)
    wanted = [*(erasures.listed(listed) if listed else ()), *erasures.listed(own)]
    envelope = log.Envelope("system", SYSTEM_ID, "restore")
    with database(settings) as conninfo, connect(conninfo) as connection:
        migrate(connection)
        with (
            _purged_on_failure(connection, wanted),
            kept(connection, fingerprint=fingerprint(settings), erasures=wanted, envelope=envelope) as restored,
        ):
            access.same_secret(connection, fingerprint(settings))
            with _seals_of(settings, restored.manifest) as seals:
                verified = verify(connection, seals, checking_key(settings, None) if seals else None)
            if verified.finding:
                raise RestoredLogWrong(verified.finding.what, verified.finding.detail)
            erasures.add(own, wanted)
        with open_store(settings) as store:
            with store.following() as following:
                catch_up(following)
            # whoever is on the list came back for a moment, if not now then in an attempt that was cut off
            steps = sweep(store, connection, [erasure.customer_id for erasure in wanted]) if wanted else []
    left = [f"{step.name}: {step.left}" for step in steps if step.left]
    return RestoreReport(restored.manifest, restored, verified, (*_later_seals(settings, restored.manifest), *left))


@contextmanager
def _purged_on_failure(connection: Connection, wanted: list[Erasure]) -> Iterator[None]:
    """What is rolled back stays in the files: it leaves the disk too, when it may be of somebody who was forgotten."""
    try:
        yield
    except Exception:
        if wanted and not connection.closed and filling.is_empty(connection):
            for step in disk.purge(connection, disk.BESIDE_THE_LOG):
                if step.left:
                    _log.warning("%s: %s", step.name, step.left)
        raise


@contextmanager
def _seals_of(settings: Settings, manifest: Manifest) -> Iterator[Path | None]:
    """The exported seals as far as the backup knows them: an older backup lacks the later ones, and rightly so."""
    file = seals_file(settings)
    if not file.exists():
        yield None
        return
    with tempfile.NamedTemporaryFile() as known, file.open("rb") as lines:
        known.writelines(islice(lines, _sealed(manifest)))
        known.flush()
        yield Path(known.name)


def _later_seals(settings: Settings, manifest: Manifest) -> list[str]:
    file = seals_file(settings)
    if not file.exists():
        return []
    with file.open("rb") as lines:
        later = sum(1 for line in lines if line.endswith(b"\n")) - _sealed(manifest)
    if later <= 0:
        return []
    return [
        f"{file} has {later} seals of events that came after this backup and are lost with it. Move the file away and"
        " keep it: sealing goes on only into another one."
    ]


def _sealed(manifest: Manifest) -> int:
    return int(manifest.newest_seal["number"]) if manifest.newest_seal else 0
