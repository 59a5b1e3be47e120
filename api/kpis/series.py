"""A figure over time: one result for each day, week, month, quarter or year, and each beside the one before."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from api.kpis.answer import Bucket, KpiSeries, SeriesGroup
from api.kpis.asking import Settled, answered, answers_of, rows_of, settle, tables
from api.kpis.buckets import Every, buckets
from api.kpis.question import Asked
from api.store import Store
from domain.business_time import time_zone
from eventstore.database import Connection
from projections.kpi import Kpi
from projections.reading import LIVE, Row

TOP = 5
"""Groups that a series tells apart when nothing else is said."""

_REST = "other"


@dataclass(frozen=True, slots=True)
class _Course:
    """What a series is worked out with: the connection, the schema, and the question of each bucket."""

    connection: Connection
    schema: str
    settled: Settled
    each: Sequence[Asked]


def series_as_of(store: Store, kpi: Kpi, asked: Asked, every: Every, top: int = TOP) -> KpiSeries:
    """The series, on either axis: all of it of what was known at one moment. Raises as `answer_as_of` does."""
    with tables(store, kpi, asked) as (connection, schema):
        return series(connection, kpi, asked, every, schema, top)


def series(
    connection: Connection, kpi: Kpi, asked: Asked, every: Every, schema: str = LIVE, top: int = TOP
) -> KpiSeries:
    """One result per bucket in the zone; how things stood is said of the end of each. With `group_by` the same of the
    `top` groups, and of the others together. Raises BadParameter."""
    settled = settle(connection, kpi, replace(asked, at_end=True), schema)
    today = settled.as_of.astimezone(time_zone(asked.zone)).date()
    days = buckets(asked.first_day, asked.end_day, every, today)
    each = [replace(settled.asked, first_day=first, end_day=end) for first, end in days]
    course = _Course(connection, schema, settled, each)
    return KpiSeries(
        slug=kpi.slug,
        unit=settled.kpi.unit,
        definition=settled.definition,
        params=settled.said(settled.asked),
        every=every,
        as_of=settled.as_of,
        axis=asked.axis or "recorded",
        target=settled.target,
        target_is=settled.target_is,
        buckets=_buckets(course, answers_of(connection, settled, [one.period for one in each], schema)),
        groups=_groups(course, asked.group_by, top) if asked.group_by else None,
    )


def ratio(value: Decimal | int | None, earlier: Decimal | int | None) -> Decimal | None:
    """How many times the earlier value it is; null where that is 0 or there is none."""
    return None if value is None or not earlier else round(Decimal(value) / Decimal(earlier), 10)


def _buckets(course: _Course, results: Sequence[Row]) -> list[Bucket]:
    found: list[Bucket] = []
    for one, result in zip(course.each, results, strict=True):
        start, end = one.period
        found.append(
            Bucket(
                start=start,
                end=end,
                **result,
                ratio=ratio(result["value"], found[-1].value if found else None),
                is_complete=end <= course.settled.as_of,
                events_url=course.settled.events_url(one),
            )
        )
    return found


def _groups(course: _Course, group_by: str, top: int) -> list[SeriesGroup]:
    """Those of which most was counted, the largest first; all others as one."""
    found = rows_of(course.connection, course.settled, _periods(course), group_by, course.schema)
    counted: Counter[str | None] = Counter()
    labels: dict[str | None, str | None] = {}
    for row in (row for rows in found for row in rows):
        counted[row["group_key"]] += row["sample_size"]
        labels[row["group_key"]] = row["group_label"]
    largest = sorted(counted, key=lambda group: (-counted[group], group or ""))
    told = []
    for group in largest[:top]:
        rows = [next((row for row in rows if row["group_key"] == group), None) for rows in found]
        of_group = _of(course, group_by, [group])
        results = [answered(course.settled, row) for row in rows]
        told.append(SeriesGroup(group=group, label=labels[group], is_rest=False, buckets=_buckets(of_group, results)))
    if rest := largest[top:]:
        together = _of(course, group_by, rest)
        results = answers_of(course.connection, together.settled, _periods(course), course.schema)
        told.append(SeriesGroup(group=None, label=_REST, is_rest=True, buckets=_buckets(together, results)))
    return told


def _periods(course: _Course) -> list[tuple[datetime, datetime]]:
    return [one.period for one in course.each]


def _of(course: _Course, group_by: str, groups: Sequence[str | None]) -> _Course:
    """The same of some groups alone."""
    names = tuple(group or "" for group in groups)
    question = replace(course.settled.question, of_groups=(group_by, names))
    each = [replace(one, where={**one.where, group_by: names}) for one in course.each]
    return replace(course, settled=replace(course.settled, question=question), each=each)
