"""Whose personal data an answer shows: gathered while the answer is put together, so that it can be noted before it
leaves."""

from collections.abc import Iterable
from contextvars import ContextVar
from uuid import UUID

_shown: ContextVar[set[UUID] | None] = ContextVar("everfold_shown", default=None)


def gather() -> set[UUID]:
    """The customers of whom something personal is read from now on, here and in threads that work is handed to."""
    shown: set[UUID] = set()
    _shown.set(shown)
    return shown


def taken() -> set[UUID]:
    """Those gathered so far; the next ones are gathered anew."""
    shown = _shown.get() or set()
    found = set(shown)
    shown.clear()
    return found


def show(customers: Iterable[UUID | None]) -> None:
    """What is personal of these customers is read for an answer; where nobody gathers, that is all."""
    shown = _shown.get()
    if shown is not None:
        shown.update(customer for customer in customers if customer is not None)
