"""A service level policy: how soon a ticket's targets are due, in business time, by priority."""

from datetime import timedelta
from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import Field

from domain.event import Frozen, Word

Priority: TypeAlias = Literal["low", "normal", "high", "urgent"]
"""How pressing a ticket is, from the least on."""

PRIORITIES: tuple[Priority, ...] = get_args(Priority)

SlaTarget: TypeAlias = Literal["first_response", "next_reply", "resolution"]
"""What a customer was promised: a first answer, an answer to each later reply, and the ticket solved."""

TARGETS: tuple[SlaTarget, ...] = get_args(SlaTarget)


class SlaGoal(Frozen):
    """A target of tickets of that priority is due within so much business time."""

    target: SlaTarget
    priority: Priority
    within_seconds: Annotated[int, Field(gt=0, le=1_000_000_000)]


class SlaPolicy(Frozen):
    """What is promised for which priority; every change is a new version. What has no goal is not promised."""

    name: Word
    version: int
    calendar: Word = "default"
    goals: tuple[SlaGoal, ...] = ()

    def within(self, target: SlaTarget, priority: Priority) -> timedelta | None:
        """The business time that the target may take, None when there is no such goal."""
        for goal in self.goals:
            if (goal.target, goal.priority) == (target, priority):
                return timedelta(seconds=goal.within_seconds)
        return None
