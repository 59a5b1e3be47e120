"""Surveys: one row what a customer answered when she was asked how content she is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from api.imports.mapping import SHORT, Cell, CustomerCell, DateCell, RowRefused, TextCell
from api.imports.mapping_file import Deciding, Fields, ImportMapping, Said, Texts
from domain.customer import CustomerSurveyAnswered
from domain.customer.imported_contact import ImportedAnswer, answer
from domain.customer.survey import SCALES, Survey
from domain.imported import ImportedFact, Past


class SurveyFields(Fields):
    """The fields of an answer that a file can feed."""

    customer: Annotated[CustomerCell, SHORT]
    survey: Annotated[Cell, SHORT]
    score: Annotated[Cell, SHORT]
    comment: Annotated[TextCell, SHORT] | None = None
    answered_at: Annotated[DateCell, SHORT] | None = None


class Surveys(ImportMapping):
    """A mapping file of survey answers. An answer has no id in the log: the same one at a moment is the same."""

    noun: ClassVar[Literal["customer"]] = "customer"
    about: ClassVar[str] = "survey answer"
    has_ids: ClassVar[bool] = False
    begins: ClassVar[tuple[type, ...]] = (CustomerSurveyAnswered,)

    kind: Literal["surveys"]
    fields: SurveyFields

    def said(self, texts: Texts, key: str) -> Said:
        score = texts.get("score") or ""
        if not score.removeprefix("-").isdecimal():
            raise RowRefused(f"{score!r} in column {self.fields.score.column} is no whole number.")
        record = ImportedAnswer(
            survey=_survey(texts.get("survey")),
            score=int(score),
            comment=texts.get("comment"),
            answered_at=self.moment(self.fields.answered_at, texts.get("answered_at")),
        )
        return Said(key=key, record=record, customer=self.customer_of(texts))

    def decide(self, record: ImportedAnswer, history: Sequence[Past], deciding: Deciding) -> Sequence[ImportedFact]:
        return answer(history, record, deciding.nth, deciding.now)

    def moments(self, record: ImportedAnswer) -> Sequence[tuple[str, datetime | None]]:
        return (("answered", record.answered_at),)


def _survey(text: str | None) -> Survey:
    for survey in SCALES:
        if survey == text:
            return survey
    raise RowRefused(f"{text or ''!r} is no survey. There are: {', '.join(SCALES)}.")
