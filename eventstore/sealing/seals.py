"""Seals finished parts of the log, off the write path, and exports the seals to a file outside the database.

From then on a change of what was sealed shows (see `verification`). The tail since the last exported seal has only its
own digests.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg.errors import InsufficientPrivilege

from eventstore.database import Connection, query
from eventstore.fence import horizon
from eventstore.sealing import merkle
from eventstore.sealing.seal_file import Line, Seal, SealsRefused, appending

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FULL = 1_000
"""Events in a full seal."""
OLDEST = 60.0
"""Seconds that an event waits for its seal to fill up."""
_TURN = "SELECT pg_advisory_xact_lock(1163281490, 3) IS NOT NULL AS is_mine"
_TURN_IF_FREE = "SELECT pg_try_advisory_xact_lock(1163281490, 3) AS is_mine"
MOST = 50
"""Seals that one call makes and exports, unless forced."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a call did: seals made, seals exported, and the last seal in the file."""

    made: int
    exported: int
    last: Seal | None


def seal_and_export(
    connection: Connection, file: Path, key: "Ed25519PrivateKey | None" = None, *, force: bool = False
) -> Sealed:
    """Seal what is finished and export it; with `force`, all of it. Cheap when there is nothing.

    Raises StuckWriter and SealsRefused. Made for a loop: one call makes a limited number of seals, unless forced.
    """
    try:
        made = seal_finished(connection, force=force)
    except InsufficientPrivilege:
        raise SealsRefused(
            "This login may not seal. Use Everfold's own login, or one with everfold_follower (docs/roles.md)."
        ) from None
    exported = export(connection, file, key, most=None if force else MOST)
    return Sealed(made, *exported)


def seal_finished(connection: Connection, *, older_than: float = OLDEST, force: bool = False, most: int = MOST) -> int:
    """Seal the events behind the fence, 1,000 at a time; what is left when its first event is `older_than` seconds old.

    With `force` everything is sealed at once. Returns the number of seals made, at most `most` unless forced. Gives way
    to another process that is sealing; with `force` waits for it. The connection must not be inside a transaction.
    """
    state = _state(connection, older_than)
    if not _is_worth_it(state, force):
        return 0
    head = horizon(connection)
    made = 0
    while (force or made < most) and _seal_next(connection, head, older_than, force=force):
        made += 1
    return made


def export(
    connection: Connection, file: Path, key: "Ed25519PrivateKey | None" = None, *, most: int | None = None
) -> tuple[int, Seal | None]:
    """Add the seals that the file lacks, at most `most`; returns how many, and the file's last seal.

    Raises SealsRefused, and leaves the file as it is, when its last seal is not in the database as it was exported.
    """
    with appending(file) as target:
        last = target.last.seal if target.last else None
        parameters = {"from_number": last.number if last else 1, "limit": most and most + 1}
        seals = [Seal(**row) for row in connection.execute(query("eventstore.sealing", "seal_list"), parameters)]
        if last and seals[:1] != [last]:
            raise SealsRefused(
                f"The last seal in {file} (number {last.number}) is not in the database as it was exported: the log "
                "was changed, or restored from an older backup. Find out with: crm verify --log. The file was left as "
                "it is; to begin another one, move it away and keep it."
            )
        new = seals[1:] if last else seals
        for seal in new:
            target.append(Line(seal, _leaves(connection, seal), key.sign(seal.seal) if key else None))
    return len(new), seals[-1] if seals else None


def sealed_position(connection: Connection) -> int:
    """The last position under a seal; 0 when there is none."""
    row = connection.execute(query("eventstore.sealing", "sealed_position")).fetchone()
    assert row is not None
    return int(row["position"])


def _seal_next(connection: Connection, head: int, older_than: float, *, force: bool) -> bool:
    with connection.transaction():
        turn = connection.execute(_TURN if force else _TURN_IF_FREE).fetchone()
        if not (turn and turn["is_mine"]):
            return False
        state = _state(connection, older_than)
        first = state["last_position"] + 1
        events = _events(connection, first, head, FULL)
        if not events or (len(events) < FULL and not (force or state["is_due"])):
            return False
        seal = Seal(
            number=state["number"] + 1,
            first_position=first,
            last_position=events[-1][0],
            event_count=len(events),
            root=merkle.root(digest for _, digest in events),
            previous=state["seal"],
            seal=b"",
            sealed_at="",
        )
        parameters = {name: getattr(seal, name) for name in Seal.__slots__}
        connection.execute(query("eventstore.sealing", "seal_add"), parameters | {"seal": seal.computed()})
        return True


def _state(connection: Connection, older_than: float) -> dict[str, Any]:  # Any: a row, typed by its columns
    row = connection.execute(query("eventstore.sealing", "seal_state"), {"older_than": older_than}).fetchone()
    assert row is not None
    return row


def _is_worth_it(state: dict[str, Any], force: bool) -> bool:
    waiting = state["head"] - state["last_position"]
    return bool(waiting >= FULL or (waiting > 0 and (force or state["is_due"])))


def _events(connection: Connection, first: int, last: int, limit: int) -> list[tuple[int, bytes]]:
    parameters = {"first_position": first, "last_position": last, "limit": limit}
    rows = connection.execute(query("eventstore.sealing", "seal_events"), parameters)
    return [(row["position"], row["digest"]) for row in rows]


def _leaves(connection: Connection, seal: Seal) -> bytes:
    events = _events(connection, seal.first_position, seal.last_position, seal.event_count + 1)
    if merkle.root(digest for _, digest in events) != seal.root:
        raise SealsRefused(
            f"Positions {seal.first_position} to {seal.last_position} of the log are no longer as seal {seal.number} "
            "found them, so that it is not exported. Find out with: crm verify --log"
        )
    return b"".join(position.to_bytes(8) + digest[:8] for position, digest in events)
