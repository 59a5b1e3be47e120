"""The routes of the figures."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Security

from api import cursors
from api.access import OpenStore, Principal, principal
from api.events import event_resource
from api.fresh import MinPosition, at_least
from api.kpis.answer import KpiDefinition, KpiResult, KpiSeries, definition
from api.kpis.asking import answer_as_of, question_of, settle, tables
from api.kpis.buckets import Every
from api.kpis.comparison import Compare, compared_as_of
from api.kpis.question import Asked, find, from_query
from api.kpis.seen import seen_by, series_seen_by
from api.kpis.series import series_as_of
from api.problems import BadCursor, BadParameter, NotFound, documented
from api.resources import EventResource, Page
from api.store import Store
from eventstore import log
from projections import kpi as figures
from projections.kpi import kpis
from projections.read_models import read_models

router = APIRouter(prefix="/v1/kpis", tags=["kpis"])

KpiReader = Annotated[Principal, Security(principal, scopes=["kpis:read"])]
AskedFor = Annotated[Asked, Depends(from_query)]
ComparedWith = Annotated[Compare | None, Query(description="Beside it, the period of the same length before.")]


@router.get("", responses=documented())
def list_kpis(_: KpiReader) -> Page[KpiDefinition]:
    """All figures with their definitions."""
    return Page(data=[definition(kpi) for kpi in kpis().values()], has_more=False, next_cursor=None)


@router.get("/{slug}", responses=documented(NotFound, BadParameter))
def get_kpi(
    slug: str,
    caller: KpiReader,
    store: OpenStore,
    asked: AskedFor,
    group_by: str | None = None,
    compare: ComparedWith = None,
    fresh: MinPosition = None,
) -> KpiResult:
    """A figure of a period, as of a moment, in total and by group. Its parameters, which its definition names, are
    taken by their names, and `filter[source]=web` counts that group alone. Names of members take members:read too, and
    the reasons that people gave leads:read."""
    kpi = find(slug)
    at_least(store, read_models().values(), fresh)
    result = (compared_as_of if compare else answer_as_of)(store, kpi, replace(asked, group_by=group_by))
    return seen_by(caller, result, group_by)


@router.get("/{slug}/series", responses=documented(NotFound, BadParameter))
def get_kpi_series(
    slug: str, caller: KpiReader, store: OpenStore, asked: AskedFor, every: Every = "month", fresh: MinPosition = None
) -> KpiSeries:
    """A figure over time: one result per bucket, all as of one moment; how things stood is said of each one's end.
    Without `from`, the last twelve buckets; there are at most 400."""
    kpi = find(slug)
    at_least(store, read_models().values(), fresh)
    return series_seen_by(caller, series_as_of(store, kpi, asked, every))


@router.get("/{slug}/events", responses=documented(NotFound, BadParameter, BadCursor))
def list_kpi_events(
    slug: str,
    _: Annotated[Principal, Security(principal, scopes=["kpis:read", "events:read"])],
    store: OpenStore,
    asked: AskedFor,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Page[EventResource]:
    """The events behind a figure, in the order in which they were recorded."""
    return behind(store, slug, asked, limit, cursor)


def behind(store: Store, slug: str, asked: Asked, limit: int, cursor: str | None) -> Page[EventResource]:
    """A page of the events behind a figure. Raises NotFound, BadParameter, BadCursor."""
    kpi = find(slug)
    after = int(cursors.decode(store, f"kpi {slug}", cursor)[0]) if cursor is not None else 0
    with tables(store, kpi, asked) as (connection, schema):
        settled = settle(connection, kpi, asked, schema)
        positions = figures.counted_positions(connection, settled.kpi, question_of(settled), after, limit + 1, schema)
        found = log.read_positions(connection, positions[:limit])
    more = len(positions) > limit
    following = cursors.encode(store, f"kpi {slug}", positions[limit - 1]) if more else None
    return Page(data=[event_resource(event) for event in found], has_more=more, next_cursor=following)
