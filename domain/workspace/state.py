"""The settings of the workspace that hold now, and which events made them so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, get_args
from uuid import UUID

from pydantic import Field, StringConstraints

from domain.business_time import BusinessCalendar
from domain.custom_field import CustomField, FieldId, RecordNoun
from domain.event import CustomerId, Forgotten, MemberId, Refusal, Text, Word
from domain.exchange_rate import ExchangeRates
from domain.pipeline import Pipeline
from domain.sla_policy import SlaPolicy

if TYPE_CHECKING:  # beside these events are their rules, which need the state
    from domain.workspace.access import WorkspaceApiKeyIssued
    from domain.workspace.figures import WorkspaceKpiDefinitionPublished, WorkspaceModelFitted
    from domain.workspace.segments import WorkspaceAssignmentRulePublished, WorkspaceSegmentDefined
    from domain.workspace.sign_in import WorkspaceApiKeyRotated
    from domain.workspace.webhooks import WorkspaceWebhookRegistered


WORKSPACE_ID = CustomerId(UUID("00000000-0000-7000-8000-000000000001"))
"""Whose history it is when it is about no customer; also the workspace's only stream."""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32,128}$")]

Role: TypeAlias = Literal["admin", "manager", "agent", "analyst", "auditor", "integration"]
"""What a member may do here; one member may have several roles."""

ROLES: tuple[Role, ...] = get_args(Role)

Records: TypeAlias = Literal["all", "team", "own", "none"]
"""Whose customers, leads and tickets somebody sees: everybody's, those of her teams, her own, or nobody's."""

Version = Annotated[int, Field(ge=1)]

Identity: TypeAlias = tuple[str, Digest]
"""An account at a sign-in service: its issuer, and the keyed digest of the account's name there."""

STANDARD_POLICY: Word = "standard"
"""The SLA policy of new tickets, where there are several."""

FieldKey: TypeAlias = tuple[RecordNoun, FieldId]


class UnknownPipeline(Refusal):
    """There is no such pipeline. The pipelines are: {pipelines}."""


class UnknownCalendar(Refusal):
    """There is no such business calendar. The calendars are: {calendars}."""


class UnknownCustomField(Refusal):
    """There is no such custom field of a {noun}. Its custom fields are: {fields}."""


class CustomFieldRetired(Refusal):
    """The field {field} is retired and takes no more values. Define it again to use it again."""


@dataclass(frozen=True)
class Workspace:
    """The settings that hold now: the latest version of each, members, keys not revoked.

    A ticket under way carries the version of the SLA policy that it is held to. Members keep their names once they are
    deactivated, because what they did still names them.
    """

    pipelines: Mapping[Word, Pipeline] = field(default_factory=dict)
    calendars: Mapping[Word, BusinessCalendar] = field(default_factory=dict)
    sla_policies: Mapping[Word, SlaPolicy] = field(default_factory=dict)
    members: Mapping[MemberId, Text | Forgotten] = field(default_factory=dict)
    deactivated: frozenset[MemberId] = frozenset()
    roles: Mapping[MemberId, frozenset[Role]] = field(default_factory=dict)
    teams: Mapping[MemberId, frozenset[Word]] = field(default_factory=dict)
    identities: Mapping[Identity, MemberId] = field(default_factory=dict)
    keys: "Mapping[UUID, WorkspaceApiKeyIssued]" = field(default_factory=dict)
    rotated_keys: "Mapping[UUID, WorkspaceApiKeyRotated]" = field(default_factory=dict)
    custom_fields: Mapping[FieldKey, CustomField] = field(default_factory=dict)
    retired_fields: frozenset[FieldKey] = frozenset()
    exchange_rates: ExchangeRates = field(default_factory=ExchangeRates)
    segments: "Mapping[Word, WorkspaceSegmentDefined]" = field(default_factory=dict)
    assignment_rules: "Mapping[Word, WorkspaceAssignmentRulePublished]" = field(default_factory=dict)
    kpi_definitions: "Mapping[Word, WorkspaceKpiDefinitionPublished]" = field(default_factory=dict)
    models: "Mapping[Word, WorkspaceModelFitted]" = field(default_factory=dict)
    webhooks: "Mapping[UUID, WorkspaceWebhookRegistered]" = field(default_factory=dict)
    paused_webhooks: frozenset[UUID] = frozenset()

    def pipeline(self, name: Word) -> Pipeline:
        """The latest version of that pipeline; raises UnknownPipeline."""
        if name not in self.pipelines:
            raise UnknownPipeline(pipelines=", ".join(self.pipelines) or "none yet")
        return self.pipelines[name]

    def calendar(self, name: Word) -> BusinessCalendar:
        """The latest version of that business calendar; raises UnknownCalendar."""
        if name not in self.calendars:
            raise UnknownCalendar(calendars=", ".join(self.calendars) or "none yet")
        return self.calendars[name]

    def custom_field(self, noun: RecordNoun, field_id: FieldId) -> CustomField:
        """The latest version of that field, when it is in use; raises UnknownCustomField, CustomFieldRetired."""
        if (noun, field_id) not in self.custom_fields:
            fields = ", ".join(known for of, known in self.custom_fields if of == noun)
            raise UnknownCustomField(noun=noun, fields=fields or "none yet")
        if (noun, field_id) in self.retired_fields:
            raise CustomFieldRetired(field=self.custom_fields[noun, field_id].label)
        return self.custom_fields[noun, field_id]

    @property
    def policy_of_new_tickets(self) -> SlaPolicy | None:
        """What new tickets are promised: by the policy named standard, or the only one there is; else nothing."""
        only = next(iter(self.sla_policies.values())) if len(self.sla_policies) == 1 else None
        return self.sla_policies.get(STANDARD_POLICY, only)

    def key_ends_at(self, key_id: UUID) -> datetime | None:
        """From when on nobody gets in with that key any more; None when it has no end, or is not in force at all."""
        issued, rotated = self.keys.get(key_id), self.rotated_keys.get(key_id)
        ends = [issued.expires_at if issued else None, rotated.ends_at if rotated else None]
        return min((end for end in ends if end), default=None)

    def roles_of(self, member_id: MemberId) -> frozenset[Role]:
        """What the member may do here; nothing once she is deactivated."""
        return self.roles.get(member_id, frozenset())

    def teams_of(self, member_id: MemberId) -> frozenset[Word]:
        """To which teams the member belongs; to none once she is deactivated."""
        return self.teams.get(member_id, frozenset())

    def members_of(self, teams: frozenset[Word]) -> frozenset[MemberId]:
        """Who belongs to any of these teams."""
        return frozenset(member_id for member_id, of_hers in self.teams.items() if of_hers & teams)
