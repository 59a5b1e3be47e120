"""The pages of the figures: all at a glance; one with its definition, breakdown and plot; the events behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response

from api.access import OpenStore
from api.console import shown
from api.console.details import facts, tables
from api.console.frame import EventViewer, KpiViewer, Notice, PageRoute, page
from api.console.monthly import ByMonth, by_month
from api.console.overview import Glance, overview
from api.console.shapes import shape
from api.kpis import KpiGroup, KpiResult
from api.kpis.answer import names
from api.kpis.asking import answer
from api.kpis.currencies import currencies, main_currency, value_in
from api.kpis.question import Asked, find, from_query
from api.kpis.routes import behind
from api.problems import BadParameter
from api.resources import EventResource
from eventstore import codec
from projections.kpi import AREAS, Kpi, kpis
from projections.sight import Sight

router = APIRouter(prefix="/console/kpis", route_class=PageRoute, include_in_schema=False)

_EVENTS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a figure's page, as it was filled in."""

    first_day: str = ""
    end_day: str = ""
    as_of: str = ""
    group_by: str = ""
    definition: str = ""
    where: str = ""
    is_: str = ""
    """The group of `where` that alone counts; empty for what has none."""
    parameters: Mapping[str, str] = field(default_factory=dict)

    def asked(self, zone: str, sight: Sight) -> Asked:
        """What was asked for. Raises BadParameter."""
        as_of = _moment(self.as_of)
        return Asked(
            zone,
            _day(self.first_day),
            _day(self.end_day),
            as_of,
            "occurred" if as_of else None,
            self.group_by or None,
            self.definition or None,
            {self.where: (self.is_,)} if self.where else {},
            self.parameters,
            sight=sight,
        )


@dataclass(frozen=True, slots=True)
class Group:
    """A row of the breakdown; `share` is its part of the largest one, in percent."""

    name: str
    values: Sequence[str]
    share: Decimal
    sample_size: int


@router.get("")
def show_all(
    request: Request,
    store: OpenStore,
    viewer: KpiViewer,
    every: Annotated[str, Query()] = "month",
    area: Annotated[str, Query()] = "",
) -> Response:
    """The figures of one area, of the last month or quarter that is over; or the areas, each fetched when it comes into
    view: all of them together take some seconds in a large log."""
    glance: Glance = "quarter" if every == "quarter" else "month"
    area = area if area in AREAS else ""
    areas = {name: [kpi for kpi in kpis().values() if kpi.area == name] for name in AREAS if area in (name, "")}
    seen = overview(store, glance, viewer.sight, areas.get(area, ()))
    return page(request, "kpis.html", every=glance, areas=areas, area=area, seen=seen)


@router.get("/{slug}")
def show(
    slug: str,
    request: Request,
    store: OpenStore,
    viewer: KpiViewer,
    from_: Annotated[str, Query(alias="from")] = "",
    to: Annotated[str, Query()] = "",
    as_of: Annotated[str, Query()] = "",
    group_by: Annotated[str | None, Query()] = None,
    definition: Annotated[str, Query()] = "",
    where: Annotated[str, Query()] = "",
    is_: Annotated[str, Query(alias="is")] = "",
) -> Response:
    """One figure: its value, what it means, by group and by month. Raises NotFound."""
    kpi, zone, notice = find(slug), store.settings.zone, None
    said = {name: request.query_params[name] for name in kpi.parameters if request.query_params.get(name)}
    by = kpi.relation.groups[0] if group_by is None else group_by
    form = Form(from_, to, as_of, by, definition, where, is_, said)
    with store.pool.connection() as connection:
        try:
            asked = form.asked(zone, viewer.sight)
            result = answer(connection, kpi, asked)
        except BadParameter as problem:
            notice = Notice(problem.status, f"{problem} Here is the figure over all time.")
            asked = Form().asked(zone, viewer.sight)
            result = answer(connection, kpi, asked)
        drawn = shape(result)
        months = ByMonth(None) if drawn else by_month(connection, kpi, result, asked)
    return page(
        request,
        "kpi.html",
        notice.status if notice else 200,
        notice=notice,
        kpi=kpi,
        result=result,
        values=_values(kpi, result),
        form=form,
        months=months,
        shape=drawn,
        definitions=names(slug),
        target=shown.target(result.target, result.target_is, kpi.unit),
        groups=_groups(kpi, result),
        facts=facts(kpi, result.details),
        tables=tables(kpi, result.details),
        parameters=[(name, result.params[name]) for name in kpi.parameters],
        zone=zone,
        events_query=result.events_url.partition("?")[2],
    )


@router.get("/{slug}/events")
def events(
    slug: str,
    request: Request,
    store: OpenStore,
    viewer: EventViewer,
    asked: Annotated[Asked, Depends(from_query)],
    cursor: Annotated[str | None, Query()] = None,
) -> Response:
    """The events behind a figure, in words. Raises NotFound, BadParameter, BadCursor."""
    found = behind(store, viewer, slug, asked, _EVENTS_SHOWN, cursor)
    kept = {name: value for name, value in request.query_params.items() if name != "cursor"}
    return page(
        request,
        "kpi_events.html",
        kpi=find(slug),
        events=[(event, _sentence(event, viewer.sight)) for event in found.data],
        following=urlencode(kept | {"cursor": found.next_cursor}) if found.next_cursor else None,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadParameter("A day is written like 2026-03-31.") from None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if text else None
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC) if moment else None
    except (ValueError, OverflowError):
        raise BadParameter("A moment is written like 2026-03-31T09:00, in UTC.") from None


def _values(kpi: Kpi, result: KpiResult | KpiGroup) -> list[str]:
    """The value in its unit; where currencies cannot be added up, one value for each."""
    found = currencies(result)
    if not found:
        return [shown.figure(result.value, kpi.unit)]
    return [shown.figure(value_in(result, currency), kpi.unit, currency) for currency in found]


def _groups(kpi: Kpi, result: KpiResult) -> list[Group]:
    """The largest value first, in the currency of most deals where it is about money; what has none comes last."""
    currency = main_currency(result)
    worth = [(group, value_in(group, currency) if currency else group.value) for group in result.groups or []]
    largest = max((value for _, value in worth if value and value > 0), default=Decimal(1))
    return [
        Group(
            name=group.label or group.group or "none",
            values=_values(kpi, group),
            share=round(max(value or Decimal(), Decimal()) / largest * 100, 1),
            sample_size=group.sample_size,
        )
        for group, value in sorted(
            worth, key=lambda one: (one[1] is None, -(one[1] or 0), one[0].label or one[0].group or "")
        )
    ]


def _sentence(event: EventResource, sight: Sight) -> str:
    if not sight.personal:
        return shown.words(event.type)
    had_personal = event.personal is not None
    return codec.join(event.type, event.data, event.personal, had_personal=had_personal).in_words()
