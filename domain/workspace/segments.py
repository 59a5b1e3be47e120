"""Defining segments of records, and publishing by which rules new records are assigned."""

from dataclasses import replace
from typing import TypeAlias, assert_never

from domain.custom_field import RecordNoun
from domain.event import Command, Event, Forgotten, Refusal, Word
from domain.phrases import said
from domain.segment import AssignmentStep, Conditions, PersonalFilter, PersonalSteps, must_make_sense
from domain.workspace.access import must_be_active
from domain.workspace.state import Version, Workspace


class WorkspaceSegmentDefined(Event):
    """From now on this name means the records that meet all conditions of at least one of these groups."""

    name: Word
    version: Version
    noun: RecordNoun
    groups: PersonalFilter

    def in_words(self) -> str:
        return f"Segment {self.name} of {self.noun}s, version {self.version}: {_groups(self)}"


class WorkspaceAssignmentRulePublished(Event):
    """From now on new records of this noun are assigned by the first of these steps whose conditions they meet."""

    name: Word
    version: Version
    noun: RecordNoun
    steps: PersonalSteps

    def in_words(self) -> str:
        return f"Assignment rule {self.name} for {self.noun}s, version {self.version}: {_steps(self)}"


SegmentEvent: TypeAlias = WorkspaceSegmentDefined | WorkspaceAssignmentRulePublished


def evolve_segments(workspace: Workspace, event: SegmentEvent) -> Workspace:
    """The workspace after the event."""
    match event:
        case WorkspaceSegmentDefined():
            return replace(workspace, segments={**workspace.segments, event.name: event})
        case WorkspaceAssignmentRulePublished():
            return replace(workspace, assignment_rules={**workspace.assignment_rules, event.name: event})
        case _:
            assert_never(event)


class DefineSegment(Command):
    """Give a name to the records that meet all conditions of at least one of these groups."""

    name: Word
    noun: RecordNoun
    groups: tuple[Conditions, ...]


class PublishAssignmentRule(Command):
    """Say to whom new records go from now on: by the first step whose conditions they meet."""

    name: Word
    noun: RecordNoun
    steps: tuple[AssignmentStep, ...]


class SegmentWithoutConditions(Refusal):
    """A segment needs at least one condition in each of its groups. Everybody together needs no segment."""


class SegmentKeepsItsNoun(Refusal):
    """The segment {segment} is one of {noun}s. Give the other one a name of its own."""


class AssignmentRuleWithoutSteps(Refusal):
    """An assignment rule needs at least one step."""


class StepAssignsNobody(Refusal):
    """Step {step} assigns records to nobody. Name a team or members."""


class AssignmentRuleKeepsItsNoun(Refusal):
    """The assignment rule {rule} is one for {noun}s. Give the other one a name of its own."""


def define_segment(workspace: Workspace, command: DefineSegment) -> WorkspaceSegmentDefined:
    """Versions of a segment count up from 1.

    Raises SegmentWithoutConditions, ConditionDoesNotFit, SegmentKeepsItsNoun.
    """
    if not command.groups or not all(command.groups):
        raise SegmentWithoutConditions()
    for conditions in command.groups:
        must_make_sense(conditions)
    latest = workspace.segments.get(command.name)
    if latest and latest.noun != command.noun:
        raise SegmentKeepsItsNoun(segment=latest.name, noun=latest.noun)
    version = latest.version + 1 if latest else 1
    return WorkspaceSegmentDefined(name=command.name, version=version, noun=command.noun, groups=command.groups)


def publish_assignment_rule(workspace: Workspace, command: PublishAssignmentRule) -> WorkspaceAssignmentRulePublished:
    """Versions of a rule count up from 1.

    Raises AssignmentRuleWithoutSteps, StepAssignsNobody, UnknownMember, ConditionDoesNotFit,
    AssignmentRuleKeepsItsNoun.
    """
    if not command.steps:
        raise AssignmentRuleWithoutSteps()
    for number, step in enumerate(command.steps, start=1):
        if step.team is None and not step.member_ids:
            raise StepAssignsNobody(step=number)
        for member_id in step.member_ids:
            must_be_active(workspace, member_id)
        must_make_sense(step.conditions)
    latest = workspace.assignment_rules.get(command.name)
    if latest and latest.noun != command.noun:
        raise AssignmentRuleKeepsItsNoun(rule=latest.name, noun=latest.noun)
    version = latest.version + 1 if latest else 1
    return WorkspaceAssignmentRulePublished(name=command.name, version=version, noun=command.noun, steps=command.steps)


def _groups(event: WorkspaceSegmentDefined) -> str:
    return said(event.groups) if isinstance(event.groups, Forgotten) else _counted(len(event.groups), "group")


def _steps(event: WorkspaceAssignmentRulePublished) -> str:
    return said(event.steps) if isinstance(event.steps, Forgotten) else _counted(len(event.steps), "step")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
