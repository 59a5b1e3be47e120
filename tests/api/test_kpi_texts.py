"""Every figure's text answers the same put together otherwise: for many periods at once, and for some groups alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from api.demo.load import load_demo
from api.kpis.answer import Bucket, KpiResult
from api.kpis.asking import answer
from api.kpis.question import Asked
from api.kpis.series import series
from api.settings import Settings
from api.store import open_store
from eventstore.database import Connection
from projections.kpi import kpis
from projections.sight import EVERYTHING
from replay.follow import catch_up

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
ASKED = Asked("Europe/Berlin", date(2026, 6, 10), date(2026, 11, 1), at_end=True, sight=EVERYTHING)


@pytest.fixture
def demo(emptied: Settings) -> Iterator[Connection]:
    """A small company with a history of everything."""
    with open_store(emptied, publish=False) as store:
        load_demo(store, seed=7, customers=25, until=UNTIL, processes=1)
        with store.following() as connection:
            catch_up(connection)
            yield connection


def told(one: KpiResult | Bucket) -> tuple[object, ...]:
    return (one.value, one.numerator, one.denominator, one.sample_size, one.excluded, one.details)


def test_a_series_is_its_figures_one_by_one(demo: Connection) -> None:
    counted = 0
    for kpi in kpis().values():
        found = series(demo, kpi, ASKED, "month")
        assert len(found.buckets) == 5
        earlier: Decimal | None = None
        for bucket in found.buckets:
            days = replace(ASKED, first_day=bucket.start.date(), end_day=bucket.end.date())
            alone = answer(demo, kpi, days)
            assert told(bucket) == told(alone), kpi.slug
            known = earlier and alone.value is not None
            assert bucket.ratio == (round(Decimal(alone.value or 0) / (earlier or 1), 10) if known else None)
            earlier, counted = alone.value, counted + (alone.sample_size > 0)
    assert counted > 60


def test_one_group_alone_is_its_part_of_the_breakdown(demo: Connection) -> None:
    for kpi in kpis().values():
        for group_by in kpi.relation.groups:
            groups = answer(demo, kpi, replace(ASKED, group_by=group_by)).groups or []
            for group in groups[:2]:
                alone = answer(demo, kpi, replace(ASKED, where={group_by: (group.group or "",)}))
                same = (alone.value, alone.numerator, alone.denominator, alone.sample_size, alone.details)
                assert same == (group.value, group.numerator, group.denominator, group.sample_size, group.details)
            # details may tell of groups that nothing was counted in
            every = {group_by: tuple(group.group or "" for group in groups)}
            assert told(answer(demo, kpi, replace(ASKED, where=every)))[:5] == told(answer(demo, kpi, ASKED))[:5]
