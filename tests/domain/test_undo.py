"""What was undone does not count, what others built upon stays, and no change is ever lost."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain import lead
from domain.catalogue import EVENT_TYPES
from domain.contact_point import contact_point
from domain.customer import (
    CustomerArchived,
    CustomerContactPersonAdded,
    CustomerContactPointAdded,
    CustomerEvent,
    CustomerForgotten,
    CustomerMergedInto,
    CustomerPurchaseRecorded,
    CustomerRegistered,
    CustomerRenamed,
    CustomerTagged,
    CustomerUntagged,
)
from domain.event import CustomerId, Event, MemberId
from domain.follow_up import FollowUpCompleted, FollowUpScheduled
from domain.growing_map import GrowingMap
from domain.interaction import InteractionCorrected, InteractionLogged
from domain.lead import (
    LeadAssigned,
    LeadCaptured,
    LeadEvent,
    LeadProductAdded,
    LeadProductRepriced,
    LeadQualified,
    LeadRetitled,
    LeadValued,
    LeadWon,
)
from domain.merge import Absorbed
from domain.reversal import EVOLVE
from domain.ticket import TicketAssigned, TicketOpened, TicketReplied
from domain.undo import EventsUndone, Undoing, standing, undo, undone
from tests.domain.histories import EUR, HUNDRED, IDS, any_lead_event, patient

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CAPTURED = LeadCaptured(title="Roof", stage="new", pipeline="default", pipeline_version=1, probability=Decimal("0.1"))
OPENED = TicketOpened(subject="No heat")
REGISTERED = CustomerRegistered(kind="person", name="Ann")
BEA, CLEO = MemberId(IDS[0]), MemberId(IDS[1])


@dataclass(frozen=True)
class Told:
    """An event with its version, and the command that it is of."""

    version: int
    event: Event
    command: int


def history_of(*events: Event, commands: Sequence[int] = ()) -> list[Told]:
    """Each of a command of its own, unless said otherwise."""
    numbers = commands or range(1, 1 + len(events))
    return [
        Told(version, event, command) for version, (event, command) in enumerate(zip(events, numbers, strict=True), 1)
    ]


def undoing(history: Sequence[Told], wanted: Set[int], noun: str = "lead") -> Undoing[Told]:
    return undo(history, wanted, EVOLVE[noun], lambda told: told.command)


def versions(told: Sequence[Told]) -> list[int]:
    return [one.version for one in told]


def found(history: Sequence[Told], wanted: Set[int], noun: str = "lead") -> list[tuple[int, str, int]]:
    return [(one.past.version, one.field, one.later.version) for one in undoing(history, wanted, noun).conflicts]


def folded(events: Iterable[Event]) -> lead.Lead | None:
    state: lead.Lead | None = None
    for event in events:
        state = lead.evolve(state, event)  # type: ignore[arg-type]  # these are a lead's events
    return state


def test_what_was_undone_does_not_stand_and_neither_does_the_undo() -> None:
    history = history_of(
        CAPTURED, LeadQualified(), LeadWon(), EventsUndone(versions=(2, 3)), LeadRetitled(title="Wall")
    )
    assert undone(history) == {2, 3}
    assert versions(standing(history)) == [1, 5]


def test_only_what_lies_before_it_can_be_undone() -> None:
    history = history_of(CAPTURED, EventsUndone(versions=(2, 3)), LeadQualified())
    assert versions(standing(history)) == [1, 3]
    assert undone(history_of(CAPTURED, EventsUndone(versions=(2,)))) == frozenset()


@pytest.mark.parametrize("wrong", [(), (0,), (-1,)])
def test_an_undo_names_the_events_it_takes_back(wrong: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError):
        EventsUndone(versions=wrong)


def test_the_last_change_is_undone() -> None:
    result = undoing(history_of(CAPTURED, LeadQualified(), LeadAssigned(owner_id=BEA)), {3})
    assert (versions(result.undone), result.conflicts, result.unlike, result.already) == ([3], [], [], 0)


@pytest.mark.parametrize(
    ("noun", "events", "conflict"),
    [
        ("lead", [CAPTURED, LeadAssigned(owner_id=BEA), LeadAssigned(owner_id=CLEO)], (2, "owner_id", 3)),
        ("lead", [CAPTURED, LeadValued(value=HUNDRED), LeadWon(value=EUR(amount=Decimal(90)))], (2, "value", 3)),
        (
            "lead",
            [
                CAPTURED,
                LeadProductAdded(product_id="seat", quantity=Decimal(1)),
                LeadProductRepriced(product_id="seat", quantity=Decimal(2)),
            ],
            (2, "products", 3),
        ),
        (
            "lead",
            [
                CAPTURED,
                InteractionLogged(interaction_id=IDS[0], kind="call"),
                InteractionCorrected(interaction_id=IDS[0], kind="email"),
            ],
            (2, "interaction_id", 3),
        ),
        (
            "lead",
            [
                CAPTURED,
                FollowUpScheduled(task_id=IDS[0], what="Ring", due_at=NOON),
                FollowUpCompleted(task_id=IDS[0]),
            ],
            (2, "follow_ups", 3),
        ),
        ("lead", [CAPTURED, InteractionLogged(interaction_id=IDS[0], kind="note")], (1, "everything", 2)),
        ("customer", [REGISTERED, CustomerRenamed(name="Bea")], (1, "everything", 2)),
        (
            "customer",
            [
                CustomerContactPersonAdded(person_id=IDS[0], name="Bea"),
                CustomerContactPointAdded(
                    point_id=IDS[1], person_id=IDS[0], kind="email", value=contact_point("email", "b@example.org")
                ),
            ],
            (1, "person_id", 2),
        ),
        ("ticket", [OPENED, TicketReplied(author="agent", body="On our way")], (1, "everything", 2)),
        (
            "ticket",
            [OPENED, TicketAssigned(team="north"), TicketAssigned(team="south")],
            (2, "team", 3),
        ),
    ],
)  # fmt: skip
def test_what_a_later_event_builds_upon_stays(noun: str, events: list[Event], conflict: tuple[int, str, int]) -> None:
    history = history_of(*events)
    assert found(history, {conflict[0]}, noun) == [conflict]
    assert undoing(history, {conflict[0]}, noun).undone == []


@pytest.mark.parametrize(
    ("noun", "events", "wanted"),
    [
        ("lead", [CAPTURED, LeadQualified(), LeadAssigned(owner_id=BEA)], 2),
        (
            "lead",
            [
                CAPTURED,
                InteractionLogged(interaction_id=IDS[0], kind="call"),
                InteractionLogged(interaction_id=IDS[1], kind="call"),
            ],
            2,
        ),
        ("customer", [REGISTERED, CustomerTagged(tag="vip"), CustomerTagged(tag="late")], 2),
        # the second purchase too would have made her a customer: of the first one something else is taken back
        (
            "customer",
            [
                REGISTERED,
                CustomerPurchaseRecorded(purchase_id=IDS[0], total=HUNDRED),
                CustomerPurchaseRecorded(purchase_id=IDS[1], total=HUNDRED),
            ],
            2,
        ),
        (
            "ticket",
            [
                OPENED,
                TicketAssigned(team="north"),
                TicketReplied(author="agent", body="On our way", public=False),
            ],
            2,
        ),
    ],
)
def test_what_a_later_event_has_nothing_to_do_with_is_undone(noun: str, events: list[Event], wanted: int) -> None:
    result = undoing(history_of(*events), {wanted}, noun)
    assert (versions(result.undone), result.conflicts) == ([wanted], [])


VIP, NO_VIP = CustomerTagged(tag="vip"), CustomerUntagged(tag="vip")


@pytest.mark.parametrize("later", [NO_VIP, VIP])
def test_a_history_need_not_begin_at_its_beginning(later: CustomerEvent) -> None:
    """What a customer is of whom a file told, before anybody registered her."""
    assert found(history_of(VIP, later), {1}, "customer") == [(1, "tags", 2)]


def test_what_stays_is_told_on_from_what_stayed_before() -> None:
    result = undoing(history_of(VIP, NO_VIP, CustomerTagged(tag="late")), {2}, "customer")
    assert (versions(result.undone), result.conflicts) == ([2], [])


@dataclass(frozen=True)
class Shelf:
    """What lies there, perhaps with somebody's name on it; and what lay there before anything else."""

    things: Mapping[str, str | None] = field(default_factory=dict)
    first: Mapping[str, None] = field(default_factory=dict)


def put(shelf: Shelf | None, event: Event) -> Shelf:
    shelf = shelf or Shelf()
    match event:
        case CustomerTagged():
            first = shelf.first if shelf.things else {event.tag: None}
            return Shelf({**shelf.things, event.tag: None}, first)
        case CustomerUntagged():
            return replace(shelf, things={tag: name for tag, name in shelf.things.items() if tag != event.tag})
        case _:
            return shelf


def shelved(*events: Event, wanted: int) -> Undoing[Told]:
    return undo(history_of(*events), {wanted}, put, lambda told: told.command)


def test_of_a_map_each_entry_is_a_part_also_one_of_nothing() -> None:
    assert versions(shelved(REGISTERED, VIP, CustomerTagged(tag="late"), wanted=2).undone) == [2]
    (conflict,) = shelved(REGISTERED, VIP, NO_VIP, wanted=2).conflicts
    assert (conflict.field, conflict.later.version) == ("things", 3)
    (conflict,) = shelved(REGISTERED, VIP, NO_VIP, VIP, wanted=3).conflicts
    assert (conflict.field, conflict.later.version) == ("things", 4)


def test_what_a_later_event_would_do_besides_keeps_nothing() -> None:
    """Without the first thing the second one would be first: but nobody built upon that."""
    result = shelved(VIP, CustomerTagged(tag="late"), wanted=1)
    assert (versions(result.undone), result.conflicts) == ([1], [])


def test_of_one_command_all_or_nothing_is_undone() -> None:
    history = history_of(
        CAPTURED, LeadAssigned(owner_id=BEA), LeadValued(value=HUNDRED), LeadAssigned(owner_id=CLEO), LeadQualified(),
        commands=[1, 2, 2, 3, 4],
    )  # fmt: skip
    result = undoing(history, {2, 3, 5})
    assert versions(result.undone) == [5]
    assert [(one.past.version, one.later.version) for one in result.conflicts] == [(2, 4)]
    both = history_of(
        CAPTURED, LeadAssigned(owner_id=BEA), LeadValued(value=HUNDRED), LeadAssigned(owner_id=CLEO),
        LeadWon(value=EUR(amount=Decimal(90))), commands=[1, 2, 2, 3, 4],
    )  # fmt: skip
    assert found(both, {2, 3}) == [(2, "owner_id", 4), (3, "value", 5)]


def test_what_is_undone_too_is_no_conflict_but_what_stays_with_its_command_is() -> None:
    history = history_of(
        CAPTURED, LeadAssigned(owner_id=BEA), LeadValued(value=HUNDRED), LeadAssigned(owner_id=CLEO),
        LeadWon(value=EUR(amount=Decimal(90))), commands=[1, 2, 3, 3, 4],
    )  # fmt: skip
    assert versions(undoing(history, {2, 3, 4, 5}).undone) == [2, 3, 4, 5]
    # the value of command 3 was won upon: so its assignment stays too, and on that one builds what command 2 assigned
    result = undoing(history, {2, 3, 4})
    assert [(one.past.version, one.field, one.later.version) for one in result.conflicts] == [
        (3, "value", 5),
        (2, "owner_id", 4),
    ]
    assert result.undone == []
    # nor is what has a way back of its own taken back of a command that stays
    absorbed = history_of(
        *(one.event for one in history), Absorbed(merged_id=IDS[1], merge_id=IDS[2]), commands=[1, 2, 3, 3, 4, 3]
    )
    assert undoing(absorbed, {2, 3, 4, 6}).unlike == []


def test_what_was_undone_before_is_passed_over() -> None:
    history = history_of(CAPTURED, LeadQualified(), EventsUndone(versions=(2,)))
    result = undoing(history, {1, 2})
    assert (versions(result.undone), result.already) == ([1], 1)


def test_a_thing_that_another_history_rests_on_has_still_begun() -> None:
    resting = Told(1, CAPTURED, 9)
    result = undo(history_of(REGISTERED), {1}, EVOLVE["customer"], lambda told: told.command, resting)
    assert [(one.past.version, one.field, one.later) for one in result.conflicts] == [(1, "everything", resting)]
    tagged = history_of(REGISTERED, CustomerTagged(tag="vip"))
    assert versions(undo(tagged, {2}, EVOLVE["customer"], lambda told: told.command, resting).undone) == [2]
    (conflict,) = undo(tagged, {1}, EVOLVE["customer"], lambda told: told.command, resting).conflicts
    assert conflict.later.version == 2


def test_a_merge_an_erasure_and_an_undo_are_not_left_out() -> None:
    merged = CustomerMergedInto(survivor_id=CustomerId(IDS[1]), merge_id=IDS[2])
    history = history_of(
        REGISTERED, CustomerArchived(), EventsUndone(versions=(2,)), merged, CustomerForgotten(legal_basis="request")
    )
    result = undoing(history, {1, 2, 3, 4, 5}, "customer")
    assert (versions(result.undone), versions(result.unlike)) == ([1], [3, 4, 5])
    assert versions(undoing(history, {4}, "customer").unlike) == [4]


def test_what_has_a_way_back_of_its_own_is_never_left_out() -> None:
    own_way = ("merge", "absorbed", "convert", "conversion", "reattributed", "forgotten", "forgetting", "undone")
    for name, event in EVENT_TYPES.items():
        assert event.can_be_undone != any(part in name for part in own_way), name


def test_of_thousands_of_purchases_each_is_looked_at_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, look = 0, GrowingMap.__getitem__

    def counted(purchases: GrowingMap[UUID, object], purchase_id: UUID) -> object:
        nonlocal looks
        looks += 1
        return look(purchases, purchase_id)

    monkeypatch.setattr(GrowingMap, "__getitem__", counted)
    events = [CustomerPurchaseRecorded(purchase_id=UUID(int=number), total=HUNDRED) for number in range(1, 1001)]
    result = undoing(history_of(REGISTERED, *events), set(range(2, 1000, 2)), "customer")
    assert (len(result.undone), result.conflicts) == (499, [])
    assert looks < 50 * len(events)


lead_histories = st.lists(any_lead_event, max_size=8).map(lambda events: [CAPTURED, *events])


@patient
@given(lead_histories, st.data())
def test_after_an_undo_the_state_is_that_of_the_history_without(events: list[LeadEvent], data: st.DataObject) -> None:
    history = history_of(*events)
    wanted = data.draw(st.sets(st.integers(1, len(events))))
    gone = {one.version for one in undoing(history, wanted).undone}
    assert gone <= wanted
    if not gone:
        return
    after = [*history, Told(len(history) + 1, EventsUndone(versions=tuple(sorted(gone))), 0)]
    without = [one.event for one in standing(history) if one.version not in gone]
    assert folded([one.event for one in standing(after)]) == folded(without)
    again = undoing(after, wanted)
    assert (again.undone, again.already) == ([], len(wanted & undone(after)))
    assert [one.past.version for one in again.conflicts] == [
        one.past.version for one in undoing(history, wanted).conflicts
    ]


@patient
@given(lead_histories, st.data())
def test_no_change_that_stays_is_lost(events: list[LeadEvent], data: st.DataObject) -> None:
    """What the last event to change a field said of it, if that event stays, holds after the undo too."""
    history = history_of(*events)
    gone = {one.version for one in undoing(history, data.draw(st.sets(st.integers(1, len(events))))).undone}
    last: dict[str, int] = {}
    state = lead.Lead()
    for one in standing(history):
        before, state = state, lead.evolve(state, one.event)  # type: ignore[arg-type]  # these are a lead's events
        last |= {name: one.version for name in FIELDS if getattr(before, name) != getattr(state, name)}
    after = folded(one.event for one in standing(history) if one.version not in gone) or lead.Lead()
    for name in (name for name, version in last.items() if version not in gone):
        assert getattr(after, name) == getattr(state, name), name


FIELDS = ["title", "source", "stage", "status", "owner_id", "team", "value", "conversion", "qualified", "contacted"]


@patient
@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=2, max_size=5), st.data())
def test_a_later_change_of_the_same_field_is_always_a_conflict(titles: list[str], data: st.DataObject) -> None:
    history = history_of(CAPTURED, *(LeadRetitled(title=title) for title in titles))
    wanted = data.draw(st.integers(2, len(titles)))
    assert [past for past, _, _ in found(history, {wanted})] == ([wanted] if changes(history, wanted) else [])


def changes(history: Sequence[Told], version: int) -> bool:
    """Whether the event of that version, or one without which it would be seen, gave the lead another title."""
    told = [one.event.title for one in history if isinstance(one.event, LeadCaptured | LeadRetitled)]
    return told[version - 1] != told[version - 2]
