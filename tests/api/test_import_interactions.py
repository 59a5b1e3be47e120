"""Interactions and answers to surveys from a file: logged once, corrected where the file is."""

from datetime import UTC, datetime

import pytest

from domain.customer import CustomerSurveyAnswered
from domain.interaction import InteractionCorrected, InteractionLogged, InteractionRetracted
from tests.api.importing import House, counts, house, refused

__all__ = ["house"]

MAPPING = """
[fields]
external_id = "id"
customer = "who"
kind = { column = "how", values = { Tel = "call", Mail = "email" } }
direction = { column = "began", values = { us = "outbound", them = "inbound", "" = "" } }
happened_at = "when"
summary = "words"
duration = { column = "minutes", unit = "minutes" }
outcome = "result"
about = "about"
"""
HEADER = "id,who,how,began,when,words,minutes,result,about"
CALL = "I1,Hill Bakery,Tel,us,2026-01-05T10:00Z,Ovens,12,Wants a quote,sales"
MAIL = "I2,Hill Bakery,Mail,,,Thanks,,,"


def test_rows_become_interactions_once(house: House) -> None:
    report = house.take_in("interactions", MAPPING, HEADER, CALL, MAIL)
    assert counts(report) == (2, 0, 0, 0)
    assert report.flagged == {"no_date": 1}
    _, call, mail = house.history(house.id_of("customer", "Hill Bakery"))
    assert call.event == InteractionLogged(
        interaction_id=house.id_of("interaction", "I1"),
        kind="call",
        direction="outbound",
        summary="Ovens",
        about="sales",
        duration_seconds=720,
        outcome="Wants a quote",
        external_id="I1",
    )
    assert call.occurred_at == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert isinstance(mail.event, InteractionLogged)
    assert counts(house.take_in("interactions", MAPPING, HEADER, CALL, MAIL)) == (0, 0, 2, 0)


def test_what_the_file_says_otherwise_is_corrected_and_what_people_retracted_stays_so(house: House) -> None:
    house.take_in("interactions", MAPPING, HEADER, CALL)
    hill = house.id_of("customer", "Hill Bakery")
    assert counts(house.take_in("interactions", MAPPING, HEADER, CALL.replace("12", "15"))) == (0, 1, 0, 0)
    corrected = house.events(hill)[-1]
    assert isinstance(corrected, InteractionCorrected)
    assert corrected.duration_seconds == 900
    assert counts(house.take_in("interactions", MAPPING, HEADER, CALL.replace("12", "15"))) == (0, 0, 1, 0)
    house.add("customer", hill, InteractionRetracted(interaction_id=house.id_of("interaction", "I1")))
    assert counts(house.take_in("interactions", MAPPING, HEADER, CALL)) == (0, 0, 1, 0)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (CALL.replace("Tel", "Fax"), "'Fax' in column how is not one of: Tel, Mail."),
        (CALL.replace("us,", "me,"), "'me' in column began is not one of"),
        (CALL.replace("12", "long"), "'long' in column minutes is no whole number of minutes."),
        (CALL.replace("2026", "2999"), "which lies in the future"),
    ],
)
def test_a_row_that_cannot_be_taken_is_refused(house: House, row: str, reason: str) -> None:
    report = house.take_in("interactions", MAPPING, HEADER, row, MAIL)
    assert counts(report) == (1, 0, 0, 1)
    assert reason in refused(report)[0][1]


def test_interactions_that_are_undone_leave_all_as_it_was(house: House) -> None:
    house.take_in("interactions", MAPPING, HEADER, MAIL)
    before = house.known()
    report = house.take_in("interactions", MAPPING, HEADER, CALL, MAIL.replace("Thanks", "Thank you"))
    assert counts(report) == (1, 1, 0, 0)
    assert house.undo(report)
    assert house.known() == before


ANSWERS = """
[fields]
external_id = { templates = ["{who} {when}"], numbered = true }
customer = "who"
survey = { constant = "nps" }
score = "score"
comment = "words"
answered_at = "when"
"""
ANSWER = "Hill Bakery,2026-01-05,9,Good bread"


def test_answers_are_recorded_once_and_what_is_off_the_scale_is_flagged(house: House) -> None:
    rows = (ANSWER, ANSWER, ANSWER.replace("9", "12"))
    report = house.take_in("surveys", ANSWERS, "who,when,score,words", *rows)
    assert counts(report) == (3, 0, 0, 0)
    assert report.flagged == {"against_our_rules": 1}
    events = house.events(house.id_of("customer", "Hill Bakery"))[1:]
    good = CustomerSurveyAnswered(survey="nps", score=9, comment="Good bread")
    assert events == [good, good, CustomerSurveyAnswered(survey="nps", score=12, comment="Good bread")]
    assert counts(house.take_in("surveys", ANSWERS, "who,when,score,words", *rows)) == (0, 0, 3, 0)
    bad = house.take_in("surveys", ANSWERS, "who,when,score,words", ANSWER.replace("9", "great"))
    assert "'great' in column score is no whole number." in refused(bad)[0][1]


def test_answers_that_are_undone_leave_all_as_it_was(house: House) -> None:
    house.take_in("surveys", ANSWERS, "who,when,score,words", ANSWER)
    before = house.known()
    more = ANSWER.replace("9", "3")
    report = house.take_in("surveys", ANSWERS, "who,when,score,words", ANSWER, more)
    assert counts(report) == (1, 0, 1, 0)
    assert house.undo(report)
    assert house.known() == before
