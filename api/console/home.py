"""Home: what needs somebody today, the most urgent first, and a handful of figures beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from api.access import OpenStore, Principal
from api.console import told
from api.console.forgetting import OpenRequest, requests_seen
from api.console.frame import KpiViewer, LeadViewer, PageRoute, page, viewers_zone
from api.console.overview import overview
from api.console.shown import words
from api.store import Store
from domain.customer import CustomerMarkedAtRisk
from domain.event import Forgotten
from domain.undo import standing
from eventstore import log
from eventstore.database import Connection
from projections import today
from projections.customers import names_of
from projections.kpi import kpis
from projections.leads import list_members
from projections.reading import Row
from projections.sight import Sight

router = APIRouter(route_class=PageRoute, include_in_schema=False)

FIGURES = ("new_customers", "win_rate", "pipeline_value", "backlog", "customer_churn_rate", "mrr")
"""Shown beside what needs attention."""

_EACH = 6
_SOON = timedelta(days=1)
_MOST_FOLLOW_UPS = 200


@dataclass(frozen=True, slots=True)
class Attention:
    """What needs somebody, by what it is; None of what the viewer may not read."""

    follow_ups: Sequence[Row] | None
    due: int
    overdue: int
    promises: Sequence[Row] | None
    at_risk: Sequence[Row] | None
    stuck: Sequence[Row] | None
    unowned: Sequence[Row] | None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing does."""
        return not any((self.follow_ups, self.promises, self.at_risk, self.stuck, self.unowned))


@router.get("/console")
def show(
    request: Request, store: OpenStore, viewer: LeadViewer, who: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """What needs attention: of a member's own, or of everybody's."""
    now, zone = datetime.now(UTC), viewers_zone(request)
    with store.pool.connection() as connection:
        is_member = viewer.id in {one["member_id"] for one in list_members(connection, sight=viewer.sight)}
        is_mine = is_member and who != "everybody"
        midnight = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), zone)
        seen = _attention(connection, viewer, viewer.id if is_mine else None, now, midnight)
        to_forget = _to_forget(connection, viewer, store)
        called = names_of(connection, [one.customer_id for one in to_forget], sight=viewer.sight)
        reasons = _reasons(connection, seen.at_risk or (), viewer.sight)
    return page(
        request,
        "home.html",
        seen=seen,
        to_forget=to_forget,
        called=called,
        each=_EACH,
        reasons=reasons,
        is_member=is_member,
        is_mine=is_mine,
        midnight=midnight,
        figures=FIGURES if "kpis:read" in viewer.scopes else (),
    )


@router.get("/console/figures")
def figures(request: Request, store: OpenStore, viewer: KpiViewer) -> Response:
    """The handful of figures; home fetches them when it is there already."""
    return page(request, "tiles.html", seen=overview(store, "month", viewer.sight, [kpis()[slug] for slug in FIGURES]))


def _attention(
    connection: Connection, viewer: Principal, mine: UUID | None, now: datetime, midnight: datetime
) -> Attention:
    sight = viewer.sight

    def for_who_reads(scope: str, ask: Callable[[], list[Row]]) -> list[Row] | None:
        return ask() if scope in viewer.scopes else None

    due = for_who_reads(
        "customers:read",
        # what is long overdue has waited, and mostly nobody waits for it any more
        lambda: today.agenda(
            connection, limit=_MOST_FOLLOW_UPS, sight=sight, assignee_id=mine, before=midnight, last_first=True
        ),
    )
    return Attention(
        follow_ups=due and due[:_EACH],
        due=len(due or ()),
        overdue=sum(one["due_at"] < now for one in due or ()),
        promises=for_who_reads(
            "tickets:read",
            lambda: today.promises(connection, now, _SOON, limit=_EACH, sight=sight, assignee_id=mine),
        ),
        at_risk=for_who_reads(
            "customers:read", lambda: today.customers_at_risk(connection, limit=_EACH, sight=sight, owner_id=mine)
        ),
        stuck=today.stuck_leads(connection, now, limit=_EACH, sight=sight, owner_id=mine),
        unowned=today.leads_of_nobody(connection, limit=_EACH, sight=sight),
    )


def _to_forget(connection: Connection, viewer: Principal, store: Store) -> list[OpenRequest]:
    """What waits for a second person, for whoever may be that."""
    if not {"customers:read", "forget:approve"} <= viewer.scopes:
        return []
    return requests_seen(connection, viewer, told.names_of(store.settled.now(connection)[0]))


def _reasons(connection: Connection, at_risk: Sequence[Row], sight: Sight) -> dict[UUID, str]:
    """Why each may leave us, as it was said last."""
    histories = log.load_many(connection, [row["customer_id"] for row in at_risk]) if at_risk else {}
    found: dict[UUID, str] = {}
    for customer_id, history in histories.items():
        told = [one.event for one in standing(history) if isinstance(one.event, CustomerMarkedAtRisk)]
        if told:
            found[customer_id] = _why(told[-1], sight)
    return found


def _why(event: CustomerMarkedAtRisk, sight: Sight) -> str:
    """The reason, or the signals that a rule saw."""
    if event.reason and not isinstance(event.reason, Forgotten) and sight.personal:
        return event.reason
    return ", ".join(words(signal) for signal in event.signals) or (f"says {words(event.rule)}" if event.rule else "")
