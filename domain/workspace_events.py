"""What can happen to the workspace: its settings, members and keys have a history like everything else."""

from decimal import Decimal
from typing import Annotated, ClassVar, TypeAlias
from uuid import UUID

from pydantic import Field, StringConstraints

from domain.business_time import BusinessCalendar
from domain.event import CustomerId, Event, Frozen, MemberId, PersonalText, Refusal, Word
from domain.public_holidays import PublicHolidays
from domain.sla_policy import SlaPolicy

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
    WorkspacePipelinePublished
    | WorkspaceBusinessCalendarPublished
    | WorkspaceSlaPolicyPublished
    | WorkspaceMemberInvited
    | WorkspaceApiKeyIssued
    | WorkspaceApiKeyRevoked
)
