"""How soon leads that come in hear from us: the figure equals the plain count over events, and its edge cases hold."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.interaction import InteractionCorrected, InteractionLogged, InteractionRetracted
from domain.lead import LeadCaptureCorrected, LeadCaptured, LeadContacted
from eventstore.database import Connection
from projections.reading import Row
from tests.facts import captured
from tests.projections.lead_figures import captured_at, held, rounded, spread
from tests.projections.leads import (
    DAY,
    DISQUALIFIED,
    MERGED,
    TIMES,
    History,
    Told,
    asked,
    behind,
    from_source,
    groups,
    lead,
    of_source,
    only,
    tell,
)
from tests.projections.records import hour

CALL, MAIL = uuid4(), uuid4()


def called(direction: str = "outbound", kind: str = "call", about: UUID = CALL) -> InteractionLogged:
    return InteractionLogged.model_validate({"interaction_id": about, "kind": kind, "direction": direction})


def minutes(row: Row) -> tuple[object, ...]:
    return row["value"], row["sample_size"], row["details"]["open"], row["excluded"]


def shares(row: Row) -> dict[int, tuple[int, int]]:
    return {one["minutes"]: (one["numerator"], one["denominator"]) for one in row["details"]["within"]}


def test_what_counts_is_the_first_that_one_of_us_sent(connection: Connection) -> None:
    lead(connection, (called(), 2), (LeadContacted(interaction_id=CALL), 2), (called(about=MAIL), 5))
    assert minutes(only(connection, "lead_response_time")) == (120, 1, 0, 0)
    lead(connection, (LeadContacted(), 4))
    assert minutes(only(connection, "lead_response_time")) == (180, 2, 0, 0), "also where nobody says how"
    assert minutes(only(connection, "lead_response_time", as_of=3)) == (120, 1, 1, 0)
    assert len(behind(connection, "lead_response_time")) == 2


def test_programs_notes_what_came_in_and_what_was_retracted_are_no_answer(connection: Connection) -> None:
    by_itself = [Told(captured(), 0), *(Told(event, 1, "automation") for event in (called(), LeadContacted()))]
    tell(connection, by_itself)
    for event in (called("inbound"), called(kind="note")):
        lead(connection, (event, 1))
    retracted = InteractionRetracted(interaction_id=CALL)
    lead(connection, (called(), 1), (retracted, 2), (LeadContacted(interaction_id=CALL), 3))
    assert minutes(only(connection, "lead_response_time")) == (None, 0, 4, 0)
    tell(connection, [*by_itself, Told(called(about=MAIL), 6)])
    tell(connection, [*by_itself, Told(LeadContacted(), 2, "automation"), Told(LeadContacted(), 6)])
    assert minutes(only(connection, "lead_response_time")) == (360, 2, 4, 0)


def test_a_correction_may_make_it_an_answer_and_does_not_move_it(connection: Connection) -> None:
    corrected = InteractionCorrected(interaction_id=CALL, kind="call", direction="outbound")
    lead(connection, (called("inbound"), 3), (corrected, 9))
    assert minutes(only(connection, "lead_response_time")) == (180, 1, 0, 0)
    tell(connection, [Told(captured(), 0), Told(called("inbound"), 3, "system"), Told(corrected, 9)])
    assert minutes(only(connection, "lead_response_time")) == (180, 1, 1, 0), "a program's stays one"


def test_time_runs_from_when_it_was_received_and_not_before(connection: Connection) -> None:
    lead(connection, (called(), 2), (called(about=MAIL), 7), at=5, received_at=hour(4))
    row = only(connection, "lead_response_time", 4, 5)
    assert minutes(row) == (180, 1, 0, 0), "what we had sent before is no answer"
    assert asked(connection, "lead_response_time", 0, 4) == asked(connection, "lead_response_time", 4.1) == []


def test_leads_that_we_found_ourselves_do_not_count(connection: Connection) -> None:
    lead(connection, (called(), 2), inbound=False)
    assert asked(connection, "lead_response_time") == []


def test_junk_is_excluded_and_merged_leads_count_where_their_work_goes_on(connection: Connection) -> None:
    lead(connection, (called(), 2), (DISQUALIFIED, 3))
    lead(connection, (called(), 2), (MERGED, 3))
    assert minutes(only(connection, "lead_response_time")) == (None, 0, 0, 1)
    assert minutes(only(connection, "lead_response_time", as_of=2)) == (120, 2, 0, 0)


def test_who_waits_is_in_a_share_once_its_time_is_over(connection: Connection) -> None:
    lead(connection, (called(), 5 / 60))
    lead(connection, (called(), 1))
    lead(connection)
    assert shares(only(connection, "lead_response_time")) == {5: (1, 3), 60: (2, 3), 1440: (2, 3)}
    assert shares(only(connection, "lead_response_time", as_of=DAY)) == {5: (1, 3), 60: (2, 3), 1440: (2, 2)}
    assert shares(only(connection, "lead_response_time", as_of=0)) == {5: (0, 0), 60: (0, 0), 1440: (0, 0)}
    assert groups(connection, "lead_response_time", "month") == {"2026-03": Decimal("32.5")}


TOUCHES = st.sampled_from(
    [
        called(),
        called(about=MAIL, kind="email"),
        called("inbound", about=MAIL),
        called(kind="note"),
        InteractionCorrected(interaction_id=CALL, kind="call", direction="outbound"),
        InteractionCorrected(interaction_id=MAIL, kind="email", direction="inbound"),
        InteractionRetracted(interaction_id=CALL),
        LeadContacted(),
        LeadContacted(interaction_id=CALL),
        LeadCaptureCorrected(),
        DISQUALIFIED,
        MERGED,
    ]
)


@st.composite
def waiting(draw: st.DrawFn) -> list[list[Told]]:
    """Some leads with what we and they sent, told in any order by people and programs."""
    found = []
    steps = st.tuples(TOUCHES, st.integers(0, 40), st.sampled_from(["user", "automation", "import"]))
    for _ in range(draw(st.integers(1, 4))):
        received_at = draw(st.none() | st.integers(0, 20).map(hour))
        first = captured(received_at=received_at, inbound=draw(st.sampled_from([True, True, True, False])))
        found.append(
            [Told(first, draw(st.integers(0, 9))), *(Told(*step) for step in draw(st.lists(steps, max_size=6)))]
        )
    return found


def is_inbound(history: History) -> bool:
    first = history[0].event
    return isinstance(first, LeadCaptured) and first.inbound


def received_at(history: History) -> float:
    first = history[0].event
    assert isinstance(first, LeadCaptured)
    return (first.received_at - hour(0)).total_seconds() / 3600 if first.received_at else captured_at(history)


def responded_at(history: History) -> float | None:
    """When the first answer of one of us was given, of all that was ever told."""
    touches: dict[object, list[Told]] = {}
    for number, step in enumerate(history):
        if isinstance(step.event, InteractionLogged | InteractionCorrected | InteractionRetracted | LeadContacted):
            touches.setdefault(step.event.interaction_id or number, []).append(step)
    hours = [_moment(told) for told in touches.values() if told[0].by == "user" or told[0].by == "import"]
    return min((at for at in hours if at is not None and at >= received_at(history)), default=None)


def _moment(touch: Sequence[Told]) -> float | None:
    last = touch[-1].event
    if any(isinstance(step.event, InteractionRetracted) for step in touch):
        return None
    if isinstance(last, InteractionLogged | InteractionCorrected) and (
        last.direction != "outbound" or last.kind == "note"
    ):
        return None
    return min([step.at for step in touch if isinstance(step.event, InteractionLogged)] or [step.at for step in touch])


@for_all(histories=waiting(), times=TIMES)
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_response_time_is_the_plain_count_over_events(
    shared: Connection, histories: list[list[Told]], times: list[float]
) -> None:
    first, end, as_of = sorted(times)[0], sorted(times)[1] + 0.1, times[2]
    source = f"s{uuid4().hex[:12]}"
    leads = from_source(histories, source)
    for history in leads:
        tell(shared, history)
    states = [(history, held(history, as_of).status) for history in leads]
    asked_of = [
        (history, status)
        for history, status in states
        if status != "merged" and first <= received_at(history) < end and received_at(history) <= as_of
    ]
    inbound = [(history, status) for history, status in asked_of if is_inbound(history)]
    good = [history for history, status in inbound if status != "disqualified"]
    waits = [(responded_at(history), received_at(history)) for history in good]
    lengths = [(until - came) * 60 for until, came in waits if until is not None and until <= as_of]
    row = of_source(shared, "lead_response_time", source, first, end, as_of)
    assert bool(row) == bool(inbound)
    if row:
        assert rounded(row["details"]) == spread(lengths)
        assert (row["details"]["open"], row["excluded"]) == (len(good) - len(lengths), len(inbound) - len(good))
        for target, (in_time, judged) in shares(row).items():
            unanswered = [came for until, came in waits if until is None or until > as_of]
            assert in_time == sum(length <= target for length in lengths)
            assert judged == len(lengths) + sum((as_of - came) * 60 > target for came in unanswered)
