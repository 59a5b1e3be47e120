"""One row per answer, whether a survey asked or a ticket was rated."""

from datetime import UTC, datetime
from uuid import uuid4

from domain.customer import CustomerSurveyAnswered
from domain.event import FORGOTTEN, CustomerId
from domain.reattribution import Reattributed
from domain.ticket import TicketRated
from eventstore.database import Connection
from tests.projections.customer_facts import merge, revert
from tests.projections.records import all_rows, forget, tell, values

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def test_an_answer_says_who_answered_what_and_when(connection: Connection) -> None:
    ann, person = uuid4(), uuid4()
    answered = CustomerSurveyAnswered(survey="nps", score=9, comment="Quick help", person_id=person)
    (position,) = tell(connection, ann, answered, at=[DAY])
    assert all_rows(connection, "survey_answer") == [
        {
            "position": position,
            "customer_id": ann,
            "person_id": person,
            "ticket_id": None,
            "survey": "nps",
            "score": 9,
            "comment": "Quick help",
            "answered_at": DAY,
        }
    ]


def test_every_answer_of_a_customer_is_kept(connection: Connection) -> None:
    ann = uuid4()
    tell(connection, ann, *(CustomerSurveyAnswered(survey="ces", score=score) for score in (3, 6)))
    assert values(connection, "survey_answer", "survey", "score", order="score") == [("ces", 3), ("ces", 6)]


def test_a_ticket_that_is_rated_is_an_answer_too(connection: Connection) -> None:
    ann, ticket = uuid4(), uuid4()
    tell(connection, ann, TicketRated(csat=4, comment="Fine"), noun="ticket", stream_id=ticket)
    assert values(connection, "survey_answer", "customer_id", "ticket_id", "survey", "score", "comment") == [
        (ann, ticket, "csat", 4, "Fine")
    ]


def test_a_comment_is_forgotten_and_the_score_stays(connection: Connection) -> None:
    ann = uuid4()
    tell(connection, ann, CustomerSurveyAnswered(survey="csat", score=2, comment="Ann was rude"))
    forget(connection, ann)
    # a fact may be told again after its subject was forgotten; it then says so in its place
    tell(connection, uuid4(), CustomerSurveyAnswered(survey="csat", score=3, comment=FORGOTTEN))
    assert values(connection, "survey_answer", "score", "comment") == [(2, None), (3, None)]


def test_answers_go_where_the_customer_and_the_ticket_go(connection: Connection) -> None:
    ann, bob, ticket = CustomerId(uuid4()), CustomerId(uuid4()), uuid4()
    tell(connection, ann, CustomerSurveyAnswered(survey="nps", score=3))
    tell(connection, ann, TicketRated(csat=5), noun="ticket", stream_id=ticket)
    merge_id = merge(connection, ann, bob)
    assert values(connection, "survey_answer", "customer_id", "score", order="score") == [(bob, 3), (bob, 5)]
    revert(connection, merge_id, ann, bob)
    assert values(connection, "survey_answer", "customer_id", "score", order="score") == [(ann, 3), (ann, 5)]
    filed = Reattributed(from_customer_id=ann, to_customer_id=bob)
    tell(connection, ann, filed, noun="ticket", stream_id=ticket)
    assert values(connection, "survey_answer", "customer_id", "score", order="score") == [(ann, 3), (bob, 5)]
