"""A ticket's life: what is accepted in which place of it, what is refused, and what happens."""

import pytest

from domain.event import Command, MemberId, Refusal
from domain.merge import Absorbed, MergedInto, MergedIntoItself, MergeReverted, RevertMerge, UnknownMerge
from domain.ticket import (
    AssignTicket,
    CategoriseTicket,
    CloseTicket,
    EscalateTicket,
    LowerTicketPriority,
    MarkTicketSpam,
    MergeTicket,
    OpenTicket,
    PutTicketOnHold,
    PutTicketPending,
    RaiseTicketPriority,
    RateTicket,
    ReopenTicket,
    ReplyToTicket,
    ResumeTicket,
    SolveTicket,
    SurvivorNotOpen,
    TicketAlreadyClosed,
    TicketAlreadySolved,
    TicketAlreadyWaiting,
    TicketAssigned,
    TicketClosed,
    TicketEvent,
    TicketIsSpam,
    TicketMarkedSpam,
    TicketMerged,
    TicketNotSolved,
    TicketNotWaiting,
    TicketNotYetSolved,
    TicketOpened,
    TicketPutOnHold,
    TicketPutPending,
    TicketReopened,
    TicketReplied,
    TicketResumed,
    TicketSolved,
    TicketStillNew,
    absorb,
    merge,
    open_ticket,
)
from tests.domain.histories import IDS
from tests.domain.tickets import (
    ALICE,
    CLOSED,
    GOLD,
    MERGE,
    MERGED,
    OPENED,
    OTHER,
    SPAM,
    STATES,
    THIS,
    decide,
    fold,
    given,
    refused,
)

Places = dict[str, type[Refusal] | None]
CLOSED_FOR_ALL: Places = {"closed": TicketAlreadyClosed, "spam": TicketIsSpam, "merged": TicketMerged}
SOLVED_AND_CLOSED: Places = {"solved": TicketAlreadySolved, **CLOSED_FOR_ALL}
NOT_SOLVED: Places = dict.fromkeys(["new", "open", "pending", "on_hold"], TicketNotSolved)

REFUSED: list[tuple[Command, Places]] = [
    (AssignTicket(assignee_id=MemberId(IDS[3])), CLOSED_FOR_ALL),
    (EscalateTicket(), SOLVED_AND_CLOSED),
    (RaiseTicketPriority(to_priority="high"), SOLVED_AND_CLOSED),
    (LowerTicketPriority(to_priority="low"), SOLVED_AND_CLOSED),
    (CategoriseTicket(category="pump"), {"spam": TicketIsSpam, "merged": TicketMerged}),
    (ReplyToTicket(body="On our way"), CLOSED_FOR_ALL),
    (ReplyToTicket(author="customer", body="Still cold"), CLOSED_FOR_ALL),
    (ReplyToTicket(author="bot", body="Have you tried"), CLOSED_FOR_ALL),
    (
        RateTicket(csat=5),
        {
            **dict.fromkeys(["new", "open", "pending", "on_hold"], TicketNotYetSolved),
            "spam": TicketIsSpam,
            "merged": TicketMerged,
        },
    ),
    (PutTicketPending(), {"new": TicketStillNew, "pending": TicketAlreadyWaiting, **SOLVED_AND_CLOSED}),
    (PutTicketOnHold(), {"new": TicketStillNew, "on_hold": TicketAlreadyWaiting, **SOLVED_AND_CLOSED}),
    (ResumeTicket(), {"new": TicketNotWaiting, "open": TicketNotWaiting, **SOLVED_AND_CLOSED}),
    (SolveTicket(), {"new": TicketStillNew, **SOLVED_AND_CLOSED}),
    (ReopenTicket(), {**NOT_SOLVED, "closed": TicketAlreadyClosed, "merged": TicketMerged}),
    (CloseTicket(), {**NOT_SOLVED, **CLOSED_FOR_ALL}),
    (MarkTicketSpam(), CLOSED_FOR_ALL),
    (MergeTicket(survivor_id=OTHER), {"spam": TicketIsSpam, "merged": TicketMerged}),
    (RevertMerge(merge_id=MERGE), dict.fromkeys([name for name in STATES if name != "merged"], UnknownMerge)),
]


@pytest.mark.parametrize("place", STATES)
@pytest.mark.parametrize(("command", "refusals"), REFUSED, ids=lambda value: type(value).__name__)
def test_what_is_refused_in_which_place_of_its_life_and_nothing_else(
    command: Command, refusals: Places, place: str
) -> None:
    ticket = fold(STATES[place])
    refusal = refusals.get(place)
    if refusal:
        assert refused(refusal, ticket, command).endswith(".")
    else:
        assert decide(ticket, command)


def test_a_ticket_is_opened_with_its_subject_alone() -> None:
    assert open_ticket(OpenTicket(subject="No heat"), None) == (OPENED,)


def test_a_ticket_is_opened_with_all_that_was_said_and_then_replied_to_and_assigned() -> None:
    command = OpenTicket(
        subject="No heat",
        body="It is cold",
        message_id="m-1",
        customer_name="Ann",
        person_id=IDS[2],
        channel="email",
        priority="high",
        category="heating",
        external_ids={"desk": "7"},
        assignee_id=ALICE,
        team="north",
    )
    opened = TicketOpened(
        subject="No heat",
        channel="email",
        priority="high",
        category="heating",
        person_id=IDS[2],
        sla_policy=GOLD,
        external_ids={"desk": "7"},
    )
    assert open_ticket(command, GOLD) == (
        opened,
        TicketReplied(author="customer", body="It is cold", message_id="m-1"),
        TicketAssigned(assignee_id=ALICE, team="north"),
    )


def test_a_ticket_that_one_of_us_begins_is_first_written_on_by_an_agent() -> None:
    command = OpenTicket(subject="Recall", body="Your pump is recalled", inbound=False)
    events = open_ticket(command, None)
    assert events == (
        TicketOpened(subject="Recall", inbound=False),
        TicketReplied(author="agent", body="Your pump is recalled"),
    )
    assert fold(events).status == "open"


def test_a_ticket_may_be_opened_for_a_team_alone() -> None:
    assert open_ticket(OpenTicket(subject="No heat", team="north"), None)[1:] == (TicketAssigned(team="north"),)


@pytest.mark.parametrize(
    ("place", "command", "happened", "then"),
    [
        ("open", PutTicketPending(waiting_for="a photo"), TicketPutPending(waiting_for="a photo"), "pending"),
        ("on_hold", PutTicketPending(), TicketPutPending(), "pending"),
        ("open", PutTicketOnHold(waiting_for="the maker"), TicketPutOnHold(waiting_for="the maker"), "on_hold"),
        ("pending", PutTicketOnHold(), TicketPutOnHold(), "on_hold"),
        ("pending", ResumeTicket(cause="timer"), TicketResumed(cause="timer"), "open"),
        ("on_hold", ResumeTicket(reason="Parts came"), TicketResumed(reason="Parts came"), "open"),
        ("open", SolveTicket(resolution="New pump"), TicketSolved(resolution="New pump"), "solved"),
        ("pending", SolveTicket(), TicketSolved(), "solved"),
        ("on_hold", SolveTicket(), TicketSolved(), "solved"),
        ("solved", ReopenTicket(cause="recall", reason="Cold"), TicketReopened(cause="recall", reason="Cold"), "open"),
        ("spam", ReopenTicket(cause="not_spam"), TicketReopened(cause="not_spam"), "open"),
        ("solved", CloseTicket(cause="quiet_for_days"), TicketClosed(cause="quiet_for_days"), "closed"),
        ("new", MarkTicketSpam(), TicketMarkedSpam(), "closed"),
        (
            "merged",
            RevertMerge(merge_id=MERGE, reason="Not it"),
            MergeReverted(merge_id=MERGE, reason="Not it"),
            "open",
        ),
        (
            "closed",
            MergeTicket(survivor_id=OTHER, reason="The same"),
            MergedInto(survivor_id=OTHER, merge_id=MERGE, reason="The same"),
            "closed",
        ),
    ],
)
def test_when_this_is_wanted_that_happens(place: str, command: Command, happened: TicketEvent, then: str) -> None:
    assert decide(fold(STATES[place]), command) == (happened,)
    assert fold((*STATES[place], happened)).status == then


def test_a_ticket_that_was_no_spam_is_worked_on_again() -> None:
    assert decide(given(TicketMarkedSpam(), TicketReopened()), SolveTicket())


def test_a_ticket_says_for_whom_it_already_waits() -> None:
    pending = refused(TicketAlreadyWaiting, fold(STATES["pending"]), PutTicketPending())
    assert pending == "This ticket already waits for the customer."
    on_hold = refused(TicketAlreadyWaiting, fold(STATES["on_hold"]), PutTicketOnHold())
    assert on_hold == "This ticket already waits for a third party."


def test_a_merged_ticket_names_the_one_that_survived() -> None:
    assert str(OTHER) in refused(TicketMerged, fold(STATES["merged"]), SolveTicket())


def test_a_ticket_is_not_merged_into_itself() -> None:
    refused(MergedIntoItself, given(), MergeTicket(survivor_id=THIS))


@pytest.mark.parametrize("place", ["solved", "closed", "spam", "merged"])
def test_a_ticket_is_not_merged_into_one_that_nobody_works_on(place: str) -> None:
    with pytest.raises(SurvivorNotOpen):
        absorb(fold(STATES[place]), MergeTicket(survivor_id=OTHER), THIS, MERGE)


@pytest.mark.parametrize("place", ["new", "open", "pending", "on_hold"])
def test_a_ticket_is_merged_into_any_other(place: str) -> None:
    absorbed = absorb(fold(STATES[place]), MergeTicket(survivor_id=OTHER), THIS, MERGE)
    assert absorbed == Absorbed(merged_id=THIS, merge_id=MERGE)
    assert fold((*STATES[place], absorbed)).status == place


def test_two_tickets_are_not_merged_crosswise() -> None:
    first = given(merge(given(), MergeTicket(survivor_id=OTHER), THIS, MERGE))
    with pytest.raises(SurvivorNotOpen):
        absorb(first, MergeTicket(survivor_id=THIS), OTHER, IDS[3])


def test_the_merge_of_two_tickets_is_reverted_on_either_history() -> None:
    revert = RevertMerge(merge_id=MERGE, reason="Not it")
    reverted = MergeReverted(merge_id=MERGE, reason="Not it")
    for happened in (MERGED, Absorbed(merged_id=THIS, merge_id=MERGE)):
        assert decide(given(happened), revert) == (reverted,)
        refused(UnknownMerge, given(happened, reverted), revert)
        assert given(happened, reverted) == given()


def test_a_ticket_may_be_merged_again_once_the_merge_was_reverted() -> None:
    assert decide(given(MERGED, MergeReverted(merge_id=MERGE)), MergeTicket(survivor_id=OTHER)) == (MERGED,)


def test_a_ticket_merged_by_a_history_that_nobody_judged_answers_the_same() -> None:
    refused(TicketMerged, given(MERGED, CLOSED, SPAM), ReopenTicket())
