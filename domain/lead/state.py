"""What a lead is after all that happened to it, as far as the rules need to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias
from uuid import UUID

from domain.custom_field import RecordNoun
from domain.customer import BuyingRole
from domain.event import CustomerId, Forgotten, MemberId, Refusal, Text, Word
from domain.field_value import FieldValues
from domain.merge import Merges
from domain.money import Money
from domain.work import Work

if TYPE_CHECKING:  # beside these events are their rules, which need the state
    from domain.lead.ties import LeadConverted


LeadStatus: TypeAlias = Literal["open", "won", "lost", "disqualified"]


@dataclass(frozen=True)
class Lead:
    """A lead now. Every field has a default, because imported histories need not begin with the capture."""

    noun: ClassVar[RecordNoun] = "lead"

    status: LeadStatus = "open"
    title: Text | Forgotten | None = None
    source: Word | None = None
    external_ids: Mapping[Word, Text] | Forgotten = field(default_factory=dict)
    pipeline: Word | None = None
    stage: Word | None = None
    owner_id: MemberId | None = None
    team: Word | None = None
    contacts: frozenset[UUID | None] = frozenset()
    qualified: bool = False
    recycled_until: date | None = None
    value: Money | None = None
    products: frozenset[Word] = frozenset()
    stakeholders: Mapping[UUID, BuyingRole | None] = field(default_factory=dict)
    conversion: "LeadConverted | None" = None
    reattributed_to: CustomerId | None = None
    work: Work = field(default_factory=Work)
    custom_fields: FieldValues = field(default_factory=dict)
    merges: Merges = field(default_factory=Merges)

    @property
    def contacted(self) -> bool:
        """Whether one of us reached out: by an interaction that stands, or as somebody says (None)."""
        return bool(self.contacts)

    def must_be_in_use(self) -> None:
        """Raises LeadMerged."""
        if self.merges.into is not None:
            raise LeadMerged(survivor_id=self.merges.into.survivor_id)

    def must_not_be_forgotten(self) -> None:
        """Never raises: what lies on a merged lead goes on there, and forgetting a customer takes no lead away."""


class LeadMerged(Refusal):
    """This lead was merged into the lead {survivor_id}. Work there, or revert the merge first."""


class LeadAlreadyClosed(Refusal):
    """This lead is already closed as {status}. Reopen it first if it should go on."""


class LeadNotClosed(Refusal):
    """This lead is still open. Only a closed lead can be reopened or recycled."""


def must_be_open(lead: Lead) -> None:
    """Raises LeadMerged, LeadAlreadyClosed."""
    lead.must_be_in_use()
    if lead.status != "open":
        raise LeadAlreadyClosed(status=lead.status)
