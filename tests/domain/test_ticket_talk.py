"""What is said on a ticket: replies, follow-up tickets once it is closed, ratings."""

import pytest

from domain.event import FORGOTTEN, Refusal
from domain.ticket import (
    MessageAlreadyRecorded,
    OpenFollowUpTicket,
    RateTicket,
    ReplyToTicket,
    SubjectNeeded,
    TicketAlreadyClosed,
    TicketAlreadyRated,
    TicketEvent,
    TicketIsSpam,
    TicketMerged,
    TicketNotClosed,
    TicketOpened,
    TicketRated,
    TicketReopened,
    TicketReplied,
    TicketResumed,
    open_follow_up,
)
from tests.domain.histories import IDS
from tests.domain.tickets import (
    ANSWERED,
    ASKED,
    BOT_SAID,
    CLOSED,
    GOLD,
    NOTED,
    SOLVED,
    STATES,
    TAKEN,
    THIS,
    decide,
    fold,
    given,
    refused,
)

ASK = ReplyToTicket(author="customer", body="Still cold")
MAIL = TicketReplied(author="customer", body="Still cold", message_id="m-1")
MAIL_AGAIN = ReplyToTicket(author="customer", body="Still cold", message_id="m-1")
FOLLOW_UP = OpenFollowUpTicket(body="Cold again")
RATED = TicketRated(csat=4, comment="Quick")


@pytest.mark.parametrize(
    ("place", "turn"),
    [
        ("new", ()),
        ("open", ()),
        ("pending", (TicketResumed(cause="customer_replied"),)),
        ("on_hold", (TicketResumed(cause="customer_replied"),)),
        ("solved", (TicketReopened(cause="customer_replied"),)),
    ],
)
def test_what_a_customer_writes_goes_on_with_the_ticket(place: str, turn: tuple[TicketEvent, ...]) -> None:
    assert decide(fold(STATES[place]), ASK) == (ASKED, *turn)


@pytest.mark.parametrize("place", ["new", "open", "pending", "on_hold", "solved"])
@pytest.mark.parametrize(
    ("command", "happened"),
    [
        (ReplyToTicket(body="On our way"), ANSWERED),
        (ReplyToTicket(body="She is angry", public=False), NOTED),
        (ReplyToTicket(author="bot", body="Hello"), TicketReplied(author="bot", body="Hello")),
        (
            ReplyToTicket(author="customer", body="Aside", public=False),
            TicketReplied(author="customer", body="Aside", public=False),
        ),
    ],
)
def test_what_anybody_else_writes_leaves_the_ticket_where_it_is(
    place: str, command: ReplyToTicket, happened: TicketReplied
) -> None:
    assert decide(fold(STATES[place]), command) == (happened,)


def test_what_a_bot_writes_neither_answers_nor_asks() -> None:
    assert given(ANSWERED, BOT_SAID).awaits is None
    assert given(ANSWERED, ASKED, BOT_SAID).awaits == "next_reply"


def test_a_message_is_recorded_with_its_id() -> None:
    assert decide(given(), MAIL_AGAIN) == (MAIL,)


@pytest.mark.parametrize("turn", [(), (TAKEN, SOLVED), (TAKEN, SOLVED, CLOSED)])
def test_the_same_message_twice_is_refused_wherever_the_ticket_is(turn: tuple[TicketEvent, ...]) -> None:
    refused(MessageAlreadyRecorded, given(MAIL, *turn), MAIL_AGAIN)


def test_messages_without_an_id_may_say_the_same() -> None:
    assert decide(given(ASKED), ASK) == (ASKED,)


def test_a_reply_to_a_closed_ticket_is_told_about_the_follow_up() -> None:
    sentence = refused(TicketAlreadyClosed, fold(STATES["closed"]), ASK)
    assert sentence == "This ticket is closed for good. Open a follow-up ticket from it if there is more to do."


def test_a_follow_up_ticket_follows_the_closed_one_and_is_about_the_same() -> None:
    closed = fold(
        [TicketOpened(subject="No heat", channel="email", category="pump", person_id=IDS[2]), *STATES["closed"][1:]]
    )
    opened = TicketOpened(
        subject="No heat", channel="email", category="pump", person_id=IDS[2], follows=THIS, sla_policy=GOLD
    )
    events = open_follow_up(closed, THIS, FOLLOW_UP, GOLD)
    assert events == (opened, TicketReplied(author="customer", body="Cold again"))
    assert fold(events).status == "new"


def test_a_follow_up_ticket_may_say_otherwise() -> None:
    command = OpenFollowUpTicket(
        body="How is it now?", message_id="m-2", subject="Check", channel="phone", priority="low", inbound=False
    )
    assert open_follow_up(fold(STATES["closed"]), THIS, command, None) == (
        TicketOpened(subject="Check", channel="phone", priority="low", inbound=False, follows=THIS),
        TicketReplied(author="agent", body="How is it now?", message_id="m-2"),
    )


@pytest.mark.parametrize(
    ("place", "refusal"),
    [
        *((place, TicketNotClosed) for place in ("new", "open", "pending", "on_hold", "solved")),
        ("spam", TicketIsSpam),
        ("merged", TicketMerged),
    ],
)
def test_only_a_closed_ticket_is_followed_by_another(place: str, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        open_follow_up(fold(STATES[place]), THIS, FOLLOW_UP, None)


def test_a_message_that_is_known_opens_no_follow_up() -> None:
    with pytest.raises(MessageAlreadyRecorded):
        open_follow_up(
            given(MAIL, TAKEN, SOLVED, CLOSED), THIS, OpenFollowUpTicket(body="Cold", message_id="m-1"), None
        )


@pytest.mark.parametrize("history", [(CLOSED,), (TicketOpened(subject=FORGOTTEN), CLOSED)])
def test_a_follow_up_ticket_needs_a_subject_when_the_earlier_one_is_not_known(
    history: tuple[TicketEvent, ...],
) -> None:
    with pytest.raises(SubjectNeeded):
        open_follow_up(fold(history), THIS, FOLLOW_UP, None)
    assert open_follow_up(fold(history), THIS, OpenFollowUpTicket(body="Cold", subject="Frost"), None)


@pytest.mark.parametrize("turn", [(), (CLOSED,), (TicketReopened(),)])
def test_a_ticket_that_was_solved_is_rated(turn: tuple[TicketEvent, ...]) -> None:
    assert decide(given(TAKEN, SOLVED, *turn), RateTicket(csat=4, comment="Quick")) == (RATED,)


@pytest.mark.parametrize("command", [RateTicket(csat=2, comment="Quick"), RateTicket(csat=4)])
def test_a_customer_may_think_again(command: RateTicket) -> None:
    assert decide(given(TAKEN, SOLVED, RATED), command)


def test_the_same_rating_twice_is_refused() -> None:
    refused(TicketAlreadyRated, given(TAKEN, SOLVED, RATED), RateTicket(csat=4, comment="Quick"))
