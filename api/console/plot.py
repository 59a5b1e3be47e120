"""The geometry of a plot: a figure by month, as bars for counts and as a line for everything else.

Across it is measured in percent, so that the plot fills any width and its letters keep their size; down in pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor, log10

HEIGHT = 220
"""From the topmost tick to the base line."""

_HEADROOM = 28
_TICKS = 4
_LABELS = 12
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Point:
    """What is to be drawn for a month. `label` stands below the axis, `name` and `text` are told on hover."""

    label: str
    year: str
    name: str
    text: str
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A point with its place."""

    point: Point
    left: float
    middle: float
    width: float
    y: float
    labelled: bool
    anchor: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Marks, ticks of the value axis as (y, value), and the pairs of marks that a line joins."""

    bars: bool
    marks: Sequence[Mark]
    ticks: Sequence[tuple[float, Decimal]]
    joined: Sequence[tuple[Mark, Mark]]
    base: float
    height: float


def draw(points: Sequence[Point], *, bars: bool, whole: bool = False, top: Decimal | None = None) -> Plot:
    """The plot of the points, in order; `whole` numbers have no ticks between them, `top` is the highest value possible."""
    step = _step(max((point.value for point in points if point.value is not None), default=Decimal()), whole)
    highest = step * max(1, ceil(max((point.value or Decimal() for point in points), default=Decimal()) / step))
    highest = min(highest, top) if top else highest
    base = _HEADROOM + HEIGHT

    def y(value: Decimal) -> float:
        return round(float(base - value / highest * HEIGHT), 2)

    width = 100 / max(1, len(points))
    every = ceil(len(points) / _LABELS)
    marks = [
        Mark(
            point=point,
            left=round(place * width, 3),
            middle=round((place + 0.5) * width, 3),
            width=round(width, 3),
            y=y(point.value or Decimal()),
            labelled=place % every == 0,
            anchor="start" if place < len(points) / 8 else "end" if place >= len(points) * 7 / 8 else "middle",
        )
        for place, point in enumerate(points)
    ]
    there = [mark for mark in marks if mark.point.value is not None]
    return Plot(
        bars=bars,
        marks=marks,
        ticks=[(y(step * number), step * number) for number in range(int(highest / step) + 1)],
        joined=[] if bars else list(zip(there, there[1:], strict=False)),
        base=base,
        height=base + 44,
    )


def _step(highest: Decimal, whole: bool) -> Decimal:
    """A round number that goes at most `_TICKS` times into the highest value."""
    wanted = float(highest) / _TICKS or 1
    size: float = 10.0 ** floor(log10(wanted))
    step = Decimal(str(next(size * factor for factor in _STEPS if size * factor >= wanted)))
    return max(Decimal(1), Decimal(ceil(step))) if whole else step
