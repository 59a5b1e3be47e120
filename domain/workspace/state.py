"""The settings of the workspace that hold now, and which events made them so."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar, assert_never
from uuid import UUID

from domain.business_time import BusinessCalendar
from domain.custom_field import CustomField, FieldId, RecordNoun
from domain.event import Forgotten, MemberId, Refusal, Text, Word
from domain.exchange_rate import ExchangeRates, with_rate
from domain.sla_policy import SlaPolicy
from domain.workspace.events import (
    Pipeline,
    Role,
    WorkspaceApiKeyIssued,
    WorkspaceApiKeyRevoked,
    WorkspaceAssignmentRulePublished,
    WorkspaceBusinessCalendarPublished,
    WorkspaceCustomFieldDefined,
    WorkspaceCustomFieldRetired,
    WorkspaceEvent,
    WorkspaceExchangeRatePublished,
    WorkspaceKpiDefinitionPublished,
    WorkspaceMemberDeactivated,
    WorkspaceMemberInvited,
    WorkspaceMemberRoleGranted,
    WorkspaceMemberRoleRevoked,
    WorkspaceModelFitted,
    WorkspacePipelinePublished,
    WorkspaceSegmentDefined,
    WorkspaceSlaPolicyPublished,
    WorkspaceWebhookPaused,
    WorkspaceWebhookRegistered,
    WorkspaceWebhookRemoved,
    WorkspaceWebhookResumed,
)

FieldKey: TypeAlias = tuple[RecordNoun, FieldId]
Key = TypeVar("Key")
Value = TypeVar("Value")


class UnknownPipeline(Refusal):
    """There is no such pipeline. The pipelines are: {pipelines}."""


class UnknownCalendar(Refusal):
    """There is no such business calendar. The calendars are: {calendars}."""


class UnknownSlaPolicy(Refusal):
    """There is no such SLA policy, or no such version of it. The policies are: {policies}."""


class UnknownCustomField(Refusal):
    """There is no such custom field of a {noun}. Its custom fields are: {fields}."""


class CustomFieldRetired(Refusal):
    """The field {field} is retired and takes no more values. Define it again to use it again."""


@dataclass(frozen=True)
class Workspace:
    """The settings that hold now: the latest version of each, all SLA policies, members, keys not revoked.

    Earlier versions of an SLA policy are kept, because tickets under way are still held to them. Members keep their
    names once they are deactivated, because what they did still names them.
    """

    pipelines: Mapping[Word, Pipeline] = field(default_factory=dict)
    calendars: Mapping[Word, BusinessCalendar] = field(default_factory=dict)
    sla_policies: Mapping[Word, tuple[SlaPolicy, ...]] = field(default_factory=dict)
    members: Mapping[MemberId, Text | Forgotten] = field(default_factory=dict)
    deactivated: frozenset[MemberId] = frozenset()
    roles: Mapping[MemberId, frozenset[Role]] = field(default_factory=dict)
    keys: Mapping[UUID, WorkspaceApiKeyIssued] = field(default_factory=dict)
    custom_fields: Mapping[FieldKey, CustomField] = field(default_factory=dict)
    retired_fields: frozenset[FieldKey] = frozenset()
    exchange_rates: ExchangeRates = field(default_factory=ExchangeRates)
    segments: Mapping[Word, WorkspaceSegmentDefined] = field(default_factory=dict)
    assignment_rules: Mapping[Word, WorkspaceAssignmentRulePublished] = field(default_factory=dict)
    kpi_definitions: Mapping[Word, WorkspaceKpiDefinitionPublished] = field(default_factory=dict)
    models: Mapping[Word, WorkspaceModelFitted] = field(default_factory=dict)
    webhooks: Mapping[UUID, WorkspaceWebhookRegistered] = field(default_factory=dict)
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

    def sla_policy(self, name: Word, version: int | None = None) -> SlaPolicy:
        """That version of the SLA policy, else the latest; raises UnknownSlaPolicy."""
        for policy in reversed(self.sla_policies.get(name, ())):
            if version in (None, policy.version):
                return policy
        raise UnknownSlaPolicy(policies=", ".join(self.sla_policies) or "none yet")

    def custom_field(self, noun: RecordNoun, field_id: FieldId) -> CustomField:
        """The latest version of that field, when it is in use; raises UnknownCustomField, CustomFieldRetired."""
        if (noun, field_id) not in self.custom_fields:
            fields = ", ".join(known for of, known in self.custom_fields if of == noun)
            raise UnknownCustomField(noun=noun, fields=fields or "none yet")
        if (noun, field_id) in self.retired_fields:
            raise CustomFieldRetired(field=self.custom_fields[noun, field_id].label)
        return self.custom_fields[noun, field_id]

    def roles_of(self, member_id: MemberId) -> frozenset[Role]:
        """What the member may do here; nothing once she is deactivated."""
        return self.roles.get(member_id, frozenset())


def evolve(workspace: Workspace, event: WorkspaceEvent) -> Workspace:
    """The workspace after the event."""
    match event:
        case WorkspacePipelinePublished():
            return replace(workspace, pipelines={**workspace.pipelines, event.pipeline.name: event.pipeline})
        case WorkspaceBusinessCalendarPublished():
            return replace(workspace, calendars={**workspace.calendars, event.calendar.name: event.calendar})
        case WorkspaceSlaPolicyPublished():
            versions = (*workspace.sla_policies.get(event.policy.name, ()), event.policy)
            return replace(workspace, sla_policies={**workspace.sla_policies, event.policy.name: versions})
        case WorkspaceMemberInvited():
            members = {**workspace.members, event.member_id: event.name}
            return replace(workspace, members=members, deactivated=workspace.deactivated - {event.member_id})
        case WorkspaceMemberRoleGranted():
            return _with_roles(workspace, event.member_id, workspace.roles_of(event.member_id) | {event.role})
        case WorkspaceMemberRoleRevoked():
            return _with_roles(workspace, event.member_id, workspace.roles_of(event.member_id) - {event.role})
        case WorkspaceMemberDeactivated():
            known = _with_roles(workspace, event.member_id, frozenset())
            return replace(known, deactivated=workspace.deactivated | {event.member_id})
        case WorkspaceApiKeyIssued():
            return replace(workspace, keys={**workspace.keys, event.key_id: event})
        case WorkspaceApiKeyRevoked():
            return replace(workspace, keys=_without(workspace.keys, event.key_id))
        case WorkspaceCustomFieldDefined():
            key = (event.custom_field.noun, event.custom_field.field_id)
            fields = {**workspace.custom_fields, key: event.custom_field}
            return replace(workspace, custom_fields=fields, retired_fields=workspace.retired_fields - {key})
        case WorkspaceCustomFieldRetired():
            return replace(workspace, retired_fields=workspace.retired_fields | {(event.noun, event.field_id)})
        case WorkspaceExchangeRatePublished():
            return replace(workspace, exchange_rates=with_rate(workspace.exchange_rates, event.exchange_rate))
        case WorkspaceSegmentDefined():
            return replace(workspace, segments={**workspace.segments, event.name: event})
        case WorkspaceAssignmentRulePublished():
            return replace(workspace, assignment_rules={**workspace.assignment_rules, event.name: event})
        case WorkspaceKpiDefinitionPublished():
            return replace(workspace, kpi_definitions={**workspace.kpi_definitions, event.kpi: event})
        case WorkspaceModelFitted():
            return replace(workspace, models={**workspace.models, event.model: event})
        case WorkspaceWebhookRegistered():
            webhooks = {**workspace.webhooks, event.webhook_id: event}
            return replace(workspace, webhooks=webhooks, paused_webhooks=workspace.paused_webhooks - {event.webhook_id})
        case WorkspaceWebhookPaused():
            return replace(workspace, paused_webhooks=workspace.paused_webhooks | {event.webhook_id})
        case WorkspaceWebhookResumed():
            return replace(workspace, paused_webhooks=workspace.paused_webhooks - {event.webhook_id})
        case WorkspaceWebhookRemoved():
            return replace(workspace, webhooks=_without(workspace.webhooks, event.webhook_id))
        case _:
            assert_never(event)


def _with_roles(workspace: Workspace, member_id: MemberId, roles: frozenset[Role]) -> Workspace:
    return replace(workspace, roles={**workspace.roles, member_id: roles})


def _without(mapping: Mapping[Key, Value], gone: Key) -> Mapping[Key, Value]:
    return {key: value for key, value in mapping.items() if key != gone}
