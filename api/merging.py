"""Merging two records of the same noun, and parting them again: what is decided for both of their streams."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar
from uuid import UUID

from api.streams import Decision
from domain.event import Event
from domain.merge import MergeCommand, Merges, RevertMerge, other_of


class Mergeable(Protocol):
    """A customer, a lead or a ticket."""

    @property
    def merges(self) -> Merges: ...


Record = TypeVar("Record", bound=Mergeable)
Merge = TypeVar("Merge", bound=MergeCommand)
Rule = Callable[[Record, Merge, Any, UUID], Event]  # Any: the noun's own kind of id


def merged(
    read: Callable[[Any, str | None], Record],
    merge: Rule[Record, Merge],
    absorb: Rule[Record, Merge],
    command: Merge,
    record_id: UUID,
    merge_id: UUID,
) -> Decision:
    """Both streams' versions are checked: of two people who merge crosswise, one comes second and is refused."""
    happened = merge(read(record_id, None), command, record_id, merge_id)
    absorbed = absorb(read(command.survivor_id, "survivor_id"), command, record_id, merge_id)
    return {record_id: [happened], command.survivor_id: [absorbed]}


def parted(
    read: Callable[[Any, str | None], Record],
    revert: Callable[[Record, RevertMerge], Event],
    command: RevertMerge,
    record_id: UUID,
) -> Decision:
    """On both streams, whichever of them is named."""
    one = read(record_id, None)
    other_id = other_of(one.merges, command.merge_id)
    return {record_id: [revert(one, command)], other_id: [revert(read(other_id, None), command)]}
