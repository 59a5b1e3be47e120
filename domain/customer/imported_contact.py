"""What rows of foreign files say of single contacts with a customer: interactions, answers to surveys, campaigns."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from domain.customer.campaign_messages import (
    CustomerCampaignMessageBounced,
    CustomerCampaignMessageDelivered,
    CustomerCampaignMessageOpened,
    CustomerCampaignMessageSent,
    CustomerCampaignResponded,
)
from domain.customer.survey import SCALES, CustomerSurveyAnswered, Survey, SurveyScore
from domain.event import ExternalKey, Frozen, Moment, Text, Word
from domain.imported import AGAINST_OUR_RULES, ImportedFact, Past
from domain.interaction import (
    Direction,
    InteractionCorrected,
    InteractionKind,
    InteractionLogged,
    InteractionRecord,
    InteractionRetracted,
    Seconds,
)

NO_DATE = "no_date"


class ImportedInteraction(Frozen):
    """An interaction as the row has it."""

    kind: InteractionKind
    happened_at: Moment | None = None
    direction: Direction | None = None
    summary: Text | None = None
    about: Word | None = None
    duration_seconds: Seconds | None = None
    outcome: Text | None = None
    external_id: ExternalKey | None = None


class ImportedAnswer(Frozen):
    """An answer to a survey as the row has it."""

    survey: Survey
    score: SurveyScore
    comment: Text | None = None
    answered_at: Moment | None = None


class ImportedMember(Frozen):
    """Somebody whom a campaign reached, as the row has it."""

    channel: Word
    sent_at: Moment | None = None
    delivered: bool | None = None
    delivered_at: Moment | None = None
    opened_at: Moment | None = None
    responded: bool = False
    responded_at: Moment | None = None
    response: Text | None = None


def log_or_correct(
    past: Sequence[Past], interaction_id: UUID, wanted: ImportedInteraction, imported_at: datetime
) -> list[ImportedFact]:
    """What must be recorded for the interaction to be what the row says, after what is on record of it.

    It is logged once, and corrected where the file says something else than before. Nothing is taken of a row about one
    that was retracted here.
    """
    if any(isinstance(one.event, InteractionRetracted) for one in past):
        return []
    said = [one for one in past if one.by_import and isinstance(one.event, InteractionRecord)]
    record = InteractionCorrected if said else InteractionLogged
    event = record(interaction_id=interaction_id, **wanted.model_dump(exclude={"happened_at"}))
    if not said:
        flags = () if wanted.happened_at else (NO_DATE,)
        return [ImportedFact(event, wanted.happened_at or imported_at, flags)]
    last = said[-1]
    at = wanted.happened_at or last.occurred_at
    if (last.event.model_dump(), last.occurred_at) == (event.model_dump(), at):
        return []
    return [ImportedFact(event, at)]


def answer(history: Sequence[Past], wanted: ImportedAnswer, nth: int, imported_at: datetime) -> list[ImportedFact]:
    """The answer, unless an import recorded the `nth` of the same already; one off our scale is flagged."""
    event = CustomerSurveyAnswered(survey=wanted.survey, score=wanted.score, comment=wanted.comment)
    same = [past for past in history if past.by_import and past.event == event]
    if sum(wanted.answered_at in (None, past.occurred_at) for past in same) >= nth:
        return []
    lowest, highest = SCALES[wanted.survey]
    flags = () if wanted.answered_at else (NO_DATE,)
    odd = () if lowest <= wanted.score <= highest else (AGAINST_OUR_RULES,)
    return [ImportedFact(event, wanted.answered_at or imported_at, (*flags, *odd))]


def reached(
    history: Sequence[Past], message_id: UUID, campaign_id: UUID, wanted: ImportedMember, imported_at: datetime
) -> list[ImportedFact]:
    """What became of the campaign's message to her, as far as it is not on record: sent, arrived or not, opened,
    answered."""
    known = {type(past.event) for past in history if getattr(past.event, "message_id", None) == message_id}
    return [fact for fact in _reached(message_id, campaign_id, wanted, imported_at) if type(fact.event) not in known]


def _reached(
    message_id: UUID, campaign_id: UUID, wanted: ImportedMember, imported_at: datetime
) -> Iterator[ImportedFact]:
    sent_at = wanted.sent_at or wanted.delivered_at or wanted.opened_at or wanted.responded_at or imported_at
    sent = CustomerCampaignMessageSent(message_id=message_id, campaign_id=campaign_id, channel=wanted.channel)
    yield ImportedFact(sent, sent_at, () if wanted.sent_at else (NO_DATE,))
    if wanted.delivered is not None:
        arrived = CustomerCampaignMessageDelivered if wanted.delivered else CustomerCampaignMessageBounced
        yield ImportedFact(arrived(message_id=message_id, campaign_id=campaign_id), wanted.delivered_at or sent_at)
    if wanted.opened_at:
        yield ImportedFact(
            CustomerCampaignMessageOpened(message_id=message_id, campaign_id=campaign_id), wanted.opened_at
        )
    if wanted.responded:
        event = CustomerCampaignResponded(campaign_id=campaign_id, message_id=message_id, response=wanted.response)
        yield ImportedFact(event, wanted.responded_at or sent_at)
