"""An interaction: a call, an e-mail, a meeting with the customer; shared by all nouns that have them."""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal, TypeAlias, TypeVar, assert_never
from uuid import UUID

from pydantic import Field

from domain.event import Command, Event, OptionalPersonalText, Refusal, Text, Word

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


class InteractionCorrected(InteractionRecord):
    """An interaction was recorded wrongly; this is how it was, in full."""


class InteractionRetracted(Event):
    """An interaction was recorded that never took place, or not here."""

    is_fact: ClassVar[bool] = True
    part_field: ClassVar[str | None] = "interaction_id"

    interaction_id: UUID
    reason: OptionalPersonalText = None


InteractionEvent: TypeAlias = InteractionLogged | InteractionCorrected | InteractionRetracted


@dataclass(frozen=True)
class Interactions:
    """The ids in use; those retracted stay in use, so that none comes back by accident."""

    logged: frozenset[UUID] = frozenset()
    retracted: frozenset[UUID] = frozenset()


def evolve(interactions: Interactions, event: InteractionEvent) -> Interactions:
    """The interactions after the event."""
    match event:
        case InteractionLogged() | InteractionCorrected():
            return replace(interactions, logged=interactions.logged | {event.interaction_id})
        case InteractionRetracted():
            return replace(interactions, retracted=interactions.retracted | {event.interaction_id})
        case _:
            assert_never(event)


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


Record = TypeVar("Record", bound=InteractionRecord)


def log(interactions: Interactions, command: LogInteraction, new_id: UUID) -> InteractionLogged:
    """Under the command's own id, else under `new_id`; raises InteractionAlreadyLogged."""
    interaction_id = command.interaction_id or new_id
    if interaction_id in interactions.logged or interaction_id in interactions.retracted:
        raise InteractionAlreadyLogged(interaction_id=interaction_id)
    return _recorded(InteractionLogged, interaction_id, command)


def correct(interactions: Interactions, command: CorrectInteraction) -> InteractionCorrected:
    """Raises UnknownInteraction, InteractionAlreadyRetracted."""
    _must_stand(interactions, command.interaction_id)
    return _recorded(InteractionCorrected, command.interaction_id, command)


def retract(interactions: Interactions, command: RetractInteraction) -> InteractionRetracted:
    """Raises UnknownInteraction, InteractionAlreadyRetracted."""
    _must_stand(interactions, command.interaction_id)
    return InteractionRetracted(interaction_id=command.interaction_id, reason=command.reason)


def _must_stand(interactions: Interactions, interaction_id: UUID) -> None:
    if interaction_id in interactions.retracted:
        raise InteractionAlreadyRetracted(interaction_id=interaction_id)
    if interaction_id not in interactions.logged:
        raise UnknownInteraction(interaction_id=interaction_id)


def _recorded(record: type[Record], interaction_id: UUID, account: InteractionAccount) -> Record:
    return record(
        interaction_id=interaction_id,
        kind=account.kind,
        direction=account.direction,
        summary=account.summary,
        about=account.about,
        duration_seconds=account.duration_seconds,
        outcome=account.outcome,
        external_id=account.external_id,
    )
