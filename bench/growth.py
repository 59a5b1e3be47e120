"""Whether an append or a load costs more in a large log than in a small one."""

import random
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from uuid import UUID

from psycopg.types.json import Jsonb

from bench.append import captured, everfold, saves_everfold
from bench.ground import Contender, Ready, Result, Step, compared, database, race, statement
from eventstore import codec
from eventstore.database import connect

_LEADS_AT_ONCE = 5_000
_EVENTS_PER_LEAD = 20


def run(conninfo: str, seconds: float, sizes: Sequence[int]) -> Iterator[Result]:
    """The larger logs against the smallest, in databases of one server."""
    with ExitStack() as stack:
        logs = {size: stack.enter_context(database(conninfo)) for size in sorted(sizes)}
        for size, log in logs.items():
            fill(log, size)
        smallest, *larger = logs
        for size in larger:
            for figure, processes, ready in _FIGURES:
                contenders = [Contender(f"{n:,} events", partial(_in_log, ready, logs[n])) for n in (size, smallest)]
                rates = race(conninfo, contenders, processes, seconds)
                yield compared(f"{figure} in a log of {size:,} events", rates, 1 / 1.3)


def _in_log(ready: Ready, log: str, _: str) -> AbstractContextManager[Step]:
    return ready(log)


def fill(conninfo: str, events: int) -> None:
    """Make a log of that many events, quickly: by the server alone, and with everything that an append leaves."""
    data, personal = codec.split(captured())
    with connect(conninfo) as connection:
        left = events // _EVENTS_PER_LEAD
        while left > 0:
            leads = min(left, _LEADS_AT_ONCE)
            parameters = {"leads": leads, "data": Jsonb(data), "personal": Jsonb(personal)}
            connection.execute(statement("fill"), parameters)
            left -= leads
        connection.execute("VACUUM ANALYZE log.event, log.personal_data, log.command")
        connection.execute("CHECKPOINT")


@contextmanager
def _loads(conninfo: str) -> Iterator[Step]:
    with connect(conninfo) as connection:
        rows = connection.execute(statement("some_streams")).fetchall()
    streams: list[UUID] = [row["stream_id"] for row in rows]
    chance = random.Random(7)
    with everfold(conninfo) as application:
        yield lambda: list(application.events.get(chance.choice(streams)))


_FIGURES: tuple[tuple[str, int, Ready], ...] = (
    ("1-event appends by 8 processes", 8, partial(saves_everfold, 1)),
    ("loads of 20 events", 1, _loads),
)
