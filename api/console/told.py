"""What happened to a record, as its page tells it: every event in words, by day, with whom it names and who did it."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from api.console.shown import age, words
from api.events import event_resource
from api.store import OPERATOR_ID, SYSTEM_ID
from domain.event import Forgotten
from domain.follow_up import (
    FollowUpCancelled,
    FollowUpCompleted,
    FollowUpRescheduled,
    FollowUpRetracted,
    FollowUpScheduled,
)
from domain.undo import undone
from domain.workspace import Workspace
from eventstore.log import Recorded
from projections.sight import Sight

Names = Mapping[UUID, str]
"""Whoever can be named in a history, by id."""

_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


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


def names_of(workspace: Workspace) -> dict[UUID, str]:
    """Whoever can be named in a history: members, programs by the labels of their keys, and ourselves."""
    members = {member_id: said(name) for member_id, name in workspace.members.items()}
    keys = {key_id: f"{said(key.label)} (API key)" for key_id, key in workspace.keys.items()}
    return {**members, **keys, OPERATOR_ID: "the operator", SYSTEM_ID: "Everfold"}


def people_of(rows: Iterable[Mapping[str, object]]) -> dict[UUID, str]:
    """The contact persons of these rows whose names may be shown, by id."""
    return {UUID(str(row["person_id"])): str(row["name"]) for row in rows if row["name"]}


def days_of(history: Sequence[Recorded], names: Names, zone: ZoneInfo, sight: Sight) -> list[tuple[date, list[Told]]]:
    """The viewer's latest day first, and on a day what happened last."""
    latest_first = sorted(history, key=lambda recorded: (recorded.occurred_at, recorded.position), reverse=True)
    gone = undone(history)
    events = (told(recorded, names, sight, is_undone=recorded.version in gone) for recorded in latest_first)
    by_day = groupby(events, key=lambda one: one.recorded.occurred_at.astimezone(zone).date())
    return [(day, list(of_day)) for day, of_day in by_day]


def changes_since(history: Sequence[Recorded], version: int, names: Names, sight: Sight, now: datetime) -> str:
    """What others did to a record after a version of it, in a sentence or two; empty when nothing."""
    newer = [recorded for recorded in history if recorded.version > version]
    events = [told(recorded, names, sight, is_undone=False) for recorded in newer[-3:]]
    return " ".join(
        f"{one.who[:1].upper()}{one.who[1:]}, {_ago(one.recorded.recorded_at, now)}: {one.sentence}." for one in events
    )


def to_do(history: Iterable[Recorded], names: Names, sight: Sight) -> list[FollowUp]:
    """The follow-ups that are open, the most urgent first."""
    due: dict[UUID, FollowUp] = {}
    for recorded in history:
        match recorded.event:
            case FollowUpScheduled() as event:
                assignee = names.get(event.assignee_id, "a former member") if event.assignee_id else None
                what = said(event.what) if sight.personal else "withheld"
                due[event.task_id] = FollowUp(event.task_id, what, event.due_at, assignee)
            case FollowUpRescheduled() as event if event.task_id in due:
                known = due[event.task_id]
                due[event.task_id] = FollowUp(event.task_id, known.what, event.due_at, known.assignee)
            case FollowUpCompleted() | FollowUpCancelled() | FollowUpRetracted() as event:
                due.pop(event.task_id, None)
    return sorted(due.values(), key=lambda follow_up: follow_up.due_at)


def who_did(recorded: Recorded, names: Names) -> str:
    """Whoever an event is of, by name."""
    return who(recorded.actor.get("kind", ""), recorded.actor.get("id"), names)


def who(kind: str, actor_id: str | None, names: Names) -> str:
    """Who acted, in words."""
    known = {"user": "a former member", "api_key": "a revoked API key", "import": "an import"}
    stranger = known.get(kind, words(kind) or "somebody")
    return names.get(UUID(actor_id), stranger) if actor_id else stranger


def said(text: str | Forgotten) -> str:
    """Text that may have been forgotten."""
    return "(forgotten)" if isinstance(text, Forgotten) else text


def told(recorded: Recorded, names: Names, sight: Sight, *, is_undone: bool) -> Told:
    """The event for somebody with this sight; who may not see what is personal is told only what kind it is."""
    someone = getattr(recorded.event, "owner_id", None) or getattr(recorded.event, "assignee_id", None)
    return Told(
        recorded=recorded,
        sentence=_naming(recorded.event.in_words(), names) if sight.personal else words(recorded.type),
        is_undone=is_undone,
        whom=names.get(someone, "a former member") if someone else None,
        who=who_did(recorded, names),
        raw=json.dumps(event_resource(recorded, sight).model_dump(mode="json"), indent=2, ensure_ascii=False),
    )


def _naming(sentence: str, names: Names) -> str:
    """The sentence with names in place of the ids of whoever is known."""
    return _ID.sub(lambda found: names.get(UUID(found[0]), found[0]), sentence)


def _ago(moment: datetime, now: datetime) -> str:
    return "just now" if now - moment < timedelta(minutes=1) else f"{age(moment, now)} ago"
