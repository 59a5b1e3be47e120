"""The pages of the figures: all at a glance; one with its definition, breakdown and plot; the events behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response

from api import kpis as asked
from api.access import OpenStore, Principal
from api.console import plot, shown
from api.console.frame import Notice, PageRoute, SignedIn, page
from api.console.plot import Plot, Point
from api.kpis import KpiGroup, KpiResult
from api.problems import BadParameter
from api.resources import EventResource
from domain.words import in_words
from eventstore import codec
from eventstore.database import Connection
from projections.kpi import Kpi, kpis
from projections.leads import span

router = APIRouter(prefix="/console/kpis", route_class=PageRoute, include_in_schema=False)

Choice = Annotated[str, Query()]

_MONTHS_AT_FIRST = 12
_MONTHS_AT_MOST = 36
_EVENTS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """The form of a figure's page, as it was filled in."""

    first_day: str = ""
    end_day: str = ""
    as_of: str = ""
    group_by: str = ""

    def answer(self, connection: Connection, kpi: Kpi, zone: str) -> KpiResult:
        """The figure that was asked for. Raises BadParameter."""
        as_of = _moment(self.as_of)
        axis = "occurred" if as_of else None
        first_day, end_day = _day(self.first_day), _day(self.end_day)
        return asked.ask(connection, kpi, zone, first_day, end_day, as_of, axis, self.group_by or None)


@router.get("")
def list_(request: Request, store: OpenStore, _: SignedIn) -> Response:
    """All figures as they are now, over all time."""
    with store.pool.connection() as connection:
        results = [(kpi, asked.ask(connection, kpi, store.settings.zone)) for kpi in kpis().values()]
    return page(request, "kpis.html", figures=[(kpi, result, _headline(kpi, result)) for kpi, result in results])


@router.get("/{slug}")
def show(
    slug: str,
    request: Request,
    store: OpenStore,
    _: SignedIn,
    from_: Annotated[str, Query(alias="from")] = "",
    to: Choice = "",
    as_of: Choice = "",
    group_by: Annotated[str | None, Query()] = None,
) -> Response:
    """One figure: its value, what it means, by group and by month. Raises NotFound."""
    kpi, zone = asked.find(slug), store.settings.zone
    form, notice = Asked(from_, to, as_of, kpi.relation.groups[0] if group_by is None else group_by), None
    with store.pool.connection() as connection:
        try:
            result = form.answer(connection, kpi, zone)
        except BadParameter as problem:
            notice = Notice(problem.status, str(problem))
            result = Asked().answer(connection, kpi, zone)
        months = _months(result, span(connection, result.as_of), ZoneInfo(zone))
        currency = _currency(result)
        points = [_point(connection, kpi, zone, month, result.as_of, currency) for month in months]
    return page(
        request,
        "kpi.html",
        notice.status if notice else 200,
        notice=notice,
        kpi=kpi,
        result=result,
        headline=_headline(kpi, result),
        form=form,
        groups=_bars(result.groups or []),
        plot=_plot(kpi, points),
        currency=currency,
        zone=zone,
        events_query=result.events_url.partition("?")[2],
    )


@router.get("/{slug}/events")
def events(
    slug: str,
    request: Request,
    store: OpenStore,
    member_id: SignedIn,
    from_: Annotated[date | None, Query(alias="from")] = None,
    to: Annotated[date | None, Query()] = None,
    zone: Annotated[str | None, Query()] = None,
    as_of: Annotated[datetime | None, Query()] = None,
    axis: Annotated[asked.Axis | None, Query()] = None,
    cursor: Annotated[str | None, Query()] = None,
) -> Response:
    """The events behind a figure, in words. Raises NotFound, BadParameter, BadCursor."""
    who = Principal("user", member_id, frozenset())
    found = asked.events(slug, who, store, from_, to, zone, as_of, axis, _EVENTS_SHOWN, cursor)
    kept = {name: value for name, value in request.query_params.items() if name != "cursor"}
    return page(
        request,
        "kpi_events.html",
        kpi=asked.find(slug),
        events=[(event, _sentence(event)) for event in found.data],
        following=urlencode(kept | {"cursor": found.next_cursor}) if found.next_cursor else None,
        first=cursor is None,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadParameter("A day is written like 2026-03-31.") from None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
    except ValueError:
        raise BadParameter("A moment is written like 2026-03-31T09:00, in UTC.") from None


def _headline(kpi: Kpi, result: KpiResult) -> list[str]:
    """The value in its unit; where currencies cannot be added up, one value for each."""
    by_currency = result.details.get("by_currency")
    if not by_currency:
        return [shown.figure(result.value, kpi.unit)]
    return [shown.money(_decimal(part["mean"]), currency) for currency, part in sorted(by_currency.items())]


def _currency(result: KpiResult) -> str | None:
    """The currency that most deals are in, when the figure is about money."""
    by_currency = result.details.get("by_currency") or {}
    return max(by_currency, key=lambda currency: (by_currency[currency]["deals"], currency), default=None)


def _bars(groups: Sequence[KpiGroup]) -> list[tuple[KpiGroup, Decimal]]:
    """Each group with its share of the largest, in percent."""
    largest = max((group.value for group in groups if group.value), default=Decimal(1))
    ranked = sorted(groups, key=lambda group: (group.value is None, -(group.value or 0), group.group or ""))
    return [(group, round((group.value or Decimal()) / largest * 100, 1)) for group in ranked]


def _months(result: KpiResult, data: tuple[datetime, datetime] | None, zone: ZoneInfo) -> list[tuple[date, date]]:
    """The months of the period, cut to it; without one, the last twelve that have data."""
    if data is None:
        return []
    first, last = (moment.astimezone(zone).date() for moment in data)
    start, end = result.period.start, result.period.end
    end_month = min(_month(last), _month(_before(end.astimezone(zone).date()))) if end else _month(last)
    limit = _MONTHS_AT_MOST if start else _MONTHS_AT_FIRST
    start_month = max(_month(first), end_month - limit + 1)
    if start:
        start_month = max(start_month, _month(start.astimezone(zone).date()))
    return [
        (
            max(_first_day(month), start.astimezone(zone).date()) if start else _first_day(month),
            min(_first_day(month + 1), end.astimezone(zone).date()) if end else _first_day(month + 1),
        )
        for month in range(start_month, end_month + 1)
    ]


def _month(day: date) -> int:
    """Months counted from the year 0."""
    return day.year * 12 + day.month - 1


def _first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _before(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)


def _point(
    connection: Connection, kpi: Kpi, zone: str, month: tuple[date, date], as_of: datetime, currency: str | None
) -> Point:
    first, end = month
    if "%(period_from)s" in kpi.counted:
        result = asked.ask(connection, kpi, zone, first, end, as_of, "occurred")
    else:  # a figure without a period is asked for at the end of each month
        moment = min(as_of, datetime.combine(end, datetime.min.time(), ZoneInfo(zone)))
        result = asked.ask(connection, kpi, zone, None, None, moment, "occurred")
    value = result.value
    if currency:
        part = result.details.get("by_currency", {}).get(currency)
        value = _decimal(part["mean"]) if part else None
    text = shown.money(value, currency) if currency else shown.figure(value, kpi.unit)
    return Point(f"{first:%b}", f"{first:%Y}", f"{first:%B %Y}", f"{text} (of {result.sample_size:,})", value)


def _plot(kpi: Kpi, points: Sequence[Point]) -> Plot | None:
    if all(point.value is None for point in points):
        return None
    counts = kpi.unit not in ("ratio", "days", "amount")
    return plot.draw(points, bars=counts, whole=counts, top=Decimal(1) if kpi.unit == "ratio" else None)


def _sentence(event: EventResource) -> str:
    had_personal = event.personal is not None
    return in_words(codec.join(event.type, event.data, event.personal, had_personal=had_personal))


def _decimal(value: Any) -> Decimal | None:  # Any: a number as JSON has it
    return None if value is None else Decimal(str(value))
