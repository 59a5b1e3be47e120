"""Where the story is played: histories that grow event by event, and lives that take turns in the order of time."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from heapq import heappop, heappush
from typing import Generic, TypeAlias, TypeVar
from uuid import UUID

from api.demo.told import Actor, Told
from domain.event import CustomerId, Event, must_not_predate
from domain.undo import EventsUndone, standing

Life: TypeAlias = Iterator[datetime]
"""Something that goes on for a while: it yields the moment at which it wants to go on, and acts once that has come."""

State = TypeVar("State")
Happening = TypeVar("Happening", bound=Event)


class TimeRunsBackwards(Exception):
    """A life wants to go on at a moment that has passed."""


class Plot:
    """Lives that wait for their moments, and all that was told of them so far, in the order of recording."""

    def __init__(self, begins_at: datetime, until: datetime) -> None:
        self.now = begins_at
        self.until = until
        self.told: list[Told] = []
        self._waiting: list[tuple[datetime, int, Life]] = []
        self._begun = 0

    def begin(self, life: Life) -> None:
        """Let a life begin; of two that wait for the same moment, the one that has waited longer goes on first."""
        moment = next(life, None)
        if moment is not None:
            self._wait(moment, life)

    def play(self) -> None:
        """Let everybody act until the story's last moment."""
        while self._waiting and self._waiting[0][0] <= self.until:
            self.now, _, life = heappop(self._waiting)
            self.begin(life)

    def end(self) -> None:
        """Nothing goes on after this moment."""
        self._waiting.clear()
        self.until = self.now

    def _wait(self, moment: datetime, life: Life) -> None:
        if moment < self.now:
            raise TimeRunsBackwards(f"{life} wants to go on at {moment}, but it is {self.now}")
        self._begun += 1
        heappush(self._waiting, (moment, self._begun, life))


class History(Generic[State, Happening]):
    """A stream as it grows, and its state after everything that was told of it and was not undone."""

    def __init__(
        self,
        plot: Plot,
        customer_id: CustomerId,
        noun: str,
        stream_id: UUID,
        state: State,
        evolve: Callable[[State, Happening], State],
    ) -> None:
        self.plot, self.state, self._first, self._evolve = plot, state, state, evolve
        self.customer_id, self.noun, self.stream_id = customer_id, noun, stream_id
        self._version = 0
        self._latest: datetime | None = None

    def completed(self, decided: Sequence[Happening], at: datetime) -> Sequence[Happening]:
        """What a rule decided, with what else comes of it at that moment."""
        return decided

    def tell(
        self,
        decided: Happening | Sequence[Happening],
        actor: Actor,
        channel: str,
        *,
        occurred_at: datetime | None = None,
        subject_id: UUID | None = None,
        correlation_id: UUID | None = None,
        causation_id: UUID | None = None,
        flags: tuple[str, ...] = (),
        external_ids: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """What a rule decided has happened: now, or earlier and was only learned now."""
        plot, at = self.plot, occurred_at or self.plot.now
        for event in self.completed((decided,) if isinstance(decided, Event) else decided, at):
            if actor[0] != "import":  # another system's history keeps its order, odd as it may be
                must_not_predate(self._latest, event, at)
            self.state = self._evolve(self.state, event)
            self._version += 1
            if not event.is_fact and (self._latest is None or at > self._latest):
                self._latest = at
            plot.told.append(
                Told(
                    self.customer_id,
                    self.noun,
                    self.stream_id,
                    self._version,
                    event,
                    at,
                    plot.now,
                    actor,
                    channel,
                    subject_id,
                    correlation_id,
                    causation_id,
                    ("simulated", *flags) if self._version == 1 else flags,
                    external_ids,
                )
            )
            external_ids = ()  # claimed once
            if isinstance(event, EventsUndone):
                self.state = self._first
                for told in standing(self.told):
                    self.state = self._evolve(self.state, told.event)  # type: ignore[arg-type]  # it told its own alone

    @property
    def told(self) -> list[Told]:
        """Everything that was told of it."""
        return [told for told in self.plot.told if told.stream_id == self.stream_id]
