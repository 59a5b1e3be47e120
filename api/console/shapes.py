"""Figures that are a shape and not a number: how customers who came stay with us, as a curve or as cohorts' months.

Both are drawn in a box of 100 by 100 that is stretched to its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.kpis import KpiResult

Rows = Sequence[Mapping[str, Any]]  # Any: JSON

_CELLS_IN_A_ROW = 13


@dataclass(frozen=True, slots=True)
class Curve:
    """The share that is still there by the months since they came, as a line of steps, and what it may as well be."""

    line: str
    band: str
    months: int
    words: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A month of a cohort: its place, how dark it is (0 to 1), and what it says."""

    x: float
    y: float
    width: float
    height: float
    shade: float
    words: str


@dataclass(frozen=True, slots=True)
class Shape:
    """What is drawn of a figure: its curve, or its cells."""

    curve: Curve | None
    cells: Sequence[Cell]
    oldest: str = ""
    newest: str = ""
    months: int = 0
    """Of cells: the months of the first and of the last row, and that of the last column."""


def has_shape(details: Mapping[str, Any]) -> bool:
    """Whether what a figure reports is drawn so."""
    return bool(details.get("curve") or details.get("cells"))


def shape(result: KpiResult) -> Shape | None:
    """How it is drawn; None where it is a number by itself, or nothing was counted."""
    if not has_shape(result.details):
        return None
    curve, cells = result.details.get("curve"), result.details.get("cells") or ()
    if not cells:
        return Shape(_curve(curve) if curve else None, ())
    cohorts = [cell["cohort"] for cell in cells]
    last = min(max(cell["month"] for cell in cells), _CELLS_IN_A_ROW - 1)
    return Shape(_curve(curve) if curve else None, _cells(cells), min(cohorts), max(cohorts), last)


def _curve(points: Rows) -> Curve:
    months = max(1, len(points) - 1)
    known = [point for point in points if point.get("low") is not None]
    upper = _steps([(point["month"], float(point["high"])) for point in known], months)
    lower = _steps([(point["month"], float(point["low"])) for point in known], months)
    return Curve(
        line=" ".join(_steps([(point["month"], float(point["survival"])) for point in points], months)),
        band=" ".join([*upper, *reversed(lower)]),
        months=points[-1]["month"],
        words=f"{float(points[-1]['survival']):.1%} after {points[-1]['month']} months",
    )


def _steps(points: Sequence[tuple[int, float]], months: int) -> list[str]:
    """Each value holds up to the next month."""
    found: list[str] = []
    for place, (month, value) in enumerate(points):
        if place:
            found.append(_at(month, points[place - 1][1], months))
        found.append(_at(month, value, months))
    return found


def _at(month: int, value: float, months: int) -> str:
    return f"{100 * month / months:.4g},{100 - 100 * value:.4g}"


def _cells(cells: Rows) -> list[Cell]:
    """A row for each cohort, the first on top, and a column for each month after the first; no more than a year."""
    shown = [cell for cell in cells if cell["month"] < _CELLS_IN_A_ROW]
    cohorts = sorted({cell["cohort"] for cell in shown})
    columns = 1 + max((cell["month"] for cell in shown), default=0)
    width, height = 100 / columns, 100 / max(1, len(cohorts))
    found = []
    for cell in shown:
        share = cell["active"] / cell["size"] if cell["size"] else 0.0
        early = ", not over yet" if cell["immature"] else ""
        found.append(
            Cell(
                x=round(cell["month"] * width, 2),
                y=round(cohorts.index(cell["cohort"]) * height, 2),
                width=round(width, 2),
                height=round(height, 2),
                shade=round(share, 3),
                words=f"{cell['cohort']}, month {cell['month']}: {share:.0%} of {cell['size']:,}{early}",
            )
        )
    return found
