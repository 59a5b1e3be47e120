"""What can happen to a customer: registered, described, reached, brought into relation, merged, lost and won back."""

from datetime import date
from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from domain.contact_point import ContactPointKind, PersonalContactPoint
from domain.customer.outreach_events import OutreachEvent
from domain.customer.trade_events import PurchaseEvent, SubscriptionEvent, TradeRetraction
from domain.event import CustomerId, Event, MemberId, OptionalPersonalText, PersonalText, PersonalTexts, Word
from domain.field_value import CustomFieldRecorded
from domain.merge import Absorbed, MergedInto, MergeReverted
from domain.undo import EventsUndone
from domain.work import WorkEvent

CustomerKind: TypeAlias = Literal["person", "organisation"]

LegalBasis: TypeAlias = Literal[
    "request", "consent_withdrawn", "objection", "no_longer_needed", "unlawful", "legal_duty", "erasure_list"
]
"""Why somebody is forgotten: Article 17 (1) of the GDPR, or because a restored backup is older than her erasure."""

BuyingRole: TypeAlias = Literal[
    "decision_maker", "economic_buyer", "champion", "influencer", "evaluator", "user", "gatekeeper", "blocker"
]
"""What part somebody has in the buying committee."""

RelationKind: TypeAlias = Literal["parent", "branch", "partner", "supplier", "employer", "referrer"]
"""What the other customer is to this one."""

ChurnKind: TypeAlias = Literal["contractual", "silence", "said"]
"""How we know: the last subscription ended, a rule found that nothing was heard for long, or a person says so."""

FieldChoice: TypeAlias = Literal["survivor", "merged"]
"""Whose value of a field holds after a merge."""

RiskScore = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
"""How likely the customer is to leave, as the rule counts it."""


class CustomerRegistered(Event):
    """We know of a new customer."""

    begins_history: ClassVar[bool] = True

    kind: CustomerKind
    name: PersonalText
    source: Word | None = None
    owner_id: MemberId | None = None
    external_ids: PersonalTexts = Field(default_factory=dict)


class CustomerRenamed(Event):
    """The customer has another name."""

    name: PersonalText


class CustomerClassified(Event):
    """Which customers this one is counted among; what is left out is not known."""

    segment: Word | None = None
    industry: Word | None = None
    size: Word | None = None
    tier: Word | None = None


class CustomerOwnerAssigned(Event):
    """The customer is now somebody's, or a team's; without either, nobody's."""

    owner_id: MemberId | None = None
    team: Word | None = None
    rule: Word | None = None


class CustomerTagged(Event):
    """The customer bears a tag."""

    tag: Word


class CustomerUntagged(Event):
    """The customer does not bear the tag any more."""

    tag: Word


class CustomerArchived(Event):
    """The customer is put away: nothing is lost, but nobody works with her for the time being."""

    reason: OptionalPersonalText = None


class CustomerRestored(Event):
    """The customer is back from the archive."""

    reason: OptionalPersonalText = None


class ContactPointRecord(Event):
    """What is recorded of a contact point, at first and when corrected: the customer's own, or one of her people's."""

    part_field: ClassVar[str | None] = "point_id"

    point_id: UUID
    kind: ContactPointKind
    value: PersonalContactPoint
    label: Word | None = None
    primary: bool = False
    person_id: UUID | None = None


class CustomerContactPointAdded(ContactPointRecord):
    """The customer can be reached here; when primary, before all others of the kind."""


class CustomerContactPointCorrected(ContactPointRecord):
    """A contact point was recorded wrongly or is another now; this is how it is, in full."""


class CustomerContactPointRemoved(Event):
    """The customer cannot be reached here any more."""

    part_field: ClassVar[str | None] = "point_id"

    point_id: UUID
    reason: OptionalPersonalText = None


class CustomerContactPersonAdded(Event):
    """Somebody speaks for the customer, perhaps with a part in the buying committee."""

    part_field: ClassVar[str | None] = "person_id"

    person_id: UUID
    name: PersonalText
    role: BuyingRole | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class CustomerContactPersonRoleAssigned(Event):
    """A contact person has another part in the buying committee; without one, none."""

    part_field: ClassVar[str | None] = "person_id"

    person_id: UUID
    role: BuyingRole | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class CustomerContactPersonRemoved(Event):
    """Somebody does not speak for the customer any more; she is not reached there any more either."""

    part_field: ClassVar[str | None] = "person_id"

    person_id: UUID
    reason: OptionalPersonalText = None


class CustomerRelatedTo(Event):
    """The other customer is the parent, supplier, employer or the like of this one."""

    other_id: CustomerId
    kind: RelationKind
    valid_from: date | None = None
    valid_to: date | None = None


class CustomerRelationEnded(Event):
    """The other customer is not that to this one any more."""

    other_id: CustomerId
    kind: RelationKind
    valid_to: date | None = None
    reason: OptionalPersonalText = None


class CustomerActivated(Event):
    """Somebody says that the customer buys from us; a first purchase or subscription says so by itself."""

    cause: Word | None = None
    reason: OptionalPersonalText = None


class CustomerMarkedAtRisk(Event):
    """The customer may leave us: a person says so, or a rule that weighed these signals."""

    rule: Word | None = None
    rule_version: int | None = None
    score: RiskScore | None = None
    signals: tuple[Word, ...] = ()
    reason: OptionalPersonalText = None


class CustomerChurned(Event):
    """The customer left us."""

    kind: ChurnKind
    effective_on: date
    rule: Word | None = None
    rule_version: int | None = None
    reason: OptionalPersonalText = None


class CustomerWonBack(Event):
    """The customer who had left us is back, or had never left."""

    cause: Word | None = None
    reason: OptionalPersonalText = None


class CustomerMergedInto(MergedInto):
    """The customer is the same as another one, in whose history she lives on."""

    field_choices: dict[Word, FieldChoice] = Field(default_factory=dict)


class CustomerAbsorbed(Absorbed):
    """Another customer is the same as this one and lives on here."""

    field_choices: dict[Word, FieldChoice] = Field(default_factory=dict)


class CustomerForgotten(Event):
    """All that is personal about the customer was erased; `reason` is in the words of whoever erased it."""

    can_be_undone: ClassVar[bool] = False

    legal_basis: LegalBasis
    reason: OptionalPersonalText = None


class CustomerPersonForgotten(Event):
    """All that is personal about one of the customer's contact persons was erased."""

    can_be_undone: ClassVar[bool] = False

    part_field: ClassVar[str | None] = "person_id"

    person_id: UUID
    legal_basis: LegalBasis
    reason: OptionalPersonalText = None


OwnCustomerEvent: TypeAlias = (
    CustomerRegistered
    | CustomerForgotten
    | CustomerPersonForgotten
    | CustomerRenamed
    | CustomerClassified
    | CustomerOwnerAssigned
    | CustomerTagged
    | CustomerUntagged
    | CustomerArchived
    | CustomerRestored
    | CustomerContactPointAdded
    | CustomerContactPointCorrected
    | CustomerContactPointRemoved
    | CustomerContactPersonAdded
    | CustomerContactPersonRoleAssigned
    | CustomerContactPersonRemoved
    | CustomerRelatedTo
    | CustomerRelationEnded
    | CustomerActivated
    | CustomerMarkedAtRisk
    | CustomerChurned
    | CustomerWonBack
    | CustomerMergedInto
    | CustomerAbsorbed
    | PurchaseEvent
    | SubscriptionEvent
    | TradeRetraction
    | OutreachEvent
)
"""What happens to nobody but customers."""

CustomerEvent: TypeAlias = OwnCustomerEvent | MergeReverted | CustomFieldRecorded | WorkEvent | EventsUndone
