"""Proves to an outsider, who has only the exported seals, that one event is in the log as it was sealed."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from psycopg import sql

from eventstore.database import Connection, query
from eventstore.sealing import merkle, seal_file
from eventstore.sealing.seal_file import Line
from eventstore.trouble import Trouble


class NoProof(Trouble):
    """There is no proof for this position; the message says why."""


def proof(connection: Connection, file: Path, position: int) -> dict[str, Any]:  # Any: JSON
    """The event at `position` and its way to an exported seal, as JSON; docs/guides/check_proof.py checks it.

    `preimage` is what the event's digest is the sha256 of: its fields in the wire format of a record, without personal
    data. Raises NoProof, and SealsRefused when the file is not a file of exported seals.
    """
    line = _line_of(file, position)
    seal = line.seal
    parameters = {
        "first_position": seal.first_position,
        "last_position": seal.last_position,
        "limit": seal.event_count + 1,
    }
    statement = with_parts("proof", preimage=query("eventstore.sealing", "preimage"))
    rows = connection.execute(statement, parameters).fetchall()
    digests = [sha256(row["preimage"]).digest() for row in rows]
    if merkle.root(digests) != seal.root:
        raise NoProof(
            f"The events at positions {seal.first_position} to {seal.last_position} are not as they were sealed. "
            "Find out which with: crm verify --log"
        )
    index = next((index for index, row in enumerate(rows) if row["position"] == position), None)
    if index is None:
        raise NoProof(
            f"No event has position {position}: numbers may be left out, and the seal says that this one was."
        )
    return {
        "position": position,
        "preimage": rows[index]["preimage"].hex(),
        "index": index,
        "count": seal.event_count,
        "path": [beside.hex() for beside in merkle.path(digests, index)],
        "seal": line.fields(),
    }


def with_parts(name: str, **parts: str) -> sql.Composed:
    """A query of this package whose {names} stand for text that others of its queries have in common with it."""
    text = {part: sql.SQL(said) for part, said in parts.items()}
    return sql.SQL(query("eventstore.sealing", name)).format(**text)


def _line_of(file: Path, position: int) -> Line:
    for line in seal_file.read(file):
        if line.seal.first_position <= position <= line.seal.last_position:
            return line
    raise NoProof(f"No seal in {file} covers position {position} yet. Seal and export now with: crm seal")
