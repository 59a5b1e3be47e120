"""The settings of the workspace that hold now, and which events made them so."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never
from uuid import UUID

from domain.business_time import BusinessCalendar
from domain.event import Forgotten, MemberId, Refusal, Text, Word
from domain.sla_policy import SlaPolicy
from domain.workspace_events import (
    Pipeline,
    WorkspaceApiKeyIssued,
    WorkspaceApiKeyRevoked,
    WorkspaceBusinessCalendarPublished,
    WorkspaceEvent,
    WorkspaceMemberInvited,
    WorkspacePipelinePublished,
    WorkspaceSlaPolicyPublished,
)


class UnknownPipeline(Refusal):
    """There is no such pipeline. The pipelines are: {pipelines}."""


class UnknownCalendar(Refusal):
    """There is no such business calendar. The calendars are: {calendars}."""


class UnknownSlaPolicy(Refusal):
    """There is no such SLA policy, or no such version of it. The policies are: {policies}."""


@dataclass(frozen=True)
class Workspace:
    """The settings that hold now: the latest pipelines and calendars, all SLA policies, members, keys not revoked.

    Earlier versions of an SLA policy are kept, because tickets under way are still held to them.
    """

    pipelines: Mapping[Word, Pipeline] = field(default_factory=dict)
    calendars: Mapping[Word, BusinessCalendar] = field(default_factory=dict)
    sla_policies: Mapping[Word, tuple[SlaPolicy, ...]] = field(default_factory=dict)
    members: Mapping[MemberId, Text | Forgotten] = field(default_factory=dict)
    keys: Mapping[UUID, WorkspaceApiKeyIssued] = field(default_factory=dict)

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
            return replace(workspace, members={**workspace.members, event.member_id: event.name})
        case WorkspaceApiKeyIssued():
            return replace(workspace, keys={**workspace.keys, event.key_id: event})
        case WorkspaceApiKeyRevoked():
            return replace(workspace, keys={id: key for id, key in workspace.keys.items() if id != event.key_id})
        case _:
            assert_never(event)
