"""What a row says, before anybody looks at what is on record, and what it is decided with after that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from domain.customer import CustomerKind
from domain.event import ExternalKey, Frozen, MemberId, Text, Word
from domain.imported import Past
from domain.workspace import Workspace

Texts: TypeAlias = Mapping[str, str | None]
"""What the cells of a row say, by field."""


class Whose(Frozen):
    """How a row names its customer, and as whom she is taken up where she is not on record."""

    by: Literal["name", "external_id", "email", "phone"]
    system: Word
    key: ExternalKey
    kind: CustomerKind
    name: Text
    registers: bool


class WhichLead(Frozen):
    """How the row names the lead that it is about."""

    system: Word
    key: ExternalKey


class Said(Frozen):
    """A row as it is to be recorded: its record without what only the log knows, and the names in it."""

    key: Text
    record: Frozen
    customer: Whose | None = None
    owner: Text | None = None
    campaign: Word | None = None
    source: Word | None = None
    lead: WhichLead | None = None
    """In whose history the row goes, and whose customer's it is."""


@dataclass(frozen=True, slots=True)
class Deciding:
    """What a row is decided with: the ids of what it names, and the settings."""

    new_id: Callable[..., UUID]
    owner_id: MemberId | None
    campaign_id: UUID | None
    workspace: Workspace
    now: datetime
    part: Sequence[Past] = ()
    """What is on record of the thing, where it lies in its customer's history."""
    nth: int = 1
    """How many rows of the file have said the same by now."""

    @property
    def thing_id(self) -> UUID:
        """Of the purchase, person or the like that the row is about."""
        return self.new_id()
