"""The stages that leads go through, and the chances that go with them."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from domain.event import Frozen, Refusal, Word

Probability = Annotated[Decimal, Field(ge=0, le=1, max_digits=7, decimal_places=6, allow_inf_nan=False)]
"""A chance from 0 to 1."""


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
