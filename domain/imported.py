"""What all imports have in common: what is on record before a row, and what the row adds to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.event import Event

AGAINST_OUR_RULES = "against_our_rules"
"""The flag of what happened elsewhere though our rules would have refused it."""


@dataclass(frozen=True, slots=True)
class Past:
    """An event on record, when it happened, and whether an import recorded it."""

    event: Event
    occurred_at: datetime
    by_import: bool = False


@dataclass(frozen=True)
class ImportedFact:
    """An event, the moment it happened, and what is odd about it, to be kept in the event's metadata."""

    event: Event
    occurred_at: datetime
    flags: tuple[str, ...] = ()


def dated(event: Event, said: datetime | None, otherwise: datetime, flag: str) -> ImportedFact:
    """What happened at the moment that the row says; else at another one, and flagged."""
    return ImportedFact(event, said or otherwise, () if said else (flag,))


def told(history: Sequence[Past]) -> Sequence[Event]:
    """What imports recorded."""
    return [past.event for past in history if past.by_import]
