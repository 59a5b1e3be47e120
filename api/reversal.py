"""What takes back an event that an undo does not leave out: its own way back, on all streams that it concerns."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from api.merging import conversion_reverted, given_to, parted
from api.streams import Decision, Streams
from domain import customer, lead, ticket
from domain.event import Text
from domain.lead import LeadConverted, RevertConversion
from domain.merge import Absorbed, MergedInto, RevertMerge
from domain.reattribution import Reattribute, Reattributed
from domain.reversal import must_still_belong, without_way_back
from eventstore.log import Recorded

_READ: Mapping[str, Callable[..., Any]] = MappingProxyType(  # Any: the noun's own id and state
    {"customer": Streams.customer, "lead": Streams.lead, "ticket": Streams.ticket}
)
_REVERT_MERGE: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"customer": customer.revert_merge, "lead": lead.revert_merge, "ticket": ticket.revert_merge}
)


def reversal(streams: Streams, recorded: Recorded, reason: Text | None) -> Decision:
    """Raises Refusal where it has no way back or not any more, and NotFound where a customer is gone."""
    noun, stream_id = recorded.stream_type, recorded.stream_id
    match recorded.event:
        case MergedInto() | Absorbed() as merge:
            command = RevertMerge(merge_id=merge.merge_id, reason=reason)
            return parted(partial(_READ[noun], streams), _REVERT_MERGE[noun], command, stream_id)
        case LeadConverted():
            return conversion_reverted(streams, stream_id, RevertConversion(reason=reason))
        case Reattributed() as moved:
            record = _READ[noun](streams, stream_id)
            must_still_belong(moved, record.reattributed_to)
            back = Reattribute(to_customer_id=moved.from_customer_id, reason=reason)
            return given_to(streams, record, stream_id, back)
        case _:
            raise without_way_back(recorded.event)
