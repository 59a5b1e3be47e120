"""What can happen to the workspace: its settings, members and keys have a history like everything else."""

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, TypeAlias, get_args
from uuid import UUID

from pydantic import Field, StringConstraints

from domain.business_time import BusinessCalendar
from domain.custom_field import CustomField, FieldId, RecordNoun
from domain.event import CustomerId, Event, Frozen, MemberId, OptionalPersonalText, PersonalText, Refusal, Word
from domain.exchange_rate import ExchangeRate
from domain.public_holidays import PublicHolidays
from domain.segment import PersonalFilter, PersonalSteps
from domain.sla_policy import SlaPolicy

WORKSPACE_ID = CustomerId(UUID("00000000-0000-7000-8000-000000000001"))
"""Whose history it is when it is about no customer; also the workspace's only stream."""

Probability = Annotated[Decimal, Field(ge=0, le=1, max_digits=7, decimal_places=6, allow_inf_nan=False)]
"""A chance from 0 to 1."""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32,128}$")]

Role: TypeAlias = Literal["admin", "manager", "agent", "analyst", "auditor", "integration"]
"""What a member may do here; one member may have several roles."""

ROLES: tuple[Role, ...] = get_args(Role)

Version = Annotated[int, Field(ge=1)]
Parameter = Annotated[Decimal, Field(max_digits=40, decimal_places=20, allow_inf_nan=False)]
"""A number that a model was found to have."""


class Stage(Frozen):
    """A step of a pipeline, with the chance that a lead in it will be won."""

    name: Word
    probability: Probability


class UnknownStage(Refusal):
    """There is no such stage in the pipeline {pipeline}. Its stages are: {stages}."""


class Pipeline(Frozen):
    """The stages a lead goes through, in order; every change is a new version."""

    name: Word
    version: int
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]

    @property
    def first_stage(self) -> Stage:
        """Where a lead starts when nobody says otherwise."""
        return self.stages[0]

    def stage(self, name: Word) -> Stage:
        """The stage of that name; raises UnknownStage."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise UnknownStage(pipeline=self.name, stages=", ".join(stage.name for stage in self.stages))


class WorkspacePipelinePublished(Event):
    """From now on leads go through these stages; those under way keep what was copied into them."""

    pipeline: Pipeline


class WorkspaceBusinessCalendarPublished(Event):
    """From now on business time is counted by this calendar; its holidays hold whichever public ones were asked for."""

    calendar: BusinessCalendar
    public_holidays: PublicHolidays | None = None


class WorkspaceSlaPolicyPublished(Event):
    """From now on new tickets are promised this; those under way keep the version that they were opened with."""

    policy: SlaPolicy


class WorkspaceMemberInvited(Event):
    """Somebody joined the company's workspace."""

    part_field: ClassVar[str | None] = "member_id"

    member_id: MemberId
    name: PersonalText


class WorkspaceMemberRoleGranted(Event):
    """A member may do more: what this role may."""

    part_field: ClassVar[str | None] = "member_id"

    member_id: MemberId
    role: Role


class WorkspaceMemberRoleRevoked(Event):
    """A member may no longer do what this role may."""

    part_field: ClassVar[str | None] = "member_id"

    member_id: MemberId
    role: Role


class WorkspaceMemberDeactivated(Event):
    """A member left; her roles went with her, and what she did stays. Invited again, she begins without roles."""

    part_field: ClassVar[str | None] = "member_id"

    member_id: MemberId
    reason: OptionalPersonalText = None


class WorkspaceApiKeyIssued(Event):
    """A program may act here; of its secret only the digest is kept."""

    part_field: ClassVar[str | None] = "key_id"

    key_id: UUID
    label: PersonalText
    secret_digest: Digest
    scopes: tuple[Word, ...]


class WorkspaceApiKeyRevoked(Event):
    """A program may no longer act here."""

    part_field: ClassVar[str | None] = "key_id"

    key_id: UUID


class WorkspaceCustomFieldDefined(Event):
    """From now on records can have this field; values recorded by an earlier version stay as they are."""

    custom_field: CustomField


class WorkspaceCustomFieldRetired(Event):
    """The field takes no more values; those it has stay. Defined again, it is in use again."""

    noun: RecordNoun
    field_id: FieldId


class WorkspaceExchangeRatePublished(Event):
    """The rate of a currency in another from a day on; of two for one day the later published one holds."""

    exchange_rate: ExchangeRate


class WorkspaceSegmentDefined(Event):
    """From now on this name means the records that meet all conditions of at least one of these groups."""

    name: Word
    version: Version
    noun: RecordNoun
    groups: PersonalFilter


class WorkspaceAssignmentRulePublished(Event):
    """From now on new records of this noun are assigned by the first of these steps whose conditions they meet."""

    name: Word
    version: Version
    noun: RecordNoun
    steps: PersonalSteps


class WorkspaceKpiDefinitionPublished(Event):
    """From now on this figure is computed by the formula with this digest, with these parameters."""

    kpi: Word
    version: Version
    formula_digest: Digest
    parameters: dict[Word, Word]


class WorkspaceModelFitted(Event):
    """A model was fitted to what was known of the days from `from_day` up to, not including, `until_day`."""

    model: Word
    version: Version
    parameters: Annotated[dict[Word, Parameter], Field(min_length=1)]
    from_day: date
    until_day: date
    observations: Annotated[int, Field(ge=1)]


class WorkspaceWebhookRegistered(Event):
    """From now on events of these types are sent to this address; of the secret only the digest is kept."""

    part_field: ClassVar[str | None] = "webhook_id"

    webhook_id: UUID
    url: PersonalText
    event_types: Annotated[tuple[Word, ...], Field(min_length=1)]
    secret_digest: Digest


class WorkspaceWebhookPaused(Event):
    """Nothing is sent to this address until it is resumed."""

    part_field: ClassVar[str | None] = "webhook_id"

    webhook_id: UUID
    reason: OptionalPersonalText = None


class WorkspaceWebhookResumed(Event):
    """Events are sent to this address again."""

    part_field: ClassVar[str | None] = "webhook_id"

    webhook_id: UUID


class WorkspaceWebhookRemoved(Event):
    """Nothing is sent to this address any more."""

    part_field: ClassVar[str | None] = "webhook_id"

    webhook_id: UUID


WorkspaceEvent: TypeAlias = (
    WorkspacePipelinePublished
    | WorkspaceBusinessCalendarPublished
    | WorkspaceSlaPolicyPublished
    | WorkspaceMemberInvited
    | WorkspaceMemberRoleGranted
    | WorkspaceMemberRoleRevoked
    | WorkspaceMemberDeactivated
    | WorkspaceApiKeyIssued
    | WorkspaceApiKeyRevoked
    | WorkspaceCustomFieldDefined
    | WorkspaceCustomFieldRetired
    | WorkspaceExchangeRatePublished
    | WorkspaceSegmentDefined
    | WorkspaceAssignmentRulePublished
    | WorkspaceKpiDefinitionPublished
    | WorkspaceModelFitted
    | WorkspaceWebhookRegistered
    | WorkspaceWebhookPaused
    | WorkspaceWebhookResumed
    | WorkspaceWebhookRemoved
)
