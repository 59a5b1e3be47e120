"""A figure as a picture: what it says, that it is the same each time, and what cannot be drawn."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from api.kpis.answer import Bucket, KpiGroup, KpiResult, KpiSeries, Period, SeriesGroup
from api.kpis.picture import draw
from api.problems import BadParameter
from eventstore import analytics
from eventstore.analytics import AnalyticsMissing
from projections.kpi import kpis

KPI = kpis()["win_rate"]
AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
COUNTED: dict[str, Any] = {"numerator": None, "denominator": None, "sample_size": 7, "excluded": 0}


def result(groups: list[KpiGroup] | None = None, **details: Any) -> KpiResult:
    return KpiResult(
        slug="win_rate",
        unit="ratio",
        definition="win_rate@1",
        params={"from": "2026-01-01", "to": None, "zone": "UTC"},
        period=Period(start=None, end=None),
        as_of=AS_OF,
        axis="recorded",
        value=Decimal("0.5"),
        details=details,
        groups=groups,
        target=None,
        target_is=None,
        is_met=None,
        comparison=None,
        events_url="",
        **COUNTED,
    )


def group(name: str | None, value: str | None, label: str | None = None) -> KpiGroup:
    return KpiGroup(group=name, label=label, value=Decimal(value) if value else None, details={}, **COUNTED)


def series(*values: str | None, unit: str = "ratio", **details: Any) -> KpiSeries:
    buckets = [
        Bucket(
            start=datetime(2026, month, 1, tzinfo=UTC),
            end=datetime(2026, month + 1, 1, tzinfo=UTC),
            value=Decimal(value) if value else None,
            details=details,
            ratio=None,
            is_complete=month < 3,
            events_url="",
            **COUNTED,
        )
        for month, value in enumerate(values, start=1)
    ]
    return KpiSeries(
        slug="win_rate",
        unit=unit,
        definition="win_rate@1",
        params={},
        every="month",
        as_of=AS_OF,
        axis="recorded",
        target=Decimal("0.3"),
        target_is="at_least",
        buckets=buckets,
        groups=None,
    )


def drawn(answer: KpiResult | KpiSeries, folder: Path) -> str:
    """The SVG's text, which must be the same when it is drawn again; a PNG can be drawn of it too."""
    first, again, png = (folder / name for name in ("first.svg", "again.svg", "p.png"))
    for file in (first, again, png):
        draw(KPI, answer, file)
    assert first.read_bytes() == again.read_bytes()
    assert png.read_bytes().startswith(b"\x89PNG")
    text = first.read_text()
    assert all(said in text for said in ("Win rate in %", "win_rate@1", "as of 2026-06-01 00:00 UTC", "recorded axis"))
    return text


def test_a_series_by_group_has_a_named_line_for_each(tmp_path: Path) -> None:
    whole = series("0.2", "0.3", "0.4")
    groups = [
        SeriesGroup(group=name, label=label, is_rest=label == "other", buckets=series("0.1", None, "0.2").buckets)
        for name, label in (("web", None), (None, None), (None, "other"))
    ]
    text = drawn(whole.model_copy(update={"groups": groups}), tmp_path)
    assert all(f">{name}<" in text for name in ("web", "(none)", "other"))


def test_a_series_has_its_months_and_its_target(tmp_path: Path) -> None:
    text = drawn(series("0.2", None, "0.4"), tmp_path)
    assert all(said in text for said in ("Jan", "Mar", "2026", "target 30"))


def test_counts_are_bars_and_each_currency_has_its_line(tmp_path: Path) -> None:
    draw(KPI, series("2", "3", unit="leads"), tmp_path / "bars.svg")
    assert "in leads" in (tmp_path / "bars.svg").read_text()
    parts = {currency: {"value": 5, "customers": 1} for currency in ("EUR", "USD")}
    for unit in ("amount", "amount a day"):
        draw(KPI, series(None, None, unit=unit, by_currency=parts), tmp_path / "lines.svg")
        assert all(currency in (tmp_path / "lines.svg").read_text() for currency in parts)


def test_groups_have_their_names_the_largest_on_top(tmp_path: Path) -> None:
    found = [group("1", "0.25", "Anna"), group("2", "0.75", "Ben"), group(None, "0.1"), group("4", None, "Cleo")]
    text = drawn(result(found), tmp_path)
    assert all(said in text for said in ("Anna (7)", "Ben (7)", "(none) (7)", "from 2026-01-01"))
    assert "Cleo" not in text


def test_cohorts_are_a_triangle(tmp_path: Path) -> None:
    cells = [
        {"cohort": "2026-01", "month": 0, "active": 4, "size": 4, "immature": False},
        {"cohort": "2026-01", "month": 1, "active": 3, "size": 4, "immature": True},
        {"cohort": "2026-02", "month": 0, "active": 9, "size": 9, "immature": True},
    ]
    text = drawn(result(cells=cells), tmp_path)
    assert all(said in text for said in ("2026-01 (4)", "2026-02 (9)", ">75<", "italic"))


def test_survival_is_a_curve_with_its_interval(tmp_path: Path) -> None:
    whole = {"month": 0, "survival": 1, "low": None, "high": None}
    text = drawn(result(curve=[whole, {"month": 3, "survival": 0.5, "low": 0.2, "high": 0.7}]), tmp_path)
    assert "95 % confidence interval" in text


@pytest.mark.parametrize("answer", [result(), series(None, None), result([])])
def test_where_there_is_nothing_to_draw_it_is_said(answer: KpiResult | KpiSeries, tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match="nothing to draw|One number is no picture"):
        draw(KPI, answer, tmp_path / "a.svg")


def test_the_name_says_how_it_is_drawn(tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match="ends with .png or .svg"):
        draw(KPI, series("0.2"), tmp_path / "a.pdf")


def test_without_the_packages_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analytics, "find_spec", lambda name: None)
    with pytest.raises(AnalyticsMissing, match="--with analytics"):
        draw(KPI, series("0.2"), tmp_path / "a.svg")
