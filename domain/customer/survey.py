"""How content a customer says she is, in answer to a survey."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field

from domain.customer.contact_persons import must_speak_for
from domain.customer.state import Customer, must_be_in_use
from domain.event import Command, Event, OptionalPersonalText, Refusal, Text
from domain.phrases import after

Survey: TypeAlias = Literal["nps", "csat", "ces"]
"""Net promoter score, customer satisfaction, customer effort score."""

SurveyScore = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
"""Whatever scale an imported survey had; ours are narrower."""

SCALES: Mapping[Survey, tuple[int, int]] = MappingProxyType({"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)})
"""The lowest and the highest answer of each survey."""


class CustomerSurveyAnswered(Event):
    """The customer, or one of her people, said how content she is: NPS 0 to 10, CSAT 1 to 5, CES 1 to 7."""

    is_fact: ClassVar[bool] = True

    survey: Survey
    score: SurveyScore
    comment: OptionalPersonalText = None
    person_id: UUID | None = None

    def in_words(self) -> str:
        return f"{self.survey.upper()} {self.score}{after(': ', self.comment)}"


SurveyEvent: TypeAlias = CustomerSurveyAnswered


def evolve_survey(customer: Customer, event: SurveyEvent) -> Customer:
    """The customer after the event."""
    match event:
        case CustomerSurveyAnswered():
            return customer
        case _:
            assert_never(event)


class AnswerSurvey(Command):
    """Record how content the customer says she is."""

    survey: Survey
    score: SurveyScore
    comment: Text | None = None
    person_id: UUID | None = None


class ScoreOffScale(Refusal):
    """The answers of this survey go from {lowest} to {highest}. Check the score."""


def answer_survey(customer: Customer, command: AnswerSurvey) -> CustomerSurveyAnswered:
    """Raises CustomerAlreadyForgotten, PersonAlreadyForgotten, CustomerMerged, UnknownContactPerson, ScoreOffScale."""
    must_be_in_use(customer, command.person_id)
    must_speak_for(customer, command.person_id)
    lowest, highest = SCALES[command.survey]
    if not lowest <= command.score <= highest:
        raise ScoreOffScale(lowest=lowest, highest=highest)
    return CustomerSurveyAnswered(
        survey=command.survey, score=command.score, comment=command.comment, person_id=command.person_id
    )
