"""Figures: asked for by slug, with period, moment and grouping; each leads on to the events behind it."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Security
from pydantic import BaseModel, PlainSerializer

from api import cursors
from api.access import OpenStore, Principal, principal
from api.events import event_resource
from api.fresh import MinPosition, at_least
from api.past import AsOf, Axis, OnAxis, tables
from api.problems import BadCursor, BadParameter, NotFound, documented
from api.resources import EventResource, Page
from api.store import Store
from domain.business_time import UnknownZone, time_zone
from eventstore import log
from eventstore.database import Connection
from projections import kpi as figures
from projections.kpi import Kpi, Question, kpis
from projections.read_models import read_models
from projections.reading import LIVE

router = APIRouter(prefix="/v1/kpis", tags=["kpis"])

KpiReader = Annotated[Principal, Security(principal, scopes=["kpis:read"])]

Number = Annotated[
    Decimal,
    PlainSerializer(lambda n: int(n) if n == n.to_integral_value() else float(n), int | float, when_used="json"),
]
"""Exact inside, a JSON number outside."""

_MEMBERS = ("owner", "assignee")
"""The groupings whose labels are names of people who work here."""

_EVER = datetime(1, 1, 2, tzinfo=UTC)
_FOR_EVER = datetime(9999, 12, 30, tzinfo=UTC)


class KpiDefinition(BaseModel):
    """What a figure means."""

    slug: str
    title: str
    definition: str
    question: str
    unit: str
    formula: str
    edge_cases: str
    source: str
    groups: list[str]


class Period(BaseModel):
    """A half-open period; null where it has no bound."""

    start: datetime | None
    end: datetime | None


class KpiGroup(BaseModel):
    """The figure of one group; `group` is null for records that have none, `label` its name where it has another."""

    group: str | None
    label: str | None
    value: Number | None
    numerator: Number | None
    denominator: Number | None
    sample_size: int
    excluded: int
    details: dict[str, Any]  # Any: what the figure reports beside its value


class KpiResult(BaseModel):
    """A figure. 0/0 is null. `events_url` leads to the events behind it."""

    slug: str
    value: Number | None
    numerator: Number | None
    denominator: Number | None
    unit: str
    definition: str
    params: dict[str, str | None]
    period: Period
    as_of: datetime
    axis: Axis
    sample_size: int
    excluded: int
    details: dict[str, Any]
    groups: list[KpiGroup] | None
    events_url: str


From = Annotated[date | None, Query(alias="from", description="First day of the period, in the zone.")]
To = Annotated[date | None, Query(description="Day after the last one of the period.")]


@router.get("", responses=documented())
def list_kpis(_: KpiReader) -> Page[KpiDefinition]:
    """All figures with their definitions."""
    return Page(data=[definition(kpi) for kpi in kpis().values()], has_more=False, next_cursor=None)


@router.get("/{slug}", responses=documented(NotFound, BadParameter))
def get_kpi(
    slug: str,
    caller: KpiReader,
    store: OpenStore,
    from_: From = None,
    to: To = None,
    zone: str | None = None,
    as_of: AsOf = None,
    axis: OnAxis = None,
    group_by: str | None = None,
    fresh: MinPosition = None,
) -> KpiResult:
    """A figure of a period, as of a moment, in total and by group. Names of members take the scope members:read too."""
    at_least(store, read_models().values(), fresh)
    result = ask_as_of(store, find(slug), zone, from_, to, as_of, axis, group_by)
    if group_by in _MEMBERS and "members:read" not in caller.scopes:
        nameless = [group.model_copy(update={"label": None}) for group in result.groups or ()]
        return result.model_copy(update={"groups": nameless})
    return result


@router.get("/{slug}/events", responses=documented(NotFound, BadParameter, BadCursor))
def list_kpi_events(
    slug: str,
    _: Annotated[Principal, Security(principal, scopes=["kpis:read", "events:read"])],
    store: OpenStore,
    from_: From = None,
    to: To = None,
    zone: str | None = None,
    as_of: AsOf = None,
    axis: OnAxis = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Page[EventResource]:
    """The events behind a figure, in the order in which they were recorded."""
    kpi = find(slug)
    after = int(cursors.decode(store, f"kpi {slug}", cursor)[0]) if cursor is not None else 0
    _must_be_askable(kpi, zone or store.settings.zone, from_, to)
    with tables(store, kpi.relation.reads, as_of, axis) as (connection, schema):
        question = _question(connection, zone or store.settings.zone, from_, to, as_of)
        positions = figures.counted_positions(connection, kpi, question, after, limit + 1, schema)
        found = log.read_positions(connection, positions[:limit])
    more = len(positions) > limit
    following = cursors.encode(store, f"kpi {slug}", positions[limit - 1]) if more else None
    return Page(data=[event_resource(event) for event in found], has_more=more, next_cursor=following)


def definition(kpi: Kpi) -> KpiDefinition:
    """A figure's definition as the API shows it."""
    return KpiDefinition(
        slug=kpi.slug,
        title=kpi.title,
        definition=kpi.definition,
        question=kpi.question,
        unit=kpi.unit,
        formula=kpi.formula,
        edge_cases=kpi.edge_cases,
        source=kpi.source,
        groups=list(kpi.relation.groups),
    )


def find(slug: str) -> Kpi:
    """The figure of that slug. Raises NotFound with the slugs there are."""
    if slug not in kpis():
        raise NotFound(f"There is no KPI of that name. There are: {', '.join(kpis())}.")
    return kpis()[slug]


def ask_as_of(
    store: Store,
    kpi: Kpi,
    zone: str | None = None,
    first_day: date | None = None,
    end_day: date | None = None,
    as_of: datetime | None = None,
    axis: Axis | None = None,
    group_by: str | None = None,
) -> KpiResult:
    """Work a figure out, on either axis; what was known at a past moment is folded for it first. Raises as both do."""
    zone = zone or store.settings.zone
    _must_be_askable(kpi, zone, first_day, end_day, group_by)
    with tables(store, kpi.relation.reads, as_of, axis) as (connection, schema):
        return ask(connection, kpi, zone, first_day, end_day, as_of, axis, group_by, schema)


def ask(
    connection: Connection,
    kpi: Kpi,
    zone: str,
    first_day: date | None = None,
    end_day: date | None = None,
    as_of: datetime | None = None,
    axis: Axis | None = None,
    group_by: str | None = None,
    schema: str = LIVE,
) -> KpiResult:
    """Work a figure out over the tables of a schema: as of a past moment on the recorded axis, those of `tables`.

    Raises BadParameter for a zone, period, moment or grouping that cannot be.
    """
    _must_be_askable(kpi, zone, first_day, end_day, group_by)
    question = _question(connection, zone, first_day, end_day, as_of)
    total = next(iter(figures.figure(connection, kpi, question, None, schema)), _NOTHING | {"value": kpi.of_nothing})
    groups = figures.figure(connection, kpi, question, group_by, schema) if group_by else None
    asked = {
        "from": first_day.isoformat() if first_day else None,
        "to": end_day.isoformat() if end_day else None,
        "zone": zone,
    }
    # without a moment, today's tables are what there is to count in
    moment = {"as_of": question.as_of.isoformat(), "axis": axis or "recorded" if as_of else "occurred"}
    link = urlencode({name: value for name, value in (asked | moment).items() if value})
    return KpiResult(
        slug=kpi.slug,
        unit=kpi.unit,
        definition=kpi.definition,
        params=asked | {"group_by": group_by},
        period=Period(start=question.period_from if first_day else None, end=question.period_to if end_day else None),
        as_of=question.as_of,
        axis=axis or "recorded",
        groups=[_group(row) for row in groups] if groups is not None else None,
        events_url=f"/v1/kpis/{kpi.slug}/events?{link}",
        **{name: value for name, value in total.items() if not name.startswith("group_")},
    )


def _group(row: dict[str, Any]) -> KpiGroup:
    return KpiGroup(group=row.pop("group_key"), label=row.pop("group_label"), **row)


_NOTHING: dict[str, Any] = {
    "numerator": None,
    "denominator": None,
    "sample_size": 0,
    "excluded": 0,
    "details": {},
}


def _must_be_askable(
    kpi: Kpi, zone: str, first_day: date | None, end_day: date | None, group_by: str | None = None
) -> None:
    if group_by is not None and group_by not in kpi.relation.groups:
        raise BadParameter(f"{kpi.slug} can be grouped by: {', '.join(kpi.relation.groups)}.")
    if first_day and end_day and first_day >= end_day:
        raise BadParameter("The period is empty: 'from' must lie before 'to'.")
    try:
        time_zone(zone)
    except UnknownZone:
        raise BadParameter("There is no such time zone. Give one of the IANA names, such as Europe/Berlin.") from None


def _question(
    connection: Connection, zone: str, first_day: date | None, end_day: date | None, as_of: datetime | None
) -> Question:
    now = log.now(connection)
    if as_of and as_of > now:
        raise BadParameter("as_of lies in the future; nobody knows that yet.")
    place = time_zone(zone)
    return Question(_midnight(first_day, place) or _EVER, _midnight(end_day, place) or _FOR_EVER, as_of or now, zone)


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, time(), zone) if day else None
