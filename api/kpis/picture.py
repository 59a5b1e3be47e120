"""A figure as a picture, PNG or SVG: over time, by group, as the triangle of its cohorts, or as their survival.

Drawn by matplotlib, which the extra `analytics` brings; the same answer gives the same SVG.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.kpis.answer import Bucket, KpiGroup, KpiResult, KpiSeries
from api.kpis.currencies import currencies, value_in
from api.problems import BadParameter
from eventstore.analytics import must_have_analytics
from projections.kpi import Kpi

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg")

_INK, _MUTED, _GRID = "#1f2933", "#616e7c", "#e4e7eb"
_COLOURS = ("#2b6cb0", "#b7791f", "#2f855a", "#9b2c2c", "#6b46c1", "#2c7a7b")
_MOST_GROUPS = 30
_MOST_TOLD = 18
"""Cells of a triangle in a row up to which each says its share in letters."""
_SETTINGS: Mapping[Any, Any] = {  # Any: matplotlib has a type for each name
    "svg.hashsalt": "everfold",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": _INK,
    "axes.edgecolor": _GRID,
    "axes.labelcolor": _MUTED,
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
}

Rows = Sequence[Mapping[str, Any]]  # Any: JSON


def draw(kpi: Kpi, answer: KpiResult | KpiSeries, file: Path) -> None:
    """Draw what the answer has: a series over time, the groups, the cells of its cohorts, or its curve.

    Raises BadParameter where there is nothing to draw or the file's name does not say how, AnalyticsMissing, OSError.
    """
    if file.suffix.lower() not in FORMATS:
        raise BadParameter(f"A picture is a file whose name ends with {' or '.join(FORMATS)}.")
    paint, size = _painter(answer)
    must_have_analytics()
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **_SETTINGS}):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        paint(axes)
        _say(figure, axes, kpi, answer)
        metadata = {"Date": None} if file.suffix.lower() == ".svg" else {"Software": None}
        figure.savefig(file, dpi=150, metadata=metadata)


def _painter(answer: KpiResult | KpiSeries) -> tuple[Callable[["Axes"], None], tuple[float, float]]:
    """How to draw it, and its size in inches."""
    if isinstance(answer, KpiSeries):
        if all(bucket.value is None and not currencies(bucket) for bucket in answer.buckets):
            raise BadParameter("There is nothing to draw in this period.")
        return lambda axes: _over_time(axes, answer), (9, 4.2)
    if answer.groups:
        return lambda axes: _by_group(axes, answer), (9, 1.6 + 0.3 * min(len(answer.groups), _MOST_GROUPS))
    if cells := answer.details.get("cells"):
        rows = len({cell["cohort"] for cell in cells})
        return lambda axes: _triangle(axes, cells), (10, 1.6 + 0.3 * rows)
    if curve := answer.details.get("curve"):
        return lambda axes: _survival(axes, curve), (9, 4.2)
    raise BadParameter("One number is no picture. Ask for a series (--every), for groups (--group-by), or for cohorts.")


def _say(figure: "Figure", axes: "Axes", kpi: Kpi, answer: KpiResult | KpiSeries) -> None:
    unit = {"ratio": " in %", "amount": ""}.get(answer.unit, f" in {answer.unit}")
    axes.set_title(f"{kpi.title}{unit}", loc="left", fontsize=12, fontweight="bold", color=_INK)
    said = [answer.definition, f"as of {answer.as_of:%Y-%m-%d %H:%M} UTC, {answer.axis} axis"]
    asked = {name: value for name, value in answer.params.items() if value and name not in ("zone", "group_by")}
    said += [f"{name} {value}" for name, value in asked.items()]
    figure.supxlabel("  ·  ".join(said), fontsize=7.5, color=_MUTED, x=0.01, ha="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=0)


def _over_time(axes: "Axes", series: KpiSeries) -> None:
    """A line for each group or currency, or one; counts as bars. A bucket that is not over yet is pale."""
    courses = _courses(series)
    starts = [bucket.start for bucket in series.buckets]
    places = range(len(starts))
    are_lines = any(name for name, _ in courses) or series.unit in ("ratio", "days", "amount")
    for (name, values), colour in zip(courses, cycle(_COLOURS)):
        heights = [float("nan") if value is None else float(_scaled(series.unit, value)) for value in values]
        if are_lines:
            axes.plot(places, heights, color=colour, linewidth=2, marker="o", markersize=4, label=name)
        else:
            alphas = [1.0 if bucket.is_complete else 0.4 for bucket in series.buckets]
            for place, height, alpha in zip(places, heights, alphas, strict=True):
                axes.bar(place, height, width=0.7, color=colour, alpha=alpha)
    if series.target is not None:
        target = float(_scaled(series.unit, series.target))
        axes.axhline(target, color=_MUTED, linewidth=1, linestyle="--", label=f"target {target:g}")
    if len(courses) > 1 or series.target is not None:
        axes.legend(frameon=False, loc="best")
    every = max(1, len(starts) // 12)
    axes.set_xticks([*places][::every], [_named(start, series.every) for start in starts][::every])
    axes.grid(axis="y", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.yaxis.set_major_formatter("{x:,g}")
    if axes.get_ylim()[0] > 0:
        axes.set_ylim(bottom=0)


def _courses(series: KpiSeries) -> list[tuple[str | None, list[Decimal | None]]]:
    """What is drawn, by name: each group, in the currency of most where it is about money; without groups each
    currency; else the figure itself, without a name."""
    found = list(dict.fromkeys(currency for bucket in series.buckets for currency in currencies(bucket)))

    def values(buckets: Sequence[Bucket], currency: str | None) -> list[Decimal | None]:
        return [value_in(bucket, currency) if currency else bucket.value for bucket in buckets]

    if series.groups:
        currency = found[0] if found else None
        names = [(group.label or group.group or "(none)")[:40] for group in series.groups]
        return [(name, values(one.buckets, currency)) for name, one in zip(names, series.groups, strict=True)]
    several: list[str | None] = [*found] or [None]
    return [(currency, values(series.buckets, currency)) for currency in several]


def _by_group(axes: "Axes", result: KpiResult) -> None:
    """A bar for each group, the longest on top, in the currency of most where it is about money."""
    currency = next(iter(currencies(result)), None)

    def worth(group: KpiGroup) -> Decimal | None:
        return value_in(group, currency) if currency else group.value

    known = [(group, Decimal(value)) for group in result.groups or () if (value := worth(group)) is not None]
    shown = sorted(known, key=lambda one: -one[1])[:_MOST_GROUPS][::-1]
    values = [float(_scaled(result.unit, value)) for _, value in shown]
    bars = axes.barh(range(len(shown)), values, color=_COLOURS[0], height=0.65)
    axes.bar_label(bars, [f"{value:,.6g}" for value in values], padding=4, color=_MUTED)
    names = [f"{(group.label or group.group or '(none)')[:40]} ({group.sample_size:,})" for group, _ in shown]
    axes.set_yticks(range(len(shown)), names)
    axes.margins(x=0.08)
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.set_xlabel(f"{currency or ('%' if result.unit == 'ratio' else result.unit)}; the number counted in brackets")
    axes.grid(axis="x", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def _triangle(axes: "Axes", cells: Rows) -> None:
    """Cohorts from above, months after the first to the right; what is not over yet is in italics."""
    cohorts = sorted({cell["cohort"] for cell in cells})
    months = max(cell["month"] for cell in cells) + 1
    shares = [[float("nan")] * months for _ in cohorts]
    for cell in cells:
        share = 100 * cell["active"] / cell["size"] if cell["size"] else 0
        row = cohorts.index(cell["cohort"])
        shares[row][cell["month"]] = share
        if months <= _MOST_TOLD:
            style, alpha = ("italic", 0.7) if cell.get("immature") else ("normal", 1.0)
            words: dict[str, Any] = {"style": style, "alpha": alpha, "color": "white" if share > 60 else _INK}
            axes.text(cell["month"], row, f"{share:.0f}", ha="center", va="center", fontsize=7.5, **words)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=100, aspect="auto")
    sizes = {cell["cohort"]: cell["size"] for cell in cells}
    axes.set_yticks(range(len(cohorts)), [f"{cohort} ({sizes[cohort]:,})" for cohort in cohorts])
    axes.set_xticks(range(0, months, max(1, months // 24)))
    axes.set_xlabel("months after the first; customers of the cohort in brackets, italics: not over yet")
    bar = axes.figure.colorbar(image, ax=axes, shrink=0.8, pad=0.01)
    bar.outline.set_visible(False)
    axes.spines[:].set_visible(False)


def _survival(axes: "Axes", curve: Rows) -> None:
    """The share that is still there after each month, with its confidence interval."""
    months = [point["month"] for point in curve]
    axes.step(months, [100 * point["survival"] for point in curve], where="post", color=_COLOURS[0], linewidth=2)
    known = [point for point in curve if point.get("low") is not None]
    axes.fill_between(
        [point["month"] for point in known],
        [100 * point["low"] for point in known],
        [100 * point["high"] for point in known],
        step="post",
        color=_COLOURS[0],
        alpha=0.15,
        linewidth=0,
    )
    axes.set_ylim(0, 102)
    axes.set_ylabel("% still there")
    axes.set_xlabel("months; shaded: 95 % confidence interval")
    axes.grid(axis="y", color=_GRID, linewidth=0.8)


def _scaled(unit: str, value: Decimal | int) -> Decimal:
    return Decimal(value) * 100 if unit == "ratio" else Decimal(value)


def _named(start: datetime, every: str) -> str:
    match every:
        case "year":
            return f"{start:%Y}"
        case "quarter":
            return f"Q{(start.month + 2) // 3}\n{start:%Y}"
        case "month":
            return f"{start:%b}\n{start:%Y}"
        case _:
            return f"{start.day} {start:%b}\n{start:%Y}"
