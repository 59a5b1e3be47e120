"""A row becomes an interaction, an answer or a campaign's message once, and what it says later is added."""

from collections.abc import Sequence

from domain.customer import (
    CustomerCampaignMessageOpened,
    CustomerCampaignMessageSent,
    CustomerCampaignResponded,
    CustomerSurveyAnswered,
)
from domain.customer.imported_contact import (
    ImportedAnswer,
    ImportedInteraction,
    ImportedMember,
    answer,
    log_or_correct,
    reached,
)
from domain.imported import ImportedFact, Past
from domain.interaction import InteractionCorrected, InteractionLogged, InteractionRetracted
from tests.domain.histories import IDS
from tests.domain.imported import IMPORT_DAY, after, by_hand, day, taken

CALL = ImportedInteraction(kind="call", happened_at=day(1), summary="Ovens", external_id="I1")
LOGGED = InteractionLogged(interaction_id=IDS[0], kind="call", summary="Ovens", external_id="I1")


def read_call(past: Sequence[Past], wanted: ImportedInteraction) -> list[ImportedFact]:
    return log_or_correct(past, IDS[0], wanted, day(IMPORT_DAY))


def test_an_interaction_is_logged_once_and_corrected_where_the_file_says_otherwise() -> None:
    assert read_call([], CALL) == [ImportedFact(LOGGED, day(1))]
    history = taken(CALL, read=read_call)
    assert read_call(history, CALL) == []
    newer = CALL.model_copy(update={"summary": "Oven", "happened_at": None})
    (fact,) = read_call(history, newer)
    assert isinstance(fact.event, InteractionCorrected)
    assert fact.occurred_at == day(1)
    assert read_call(after(history, [fact]), newer) == []
    moved = CALL.model_copy(update={"happened_at": day(2)})
    assert [fact.occurred_at for fact in read_call(history, moved)] == [day(2)]


def test_an_interaction_without_a_moment_is_flagged_and_one_that_was_retracted_stays_so() -> None:
    undated = CALL.model_copy(update={"happened_at": None})
    assert read_call([], undated) == [ImportedFact(LOGGED, day(IMPORT_DAY), ("no_date",))]
    retracted = by_hand((InteractionRetracted(interaction_id=IDS[0]), 60))
    assert read_call([*taken(CALL, read=read_call), *retracted], undated) == []


def test_as_many_answers_are_recorded_as_the_file_has() -> None:
    good = ImportedAnswer(survey="nps", score=9, answered_at=day(1))
    event = CustomerSurveyAnswered(survey="nps", score=9)
    first = answer([], good, 1, day(IMPORT_DAY))
    assert first == [ImportedFact(event, day(1))]
    history = after([], first)
    assert answer(history, good, 1, day(IMPORT_DAY)) == []
    assert answer(history, good, 2, day(IMPORT_DAY)) == first
    assert answer(by_hand((event, 1)), good, 1, day(IMPORT_DAY)) == first
    later = good.model_copy(update={"answered_at": day(2)})
    assert answer(history, later, 1, day(IMPORT_DAY)) == [ImportedFact(event, day(2))]
    undated = good.model_copy(update={"answered_at": None, "score": 11})
    (odd,) = answer(history, undated, 1, day(IMPORT_DAY))
    assert (odd.occurred_at, odd.flags) == (day(IMPORT_DAY), ("no_date", "against_our_rules"))
    assert answer(after(history, [odd]), undated, 1, day(IMPORT_DAY)) == []


def read_member(history: Sequence[Past], wanted: ImportedMember) -> list[ImportedFact]:
    return reached(history, IDS[1], IDS[2], wanted, day(IMPORT_DAY))


def test_what_became_of_a_message_is_added_as_far_as_it_is_new() -> None:
    sent = ImportedMember(channel="email", sent_at=day(1))
    message = CustomerCampaignMessageSent(message_id=IDS[1], campaign_id=IDS[2], channel="email")
    assert read_member([], sent) == [ImportedFact(message, day(1))]
    opened = sent.model_copy(update={"opened_at": day(2), "responded": True, "response": "Yes"})
    more = read_member(taken(sent, read=read_member), opened)
    assert [type(fact.event) for fact in more] == [CustomerCampaignMessageOpened, CustomerCampaignResponded]
    assert [fact.occurred_at for fact in more] == [day(2), day(1)]
    assert read_member(taken(sent, opened, read=read_member), opened) == []
    other = CustomerCampaignMessageSent(message_id=IDS[3], campaign_id=IDS[2], channel="email")
    assert read_member(by_hand((other, 1)), sent) == [ImportedFact(message, day(1))]


def test_a_message_without_a_moment_was_sent_when_something_became_of_it() -> None:
    answered = ImportedMember(channel="email", responded=True, responded_at=day(3))
    facts = read_member([], answered)
    assert [(fact.occurred_at, fact.flags) for fact in facts] == [(day(3), ("no_date",)), (day(3), ())]
    (undated,) = read_member([], ImportedMember(channel="email"))
    assert undated.occurred_at == day(IMPORT_DAY)
