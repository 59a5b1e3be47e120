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
from api.kpis.publishing import PublishKpiParameters, PublishKpiTarget, publish_over_api
from api.kpis.question import Asked, asked_by_key, find
from api.kpis.seen import seen_by, series_seen_by
from api.kpis.series import TOP, series_as_of
from api.problems import (
    BadCursor,
    BadIfMatch,
    BadParameter,
    IdempotencyKeyReused,
    NotFound,
    OccurredInFuture,
    documented,
)
from api.resources import CommandResult, EventResource, Page
from api.store import Store
from api.write import Writer, writer
from eventstore import log
from projections import kpi as figures
from projections.kpi import kpis
from projections.read_models import read_models

router = APIRouter(prefix="/v1/kpis", tags=["kpis"])

SettingsWriter = Annotated[Writer, Security(writer, scopes=["settings:write"])]
KpiReader = Annotated[Principal, Security(principal, scopes=["kpis:read"])]
AskedFor = Annotated[Asked, Depends(asked_by_key)]
ComparedWith = Annotated[Compare | None, Query(description="Beside it, the period of the same length before.")]


_PUBLISH = documented(NotFound, BadParameter, IdempotencyKeyReused, OccurredInFuture, BadIfMatch, writes=True)


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
    slug: str,
    caller: KpiReader,
    store: OpenStore,
    asked: AskedFor,
    every: Every = "month",
    group_by: str | None = None,
    top: Annotated[int, Query(ge=1, le=50, description="How many groups are told apart.")] = TOP,
    fresh: MinPosition = None,
) -> KpiSeries:
    """A figure over time: one result per bucket, all as of one moment; how things stood is said of each one's end.
    Without `from`, the last twelve buckets; there are at most 400. With `group_by`, also the course of the `top` groups
    of which most was counted, and that of the others together."""
    kpi = find(slug)
    at_least(store, read_models().values(), fresh)
    return series_seen_by(caller, series_as_of(store, kpi, replace(asked, group_by=group_by), every, top), group_by)


@router.post("/{slug}/parameters", responses=_PUBLISH)
def publish_kpi_parameters(slug: str, command: PublishKpiParameters, write: SettingsWriter) -> CommandResult:
    """From now on a figure has these parameters where nobody says otherwise; figures as of before keep theirs."""
    return publish_over_api(write, find(slug), command)


@router.post("/{slug}/targets", responses=_PUBLISH)
def publish_kpi_target(slug: str, command: PublishKpiTarget, write: SettingsWriter) -> CommandResult:
    """From now on a figure shall come to this, at least or at most; null: to nothing any more. Without `target_is`, at
    most where less is better."""
    return publish_over_api(write, find(slug), command)


@router.get("/{slug}/events", responses=documented(NotFound, BadParameter, BadCursor))
def list_kpi_events(
    slug: str,
    caller: Annotated[Principal, Security(principal, scopes=["kpis:read", "events:read"])],
    store: OpenStore,
    asked: AskedFor,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Page[EventResource]:
    """The events behind a figure, in the order in which they were recorded."""
    return behind(store, caller, slug, asked, limit, cursor)


def behind(
    store: Store, caller: Principal, slug: str, asked: Asked, limit: int, cursor: str | None
) -> Page[EventResource]:
    """A page of the events behind a figure, of the records that the caller may see.

    Raises NotFound, BadParameter, BadCursor.
    """
    kpi, asked = find(slug), replace(asked, sight=caller.sight)
    after = int(cursors.decode(store, f"kpi {slug}", cursor)[0]) if cursor is not None else 0
    with tables(store, kpi, asked) as (connection, schema):
        settled = settle(connection, kpi, asked, schema)
        positions = figures.counted_positions(
            connection, settled.kpi, question_of(settled), after, limit + 1, schema, sight=asked.sight
        )
        found = log.read_positions(connection, positions[:limit])
    more = len(positions) > limit
    following = cursors.encode(store, f"kpi {slug}", positions[limit - 1]) if more else None
    return Page(data=[event_resource(event, caller.sight) for event in found], has_more=more, next_cursor=following)
