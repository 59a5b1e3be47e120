"""The geometry of a plot: a figure by month, as bars for counts and as a line for everything else.

Across it is measured in percent, so that the plot fills any width and its letters keep their size; down in pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, pairwise
from math import ceil, floor, log10

_HEIGHT = 200
_HEADROOM = 28
_FOOTROOM = 44
_TICKS = 4
_LABELS = 12
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Point:
    """What is to be drawn for a month; `text` is its value in words and `sample_size` what it was worked out from."""

    month: str
    year: str
    name: str
    text: str
    sample_size: int
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A point with its place: its band reaches from `left` over `width`. Its labels stand below the axis."""

    point: Point
    left: float
    width: float
    middle: float
    y: float
    label: str
    year: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Marks, the ticks of the value axis as (y, value), and the pairs of marks that a line joins."""

    bars: bool
    marks: Sequence[Mark]
    joined: Sequence[tuple[Mark, Mark]]
    ticks: Sequence[tuple[float, Decimal]]
    base: float
    height: float


def draw(points: Sequence[Point], *, bars: bool, whole: bool = False, top: Decimal | None = None) -> Plot:
    """The plot of the points in order. `whole` numbers have no ticks between them; no axis goes beyond `top`.

    The axis has a place for zero, and goes below it where a value does; bars are counts and never do.
    """
    values = [Decimal(), *(point.value for point in points if point.value is not None)]
    step = _step(max(values) - min(values), whole)
    lowest = step * floor(min(values) / step)
    highest = max(lowest + step, step * ceil(max(values) / step))
    highest = min(highest, top) if top else highest
    base = _HEADROOM + _HEIGHT
    width, every = 100 / max(1, len(points)), ceil(len(points) / _LABELS)

    def y(value: Decimal) -> float:
        return round(float(base - (value - lowest) / (highest - lowest) * _HEIGHT), 2)

    marks = [
        Mark(
            point=point,
            left=round(place * width, 3),
            width=round(width, 3),
            middle=round((place + 0.5) * width, 3),
            y=y(point.value or Decimal()),
            label=point.month if place % every == 0 else "",
            year=point.year if place % every == 0 and _new_year(points, place, every) else "",
        )
        for place, point in enumerate(points)
    ]
    there = [mark for mark in marks if mark.point.value is not None]
    at = [lowest + step * number for number in range(int((highest - lowest) / step) + 1)]
    ticks = [(y(value), value) for value in at]
    joined = [] if bars else list(pairwise(there))
    return Plot(bars, marks, joined, ticks, base, base + _FOOTROOM)


def sparkline(values: Sequence[Decimal | None]) -> list[str]:
    """The course of the values as the points of lines in a box of 100 by 100, from zero, or the lowest one below it, up
    to the highest; a line for each run of values that are known."""
    known = [Decimal(), *(value for value in values if value is not None)]
    lowest, span = min(known), (max(known) - min(known)) or Decimal(1)
    points = [
        None
        if value is None
        else f"{place * 100 / (len(values) - 1):.4g},{100 - float((value - lowest) / span * 100):.4g}"
        for place, value in enumerate(values)
    ]
    runs = [[point for point in run if point] for _, run in groupby(points, key=lambda point: point is None)]
    return [" ".join(run) for run in runs if len(run) > 1]


def _new_year(points: Sequence[Point], place: int, every: int) -> bool:
    """Whether the label before this one stands in another year; the first gives way to a year right beside it."""
    if place:
        return points[place - every].year != points[place].year
    return len(points) <= every or points[every].year == points[0].year


def _step(span: Decimal, whole: bool) -> Decimal:
    """A round number that goes at most `_TICKS` times into what the values span."""
    wanted = float(span) / _TICKS or 1
    size = 10.0 ** floor(log10(wanted))
    step = Decimal(str(next(size * factor for factor in _STEPS if size * factor >= wanted)))
    return Decimal(ceil(step)) if whole else step
