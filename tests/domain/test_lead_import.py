"""A row of a foreign file becomes the events that make the lead what the row says, and the second time none."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.event import FORGOTTEN, MemberId
from domain.lead import (
    InteractionLogged,
    LeadAssigned,
    LeadCaptureCorrected,
    LeadCaptured,
    LeadDisqualified,
    LeadEvent,
    LeadLost,
    LeadMovedToStage,
    LeadProductAdded,
    LeadProductRemoved,
    LeadRecycled,
    LeadReopened,
    LeadRetitled,
    LeadStatus,
    LeadValued,
    LeadWon,
)
from domain.lead.imported import ImportedFact, ImportedLead, reconcile
from domain.merge import MergedInto, MergeReverted
from domain.workspace import UnknownStage
from tests.domain.histories import (
    DAY,
    EUR,
    HUNDRED,
    IDS,
    PIPELINE,
    STAGES,
    accepted_histories,
    any_lead_event,
    fold,
    ids,
    moments,
    money,
    patient,
    texts,
    texts_by_name,
    words,
)

ALICE, BOB = MemberId(IDS[0]), MemberId(IDS[1])
History = list[tuple[LeadEvent, datetime]]
Fact = ImportedFact
Row = partial(ImportedLead, title="Roof", external_ids={"erp": "7"})
THIRTY = EUR(amount=Decimal(30))


def day(number: int) -> datetime:
    return DAY + timedelta(days=number)


IMPORT = day(50)
REOPENED = LeadReopened(reason="corrected by import")


def captured(stage: str = "new", source: str | None = None) -> LeadCaptured:
    probability = PIPELINE.stage(stage).probability
    return LeadCaptured(
        title="Roof",
        source=source,
        pipeline="default",
        pipeline_version=1,
        stage=stage,
        probability=probability,
        inbound=False,
        external_ids={"erp": "7"},
    )


def imported(history: History, row: ImportedLead, at: datetime = IMPORT) -> list[Fact]:
    return list(reconcile(history, row, PIPELINE, at, [event for event, _ in history]))


def recorded(*events: tuple[LeadEvent, int]) -> History:
    """A lead captured on day 0, and then this on these days."""
    return [(captured(), day(0)), *((event, day(number)) for event, number in events)]


def after(history: History, facts: list[Fact]) -> History:
    return [*history, *((fact.event, fact.occurred_at) for fact in facts)]


# A new lead


def test_a_new_lead_is_captured_when_the_row_says() -> None:
    assert imported([], Row(captured_at=day(1))) == [Fact(captured(), day(1))]


def test_all_a_new_row_says_was_so_from_the_capture_on_but_the_outcome() -> None:
    row = Row(
        source="web",
        stage="proposal",
        status="won",
        captured_at=day(1),
        closed_at=day(9),
        value=HUNDRED,
        owner_id=ALICE,
        product_ids=("roof", "door", "roof"),
    )
    assert imported([], row) == [
        Fact(captured("proposal", "web"), day(1)),
        Fact(LeadAssigned(owner_id=ALICE), day(1)),
        Fact(LeadProductAdded(product_id="roof", quantity=Decimal(1)), day(1)),
        Fact(LeadProductAdded(product_id="door", quantity=Decimal(1)), day(1)),
        Fact(LeadWon(value=HUNDRED), day(9)),
    ]


@pytest.mark.parametrize(
    ("status", "closing"),
    [("lost", LeadLost(reason="price")), ("disqualified", LeadDisqualified(reason="price"))],
)
def test_a_new_lead_may_be_lost_or_disqualified_for_a_reason(status: LeadStatus, closing: LeadEvent) -> None:
    row = Row(status=status, captured_at=day(1), closed_at=day(9), lost_reason="price")
    assert imported([], row)[-1] == Fact(closing, day(9))


def test_without_dates_it_was_captured_and_closed_at_the_import() -> None:
    assert imported([], Row(status="won")) == [
        Fact(captured(), IMPORT, ("no_capture_date",)),
        Fact(LeadWon(), IMPORT, ("no_close_date",)),
    ]


def test_a_lead_without_capture_date_was_there_when_it_was_closed() -> None:
    assert imported([], Row(status="lost", closed_at=day(9))) == [
        Fact(captured(), day(9), ("no_capture_date",)),
        Fact(LeadLost(), day(9)),
    ]


def test_the_close_date_of_an_open_lead_means_nothing() -> None:
    assert imported([], Row(closed_at=day(9))) == [Fact(captured(), IMPORT, ("no_capture_date",))]


def test_a_lead_closed_before_it_was_captured_is_taken_as_it_is_and_flagged() -> None:
    row = Row(status="won", captured_at=day(9), closed_at=day(1))
    assert imported([], row) == [Fact(captured(), day(9)), Fact(LeadWon(), day(1), ("closed_before_captured",))]


def test_a_lead_captured_after_the_import_and_not_dated_when_closed_is_closed_at_once() -> None:
    assert imported([], Row(status="won", captured_at=day(60)))[-1] == Fact(LeadWon(), day(60), ("no_close_date",))


def test_a_stage_that_is_not_there_is_refused() -> None:
    with pytest.raises(UnknownStage):
        imported([], Row(stage="moon"))
    with pytest.raises(UnknownStage):
        imported(recorded(), Row(stage="moon"))


def test_what_was_recorded_before_any_capture_is_kept() -> None:
    history: History = [(LeadAssigned(owner_id=ALICE, team="north"), day(1))]
    assert imported(history, Row(captured_at=day(0), owner_id=ALICE)) == [Fact(captured(), day(0))]


# A lead that is known


def test_a_row_that_says_nothing_new_changes_nothing() -> None:
    history = recorded((LeadAssigned(owner_id=ALICE), 1), (LeadValued(value=HUNDRED), 2))
    assert imported(history, Row(captured_at=day(0), owner_id=ALICE, value=HUNDRED, stage="new")) == []


def test_what_a_row_does_not_say_is_not_compared() -> None:
    product = LeadProductAdded(product_id="roof", quantity=Decimal(1))
    history = recorded((LeadAssigned(owner_id=ALICE), 1), (LeadValued(value=HUNDRED), 2), (product, 3))
    assert imported(history, ImportedLead(title="Roof")) == []


def test_what_is_different_happened_at_the_import() -> None:
    history = recorded(
        (LeadAssigned(owner_id=BOB, team="north"), 1), (LeadProductAdded(product_id="roof", quantity=Decimal(2)), 1)
    )
    row = Row(title="Door", stage="contacted", owner_id=ALICE, value=HUNDRED, product_ids=("door",))
    moved = LeadMovedToStage(
        from_stage="new", to_stage="contacted", pipeline="default", pipeline_version=1, probability=Decimal("0.2")
    )
    assert imported(history, row) == [
        Fact(LeadRetitled(title="Door"), IMPORT),
        Fact(LeadAssigned(owner_id=ALICE, team="north"), IMPORT),
        Fact(moved, IMPORT),
        Fact(LeadProductRemoved(product_id="roof"), IMPORT),
        Fact(LeadProductAdded(product_id="door", quantity=Decimal(1)), IMPORT),
        Fact(LeadValued(value=HUNDRED), IMPORT),
    ]


def test_a_row_without_products_takes_them_out_only_when_it_says_so() -> None:
    history = recorded((LeadProductAdded(product_id="roof", quantity=Decimal(2)), 1))
    assert imported(history, Row()) == []
    assert imported(history, Row(product_ids=())) == [Fact(LeadProductRemoved(product_id="roof"), IMPORT)]


def test_a_change_of_a_closed_lead_happened_at_the_latest_when_it_was_closed() -> None:
    row = Row(status="lost", closed_at=day(9), owner_id=ALICE, value=HUNDRED)
    changes = [Fact(LeadAssigned(owner_id=ALICE), day(9)), Fact(LeadValued(value=HUNDRED), day(9))]
    assert imported(recorded(), row) == [*changes, Fact(LeadLost(), day(9))]
    assert imported(recorded((LeadLost(), 9)), row) == changes


def test_and_at_the_earliest_when_it_was_captured() -> None:
    row = Row(status="lost", captured_at=day(0), closed_at=day(-3), owner_id=ALICE)
    assert imported(recorded(), row)[0] == Fact(LeadAssigned(owner_id=ALICE), day(0))


def test_a_capture_recorded_wrongly_is_corrected() -> None:
    row = Row(source="fair", captured_at=day(-2), external_ids={"shop": "8"})
    correction = LeadCaptureCorrected(source="fair", external_ids={"erp": "7", "shop": "8"})
    facts = imported(recorded(), row)
    assert facts == [Fact(correction, day(-2))]
    assert imported(after(recorded(), facts), row) == []


def test_a_source_that_the_row_does_not_say_is_kept() -> None:
    history = after([], [Fact(captured(source="web"), day(1))])
    correction = LeadCaptureCorrected(source="web", external_ids={"erp": "7"})
    assert imported(history, Row(captured_at=day(-2))) == [Fact(correction, day(-2))]


def test_a_capture_moved_behind_the_closing_is_flagged() -> None:
    row = Row(status="won", captured_at=day(20))
    assert imported(recorded((LeadWon(), 9)), row) == [
        Fact(LeadCaptureCorrected(external_ids={"erp": "7"}), day(20), ("closed_before_captured",))
    ]


# Outcomes


@pytest.mark.parametrize(
    ("row", "closing"),
    [
        (Row(status="won", closed_at=day(12), value=HUNDRED), LeadWon(value=HUNDRED)),
        (Row(status="lost", closed_at=day(12), lost_reason="price"), LeadLost(reason="price")),
        (Row(status="disqualified", closed_at=day(12)), LeadDisqualified()),
    ],
)
def test_an_open_lead_is_closed_when_the_row_says(row: ImportedLead, closing: LeadEvent) -> None:
    assert imported(recorded(), row)[-1] == Fact(closing, day(12))


@pytest.mark.parametrize(("closed", "reopened"), [(5, 5), (12, 10)])
def test_another_close_moment_reopens_at_the_earlier_and_closes_at_the_right_one(closed: int, reopened: int) -> None:
    history = recorded((LeadWon(value=HUNDRED), 10))
    assert imported(history, Row(status="won", closed_at=day(closed))) == [
        Fact(REOPENED, day(reopened)),
        Fact(LeadWon(value=HUNDRED), day(closed)),
    ]


def test_another_won_value_is_a_correction() -> None:
    history = recorded((LeadWon(value=HUNDRED), 10))
    assert imported(history, Row(status="won", value=THIRTY)) == [
        Fact(REOPENED, day(10)),
        Fact(LeadWon(value=THIRTY), day(10)),
    ]


def test_another_outcome_is_a_correction_and_without_a_date_keeps_the_moment() -> None:
    history = recorded((LeadLost(reason="price"), 10))
    assert imported(history, Row(status="won")) == [Fact(REOPENED, day(10)), Fact(LeadWon(), day(10))]


def test_another_reason_is_a_correction_that_keeps_the_competitor() -> None:
    history = recorded((LeadLost(reason="price", competitor="Umbrella"), 10))
    assert imported(history, Row(status="lost", lost_reason="time")) == [
        Fact(REOPENED, day(10)),
        Fact(LeadLost(reason="time", competitor="Umbrella"), day(10)),
    ]


def test_what_the_row_does_not_say_of_an_outcome_is_kept() -> None:
    history = recorded((LeadLost(reason="price", competitor="Umbrella"), 10))
    assert imported(history, Row(status="lost")) == []
    assert imported(history, Row(status="lost", closed_at=day(9)))[-1].event == history[-1][0]


@pytest.mark.parametrize(("closed_at", "won_on"), [(None, DAY.date()), (day(10), DAY.date()), (day(11), None)])
def test_the_day_it_was_won_is_kept_unless_the_moment_is_another(closed_at: datetime | None, won_on: date) -> None:
    history = recorded((LeadWon(value=HUNDRED, won_on=DAY.date()), 10))
    facts = imported(history, Row(status="won", closed_at=closed_at, value=THIRTY))
    assert facts[-1].event == LeadWon(value=THIRTY, won_on=won_on)


def test_a_correction_of_a_closing_before_the_capture_is_flagged() -> None:
    facts = imported(recorded((LeadWon(), 10)), Row(status="won", closed_at=day(-1)))
    assert [fact.flags for fact in facts] == [(), ("closed_before_captured",)]


# Rows that are out of date


@pytest.mark.parametrize("closing", [LeadWon(), LeadLost(), LeadDisqualified()])
def test_a_row_that_calls_a_closed_lead_open_is_out_of_date(closing: LeadEvent) -> None:
    assert imported(recorded((closing, 10)), Row(stage="proposal", owner_id=ALICE, value=HUNDRED)) == []


@pytest.mark.parametrize("opening", [LeadReopened(), LeadRecycled()])
@pytest.mark.parametrize("closed_at", [day(10), None])
def test_an_outcome_undone_since_does_not_come_back(opening: LeadEvent, closed_at: datetime | None) -> None:
    history = recorded((LeadLost(), 10), (opening, 20))
    assert imported(history, Row(status="lost", closed_at=closed_at, stage="proposal")) == []


@pytest.mark.parametrize(
    ("status", "closed_at", "closing"), [("lost", day(30), LeadLost()), ("won", day(10), LeadWon())]
)
def test_another_outcome_after_a_reopening_is_news(status: LeadStatus, closed_at: datetime, closing: LeadEvent) -> None:
    history = recorded((LeadLost(), 10), (LeadReopened(), 20))
    assert imported(history, Row(status=status, closed_at=closed_at)) == [Fact(closing, closed_at)]


def test_work_on_a_lead_is_not_touched_by_the_same_row() -> None:
    row = Row(status="won", captured_at=day(0), closed_at=day(9), value=HUNDRED, owner_id=ALICE)
    history = after([], imported([], row))
    worked = [*history, (InteractionLogged(interaction_id=IDS[0], kind="call"), day(30))]
    assert imported(worked, row) == []


# What was forgotten


def test_what_was_forgotten_is_not_brought_back() -> None:
    gone = captured().model_copy(update={"title": FORGOTTEN, "form": FORGOTTEN, "external_ids": FORGOTTEN})
    history: History = [(gone, day(0)), (LeadLost(reason=FORGOTTEN, competitor=FORGOTTEN), day(10))]
    row = Row(status="lost", captured_at=day(0), closed_at=day(10), lost_reason="price")
    assert imported(history, row) == []
    moved = row.model_copy(update={"source": "web", "closed_at": day(11)})
    assert [fact.event for fact in imported(history, moved)] == [
        LeadCaptureCorrected(source="web", external_ids=FORGOTTEN),
        REOPENED,
        LeadLost(reason=FORGOTTEN, competitor=FORGOTTEN),
    ]


# The law

rows = st.builds(
    ImportedLead,
    title=texts,
    source=st.none() | words,
    stage=st.none() | st.sampled_from(STAGES),
    status=st.sampled_from(["open", "won", "lost", "disqualified"]),
    captured_at=st.none() | moments,
    closed_at=st.none() | moments,
    value=st.none() | money,
    owner_id=st.none() | ids,
    product_ids=st.none() | st.lists(words, max_size=3).map(tuple),
    lost_reason=st.none() | texts,
    external_ids=texts_by_name,
)


def dated(events: list[LeadEvent], data: st.DataObject) -> History:
    """In any order: imported histories are like that."""
    return [(event, data.draw(moments)) for event in events]


def histories(data: st.DataObject) -> History:
    """Accepted ones, odd ones, and those that imports left behind."""
    kind = data.draw(st.sampled_from(["accepted", "odd", "imported"]))
    if kind == "accepted":
        return dated(data.draw(accepted_histories), data)
    history = dated(data.draw(st.lists(any_lead_event, max_size=5)), data) if kind == "odd" else []
    for row in data.draw(st.lists(rows, max_size=3)):
        history = after(history, imported(history, row, data.draw(moments)))
    return history


@settings(patient, max_examples=250)
@given(st.data(), rows, moments, moments)
def test_the_same_row_a_second_time_changes_nothing(
    data: st.DataObject, row: ImportedLead, first: datetime, second: datetime
) -> None:
    history = histories(data)
    once = after(history, imported(history, row, first))
    assert imported(once, row, second) == []


@settings(patient, max_examples=150)
@given(st.data(), rows, moments)
def test_then_the_lead_is_what_the_row_says(data: st.DataObject, row: ImportedLead, at: datetime) -> None:
    history = histories(data)
    facts = imported(history, row, at)
    if not facts:
        return
    lead = fold(event for event, _ in after(history, facts))
    assert lead.title in (row.title, FORGOTTEN)
    assert lead.status == row.status
    assert row.stage in (None, lead.stage)
    assert row.source in (None, lead.source)
    assert row.owner_id in (None, lead.owner_id)
    assert row.value in (None, lead.value)
    assert row.product_ids is None or set(row.product_ids) == lead.products
    assert lead.external_ids == FORGOTTEN or row.external_ids.items() <= dict(lead.external_ids).items()


@settings(patient, max_examples=150)
@given(st.data(), rows, moments)
def test_at_every_moment_the_last_event_that_had_occurred_says_the_status(
    data: st.DataObject, row: ImportedLead, at: datetime
) -> None:
    history = histories(data)
    facts = imported(history, row, at)
    closings = [fact for fact in facts if isinstance(fact.event, LeadWon | LeadLost | LeadDisqualified)]
    reopenings = [fact for fact in facts if isinstance(fact.event, LeadReopened)]
    whole = after(history, facts)
    for moment in map(day, range(8)):
        had_occurred = [event for event, occurred_at in whole if occurred_at <= moment]
        for closing in closings:
            if closing.occurred_at <= moment:
                assert fold(had_occurred).status == row.status
            elif any(fact.occurred_at <= moment for fact in reopenings):
                assert fold(had_occurred).status == "open"


def test_a_row_that_says_what_it_said_before_leaves_peoples_work_alone() -> None:
    row = Row(title="New roof", stage="contacted", value=HUNDRED, owner_id=ALICE, product_ids=("roof",), source="web")
    first = imported([], row)
    by_import = [fact.event for fact in first]
    by_people: list[LeadEvent] = [
        LeadRetitled(title="Two roofs"),
        LeadMovedToStage(to_stage="proposal", pipeline="default", pipeline_version=1, probability=Decimal("0.6")),
        LeadValued(value=HUNDRED.model_copy(update={"amount": Decimal(7)})),
        LeadAssigned(owner_id=BOB),
        LeadProductRemoved(product_id="roof"),
        LeadProductAdded(product_id="door", quantity=Decimal(1)),
    ]
    history = [(fact.event, fact.occurred_at) for fact in first] + [(event, day(5)) for event in by_people]
    assert reconcile(history, row, PIPELINE, day(9), by_import) == ()
    changed = row.model_copy(update={"stage": "negotiation", "product_ids": ("roof", "gate")})
    facts = reconcile(history, changed, PIPELINE, day(9), by_import)
    assert [type(fact.event) for fact in facts] == [LeadMovedToStage, LeadProductAdded]


def test_a_lead_captured_by_people_takes_what_its_first_row_says_and_keeps_its_products() -> None:
    history = [(event, day(1)) for event in (captured(), LeadProductAdded(product_id="door", quantity=Decimal(1)))]
    facts = reconcile(history, Row(title="Two roofs", product_ids=("roof",)), PIPELINE, day(9))
    assert [type(fact.event) for fact in facts] == [LeadRetitled, LeadProductAdded]


def test_a_row_about_a_lead_that_was_merged_is_out_of_date() -> None:
    merged = MergedInto(survivor_id=IDS[0], merge_id=IDS[1])
    history = [(event, day(1)) for event in (captured(), merged)]
    row = Row(title="Two roofs", status="won", closed_at=day(2))
    assert reconcile(history, row, PIPELINE, day(9)) == ()
    assert reconcile([*history, (MergeReverted(merge_id=IDS[1]), day(3))], row, PIPELINE, day(9))


def test_a_row_without_a_title_gives_a_new_lead_its_id_and_leaves_another_its_title() -> None:
    untitled = ImportedLead(captured_at=day(1), external_ids={"erp": "7"})
    (fact,) = imported([], untitled)
    assert isinstance(fact.event, LeadCaptured)
    assert fact.event.title == "Lead 7"
    assert imported(recorded(), untitled.model_copy(update={"captured_at": day(0)})) == []
