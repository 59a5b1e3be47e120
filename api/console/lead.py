"""A lead's page: how it stands, what can be done with it, and everything that happened, in words."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api.access import OpenStore, Principal
from api.console.frame import LeadViewer, Notice, PageRoute, page, viewers_zone
from api.console.shown import words
from api.events import event_resource
from api.problems import NotFound
from api.store import OPERATOR_ID, SYSTEM_ID, Store
from api.visible import sees
from api.write import lead_at
from domain.event import Forgotten
from domain.follow_up import (
    FollowUpCancelled,
    FollowUpCompleted,
    FollowUpRescheduled,
    FollowUpRetracted,
    FollowUpScheduled,
)
from domain.undo import standing, undone
from domain.workspace import DEFAULT_PIPELINE, Workspace
from eventstore import log
from eventstore.log import Recorded
from projections import leads as lead_lists
from projections.sight import Sight

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Told:
    """An event as the timeline tells it: the sentence, whom it names, and who did it."""

    recorded: Recorded
    sentence: str
    is_undone: bool
    whom: str | None
    who: str
    raw: str


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Something that is still to be done."""

    task_id: UUID
    what: str
    due_at: datetime
    assignee: str | None


@router.get("/console/leads/{lead_id}")
def show(request: Request, lead_id: UUID, store: OpenStore, viewer: LeadViewer) -> Response:
    """The page of one lead. Raises NotFound."""
    return show_lead(request, store, viewer, lead_id)


@router.get("/console/leads/{lead_id}/{act}")
def back_to_the_lead(lead_id: UUID, act: str, _: LeadViewer) -> Response:
    """Where a reload of a refused form leads."""
    return RedirectResponse(f"/console/leads/{lead_id}", 303)


def show_lead(
    request: Request, store: Store, viewer: Principal, lead_id: UUID, notice: Notice | None = None
) -> Response:
    """The page of one lead, straight from the log, and what became of a form that was sent from it. Raises NotFound."""
    with store.pool.connection() as connection:
        history = log.load(connection, lead_id).history
        stands = standing(history)
        is_lead = bool(stands) and stands[0].stream_type == "lead"
        if not is_lead or not sees(connection, viewer.sight, "lead", lead_id):
            raise NotFound("There is no lead at this address.")
        workspace = store.settled.now(connection)[0]
        lead = lead_at(connection, workspace, viewer.sight, lead_id, history[-1].position)
        row = lead_lists.get_lead(connection, lead_id, sight=viewer.sight)
        members = lead_lists.list_members(connection, sight=viewer.sight)
    names = _names(workspace)
    pipeline = workspace.pipelines.get(lead.pipeline or DEFAULT_PIPELINE.name)
    return page(
        request,
        "lead.html",
        notice.status if notice else 200,
        notice=notice,
        lead=lead,
        customer=row and row["customer_name"],
        owner=names.get(lead.owner_id, "a former member") if lead.owner_id else None,
        stages=[stage.name for stage in pipeline.stages] if pipeline else [],
        members=members,
        follow_ups=_to_do(stands, names, viewer.sight),
        days=_days(history, names, viewers_zone(request), viewer.sight),
        events=len(history),
    )


def _names(workspace: Workspace) -> Mapping[UUID, str]:
    """Whoever can be named in a history: members, programs by the labels of their keys, and ourselves."""
    members = {member_id: _said(name) for member_id, name in workspace.members.items()}
    keys = {key_id: f"{_said(key.label)} (API key)" for key_id, key in workspace.keys.items()}
    return {**members, **keys, OPERATOR_ID: "the operator", SYSTEM_ID: "Everfold"}


def _days(
    history: Sequence[Recorded], names: Mapping[UUID, str], zone: ZoneInfo, sight: Sight
) -> list[tuple[date, list[Told]]]:
    """The viewer's latest day first, and on a day what happened last."""
    latest_first = sorted(history, key=lambda recorded: (recorded.occurred_at, recorded.position), reverse=True)
    gone = undone(history)
    told = (_told(recorded, names, sight, is_undone=recorded.version in gone) for recorded in latest_first)
    by_day = groupby(told, key=lambda one: one.recorded.occurred_at.astimezone(zone).date())
    return [(day, list(events)) for day, events in by_day]


def _told(recorded: Recorded, names: Mapping[UUID, str], sight: Sight, *, is_undone: bool) -> Told:
    kind, actor_id = recorded.actor.get("kind", ""), recorded.actor.get("id")
    someone = getattr(recorded.event, "owner_id", None) or getattr(recorded.event, "assignee_id", None)
    return Told(
        recorded=recorded,
        sentence=recorded.event.in_words() if sight.personal else words(recorded.type),
        is_undone=is_undone,
        whom=names.get(someone, "a former member") if someone else None,
        who=names.get(UUID(actor_id), _stranger(kind)) if actor_id else _stranger(kind),
        raw=json.dumps(event_resource(recorded, sight).model_dump(mode="json"), indent=2, ensure_ascii=False),
    )


def _stranger(kind: str) -> str:
    known = {"user": "a former member", "api_key": "a revoked API key", "import": "an import"}
    return known.get(kind, words(kind) or "somebody")


def _to_do(history: Iterable[Recorded], names: Mapping[UUID, str], sight: Sight) -> list[FollowUp]:
    """The follow-ups that are open, the most urgent first."""
    due: dict[UUID, FollowUp] = {}
    for recorded in history:
        match recorded.event:
            case FollowUpScheduled() as event:
                assignee = names.get(event.assignee_id, "a former member") if event.assignee_id else None
                what = _said(event.what) if sight.personal else "withheld"
                due[event.task_id] = FollowUp(event.task_id, what, event.due_at, assignee)
            case FollowUpRescheduled() as event if event.task_id in due:
                known = due[event.task_id]
                due[event.task_id] = FollowUp(event.task_id, known.what, event.due_at, known.assignee)
            case FollowUpCompleted() | FollowUpCancelled() | FollowUpRetracted() as event:
                due.pop(event.task_id, None)
    return sorted(due.values(), key=lambda follow_up: follow_up.due_at)


def _said(text: str | Forgotten) -> str:
    return "(forgotten)" if isinstance(text, Forgotten) else text
