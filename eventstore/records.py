"""What goes into the log and comes out of it: events with their envelopes, commands, external ids, and conflicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.event import CustomerId, Event
from domain.undo import standing


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to append: whose history and which stream it belongs to, and the version it shall have there.

    A version of None takes the next one, whatever it is. `occurred_at` of None means the moment of recording.
    `subject_id` is the person whom the personal part is about, when that is not the customer.
    """

    customer_id: CustomerId
    stream_type: str
    stream_id: UUID
    version: int | None
    event: Event
    occurred_at: datetime | None = None
    flags: tuple[str, ...] = ()
    subject_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who appends, through which channel, and what it belongs to."""

    actor_kind: str
    actor_id: UUID
    channel: str
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    on_behalf_of: UUID | None = None
    """Whose wish the actor carries out, where that is somebody else."""
    request_id: str | None = None
    """The request that brought it, as the server's log names it; never a person's words."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The command behind an append. The same claim never appends twice; `body_hash` tells a retry from another body."""

    customer_id: CustomerId
    command_id: UUID
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class ExternalId:
    """A name that another system has for one of our streams."""

    system: str
    key: str
    customer_id: CustomerId
    stream_id: UUID


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as the log holds it."""

    position: int
    customer_id: CustomerId
    stream_id: UUID
    stream_type: str
    version: int
    event_id: UUID
    type: str
    event: Event
    actor: Mapping[str, str]
    command_id: UUID | None
    correlation_id: UUID | None
    metadata: Mapping[str, Any]  # Any: JSON
    part_id: UUID | None
    occurred_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """A command that was carried out before: which body it had, and where its events begin."""

    body_hash: bytes
    first_position: int
    event_count: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """A stream's history, with what is known of the command that wants to extend it."""

    history: Sequence[Recorded] = field(default_factory=tuple)
    carried_out: CarriedOut | None = None

    @property
    def version(self) -> int:
        """The stream's version: the number of its events."""
        return self.history[-1].version if self.history else 0

    @property
    def standing(self) -> Sequence[Recorded]:
        """What counts of the history: it without the events that were undone."""
        return standing(self.history)


class AppendRefused(Exception):
    """Nothing was appended."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


class VersionConflict(AppendRefused):
    """The stream has been extended since it was loaded."""


class CommandAlreadyCarriedOut(AppendRefused):
    """The command was carried out before; its first answer stands."""


class ExternalIdTaken(AppendRefused):
    """Another record already has this external id."""


class SubjectForgotten(AppendRefused):
    """The customer, or the person it is about, was forgotten: nothing can be recorded any more."""
