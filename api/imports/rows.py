"""What a row stands for: whose it is and which history it goes into, and what it comes to there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from uuid import UUID

from api.imports.mapping_file import Said
from domain.event import CustomerId, MemberId
from domain.imported import ImportedFact, Past
from domain.undo import standing
from eventstore import log

Noun: TypeAlias = Literal["customer", "lead", "ticket"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A row with the ids that its names stand for."""

    said: Said
    nth: int
    stream_id: UUID
    customer_id: CustomerId
    owner_id: MemberId | None
    campaign_id: UUID | None = None
    named: log.ExternalId | None = None
    """What has the row's external id by now, where its thing has a history of its own."""
    customer_named: log.ExternalId | None = None
    """What has the customer's external id by now, where she is found by one."""
    noun: Noun = "customer"
    """Of the history that it goes into."""
    trouble: str | None = None
    """Why nobody can tell whose the row is."""


@dataclass(slots=True)
class Stream:
    """A history, as far as the rows of a chunk have extended it: its version, and what stands of it."""

    noun: str
    customer_id: CustomerId
    version: int = 0
    stands: list[Past] = field(default_factory=list)
    by_part: dict[UUID, list[Past]] = field(default_factory=dict)

    def add(self, past: Past) -> None:
        """What came next."""
        self.stands.append(past)
        if past.event.part_field:
            self.by_part.setdefault(getattr(past.event, past.event.part_field), []).append(past)

    def extend(self, fact: ImportedFact) -> None:
        """What a row adds."""
        self.version += 1
        self.add(Past(fact.event, fact.occurred_at, by_import=True))


Streams: TypeAlias = dict[UUID, Stream]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a row comes to: the facts it adds and the events to append for them, or why it is refused."""

    is_new: bool = False
    facts: Sequence[ImportedFact] = ()
    events: Sequence[log.NewEvent] = ()
    claims: Sequence[log.ExternalId] = ()
    released: log.ExternalId | None = None
    """The name, of a record of which nothing stands: it becomes another one's."""
    refusal: str | None = None


def streams_of(histories: Mapping[UUID, Sequence[log.Recorded]]) -> Streams:
    """The histories as the log has them."""
    return {stream_id: _stream(history) for stream_id, history in histories.items() if history}


def _stream(history: Sequence[log.Recorded]) -> Stream:
    stream = Stream(history[0].stream_type, history[0].customer_id, history[-1].version)
    for recorded in standing(history):
        stream.add(Past(recorded.event, recorded.occurred_at, by_import=recorded.actor["kind"] == "import"))
    return stream
