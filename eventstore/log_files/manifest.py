"""What a folder with an exported log says of itself, in its `manifest.json`."""

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args
from uuid import UUID

from eventstore.backup.archive import Manifest, Member
from eventstore.trouble import Trouble

FORMAT = 1
NAME = "manifest.json"
EVENT = "log.event"
BESIDE = ("log.command", "log.external_id", "log.forgotten", "log.seal", "log.epoch")
"""What goes with the events, a file for each table."""

Form: TypeAlias = Literal["ndjson", "parquet"]

_FILE = re.compile(r"(\d{4}-\d\d|[a-z_]+)\.(ndjson|parquet)")


class LogFilesDamaged(Trouble):
    """The files are not as they were exported; the text names the first that is not. Nothing was loaded."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path} {what}: the folder is not as it was exported. Nothing was loaded. Take another copy.")


class NotLogFiles(Trouble):
    """The folder holds no exported log that can be loaded; the text says why."""


@dataclass(frozen=True, slots=True)
class LogFile(Member):
    """A file with rows of a table; of events there is one for each month (UTC) in which any were recorded."""

    name: str


@dataclass(frozen=True, slots=True)
class LogManifest(Manifest):
    """What an exported log says of itself. Its members are files."""

    written_as: Form
    members: tuple[LogFile, ...]


def write(folder: Path, manifest: LogManifest) -> None:
    """Add it to the folder."""
    opened = os.open(folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(opened, "w", encoding="utf-8") as file:
        file.write(json.dumps(asdict(manifest), indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path) -> LogManifest:
    """The manifest of a folder, all of whose files are there. Raises NotLogFiles, LogFilesDamaged or OSError."""
    path = folder / NAME
    if not path.is_file():
        raise NotLogFiles(f"{folder} holds no log exported by crm export --log: there is no {NAME}. Name its folder.")
    manifest = _parsed(path)
    if manifest.written_as != "ndjson":
        raise NotLogFiles("This log was exported as Parquet, for analysis. Load one that was exported as ndjson.")
    listed = {file.name for file in manifest.members}
    for name in sorted(listed):
        if not (folder / name).is_file():
            raise LogFilesDamaged(folder / name, "is missing")
    for found in sorted(folder.iterdir()):
        if _FILE.fullmatch(found.name) and found.name not in listed:
            raise LogFilesDamaged(found, "is not in the manifest")
    return manifest


def _parsed(path: Path) -> LogManifest:
    try:
        said = json.loads(path.read_bytes())
        if said["format"] != FORMAT:
            raise NotLogFiles(
                f"The log was exported in format {said['format']}, which this version does not know. Use a newer."
            )
        files = tuple(LogFile(**file | {"columns": tuple(file["columns"])}) for file in said.pop("members"))
        manifest = LogManifest(**said | {"migrations": tuple(said["migrations"]), "members": files})
        UUID(manifest.epoch), bytes.fromhex(manifest.secret_fingerprint)
        if manifest.written_as not in get_args(Form) or not all(_FILE.fullmatch(file.name) for file in files):
            raise ValueError("not a form or a file of ours")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise LogFilesDamaged(path, "cannot be read") from None
    if {file.table for file in files} - {EVENT} != {*BESIDE}:
        raise LogFilesDamaged(path, "names other tables")
    return manifest
