"""How promising a lead is, as a model counts it."""

from typing import TypeAlias, assert_never

from pydantic import Field

from domain.event import Command, Event, Word
from domain.lead.intake import Score
from domain.lead.state import Lead
from domain.phrases import after


class LeadScored(Event):
    """A version of a model found the lead worth so many points; `parts` says what each signal brought or cost."""

    model: Word
    model_version: int
    score: Score
    parts: dict[Word, Score] = Field(default_factory=dict)

    def in_words(self) -> str:
        parts = ", ".join(f"{name} {points:+}" for name, points in self.parts.items())
        return f"Score {self.score} by {self.model}, version {self.model_version}{after(': ', parts or None)}"


ScoringEvent: TypeAlias = LeadScored


def evolve_scoring(lead: Lead, event: ScoringEvent) -> Lead:
    """The lead after the event: a score decides nothing by itself."""
    match event:
        case LeadScored():
            return lead
        case _:
            assert_never(event)


class ScoreLead(Command):
    """Record what a version of a model makes of the lead, and of which parts that is the sum."""

    model: Word
    model_version: int = Field(ge=1)
    score: Score
    parts: dict[Word, Score] = Field(default_factory=dict)


def score(lead: Lead, command: ScoreLead) -> LeadScored:
    """At any time, also again and once closed; raises LeadMerged."""
    lead.must_be_in_use()
    return LeadScored(
        model=command.model, model_version=command.model_version, score=command.score, parts=command.parts
    )
