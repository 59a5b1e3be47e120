"""Merging two records, parting them again, giving one to another customer: what is decided for all their streams."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar
from uuid import UUID

from api.streams import Decision, Streams, happening
from domain import lead as rules
from domain.customer import Customer
from domain.event import CustomerId, Event
from domain.lead import LeadConverted, RevertConversion
from domain.merge import MergeCommand, Merges, RevertMerge, other_of
from domain.reattribution import Reattributable, Reattribute, reattribute


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


def conversion_reverted(streams: Streams, lead_id: UUID, command: RevertConversion) -> Decision:
    """On the lead's stream, and on those of the prospect and the customer whom the conversion's merge made one."""
    lead = streams.lead(lead_id)
    conversion = lead.conversion or LeadConverted()
    known_id, merge_id = conversion.customer_id, conversion.merge_id
    known = streams.customer(known_id) if known_id else Customer()
    # who was merged by it, and not whose the lead is by now
    prospect_id = known.merges.absorbed.get(merge_id) if merge_id else None
    if not known_id or not prospect_id:
        return {lead_id: [rules.revert_conversion(lead, command, Customer(), known).lead]}
    prospect = streams.customer(streams.stranger(CustomerId(prospect_id)))
    reverted = rules.revert_conversion(lead, command, prospect, known)
    return happening({lead_id: reverted.lead, prospect_id: reverted.prospect, known_id: reverted.customer})


def given_to(streams: Streams, record: Reattributable, record_id: UUID, command: Reattribute) -> Decision:
    """On the stream of the lead or ticket alone; raises NotFound where there is no such customer."""
    to = streams.customer(command.to_customer_id, "to_customer_id")
    return {record_id: [reattribute(record, command, streams.filed_under(record_id), to)]}
