"""Recomputes the whole log against its seals and names the first position that is not as it was recorded.

What the exported seals cover is proven: an event changed, removed or slipped in shows even when all digests and seals
in the database were made to fit. Behind the last exported seal each event is only checked against its own digest. Rows
are read as they lie, not through the program's view of events: a damaged log must not stop its own inquiry.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from psycopg import Rollback
from psycopg.pq import TransactionStatus

from eventstore.database import Connection, query
from eventstore.sealing import merkle, seal_file
from eventstore.sealing.proof import with_parts
from eventstore.sealing.seal_file import LEAF, Line, Seal, SealsRefused

Row = tuple[bytes, bytes]
"""Position (8 bytes) and recomputed digest in one, empty where there is no position; and the digest that is stored."""

_TAIL = 10_000
_END = 1 << 63


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing that is wrong: what, at which position or at which seal, and what that means."""

    what: str
    detail: str
    position: int | None = None
    seal: int | None = None
    order: tuple[int, int] = field(default=(_END, 0), compare=False)
    """Up to which position all is well; of several findings there, the one that says most comes first."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found: events read, seconds, and how far the proof reaches."""

    events: int
    seconds: float
    sealed_to: int
    """The last position that exported seals cover; 0: none."""
    exported_seals: int
    behind: int
    """Events since then, which only agree with themselves."""
    is_signed: bool
    """Whether signatures were asked for and are valid."""
    finding: Finding | None


def verify(connection: Connection, file: Path | None, public_key: bytes | None = None) -> Report:
    """Check all events, personal rows, versions and seals of one moment; changes nothing and waits for nobody.

    `file` holds the exported seals; without one the seals in the database are all there is to go by. With a public key
    the last exported seal, which vouches for those before, must be signed by it. On a connection that is inside a
    transaction, what that transaction sees is checked. Of a thousand events only their seal stays in memory.
    """
    started = time.perf_counter()
    size = file.stat().st_size if file and file.exists() else None  # before the moment: later seals are not of it
    with _one_moment(connection):
        known = connection.execute(query("eventstore.sealing", "seal_list"), {"from_number": 1, "limit": None})
        walk = _Walk([Seal(**row) for row in known], public_key)
        findings = [*_personal(connection), *_versions(connection)]
        with _rows(connection) as events:
            findings += walk.through(events, seal_file.read(file, size) if file and size is not None else iter(()))
    if file and not size and walk.known and not (file.exists() and file.stat().st_size):
        what = "is empty" if file.exists() else "is not there"
        missing = f"The log was sealed, but {file} {what}. Name the file that was kept elsewhere with --seals."
        findings.append(Finding("seals missing", missing))
    return Report(
        walk.events,
        time.perf_counter() - started,
        walk.exported.last_position if walk.exported else 0,
        walk.exported.number if walk.exported else 0,
        walk.behind,
        public_key is not None and walk.exported is not None,
        min(findings, key=lambda finding: finding.order, default=None),
    )


class _Walk:
    """Goes through events and seals side by side, in order, up to the first thing that is wrong."""

    def __init__(self, known: list[Seal], public_key: bytes | None) -> None:
        self.known = known
        self._public_key = public_key
        self._before: Seal | None = None
        self.exported: Seal | None = None
        self.events = 0
        self.behind = 0

    def through(self, events: Iterator[Row], lines: Iterator[Line]) -> list[Finding]:
        """What is wrong there; nothing behind it was looked at."""
        last: Line | None = None
        try:
            for last in lines:
                if found := [*self._line(last), *self._range(events, last.seal, last.leaves)]:
                    return found
                self._before = self.exported = last.seal
        except SealsRefused as refusal:
            return [self._wrong("seals file", str(refusal))]
        if self._public_key and last and not last.signature:
            return [self._wrong("bad signature", "The last exported seal is not signed. Use the file that was kept.")]
        for seal in self.known[last.seal.number if last else 0 :]:
            fault = seal.fault(self._before)
            found = [self._wrong("seal changed", f"Seal {seal.number} in the database {fault}.", seal)] if fault else []
            found += self._range(events, seal, None)
            if found:
                return found
            self._before = seal
        return list(islice(self._tail(events), 1))

    def _line(self, line: Line) -> Iterator[Finding]:
        seal = line.seal
        if fault := seal.fault(self._before):
            yield self._wrong("seals file", f"Exported seal {seal.number} {fault}. Use the file that was kept.")
        elif self._public_key and line.signature and not seal_file.is_signed(line, self._public_key):
            yield self._wrong("bad signature", f"Exported seal {seal.number} is not signed by this key.")
        elif seal.number > len(self.known):
            yield self._wrong("seal missing", f"Exported seal {seal.number} is not in the database.", seal)
        elif self.known[seal.number - 1] != seal:
            yield self._wrong("seal changed", f"Seal {seal.number} in the database is not as it was exported.", seal)

    def _range(self, events: Iterator[Row], seal: Seal, leaves: bytes | None) -> Iterator[Finding]:
        """The events that a seal stands for. Without leaves (not exported) the position may stay unknown."""
        rows = list(islice(events, max(seal.event_count, 0)))
        self.events += len(rows)
        if leaves is None:
            self.behind += len(rows)
        digests = [row[8:] for row, _ in rows]
        is_whole = len(rows) == seal.event_count and merkle.root(digests) == seal.root
        if is_whole and digests == [digest for _, digest in rows]:
            if leaves not in (None, b"".join([row[:LEAF] for row, _ in rows])):
                detail = (
                    f"The leaves of exported seal {seal.number} are not what was sealed. Use the file that was kept."
                )
                yield self._wrong("seals file", detail, seal)
            return
        found = next(self._by_themselves(rows, seal) if leaves is None else _unlike(rows, leaves), None)
        positions = f"positions {seal.first_position} to {seal.last_position}"
        detail = (
            f"The events at {positions} are not those of seal {seal.number}; which of them, its leaves do not tell."
        )
        yield found or self._wrong("changed", detail, seal)

    def _tail(self, events: Iterator[Row]) -> Iterator[Finding]:
        while rows := list(islice(events, _TAIL)):
            self.events += len(rows)
            self.behind += len(rows)
            yield from self._by_themselves(rows, None)

    def _by_themselves(self, rows: list[Row], seal: Seal | None) -> Iterator[Finding]:
        """What events say without a record of what they were; a row beyond the seal's end is not of its events."""
        last = self._before.last_position if self._before else 0
        for row, digest in rows:
            position = _position(row)
            if position is None or position <= last:
                yield _at(
                    position, "slipped in", "An event was slipped in here: it was not in the log when it was sealed."
                )
            elif seal and position > seal.last_position:
                return
            elif row[8:] != digest:
                yield _at(position, "digest", "The event does not agree with its digest: one of them was changed.")

    def _wrong(self, what: str, detail: str, seal: Seal | None = None) -> Finding:
        """A finding about a seal: an event within its range that is wrong says more, and comes first."""
        before = self._before.last_position if self._before else 0
        return Finding(what, detail, None, seal.number if seal else None, (seal.last_position if seal else before, 3))


def _unlike(rows: list[Row], leaves: bytes) -> Iterator[Finding]:
    """Where the rows begin to differ from what was sealed."""
    sealed = [leaves[begin : begin + LEAF] for begin in range(0, len(leaves), LEAF)]
    for leaf, (row, digest) in zip(sealed, rows + [(b"", b"")] * len(sealed), strict=False):
        expected, position = int.from_bytes(leaf[:8]), _position(row)
        if position is None or position > expected:
            yield _at(expected, "removed", "The event that was sealed here is gone.")
        elif position < expected:
            yield _at(position, "slipped in", "An event was slipped in here: it was not in the log when it was sealed.")
        elif row[8:LEAF] != leaf[8:]:
            yield _at(expected, "changed", "The event is not as it was sealed.")
        elif row[8:] != digest:
            yield _at(expected, "digest", "The event is as it was sealed, but its digest was changed.")


def _personal(connection: Connection) -> Iterator[Finding]:
    told = {
        "personal row changed": "The event's personal row is not what was recorded with it.",
        "personal row missing": "The event's personal row is gone, and no event says that anybody was forgotten.",
        "personal row slipped in": "There is a personal row here that was not recorded, or that was to be forgotten.",
        "mark missing": "The event says that somebody was forgotten, but she is not marked so any more.",
        "false mark": "Somebody is marked as forgotten by the event at this position, but it does not say so.",
    }
    for row in connection.execute(with_parts("personal", personal=_personal_rows(connection))):
        order = (_END if row["claimed"] is None else row["claimed"], 1)
        yield Finding(row["what"], told[row["what"]], row["position"], order=order)


def _personal_rows(connection: Connection) -> str:
    """The rows themselves; for a login that may not read them, what the database tells of them."""
    allowed = "SELECT has_table_privilege('log.personal_data', 'SELECT') AS is_allowed"
    if connection.execute(allowed).fetchone() == {"is_allowed": True}:
        return query("eventstore.sealing", "personal_digests")
    return "SELECT position, customer_id, subject_id, digest FROM log.personal_digests()"


def _versions(connection: Connection) -> Iterator[Finding]:
    detail = "The event's version does not follow from the one before in its stream: an event was removed or moved."
    for row in connection.execute(query("eventstore.sealing", "versions")):
        if row["position"] is not None:
            yield _at(row["position"], "version gap", detail, rank=2)


def _at(position: int | None, what: str, detail: str, rank: int = 0) -> Finding:
    return Finding(what, detail, position, None, (_END if position is None else position, rank))


def _position(row: bytes) -> int | None:
    return int.from_bytes(row[:8], signed=True) if row else None


@contextmanager
def _one_moment(connection: Connection) -> Iterator[None]:
    is_own = connection.info.transaction_status == TransactionStatus.IDLE
    with connection.transaction(force_rollback=True):
        if is_own:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute(query("eventstore.sealing", "settings"))
        yield


@contextmanager
def _rows(connection: Connection) -> Iterator[Iterator[Row]]:
    """All events in order. A server's cursor would be slower: it is never planned in parallel."""
    with (
        connection.transaction(),
        connection.cursor() as cursor,
        cursor.copy(with_parts("digests", preimage=query("eventstore.sealing", "preimage"))) as copy,
    ):
        copy.set_types(["bytea", "bytea"])
        yield copy.rows()
        raise Rollback  # cancels the statement where not all rows were read
