"""Events as the log of each release held them: one file a release, a row of a file never changed.

`python -m tests.stored_events` adds what the file of the coming release lacks: each event type in the schema in which
it is written today, with all fields, with the fewest, with odd text, and forgotten. Look at the new rows before they
are committed. SHA256SUMS notices a file that was changed in another way. Only before a release is out may rows of its
file be taken out, to be made again.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
SUMS = FOLDER / "SHA256SUMS"


@dataclass(frozen=True)
class Stored:
    """A row of the log, as far as it makes the event. `had_personal` without `personal` is a forgotten one."""

    type: str
    schema_version: int
    stream_type: str
    case: str
    data: Mapping[str, Any]  # Any: JSON
    personal: Mapping[str, Any] | None
    had_personal: bool


def releases() -> list[Path]:
    """The files, oldest first."""
    return sorted(FOLDER.glob("*.ndjson"), key=lambda path: [int(part) for part in path.stem.split(".")])


def coming() -> Path:
    """The file of the release that is being made."""
    project = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text())["project"]
    return FOLDER / f"{'.'.join(project['version'].split('.')[:2])}.ndjson"


def rows(path: Path) -> list[Stored]:
    """What a file holds."""
    return [Stored(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def add(path: Path, new: Iterator[Stored]) -> int:
    """Add rows at the end of the file, and write its checksum anew; returns their number."""
    lines = [json.dumps(asdict(row)) for row in new]
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
    SUMS.write_text("".join(f"{checksum(file)}  {file.name}\n" for file in releases()))
    return len(lines)


def checksum(path: Path) -> str:
    """As `sha256sum` prints it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
