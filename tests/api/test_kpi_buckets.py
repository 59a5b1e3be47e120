"""The days of a calendar are cut into buckets, and every period has one of its length before it."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from api.kpis.buckets import Every, before, buckets, last_whole
from api.problems import BadParameter

TODAY = date(2026, 6, 10)
DAY = timedelta(days=1)


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@pytest.mark.parametrize(
    ("first", "end", "every", "edges"),
    [
        ("2026-01-15", "2026-03-02", "month", "2026-01-15 2026-02-01 2026-03-01 2026-03-02"),
        ("2025-02-01", "2025-08-01", "quarter", "2025-02-01 2025-04-01 2025-07-01 2025-08-01"),
        ("2025-12-31", "2026-01-02", "year", "2025-12-31 2026-01-01 2026-01-02"),
        ("2026-05-28", "2026-06-09", "week", "2026-05-28 2026-06-01 2026-06-08 2026-06-09"),
        ("2026-02-27", "2026-03-02", "day", "2026-02-27 2026-02-28 2026-03-01 2026-03-02"),
        ("2026-05-01", "2027-05-01", "month", "2026-05-01 2026-06-01 2026-07-01"),
        ("2026-06-01", "2026-06-20", "month", "2026-06-01 2026-06-20"),
        ("2026-07-01", "2026-08-01", "month", ""),
        (None, "2026-01-01", "year", " ".join(f"{year}-01-01" for year in range(2014, 2027))),
        ("2026-05-02", None, "month", "2026-05-02 2026-06-01 2026-07-01"),
        (None, None, "quarter", "2023-07-01 2023-10-01 2024-01-01 2024-04-01 2024-07-01 2024-10-01 2025-01-01"
         " 2025-04-01 2025-07-01 2025-10-01 2026-01-01 2026-04-01 2026-07-01"),
    ],
)  # fmt: skip
def test_buckets_are_those_of_the_calendar(first: str | None, end: str | None, every: Every, edges: str) -> None:
    assert buckets(day(first), day(end), every, TODAY) == list(pairwise(map(date.fromisoformat, edges.split())))


def test_there_are_four_hundred_at_most() -> None:
    first = date(2020, 1, 1)
    assert len(buckets(first, first + 400 * DAY, "day", TODAY)) == 400
    for asked in ((first, first + 401 * DAY), (date(1, 1, 1), first), (first, date(9999, 1, 1))):
        with pytest.raises(BadParameter):
            buckets(*asked, "day", TODAY)


@pytest.mark.parametrize(
    ("first", "end", "earlier"),
    [
        ("2026-03-01", "2026-04-01", "2026-02-01"),
        ("2026-01-01", "2026-04-01", "2025-10-01"),
        ("2026-03-02", "2026-03-09", "2026-02-23"),
        ("2026-03-01", "2026-03-31", "2026-01-30"),
    ],
)
def test_the_period_before_is_of_the_same_length(first: str, end: str, earlier: str) -> None:
    start = date.fromisoformat(first)
    assert before(start, date.fromisoformat(end)) == (date.fromisoformat(earlier), start)


def test_the_last_whole_one_is_over() -> None:
    every: list[Every] = ["day", "week", "month", "quarter", "year"]
    found = [last_whole(one, date(2026, 1, 5)) for one in every]
    assert [str(first) for first, _ in found] == ["2026-01-04", "2025-12-29", "2025-12-01", "2025-10-01", "2025-01-01"]
    assert [str(end) for _, end in found] == ["2026-01-05", "2026-01-05", "2026-01-01", "2026-01-01", "2026-01-01"]
