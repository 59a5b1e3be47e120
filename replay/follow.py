"""Keeps the read models up to date: refolds the keys that new events touch, each model in a transaction of its own."""

import json
import threading

import structlog

from domain.catalogue import EVENT_TYPES
from eventstore.database import Connection, connect, query
from eventstore.fence import drawn, horizon
from eventstore.trouble import Trouble
from eventstore.wake import listen, wait
from projections.read_models import ReadModel, read_models
from replay.fold import LIVE, refold, refold_all, touched

_CHUNK = 5_000
_SHORTEST_PAUSE = 0.01
_LONGEST_PAUSE = 0.25
_LEAVE_TAKING = 1.0
_REACHING = [name for name, kind in EVENT_TYPES.items() if not kind.can_be_undone]
"""What no undo leaves out reaches beyond its own event, to others or another customer: every model looks at it."""

_log = structlog.get_logger("everfold.follower")


class OtherDefinition(Trouble):
    """Another version of the program has folded this read model anew by its own definition."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The read model {name} was folded by another version of Everfold that uses this database. "
            "Stop the older version, or start this one again to fold the read model by its own definition."
        )


def lock_checkpoint(connection: Connection, model: ReadModel, *, whatever_definition: bool = False) -> int:
    """Take the model's checkpoint row, as every writer of the model must, and return the position it stands at.

    Raises OtherDefinition when the rows are not by this program's fold; a rebuild takes them over all the same.
    """
    row = connection.execute(
        "SELECT position, definition FROM replay.checkpoint WHERE projection = %s FOR UPDATE", [model.name]
    ).fetchone()
    if row is None or (row["definition"] != model.definition and not whatever_definition):
        raise OtherDefinition(model.name)
    return int(row["position"])


def advance(connection: Connection, model: ReadModel, head: int) -> int:
    """Bring one model's rows to `head`, a position behind the fence, in chunks; returns the keys refolded.

    From the beginning it is one pass over everything, and all rows count: in chunks, each key would be folded in many.
    """
    refolded = 0
    while True:
        with connection.transaction():
            position = lock_checkpoint(connection, model)
            if position >= head:
                return refolded
            upto = head if position == 0 else min(head, position + _CHUNK)
            # a generic plan would not know how few the keys are
            connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
            connection.execute("SET LOCAL search_path TO pg_catalog")
            if position == 0:
                refolded += refold_all(connection, model, LIVE, upto).keys
            else:
                keys = touched(connection, model, position, upto)
                refolded += refold(connection, model, LIVE, upto, keys).keys
            connection.execute("UPDATE replay.checkpoint SET position = %s WHERE projection = %s", [upto, model.name])


def catch_up(connection: Connection) -> int:
    """Bring the read models up to everything that was appended before this call; returns that position."""
    head = horizon(connection)
    connection.execute(query("replay", "pass_by"), {"head": head, "chunk": _CHUNK, "models": _concerns()})
    rows = connection.execute(query("replay", "checkpoints"))
    done = {(row["projection"], row["definition"]) for row in rows if row["position"] >= head}
    for model in read_models().values():
        if (model.name, model.definition) not in done:
            advance(connection, model, head)
    return head


def _concerns() -> str:
    """Of each read model the event types that may change its rows; without any its checkpoint just moves on."""
    models = read_models().values()
    return json.dumps(
        [{"projection": m.name, "definition": m.definition, "types": [*m.types, *_REACHING]} for m in models]
    )


def position(connection: Connection, model: ReadModel) -> int:
    """The position up to which the model's rows are folded."""
    row = connection.execute("SELECT position FROM replay.checkpoint WHERE projection = %s", [model.name]).fetchone()
    return int(row["position"]) if row else 0


class Follower(threading.Thread):
    """Follows the log in the background: at once when the bell rings, and looking now and then when it does not."""

    def __init__(self, conninfo: str) -> None:
        super().__init__(name="follower", daemon=True)
        self._conninfo = conninfo
        self._stopping = threading.Event()
        self.problem: str | None = None
        """What keeps it from following, by the name of the error; None while all is well."""

    def stop(self) -> None:
        """End, at the latest in a moment: what is then half folded is rolled back, and folded by the next to follow."""
        self._stopping.set()
        self.join(_LEAVE_TAKING)

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                with connect(self._conninfo) as connection:
                    self._follow(connection)
            except Exception as problem:  # a follower that is gone would be worse; the text may hold personal values
                if self._stopping.is_set():
                    return
                self.problem = type(problem).__name__
                spoken = isinstance(problem, Trouble)
                _log.warning("follower waits", problem=self.problem, detail=str(problem) if spoken else None)
            self._stopping.wait(_LONGEST_PAUSE)

    def _follow(self, connection: Connection) -> None:
        listen(connection)
        done, pause = -1, _SHORTEST_PAUSE
        while not self._stopping.is_set():
            if drawn(connection) > done:
                done, pause = catch_up(connection), _SHORTEST_PAUSE
                self.problem = None
            else:
                wait(connection, pause)
                pause = min(pause * 1.5, _LONGEST_PAUSE)
