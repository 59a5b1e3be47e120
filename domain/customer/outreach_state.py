"""What a customer allows us to send, and the messages that can still be answered, as far as the rules need to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias
from uuid import UUID

from domain.event import Word
from domain.growing_map import GrowingMap

Whose: TypeAlias = UUID | None
"""A contact person, or None for the customer herself."""


@dataclass(frozen=True)
class Consent:
    """The last word on a channel and purpose."""

    granted: bool
    text_version: Word | None = None


@dataclass(frozen=True)
class Outreach:
    """Consents by whose they are, channel and purpose; who wants no campaigns on a channel; campaigns by message."""

    is_apart: ClassVar[bool] = True

    consents: Mapping[tuple[Whose, Word, Word], Consent] = field(default_factory=dict)
    unsubscribed: frozenset[tuple[Whose, Word]] = frozenset()
    messages: GrowingMap[UUID, UUID] = field(default_factory=GrowingMap)
