"""The pages of the figures: all at a glance; one with its definition, breakdown and plot; the events behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from api.access import OpenStore
from api.console import shown
from api.console.frame import Notice, PageRoute, SignedIn, page
from api.console.monthly import by_month
from api.kpis import KpiGroup, KpiResult, ask
from api.kpis.currencies import currencies, main_currency, value_in
from api.kpis.question import find
from api.kpis.routes import AskedFor, behind
from api.problems import BadParameter
from api.resources import EventResource
from eventstore import codec
from eventstore.database import Connection
from projections.kpi import Kpi, kpis

router = APIRouter(prefix="/console/kpis", route_class=PageRoute, include_in_schema=False)

_EVENTS_SHOWN = 50
_IN_ORDER = (
    "start_base", "stripe", "cohort", "stage", "status", "reason", "source", "campaign", "campaign_id", "pipeline",
    "month", "from_days", "to_days", "minutes",
    "open", "won", "lost", "disqualified", "both", "leads", "deals", "count", "mean", "median", "p90", "sum",
    "value", "opening", "new", "expansion", "contraction", "churn", "reactivation", "kept", "closing", "customers",
    "size", "at_risk", "active", "churned", "survival", "low", "high",
    "numerator", "denominator",
)  # fmt: skip
_AMOUNTS = {"opening", "won", "lost", "kept", "spent"}
"""What is money also where the figure itself is a share."""
_SHARES = {"win_rate", "of_first", "of_previous"}
"""What is a share also where the figure itself is an amount."""


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a figure's page, as it was filled in."""

    first_day: str = ""
    end_day: str = ""
    as_of: str = ""
    group_by: str = ""

    def answer(self, connection: Connection, kpi: Kpi, zone: str) -> KpiResult:
        """The figure that was asked for. Raises BadParameter."""
        as_of = _moment(self.as_of)
        days = _day(self.first_day), _day(self.end_day)
        return ask(connection, kpi, zone, *days, as_of, "occurred" if as_of else None, self.group_by or None)


@dataclass(frozen=True, slots=True)
class Group:
    """A row of the breakdown; `share` is its part of the largest one, in percent."""

    name: str
    values: Sequence[str]
    share: Decimal
    sample_size: int


@dataclass(frozen=True, slots=True)
class Table:
    """What a figure reports beside its value, where that has rows and columns."""

    title: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]


@router.get("")
def show_all(request: Request, store: OpenStore, _: SignedIn) -> Response:
    """All figures as they are now, over all time."""
    with store.pool.connection() as connection:
        results = [(kpi, ask(connection, kpi, store.settings.zone)) for kpi in kpis().values()]
    return page(request, "kpis.html", figures=[(kpi, result, _values(kpi, result)) for kpi, result in results])


@router.get("/{slug}")
def show(
    slug: str,
    request: Request,
    store: OpenStore,
    _: SignedIn,
    from_: Annotated[str, Query(alias="from")] = "",
    to: Annotated[str, Query()] = "",
    as_of: Annotated[str, Query()] = "",
    group_by: Annotated[str | None, Query()] = None,
) -> Response:
    """One figure: its value, what it means, by group and by month. Raises NotFound."""
    kpi, zone, notice = find(slug), store.settings.zone, None
    form = Form(from_, to, as_of, kpi.relation.groups[0] if group_by is None else group_by)
    with store.pool.connection() as connection:
        try:
            result = form.answer(connection, kpi, zone)
        except BadParameter as problem:
            notice = Notice(problem.status, f"{problem} Here is the figure over all time.")
            result = Form().answer(connection, kpi, zone)
        months = by_month(connection, kpi, result, zone)
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
        groups=_groups(kpi, result),
        facts=_facts(kpi, result.details),
        tables=_tables(kpi, result.details),
        zone=zone,
        events_query=result.events_url.partition("?")[2],
    )


@router.get("/{slug}/events")
def events(
    slug: str,
    request: Request,
    store: OpenStore,
    _: SignedIn,
    asked: AskedFor,
    cursor: Annotated[str | None, Query()] = None,
) -> Response:
    """The events behind a figure, in words. Raises NotFound, BadParameter, BadCursor."""
    found = behind(store, slug, asked, _EVENTS_SHOWN, cursor)
    kept = {name: value for name, value in request.query_params.items() if name != "cursor"}
    return page(
        request,
        "kpi_events.html",
        kpi=find(slug),
        events=[(event, _sentence(event)) for event in found.data],
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


def _facts(kpi: Kpi, details: Mapping[str, Any]) -> list[tuple[str, str]]:  # Any: as in _tables
    return [(name, _said(kpi, name, value)) for name, value in details.items() if not isinstance(value, Mapping | list)]


def _tables(kpi: Kpi, details: Mapping[str, Any]) -> list[Table]:  # Any: what the figure reports beside its value
    plain = {name: value for name, value in details.items() if isinstance(value, Mapping) and not _has_rows(value)}
    apart = {name: value for name, value in details.items() if _has_rows(value)}
    listed = [_listed(kpi, title, rows) for title, rows in details.items() if isinstance(rows, list) and rows]
    return listed + [
        Table(
            title=title,
            columns=(columns := sorted(next(iter(rows.values())), key=_place)),
            rows=[
                (name, [_said(kpi, column, rows[name].get(column)) for column in columns])
                for name in sorted(rows, key=_place)
            ],
        )
        for title, rows in [("", plain), *apart.items()]
        if rows
    ]


def _listed(kpi: Kpi, title: str, rows: list[dict[str, Any]]) -> Table:  # Any: as in _tables
    """Rows in an order of their own, such as the months of a curve; each begins with what names it."""
    first, *columns = sorted(rows[0], key=_place)
    named = [("none" if row[first] is None else str(row[first]), row) for row in rows]
    return Table(
        title, columns, [(name, [_said(kpi, column, row[column]) for column in columns]) for name, row in named]
    )


def _place(name: str) -> int:
    """Known names in their usual order; jsonb keeps none."""
    return _IN_ORDER.index(name) if name in _IN_ORDER else len(_IN_ORDER)


def _has_rows(value: object) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(isinstance(row, Mapping) for row in value.values())


def _said(kpi: Kpi, name: str, value: Any) -> str:  # Any: JSON
    if isinstance(value, Mapping):
        return " · ".join(shown.money(Decimal(str(part)), currency) for currency, part in value.items()) or "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, int):
        return shown.number(value)
    return shown.figure(Decimal(str(value)), "amount" if name in _AMOUNTS else "ratio" if name in _SHARES else kpi.unit)


def _sentence(event: EventResource) -> str:
    had_personal = event.personal is not None
    return codec.join(event.type, event.data, event.personal, had_personal=had_personal).in_words()
