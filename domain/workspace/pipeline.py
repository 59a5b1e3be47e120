"""Publishing the pipelines that leads go through."""

from dataclasses import replace
from decimal import Decimal
from typing import TypeAlias, assert_never

from domain.event import Command, Event, Refusal, Word
from domain.pipeline import Pipeline, Stage
from domain.workspace.state import Workspace


class WorkspacePipelinePublished(Event):
    """From now on leads go through these stages; those under way keep what was copied into them."""

    pipeline: Pipeline

    def in_words(self) -> str:
        stages = ", ".join(stage.name for stage in self.pipeline.stages)
        return f"Pipeline {self.pipeline.name}, version {self.pipeline.version}: {stages}"


PipelineEvent: TypeAlias = WorkspacePipelinePublished


def evolve_pipeline(workspace: Workspace, event: PipelineEvent) -> Workspace:
    """The workspace after the event."""
    match event:
        case WorkspacePipelinePublished():
            return replace(workspace, pipelines={**workspace.pipelines, event.pipeline.name: event.pipeline})
        case _:
            assert_never(event)


class PublishPipeline(Command):
    """Say which stages leads go through from now on."""

    name: Word
    stages: tuple[Stage, ...]


class PipelineWithoutStages(Refusal):
    """A pipeline needs at least one stage."""


class StageNamedTwice(Refusal):
    """The stage {stage} is named more than once. Give every stage of a pipeline its own name."""


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
