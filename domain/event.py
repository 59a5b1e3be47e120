"""What all events, commands and refusals have in common, and what stays of a person who was forgotten."""

import re
from abc import abstractmethod
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, NewType, Protocol, TypeAlias
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints

CustomerId = NewType("CustomerId", UUID)
MemberId = NewType("MemberId", UUID)


class Frozen(BaseModel):
    """A value: equal by content, never changed, refusing fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Forgotten(Frozen):
    """Stands where a personal value stood before its subject was forgotten."""

    forgotten: Literal[True] = True


FORGOTTEN = Forgotten()


class Personal:
    """Marks an event field that is kept beside the log, where it can be forgotten."""


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("the NUL character cannot be stored; remove it")
    return text


Text: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=20_000), AfterValidator(_storable)]
"""Free text as people write it: always personal once it is in an event."""

Word: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_storable)]
"""A short code of the business, such as a source or a stage; never a person's words."""

ExternalKey: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_storable)]
"""What another system calls one of our records."""

PersonalText: TypeAlias = Annotated[Text | Forgotten, Personal()]
OptionalPersonalText: TypeAlias = Annotated[Text | Forgotten | None, Personal()]
PersonalTexts: TypeAlias = Annotated[dict[Word, Text] | Forgotten, Personal()]
"""Texts by name, such as the fields of a form or external ids by system."""


_FURTHEST = timedelta(hours=16)


def _in_reach(moment: datetime) -> datetime:
    # databases and languages part ways at the far ends of the calendar, and a time zone may reach across
    if not 1000 <= moment.year <= 9000:
        raise ValueError("the year must lie between 1000 and 9000")
    # on earth they lie between -12 and +14 hours, and Postgres takes none of 16 or more
    if abs(moment.utcoffset() or timedelta()) >= _FURTHEST:
        raise ValueError("the offset from UTC must be less than 16 hours")
    return moment


Moment: TypeAlias = Annotated[AwareDatetime, AfterValidator(_in_reach)]
"""A point in time, with its offset from UTC."""


class Command(Frozen):
    """What somebody wants to happen. `occurred_at` is when it happened in the world; without it, now."""

    occurred_at: Moment | None = None


class Event(Frozen):
    """What happened, in business words; `in_words` is its line in a timeline."""

    is_fact: ClassVar[bool] = False
    """A fact (a call, a task) may be recorded late; a change of state may not predate the last one."""

    begins_history: ClassVar[bool] = False
    """Whether all that is recorded of the same thing later rests on this."""

    can_be_undone: ClassVar[bool] = True
    """Not where another event takes it back, such as a merge, or nothing does, such as an erasure."""

    part_field: ClassVar[str | None] = None
    """The field that names the interaction, task or line inside the stream, when the event is about one."""

    schema_version: ClassVar[int] = 1
    """Counts up when the stored fields change names or meaning; the log then reads older rows in the new shape."""

    @abstractmethod
    def in_words(self) -> str:
        """One sentence, without the moment and without names of members, which the reader looks up."""


def stored_type(noun: str, event: type[Event]) -> str:
    """The stable name under which an event is stored: `LeadLost` of a lead is `lead.lost`.

    A class shared by several nouns does not carry the noun: `InteractionLogged` of a lead is `lead.interaction_logged`.
    """
    return f"{noun}.{snake_case(event.__name__).removeprefix(noun + '_')}"


def snake_case(name: str) -> str:
    """`LeadAlreadyClosed` as `lead_already_closed`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@cache
def personal_fields(event: type[Event]) -> frozenset[str]:
    """Names of the fields that are marked personal."""
    return frozenset(
        name for name, field in event.model_fields.items() if any(isinstance(mark, Personal) for mark in field.metadata)
    )


class Refusal(Exception):
    """The command does not fit the state."""

    def __init__(self, **details: Any) -> None:  # Any: only formatted into the sentence
        super().__init__(" ".join((type(self).__doc__ or "").split()).format(**details))

    @property
    def code(self) -> str:
        """The refusal's name for programs, such as `lead_already_closed`."""
        return snake_case(type(self).__name__)


class Record(Protocol):
    """A customer, lead or ticket, for the rules that all of them share."""

    def must_be_in_use(self) -> None:
        """Raises the noun's own refusal when nothing new can be recorded on it, such as once it was merged."""

    def must_not_be_forgotten(self) -> None:
        """Raises the noun's own refusal when also what lies on it already is left as it is."""


class PredatesLastChange(Refusal):
    """This is said to have happened at {occurred_at}, before the last change of state at {latest}.
    Give a later moment, or leave it out to mean now."""


def must_not_predate(latest: datetime | None, event: Event, occurred_at: datetime) -> None:
    """Refuse a change of state that lies before the stream's last one; facts may be late."""
    if latest is not None and not event.is_fact and occurred_at < latest:
        raise PredatesLastChange(occurred_at=occurred_at.isoformat(), latest=latest.isoformat())
