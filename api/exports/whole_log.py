"""The whole log as a folder of files, and back into an empty installation."""

from functools import partial
from pathlib import Path

from uuid_utils.compat import uuid7

from api import VERSION
from api.backup import RestoreReport, bring_back
from api.settings import Settings
from api.store import SYSTEM_ID, Store
from eventstore.analytics import must_have_analytics
from eventstore.audit.accesses import note_access_to_all
from eventstore.database import connect
from eventstore.log_files import loading, writing
from eventstore.log_files.manifest import Form, LogManifest
from eventstore.new_folder import must_be_free

WAY = "crm export --log"


def export_log(store: Store, folder: Path, form: Form) -> LogManifest:
    """Write the log to a new folder, once it is noted that everybody in it is shown. Raises as `writing.export_log`."""
    with connect(store.conninfo) as connection:  # the login itself: some of it is no role's to read
        must_be_free(folder)
        if form == "parquet":
            must_have_analytics()
        note_access_to_all(connection, uuid7(), "system", SYSTEM_ID, WAY)
        return writing.export_log(connection, store.conninfo, folder, VERSION, form)


def load_log(settings: Settings, folder: Path, listed: Path | None = None) -> RestoreReport:
    """Fill an empty installation from such a folder, as `backup.restore` does from a backup; raises as that does,
    NotLogFiles and LogFilesDamaged."""
    return bring_back(settings, partial(loading.loading, folder=folder), listed)
