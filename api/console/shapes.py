"""Figures that are a shape and not a number: how customers who came stay with us, as a curve or as cohorts' months.

A curve is drawn in a box of 100 by 100, a cell is 1 by 1; the box of either is stretched to its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.kpis import KpiResult

Rows = Sequence[Mapping[str, Any]]  # Any: JSON

_CELLS_IN_A_ROW = 13
_ROWS = 36
"""The newest cohorts; more would be too thin to be told apart."""
_PALEST = 0.08


@dataclass(frozen=True, slots=True)
class Curve:
    """The share that is still there by the months since they came, as a line of steps, and what it may as well be."""

    line: str
    band: str
    months: int
    words: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A month of a cohort: its column and row, how full its colour is (0 to 1), and what it says."""

    column: int
    row: int
    shade: float
    words: str


@dataclass(frozen=True, slots=True)
class Shape:
    """What is drawn of a figure: its curve, or its cells."""

    curve: Curve | None
    cells: Sequence[Cell]
    rows: int = 0
    oldest: str = ""
    newest: str = ""
    months: int = 0
    """Of cells: how many rows, the months of the first and of the last one, and that of the last column."""
    least: float = 0.0
    most: float = 0.0
    """Which shares have the palest and the fullest colour."""


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
    cohorts = sorted({cell["cohort"] for cell in cells})[-_ROWS:]
    shown = [cell for cell in cells if cell["cohort"] in cohorts and cell["month"] < _CELLS_IN_A_ROW]
    later = [_share(cell) for cell in shown if cell["month"]] or [0.0]  # in the first month all are there
    least, most = min(later), max(later)
    return Shape(
        _curve(curve) if curve else None,
        _cells(shown, cohorts, least, most),
        rows=len(cohorts),
        oldest=cohorts[0],
        newest=cohorts[-1],
        months=max(cell["month"] for cell in shown),
        least=least,
        most=most,
    )


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


def _share(cell: Mapping[str, Any]) -> float:  # Any: JSON
    return cell["active"] / cell["size"] if cell["size"] else 0.0


def _cells(cells: Rows, cohorts: Sequence[str], least: float, most: float) -> list[Cell]:
    """A row for each cohort, the first on top, and a column for each month after the first; no more than a year."""
    found = []
    for cell in cells:
        share = _share(cell)
        above = (share - least) / (most - least) if most > least else 1.0
        early = ", not over yet" if cell["immature"] else ""
        found.append(
            Cell(
                column=cell["month"],
                row=cohorts.index(cell["cohort"]),
                shade=round(_PALEST + (1 - _PALEST) * min(above, 1.0), 2),
                words=f"{cell['cohort']}, month {cell['month']}: {share:.0%} of {cell['size']:,}{early}",
            )
        )
    return found
