"""An interaction: a call, an e-mail, a meeting with the customer. Its rules are in `work`."""

from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from domain.event import Command, Event, OptionalPersonalText, Refusal, Text, Word
from domain.phrases import after

InteractionKind: TypeAlias = Literal["call", "email", "meeting", "note", "chat", "social", "web"]
Direction: TypeAlias = Literal["inbound", "outbound"]
Seconds = Annotated[int, Field(ge=0, le=10_000_000)]


class InteractionRecord(Event):
    """What is recorded of an interaction, at first and when corrected."""

    is_fact: ClassVar[bool] = True
    part_field: ClassVar[str | None] = "interaction_id"

    interaction_id: UUID
    kind: InteractionKind
    direction: Direction | None = None
    summary: OptionalPersonalText = None
    about: Word | None = None
    duration_seconds: Seconds | None = None
    outcome: OptionalPersonalText = None
    external_id: OptionalPersonalText = None


class InteractionLogged(InteractionRecord):
    """We were in touch with the customer."""

    def in_words(self) -> str:
        return _interaction(self)


class InteractionCorrected(InteractionRecord):
    """An interaction was recorded wrongly; this is how it was, in full."""

    def in_words(self) -> str:
        return f"Corrected: {_interaction(self)}"


class InteractionRetracted(Event):
    """An interaction was recorded that never took place, or not here."""

    is_fact: ClassVar[bool] = True
    part_field: ClassVar[str | None] = "interaction_id"

    interaction_id: UUID
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Interaction retracted{after(': ', self.reason)}"


InteractionEvent: TypeAlias = InteractionLogged | InteractionCorrected | InteractionRetracted


class InteractionAccount(Command):
    """An interaction as somebody tells it."""

    kind: InteractionKind
    direction: Direction | None = None
    summary: Text | None = None
    about: Word | None = None
    duration_seconds: Seconds | None = None
    outcome: Text | None = None
    external_id: Text | None = None


class LogInteraction(InteractionAccount):
    """Record that we were in touch with the customer."""

    interaction_id: UUID | None = None


class CorrectInteraction(InteractionAccount):
    """Record how an interaction really was; every detail is replaced."""

    interaction_id: UUID


class RetractInteraction(Command):
    """Take back an interaction that never took place, or not here."""

    interaction_id: UUID
    reason: Text | None = None


class InteractionAlreadyLogged(Refusal):
    """There is already an interaction {interaction_id} here. Correct that one, or leave out the id to log another."""


class UnknownInteraction(Refusal):
    """There is no interaction {interaction_id} here. Check that it was logged on this record."""


class InteractionAlreadyRetracted(Refusal):
    """The interaction {interaction_id} was retracted. Log it anew if it did take place."""


def _interaction(event: InteractionRecord) -> str:
    kind = f"{event.direction} {event.kind}" if event.direction else event.kind
    minutes = f", {round(event.duration_seconds / 60)} min" if event.duration_seconds else ""
    return f"{kind.capitalize()}{minutes}{after(': ', event.summary)}{after(' → ', event.outcome)}"
