"""An event of a trail as it is shown: plain values, and of what is personal only what somebody may see."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.changes import Change
from domain.event import Event, Forgotten
from eventstore.audit.trail import Entry

Shown = dict[str, Any]  # Any: what becomes JSON

WITHHELD: Mapping[str, bool] = {"withheld": True}
"""Stands in place of a personal value that the reader may not see."""


def shown(entry: Entry, names: Mapping[str, str], changes: Sequence[Change] | None = None, *, personal: bool) -> Shown:
    """The event with the fields that it touched (`changes`: of those only these), ready for JSON.

    `names` are those of the members who acted, by id. Without `personal` nothing personal is in it.
    """
    row, event, touched, undo = entry
    metadata, actor = row.metadata, row.actor
    return {
        "position": row.position,
        "event_id": row.event_id,
        "type": row.type,
        "stream_type": row.stream_type,
        "stream_id": row.stream_id,
        "version": row.version,
        "customer_id": row.customer_id,
        "occurred_at": row.occurred_at,
        "recorded_at": row.recorded_at,
        "actor": {**actor, "name": names.get(actor["id"])},
        "on_behalf_of": metadata.get("on_behalf_of"),
        "channel": metadata.get("channel"),
        "reason": _reason(event, personal=personal),
        "sentence": event.in_words() if personal else None,
        "command_id": row.command_id,
        "correlation_id": row.correlation_id,
        "undone_by": undo and {"position": undo.position, "event_id": undo.event_id},
        "changes": [change_shown(change, personal=personal) for change in (touched if changes is None else changes)],
    }


def change_shown(change: Change, *, personal: bool) -> Shown:
    """A field that was touched, before and after."""
    field, before, after, is_personal = change
    if is_personal and not personal:
        before, after = withheld(before), withheld(after)
    return {"field": field, "before": before, "after": after}


def withheld(value: object) -> object:
    """That there is a value, or was one, is not personal."""
    return value if value is None or isinstance(value, Forgotten) else WITHHELD


def _reason(event: Event, *, personal: bool) -> object:
    reason = event.__dict__.get("reason")
    return reason if personal else withheld(reason)
