"""Two records of the same customer, lead or ticket: merged, and back.

A merge is one append on both histories. As both expected versions are checked, two people who merge crosswise at the
same time make no circle: the second of them meets a record that was merged already.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias, assert_never
from uuid import UUID

from domain.event import Command, Event, OptionalPersonalText, Refusal, Text
from domain.phrases import after


class MergedInto(Event):
    """This is the same as another record, where the work goes on."""

    can_be_undone: ClassVar[bool] = False

    survivor_id: UUID
    merge_id: UUID
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Merged into {self.survivor_id}{after(': ', self.reason)}"


class Absorbed(Event):
    """Another record is the same as this one, and its work goes on here."""

    can_be_undone: ClassVar[bool] = False

    merged_id: UUID
    merge_id: UUID

    def in_words(self) -> str:
        return f"{self.merged_id} is the same and goes on here"


class MergeReverted(Event):
    """The two were not the same after all. What was recorded on the survivor meanwhile stays there."""

    can_be_undone: ClassVar[bool] = False

    merge_id: UUID
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Not the same after all{after(': ', self.reason)}"


MergeEvent: TypeAlias = MergedInto | Absorbed | MergeReverted


@dataclass(frozen=True)
class Merge:
    """Into which record, by which merge."""

    survivor_id: UUID
    merge_id: UUID


@dataclass(frozen=True)
class Merges:
    """Into what a record was merged, if it was, and which records it absorbed, by the id of the merge."""

    into: Merge | None = None
    absorbed: Mapping[UUID, UUID] = field(default_factory=dict)


def merged(merges: Merges, event: MergeEvent) -> Merges:
    """The merges after the event, on either of the two histories."""
    match event:
        case MergedInto():
            return Merges(Merge(event.survivor_id, event.merge_id), merges.absorbed)
        case Absorbed():
            return Merges(merges.into, {**merges.absorbed, event.merge_id: event.merged_id})
        case MergeReverted():
            is_it = merges.into is not None and merges.into.merge_id == event.merge_id
            absorbed = {merge_id: other for merge_id, other in merges.absorbed.items() if merge_id != event.merge_id}
            return Merges(None if is_it else merges.into, absorbed)
        case _:
            assert_never(event)


class MergeCommand(Command):
    """Merge one record into another."""

    survivor_id: UUID
    reason: Text | None = None


class RevertMerge(Command):
    """Take back that two records were merged."""

    merge_id: UUID
    reason: Text | None = None


class MergedIntoItself(Refusal):
    """A record cannot be merged into itself. Choose the other one."""


class UnknownMerge(Refusal):
    """There is no merge {merge_id} here that could be reverted. It may have been reverted already."""


def must_be_another(command: MergeCommand, record_id: UUID) -> None:
    """Raises MergedIntoItself when the record of that id is to survive itself."""
    if command.survivor_id == record_id:
        raise MergedIntoItself()


def other_of(merges: Merges, merge_id: UUID) -> UUID:
    """The other record of a merge that stands, on either of the two; raises UnknownMerge."""
    if merges.into is not None and merges.into.merge_id == merge_id:
        return merges.into.survivor_id
    if merge_id not in merges.absorbed:
        raise UnknownMerge(merge_id=merge_id)
    return merges.absorbed[merge_id]


def reverted(merges: Merges, command: RevertMerge) -> MergeReverted:
    """What happens to either of the two; raises UnknownMerge."""
    other_of(merges, command.merge_id)
    return MergeReverted(merge_id=command.merge_id, reason=command.reason)
