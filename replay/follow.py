"""Keeps the read models up to date: refolds the keys that new events touch, each model in a transaction of its own."""

import json
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import structlog
from psycopg import sql

from eventstore import indexes
from eventstore.database import Connection, connect, query
from eventstore.fence import drawn, horizon
from eventstore.trouble import Trouble
from eventstore.wake import listen, wait
from projections.read_models import ReadModel, read_models
from replay.fold import Insert, insert, refold, refold_all, touched
from replay.parked import POISON, insert_or_park
from replay.recent import Recent, reaching, read_recent
from replay.versions import LIVE, Version, lock_checkpoint, move_checkpoint, versions

_CHUNK = 5_000
_SHORTEST_PAUSE = 0.01
_LONGEST_PAUSE = 0.25
_SHORTEST_WAIT = 0.002
"""For another who has a read model in hand: mostly as long as it takes to fold a few keys."""
_LEAVE_TAKING = 1.0

_log = structlog.get_logger("everfold.follower")


def advance(
    connection: Connection,
    model: ReadModel,
    head: int,
    schema: str = LIVE,
    *,
    wait: bool = True,
    recent: Recent | None = None,
) -> int | None:
    """Bring one version's rows to `head`, a position behind the fence, in chunks; returns the keys refolded.

    From the beginning it is one pass over everything, and all rows count: in chunks, each key would be folded in many.
    Without `wait` it gives up at once where somebody else brings the version forward, and returns None. `recent` spares
    it to ask the log what has happened.
    """
    refolded = 0
    inserting: Insert = insert
    while True:
        try:
            with connection.transaction():
                with connection.pipeline():
                    connection.execute(query("replay", "as_follower"))
                    checkpoint = lock_checkpoint(connection, model, schema, wait=wait)
                if checkpoint is None:
                    return None
                position = checkpoint.position
                if position >= head:
                    return refolded
                upto = head if position == 0 else min(head, position + _CHUNK)
                if position == 0:
                    refolded += refold_all(connection, model, schema, upto, insert_or_park).keys
                else:
                    find = recent.touched if recent else touched
                    keys = find(connection, model, position, upto)
                    inserting = insert_or_park if checkpoint.has_parked else inserting
                    refolded += refold(connection, model, schema, upto, keys, inserting).keys
                move_checkpoint(connection, model, schema, upto)
            if upto == head:
                return refolded
        except POISON:
            if inserting is insert_or_park:
                raise
            inserting = insert_or_park


def catch_up(connection: Connection) -> int:
    """Bring the read models up to everything that was appended before this call; returns that position.

    Processes that do so at once share the read models out between them: each takes those that nobody has in hand.
    """
    head = horizon(connection)
    connection.execute(
        query("replay", "pass_by"), {"head": head, "chunk": _CHUNK, "versions": _concerns(versions(connection))}
    )
    pause, recent = _SHORTEST_WAIT, None
    while behind := [version for version in versions(connection) if version.position < head]:
        near = [version.position for version in behind if version.position >= max(1, head - _CHUNK)]
        if near and recent is None:
            recent = read_recent(connection, min(near), head)
        # not all in the same order, or they would stand in each other's way; but what takes longest comes first
        start = connection.info.backend_pid % len(behind)
        turns = sorted([*behind[start:], *behind[:start]], key=lambda version: -len(version.model.folds))
        done = [
            advance(connection, each.model, head, each.schema, wait=False, recent=recent) is not None for each in turns
        ]
        if not any(done):
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
    return head


def catch_up_side_by_side(conninfo: str, connections: int = 2) -> None:
    """The same on several connections at once: after many events, when nobody waits for a single one."""

    def catch_up_alone(_: int) -> None:
        with connect(conninfo) as connection:
            catch_up(connection)

    with ThreadPoolExecutor(connections) as pool:
        for _ in pool.map(catch_up_alone, range(connections)):
            pass


def fold_side_by_side(conninfo: str, connections: int = 2) -> None:
    """Bring the read models up to a log that was filled as a whole: so many at once, each on its own connection."""

    def fold(model: ReadModel) -> None:
        with connect(conninfo) as connection:
            head = horizon(connection)
            with connection.transaction():
                checkpoint = lock_checkpoint(connection, model)
                if checkpoint and checkpoint.position == 0:
                    with indexes.made_afterwards(connection, LIVE, *model.tables):
                        advance(connection, model, head)
                    for table in model.tables:  # until somebody looked, every plan over it would be a guess
                        connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(LIVE, table)))
            advance(connection, model, head)

    # the widest first: whoever begins with the longest work is not waited for at the end
    widest = sorted(read_models().values(), key=lambda model: len(model.folds) * len(model.types), reverse=True)
    pool = ThreadPoolExecutor(connections)
    try:
        for _ in pool.map(fold, widest):
            pass
    finally:
        pool.shutdown(cancel_futures=True)


def _concerns(known: Iterable[Version]) -> str:
    """Of each version the event types that may change its rows; without any its checkpoint just moves on."""
    return json.dumps(
        [
            {
                "projection": version.model.name,
                "schema_name": version.schema,
                "definition": version.model.definition,
                "types": [*version.model.types, *reaching(version.model.folds)],
            }
            for version in known
        ]
    )


def position(connection: Connection, model: ReadModel) -> int:
    """The position up to which the model's live rows are folded."""
    row = connection.execute(
        "SELECT position FROM replay.checkpoint WHERE projection = %s AND schema_name = %s", [model.name, LIVE]
    ).fetchone()
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
