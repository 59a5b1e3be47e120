"""Undo: events that do not count any more. The history keeps them; what stands is the history without them.

Whoever folds a history folds what stands of it. What others did since on top of an event keeps that event from being
undone: that is found by comparing states, without a word here about any type of event.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar
from uuid import UUID

from pydantic import Field

from domain.differences import differences
from domain.event import Event, OptionalPersonalText
from domain.phrases import after

Version = Annotated[int, Field(ge=1)]


class EventsUndone(Event):
    """Earlier events of this history do not count any more, as if they had never been recorded."""

    is_fact: ClassVar[bool] = True
    can_be_undone: ClassVar[bool] = False

    versions: Annotated[tuple[Version, ...], Field(min_length=1)]
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        numbers = ", ".join(map(str, self.versions))
        return f"{'Event' if len(self.versions) == 1 else 'Events'} {numbers} undone{after(': ', self.reason)}"


class Past(Protocol):
    """An event at its place in the history of one record."""

    @property
    def version(self) -> int:
        """Its number there, counted from 1."""

    @property
    def event(self) -> Event:
        """What happened."""


P = TypeVar("P", bound=Past)


def undone(history: Iterable[Past]) -> frozenset[int]:
    """The versions that do not count any more."""
    return frozenset(
        version
        for past in history
        if isinstance(past.event, EventsUndone)
        for version in past.event.versions
        if version < past.version
    )


def standing(history: Sequence[P]) -> list[P]:
    """The events that count, in order; that others were undone is none of them."""
    gone = undone(history)
    return [past for past in history if past.version not in gone and not isinstance(past.event, EventsUndone)]


@dataclass(frozen=True, slots=True)
class Conflict(Generic[P]):
    """Why an event is not undone: what it did to `field` was built upon by a later event that stays."""

    past: P
    field: str
    later: P


@dataclass(frozen=True, slots=True)
class Undoing(Generic[P]):
    """What is to be undone of one history, and what is not and why."""

    undone: Sequence[P] = ()
    conflicts: Sequence[Conflict[P]] = ()
    unlike: Sequence[P] = ()
    """Events that are taken back by an event of their own, such as a merge, or never, such as an erasure."""
    already: int = 0
    """How many had been undone before."""


def undo(
    history: Sequence[P],
    wanted: Set[int],
    evolve: Callable[[Any, Any], object],  # Any: the state and the events of whichever noun it is
    command: Callable[[P], Hashable],
    resting: P | None = None,
) -> Undoing[P]:
    """What to undo of the wanted versions; of one command's events here all or none.

    `resting` is an event of another history that would stand on nothing if this one had never begun.
    """
    stands = standing(history)
    asked = [past for past in stands if past.version in wanted]
    leaving = asked
    conflicts: list[Conflict[P]] = []
    commands: set[Hashable] = set()
    while found := list(_conflicts(stands, leaving, evolve, resting).values()):
        conflicts += found
        commands |= {command(conflict.past) for conflict in found}
        leaving = [past for past in leaving if command(past) not in commands]
    return Undoing(
        undone=[past for past in leaving if past.event.can_be_undone],
        conflicts=conflicts,
        unlike=[
            past
            for past in history
            if past.version in wanted and not past.event.can_be_undone and command(past) not in commands
        ],
        already=len(wanted & undone(history)),
    )


_Touch: TypeAlias = tuple[str, Hashable]
"""A field of the state, and which entry of it when it has many."""


@dataclass(slots=True)
class _Leaving(Generic[P]):
    """Events that are to go, by what they did: to find quickly what a later event builds upon."""

    effects: dict[int, frozenset[_Touch]] = field(default_factory=dict)
    touching: dict[_Touch, list[P]] = field(default_factory=dict)
    about: dict[object, list[P]] = field(default_factory=dict)
    beginning: list[P] = field(default_factory=list)

    def add(self, past: P, effect: frozenset[_Touch]) -> None:
        self.effects[past.version] = effect
        for touch in effect:
            self.touching.setdefault(touch, []).append(past)
        if past.event.part_field:
            self.about.setdefault(getattr(past.event, past.event.part_field), []).append(past)
        if past.event.begins_history:
            self.beginning.append(past)

    def built_upon(self, later: P, effect: frozenset[_Touch], alone: frozenset[_Touch]) -> Iterator[tuple[P, str]]:
        """What a later event builds upon: its effect after those that are to go, and `alone` without them."""
        yield from ((past, "everything") for past in self.beginning)
        yield from ((past, touch[0]) for touch in effect for past in self.touching.get(touch, ()))
        for value in vars(later.event).values():
            if isinstance(value, UUID):
                yield from ((past, past.event.part_field or "") for past in self.about.get(value, ()))
        # what would do all of it over again had nothing to do only because it was done
        for touch in alone - effect:
            candidates = self.touching.get(touch, ())
            yield from ((past, touch[0]) for past in candidates if self.effects[past.version] <= alone)


def _conflicts(
    stands: Sequence[P], leaving: Sequence[P], evolve: Callable[[Any, Any], object], resting: P | None
) -> dict[int, Conflict[P]]:
    """For each version that cannot go, the first later event that stays and builds upon it."""
    versions = {past.version for past in leaving}
    going: _Leaving[P] = _Leaving()
    found: dict[int, Conflict[P]] = {}
    state: object = None
    without: object = None
    for past in stands:
        before, state = state, evolve(state, past.event)
        if past.version in versions and past.event.can_be_undone:
            going.add(past, _touched(before, state))
            continue
        alone, without = without, evolve(without, past.event) if going.effects else state
        if going.effects and past.version not in versions:
            for built_upon, name in going.built_upon(past, _touched(before, state), _touched(alone, without)):
                found.setdefault(built_upon.version, Conflict(built_upon, name, past))
    if resting is not None:
        for begun in going.beginning:
            found.setdefault(begun.version, Conflict(begun, "everything", resting))
    return found


def _touched(before: object, after: object) -> frozenset[_Touch]:
    first = type(after)() if before is None else before
    return frozenset((difference.name, difference.key) for difference in differences(first, after))
