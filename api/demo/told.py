"""One event of the demo company's story, with everything that the log keeps of it."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TypeAlias
from uuid import UUID

from api.ids import version_8
from domain.event import CustomerId, Event

Actor: TypeAlias = tuple[str, UUID]
"""What did it (user, automation, import, api_key), and its id."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event of the story. Times are in UTC; what was learned late was recorded later than it occurred."""

    customer_id: CustomerId
    stream_type: str
    stream_id: UUID
    version: int
    event: Event
    occurred_at: datetime
    recorded_at: datetime
    actor: Actor
    channel: str
    subject_id: UUID | None = None
    """The contact person whom the personal part is about; None when it is the customer."""
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    flags: tuple[str, ...] = ()
    external_ids: tuple[tuple[str, str], ...] = ()
    """What other systems call the record, as (system, key), to be claimed with this event."""
    is_forgotten: bool = False
    """Its personal part was erased later in the story."""


def seeded_id(seed: int, *name: object) -> UUID:
    """The id of what has that name in the story of a seed: a UUID of version 8, the same on every machine.

    Names are told apart by their parts: ("a", "b c") and ("a b", "c") have two ids.
    """
    return version_8(sha256(repr((seed, *name)).encode()).digest())
