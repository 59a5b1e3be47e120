"""A figure beside that of the period before."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from api.kpis.answer import Comparison, KpiResult, Period
from api.kpis.asking import answer, answers_of, settle, tables
from api.kpis.buckets import before
from api.kpis.question import Asked
from api.kpis.series import ratio
from api.problems import BadParameter
from api.store import Store
from eventstore.database import Connection
from projections.kpi import Kpi
from projections.reading import LIVE

Compare: TypeAlias = Literal["previous_period"]


def compared_as_of(store: Store, kpi: Kpi, asked: Asked) -> KpiResult:
    """The figure with its comparison, on either axis. Raises as `answer_as_of` does, and for a period without end."""
    _period(asked)
    with tables(store, kpi, asked) as (connection, schema):
        return compared(connection, kpi, asked, schema)


def compared(connection: Connection, kpi: Kpi, asked: Asked, schema: str = LIVE) -> KpiResult:
    """The figure, and what it was in the period of the same length before: both as of the same moment, and how things
    stood at the end of either. Raises BadParameter."""
    first, end = before(*_period(asked))
    of_ends = replace(asked, at_end=True)
    result = answer(connection, kpi, of_ends, schema)
    earlier = replace(of_ends, first_day=first, end_day=end)
    (found,) = answers_of(connection, settle(connection, kpi, of_ends, schema), [earlier.period], schema)
    value = found["value"]
    known = result.value is not None and value is not None
    comparison = Comparison(
        period=Period(start=earlier.period[0], end=earlier.period[1]),
        value=value,
        difference=Decimal(result.value or 0) - Decimal(value or 0) if known else None,
        ratio=ratio(result.value, value),
    )
    return result.model_copy(update={"comparison": comparison})


def _period(asked: Asked) -> tuple[date, date]:
    if not asked.first_day or not asked.end_day:
        raise BadParameter("There is a period before only where 'from' and 'to' are given.")
    if asked.first_day.year < 2 or asked.first_day - (asked.end_day - asked.first_day) < date(1, 2, 1):
        raise BadParameter("There are no days before that period. Give a later one.")
    return asked.first_day, asked.end_day
