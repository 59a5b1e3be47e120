"""The workspace: the company's own settings, members and keys; they have a history like everything else."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Annotated, ClassVar, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field, StringConstraints

from domain.event import Command, CustomerId, Event, Forgotten, Frozen, MemberId, PersonalText, Refusal, Text, Word

WORKSPACE_ID = CustomerId(UUID("00000000-0000-7000-8000-000000000001"))
"""Whose history it is when it is about no customer; also the workspace's only stream."""

Probability = Annotated[Decimal, Field(ge=0, le=1, max_digits=7, decimal_places=6, allow_inf_nan=False)]
"""A chance from 0 to 1."""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32,128}$")]


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


class WorkspaceMemberInvited(Event):
    """Somebody joined the company's workspace."""

    part_field: ClassVar[str | None] = "member_id"

    member_id: MemberId
    name: PersonalText


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


WorkspaceEvent: TypeAlias = (
    WorkspacePipelinePublished | WorkspaceMemberInvited | WorkspaceApiKeyIssued | WorkspaceApiKeyRevoked
)


@dataclass(frozen=True)
class Workspace:
    """The settings that hold now: the latest version of each pipeline, the members, the keys not revoked."""

    pipelines: Mapping[Word, Pipeline] = field(default_factory=dict)
    members: Mapping[MemberId, Text | Forgotten] = field(default_factory=dict)
    keys: Mapping[UUID, WorkspaceApiKeyIssued] = field(default_factory=dict)

    def pipeline(self, name: Word) -> Pipeline:
        """The latest version of that pipeline; raises UnknownPipeline."""
        if name not in self.pipelines:
            raise UnknownPipeline(pipelines=", ".join(self.pipelines) or "none yet")
        return self.pipelines[name]


def evolve(workspace: Workspace, event: WorkspaceEvent) -> Workspace:
    """The workspace after the event."""
    match event:
        case WorkspacePipelinePublished():
            return replace(workspace, pipelines={**workspace.pipelines, event.pipeline.name: event.pipeline})
        case WorkspaceMemberInvited():
            return replace(workspace, members={**workspace.members, event.member_id: event.name})
        case WorkspaceApiKeyIssued():
            return replace(workspace, keys={**workspace.keys, event.key_id: event})
        case WorkspaceApiKeyRevoked():
            return replace(workspace, keys={id: key for id, key in workspace.keys.items() if id != event.key_id})
        case _:
            assert_never(event)


class PublishPipeline(Command):
    """Say which stages leads go through from now on."""

    name: Word
    stages: tuple[Stage, ...]


class InviteMember(Command):
    """Let somebody work here."""

    member_id: MemberId
    name: Text


class IssueApiKey(Command):
    """Let a program act here."""

    key_id: UUID
    label: Text
    secret_digest: Digest
    scopes: tuple[Word, ...]


class RevokeApiKey(Command):
    """Let a program no longer act here."""

    key_id: UUID


class UnknownPipeline(Refusal):
    """There is no such pipeline. The pipelines are: {pipelines}."""


class PipelineWithoutStages(Refusal):
    """A pipeline needs at least one stage."""


class StageNamedTwice(Refusal):
    """The stage {stage} is named more than once. Give every stage of a pipeline its own name."""


class AlreadyMember(Refusal):
    """This person is already a member of the workspace."""


class ApiKeyAlreadyIssued(Refusal):
    """There is already an API key with the id {key_id}. Choose another id."""


class UnknownApiKey(Refusal):
    """There is no API key {key_id} in force; it may have been revoked already."""


def publish_pipeline(workspace: Workspace, command: PublishPipeline) -> WorkspacePipelinePublished:
    """Versions of a pipeline count up from 1; raises PipelineWithoutStages, StageNamedTwice."""
    names = [stage.name for stage in command.stages]
    if not names:
        raise PipelineWithoutStages()
    for name in names:
        if names.count(name) > 1:
            raise StageNamedTwice(stage=name)
    latest = workspace.pipelines.get(command.name)
    version = latest.version + 1 if latest else 1
    return WorkspacePipelinePublished(pipeline=Pipeline(name=command.name, version=version, stages=command.stages))


def invite_member(workspace: Workspace, command: InviteMember) -> WorkspaceMemberInvited:
    """Raises AlreadyMember."""
    if command.member_id in workspace.members:
        raise AlreadyMember()
    return WorkspaceMemberInvited(member_id=command.member_id, name=command.name)


def issue_api_key(workspace: Workspace, command: IssueApiKey) -> WorkspaceApiKeyIssued:
    """Raises ApiKeyAlreadyIssued."""
    if command.key_id in workspace.keys:
        raise ApiKeyAlreadyIssued(key_id=command.key_id)
    return WorkspaceApiKeyIssued(
        key_id=command.key_id, label=command.label, secret_digest=command.secret_digest, scopes=command.scopes
    )


def revoke_api_key(workspace: Workspace, command: RevokeApiKey) -> WorkspaceApiKeyRevoked:
    """Raises UnknownApiKey."""
    if command.key_id not in workspace.keys:
        raise UnknownApiKey(key_id=command.key_id)
    return WorkspaceApiKeyRevoked(key_id=command.key_id)


DEFAULT_PIPELINE = PublishPipeline(
    name="default",
    stages=(
        Stage(name="new", probability=Decimal("0.1")),
        Stage(name="contacted", probability=Decimal("0.2")),
        Stage(name="qualified", probability=Decimal("0.4")),
        Stage(name="proposal", probability=Decimal("0.6")),
        Stage(name="negotiation", probability=Decimal("0.8")),
    ),
)
"""The pipeline a new workspace starts with."""
