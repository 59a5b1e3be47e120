"""Tells the demo company's story as the log's rows, in as many processes as there are cores."""

import os
import signal
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection

from api.demo.story import customer_story, workspace_story
from api.demo.told import Told
from eventstore.records import Envelope, NewEvent
from eventstore.whole_log.staging import text_of

_WORKSPACE = -1
"""Its story comes before that of customer 0 where the moment is the same."""

_WORTH_A_PROCESS = 250
"""Of fewer customers it takes longer to start a process than to tell their stories."""

_PIECE = 500


@dataclass(frozen=True, slots=True)
class Demo:
    """Which company: another seed is another one. Its history ends at `until`, and so many customers are told of."""

    seed: int
    customers: int
    until: datetime


class TellerGone(Exception):
    """A process that told a part of the story has ended too early."""


def customers_told(demo: Demo, processes: int | None = None) -> Iterator[bytes]:
    """The rows of all customers in pieces, in no order; `processes` of None means as many as are worth it."""
    wanted = processes or max(1, min(os.cpu_count() or 1, demo.customers // _WORTH_A_PROCESS))
    if wanted == 1:
        return _pieces(demo, 0, 1)
    return _gathered(demo, wanted)


def workspace_told(demo: Demo, customers_events: int) -> Iterator[bytes]:
    """The workspace's rows. The log's first event says which demo this is, and of how many events."""
    told = list(workspace_story(demo.seed, demo.until, demo.customers))
    note = {
        "seed": demo.seed,
        "customers": demo.customers,
        "until": demo.until.isoformat(),
        "events": customers_events + len(told),
    }
    for ordinal, one in enumerate(told):
        yield f"{_row(one, demo.seed, _WORKSPACE, ordinal, None if ordinal else {'demo': note})}\n".encode()


def _gathered(demo: Demo, processes: int) -> Iterator[bytes]:
    """What several processes tell. None of them outlives this one: they stop as soon as nobody listens."""
    context = get_context("spawn")  # a fork would inherit the threads' locks
    tellers = []
    for first in range(processes):
        ours, theirs = context.Pipe(duplex=False)
        teller = context.Process(target=_tell, args=(theirs, demo, first, processes), daemon=True)
        teller.start()
        theirs.close()
        tellers.append((ours, teller))
    listening = {ours for ours, _ in tellers}
    try:
        while listening:
            ready = connection.wait(listening)
            for ours in [one for one in listening if one in ready]:
                try:
                    yield ours.recv_bytes()
                except EOFError:
                    listening.remove(ours)
        for _, teller in tellers:
            teller.join()
            if teller.exitcode:
                raise TellerGone()
    finally:
        for ours, teller in tellers:
            ours.close()
            teller.terminate()
            teller.join()


def _tell(listener: Connection, demo: Demo, first: int, step: int) -> None:
    """A process: Ctrl-C is for the one that listens."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(BrokenPipeError), listener:
        for piece in _pieces(demo, first, step):
            listener.send_bytes(piece)


def _pieces(demo: Demo, first: int, step: int) -> Iterator[bytes]:
    """The rows of every `step`th customer."""
    rows: list[str] = []
    for number in range(first, demo.customers, step):
        rows += _rows(customer_story(demo.seed, number, demo.until, demo.customers), demo.seed, number)
        if len(rows) >= _PIECE:
            yield _joined(rows)
            rows = []
    yield _joined(rows)


def _rows(story: Iterable[Told], seed: int, number: int) -> Iterator[str]:
    for ordinal, told in enumerate(story):
        yield _row(told, seed, number, ordinal)


def _joined(rows: list[str]) -> bytes:
    return "".join(f"{row}\n" for row in rows).encode()


def _row(told: Told, seed: int, number: int, ordinal: int, note: Mapping[str, object] | None = None) -> str:
    # The salt is seeded too, so that the digest is the same everywhere. Whoever knows the seed could try out what a
    # forgotten text said; but nobody of these people ever lived, and the program would tell anyhow.
    drawn = sha256(f"{seed} {told.stream_id.hex} {told.version}".encode()).hexdigest()
    return text_of(
        NewEvent(
            told.customer_id,
            told.stream_type,
            told.stream_id,
            told.version,
            told.event,
            told.occurred_at,
            told.flags,
            told.subject_id,
        ),
        Envelope(*told.actor, told.channel, told.correlation_id, told.causation_id),
        order=(number, ordinal),
        event_id=f"{drawn[:12]}8{drawn[13:16]}a{drawn[17:32]}",  # version 8 of RFC 9562
        salt=drawn[32:],
        recorded_at=told.recorded_at,
        external_ids=told.external_ids,
        is_forgotten=told.is_forgotten,
        note=note,
    )
