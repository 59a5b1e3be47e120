"""All figures of a quarter: how long each takes, beside one scan of the tables it reads; and all of them as of a past
moment, when that is asked for the first time and again."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from statistics import median

from psycopg import sql

from bench.ground import ROUNDS, Measured, Result
from eventstore import log
from eventstore.database import Connection, connect
from eventstore.fence import horizon
from eventstore.moments import position_at
from projections.kpi import SETTINGS, Kpi, Question, figure, kpis
from projections.reading import LIVE
from projections.sight import EVERYTHING
from replay.asof import known_at, models_of
from replay.together import Connect

_MONTHS = 3


def run(conninfo: str) -> Iterator[Result | Measured]:
    """Of the last whole quarter, over the read models that lie at `conninfo`."""
    with connect(conninfo) as connection:
        connection.execute("ANALYZE")
        question = _last_quarter(log.now(connection))
        yield Measured("events", horizon(connection), "events")
        yield from _live(connection, question)
        yield from _as_of(connection, question, partial(connect, conninfo))


def _live(connection: Connection, question: Question) -> Iterator[Result | Measured]:
    of_all = 0.0
    for slug, kpi in kpis().items():
        takes = median(_seconds(partial(figure, connection, kpi, question, sight=EVERYTHING)) for _ in range(ROUNDS))
        scan = median(_seconds(partial(_scan, connection, kpi)) for _ in range(ROUNDS))
        of_all += takes
        yield Measured(f"{slug}, of a quarter ({takes / scan:.1f} scans of what it reads)", 1000 * takes, "ms", 500)
    yield Measured(f"all {len(kpis())} figures, one after the other", of_all, "s", at_most=1.5)


def _as_of(connection: Connection, question: Question, beside: Connect) -> Iterator[Measured]:
    """As of the quarter's end, as it was known then."""
    position = position_at(connection, question.period_to)
    models = models_of({table for kpi in kpis().values() for table in (*kpi.relation.reads, *SETTINGS)})
    known: list[str] = []
    first = _seconds(lambda: known.append(known_at(connection, position, models, beside=beside).schema))
    then = Question(question.period_from, question.period_to, question.period_to, question.zone)
    again, live = (
        sum(_seconds(partial(figure, connection, kpi, then, None, schema, sight=EVERYTHING)) for kpi in kpis().values())
        for schema in (known[0], LIVE)
    )
    yield Measured("all figures as of a past moment, what was known then folded first", first + again, "s", at_most=10)
    yield Measured("the same asked again", again, "s")
    yield Measured("the same over today's tables", live, "s")


def _last_quarter(now: datetime) -> Question:
    month = now.year * 12 + (now.month - 1) // _MONTHS * _MONTHS
    start, end = (datetime(each // 12, each % 12 + 1, 1, tzinfo=UTC) for each in (month - _MONTHS, month))
    return Question(start, end, now, "UTC")


def _scan(connection: Connection, kpi: Kpi) -> None:
    for table in kpi.relation.reads:
        connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(LIVE, table)))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
