"""What tests of imports have in common: days, and a history that an import recorded."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from domain.event import Event
from domain.imported import ImportedFact, Past
from tests.domain.histories import DAY

IMPORT_DAY = 50

Row = TypeVar("Row")


def day(number: int) -> datetime:
    """So many days after the first one."""
    return DAY + timedelta(days=number)


def by_import(*events: tuple[Event, int]) -> list[Past]:
    """What an import recorded, with the day on which it happened."""
    return [Past(event, day(number), by_import=True) for event, number in events]


def by_hand(*events: tuple[Event, int]) -> list[Past]:
    """What people recorded."""
    return [Past(event, day(number)) for event, number in events]


def after(history: Sequence[Past], facts: Sequence[ImportedFact]) -> list[Past]:
    """The history with what a row added."""
    return [*history, *(Past(fact.event, fact.occurred_at, by_import=True) for fact in facts)]


def taken(*rows: Row, read: Callable[[Sequence[Past], Row], Sequence[ImportedFact]]) -> list[Past]:
    """The history after these rows, one after the other."""
    history: list[Past] = []
    for row in rows:
        history = after(history, read(history, row))
    return history
