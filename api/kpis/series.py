"""A figure over time: one result for each day, week, month, quarter or year, and each beside the one before."""

from dataclasses import replace
from decimal import Decimal

from api.kpis.answer import Bucket, KpiSeries
from api.kpis.asking import answers_of, settle, tables
from api.kpis.buckets import Every, buckets
from api.kpis.question import Asked
from api.store import Store
from domain.business_time import time_zone
from eventstore.database import Connection
from projections.kpi import Kpi
from projections.reading import LIVE


def series_as_of(store: Store, kpi: Kpi, asked: Asked, every: Every) -> KpiSeries:
    """The series, on either axis: all of it of what was known at one moment. Raises as `answer_as_of` does."""
    with tables(store, kpi, asked) as (connection, schema):
        return series(connection, kpi, asked, every, schema)


def series(connection: Connection, kpi: Kpi, asked: Asked, every: Every, schema: str = LIVE) -> KpiSeries:
    """One result per bucket in the zone; how things stood is said of the end of each. Raises BadParameter."""
    settled = settle(connection, kpi, replace(asked, at_end=True), schema)
    zone = time_zone(asked.zone)
    today = settled.as_of.astimezone(zone).date()
    days = buckets(asked.first_day, asked.end_day, every, today)
    each = [replace(settled.asked, first_day=first, end_day=end) for first, end in days]
    results = answers_of(connection, settled, [one.period for one in each], schema)
    found: list[Bucket] = []
    for one, (start, end), result in zip(each, (one.period for one in each), results, strict=True):
        earlier = found[-1].value if found else None
        found.append(
            Bucket(
                start=start,
                end=end,
                **result,
                ratio=ratio(result["value"], earlier),
                is_complete=end <= settled.as_of,
                events_url=settled.events_url(one),
            )
        )
    return KpiSeries(
        slug=kpi.slug,
        unit=settled.kpi.unit,
        definition=settled.definition,
        params=settled.said(replace(settled.asked, group_by=None)),
        every=every,
        as_of=settled.as_of,
        axis=asked.axis or "recorded",
        target=settled.target,
        buckets=found,
    )


def ratio(value: Decimal | int | None, earlier: Decimal | int | None) -> Decimal | None:
    """How many times the earlier value it is; null where that is 0 or there is none."""
    return None if value is None or not earlier else round(Decimal(value) / Decimal(earlier), 10)
