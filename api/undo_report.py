"""What an undo did and what it did not, and why: for people and programs. Nothing in it is personal."""

from collections import Counter
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, Field

from domain.undo import Conflict
from eventstore.log import Recorded

UndoKind: TypeAlias = Literal["import", "correlation", "command"]


class EventNamed(BaseModel):
    """An event by its place in the log, with who recorded it and when it happened."""

    stream_type: str
    stream_id: UUID
    version: int
    type: str
    occurred_at: datetime
    actor: dict[str, str]


class UndoConflict(BaseModel):
    """An event that was not undone, because a later one, which stays, builds upon what it did to `field`.

    That is a word such as "title" or "purchases", or "everything" of what began the record.

    Of a command whose event is in conflict nothing is undone in that record.
    """

    event: EventNamed
    field: str
    later: EventNamed


class NotUndoable(BaseModel):
    """Events that an undo leaves alone, and what to do instead."""

    types: dict[str, int]
    detail: str


class UndoReport(BaseModel):
    """What was undone; of a dry run, what would be."""

    id: UUID
    kind: UndoKind
    """What the id is of."""
    dry_run: bool
    undo_id: UUID
    """The correlation id of all that this undo recorded."""
    events: int = 0
    """Events that do not count any more."""
    records: int = 0
    """Customers, leads and tickets in which something was undone."""
    gone: int = 0
    """Those of them of which nothing is left."""
    reverted: int = 0
    """Merges, conversions and reattributions that were reverted."""
    already_undone: int = 0
    """Events that had been undone or reverted before."""
    conflicts: list[UndoConflict] = Field(default_factory=list)
    kept: list[NotUndoable] = Field(default_factory=list)

    @property
    def in_conflict(self) -> int:
        """How many records are left for a person to look at."""
        return len({conflict.event.stream_id for conflict in self.conflicts})

    @property
    def left(self) -> bool:
        """Whether somebody should look at it."""
        return bool(self.conflicts) or (bool(self.kept) and not (self.events or self.reverted or self.already_undone))

    def add(self, conflict: Conflict[Recorded]) -> None:
        """Report a conflict."""
        self.conflicts.append(
            UndoConflict(event=_named(conflict.past), field=in_words(conflict.field), later=_named(conflict.later))
        )

    def keep(self, type_: str, detail: str) -> None:
        """Report an event that is left alone."""
        for kept in self.kept:
            if kept.detail == detail:
                kept.types = dict(Counter(kept.types) + Counter([type_]))
                return
        self.kept.append(NotUndoable(types={type_: 1}, detail=detail))


_WORDS = {
    "": "everything",
    "awaits": "answer that is owed",
    "clocks": "targets",
    "conversion": "conversion",
    "first_contact": "contact",
    "contacted": "contact",
    "forgotten_people": "erasures",
    "is_archived": "archiving",
    "is_forgotten": "erasure",
    "is_said_active": "status",
    "merges.absorbed": "merges",
    "merges.into": "merge",
    "message_ids": "messages",
    "reattributed_to": "customer",
    "task_id": "follow-up",
    "was_solved": "status",
    "follow_ups": "follow-ups",
}


def in_words(field: str) -> str:
    """What of a record a field of its state, or the name of an id, stands for: these words are what clients see."""
    if field in _WORDS:
        return _WORDS[field]
    return field.rpartition(".")[2].removesuffix("_id").replace("_", " ")


def _named(recorded: Recorded) -> EventNamed:
    return EventNamed(
        stream_type=recorded.stream_type,
        stream_id=recorded.stream_id,
        version=recorded.version,
        type=recorded.type,
        occurred_at=recorded.occurred_at,
        actor=dict(recorded.actor),
    )
