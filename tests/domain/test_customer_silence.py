"""Who stays away longer than she is used to is at risk, then has left, until she comes again or a person objects."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from domain.customer import (
    CustomerActivated,
    CustomerAlreadyForgotten,
    CustomerChurned,
    CustomerEvent,
    CustomerForgotten,
    CustomerMarkedAtRisk,
    CustomerPurchaseRecorded,
    CustomerRegistered,
    CustomerWonBack,
    Habit,
    LifeEvent,
    find_silence,
    silence_of,
)
from tests.domain.customers import eur, given
from tests.domain.histories import IDS

TODAY = date(2026, 9, 1)
BOUGHT = CustomerPurchaseRecorded(purchase_id=IDS[0], total=eur(5))
History = Sequence[tuple[CustomerEvent, date]]


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def habit(silent: int, gap: int | str = 21, days: int = 5) -> Habit:
    return Habit(days, Decimal(gap), ago(silent))


def found(silent: int, gap: int | str = 21, days: int = 5) -> str | None:
    silence = silence_of(habit(silent, gap, days), TODAY)
    return silence.finding if silence else None


AT_RISK = CustomerMarkedAtRisk(
    rule="silence", rule_version=1, signals=("no purchase for 97 days", "her median gap is 21 days")
)
LEFT = CustomerChurned(
    kind="silence",
    effective_on=TODAY,
    rule="silence",
    rule_version=1,
    signals=("no purchase for 200 days", "her median gap is 21 days"),
)
TAKEN_BACK = "silence@1 no longer holds"
SHE_BOUGHT: History = [(BOUGHT, ago(300))]
AT_RISK_BY_RULE: History = [*SHE_BOUGHT, (AT_RISK, ago(10))]
LEFT_BY_RULE: History = [*SHE_BOUGHT, (LEFT, ago(10))]


@pytest.mark.parametrize(
    ("silent", "gap", "finding"),
    [
        (63, 21, None), (64, 21, "at_risk"), (97, 21, "at_risk"), (180, 21, "at_risk"), (181, 21, "churned"),
        (30, 2, None), (31, 2, "at_risk"), (181, 2, "churned"),
        (270, 90, None), (271, 90, "at_risk"), (540, 90, "at_risk"), (541, 90, "churned"),
        (61, "20.5", None), (62, "20.5", "at_risk"),
    ],
)  # fmt: skip
def test_silence_is_measured_by_what_she_is_used_to(silent: int, gap: int | str, finding: str | None) -> None:
    assert found(silent, gap) == finding


def test_who_bought_on_two_days_has_no_habit_yet() -> None:
    assert (found(500, days=2), found(500, days=3)) == (None, "churned")
    assert silence_of(None, TODAY) is None


def test_a_finding_says_why() -> None:
    silence = silence_of(habit(97), TODAY)
    assert silence is not None
    assert silence.signals == ("no purchase for 97 days", "her median gap is 21 days")


@pytest.mark.parametrize(
    ("history", "silent", "happens"),
    [
        (SHE_BOUGHT, 20, ()),
        (SHE_BOUGHT, 97, (AT_RISK,)),
        (SHE_BOUGHT, 200, (LEFT,)),
        (AT_RISK_BY_RULE, 97, ()),
        (AT_RISK_BY_RULE, 200, (LEFT,)),
        (AT_RISK_BY_RULE, 3, (CustomerActivated(cause=TAKEN_BACK),)),
        (LEFT_BY_RULE, 200, ()),
        (LEFT_BY_RULE, 3, (CustomerWonBack(cause=TAKEN_BACK),)),
        (LEFT_BY_RULE, 97, (CustomerWonBack(cause=TAKEN_BACK), AT_RISK)),
        ([*AT_RISK_BY_RULE, (CustomerActivated(cause=TAKEN_BACK), ago(5))], 97, (AT_RISK,)),
    ],
)
def test_what_is_said_of_her_comes_into_line_with_her_silence(
    history: History, silent: int, happens: tuple[LifeEvent, ...]
) -> None:
    assert find_silence(history, habit(silent), TODAY) == happens


@pytest.mark.parametrize("history", [AT_RISK_BY_RULE, LEFT_BY_RULE])
def test_who_has_a_contract_or_bought_nothing_after_all_is_not_silent(history: History) -> None:
    (back,) = find_silence(history, None, TODAY)
    assert given(*(event for event, _ in history), back).status == "active"


@pytest.mark.parametrize(
    "said",
    [
        CustomerMarkedAtRisk(reason="Quarrel"),
        CustomerChurned(kind="said", effective_on=ago(10)),
        CustomerChurned(kind="contractual", effective_on=ago(10)),
        CustomerMarkedAtRisk(rule="health", rule_version=3),
    ],
)
def test_what_others_found_is_not_taken_back(said: LifeEvent) -> None:
    for silent in (1, 97):
        assert find_silence([*SHE_BOUGHT, (said, ago(10))], habit(silent), TODAY) == ()


def test_whom_a_person_found_at_risk_may_have_left_by_the_rule() -> None:
    assert find_silence([*SHE_BOUGHT, (CustomerMarkedAtRisk(), ago(10))], habit(200), TODAY) == (LEFT,)


@pytest.mark.parametrize("word", [CustomerActivated(reason="On holiday"), CustomerWonBack()])
def test_from_a_persons_word_on_silence_is_counted_anew(word: LifeEvent) -> None:
    said = [*LEFT_BY_RULE, (word, ago(63))]
    assert find_silence(said, habit(200), TODAY) == ()
    (risky,) = find_silence(said, habit(201), TODAY + timedelta(days=1))
    assert isinstance(risky, CustomerMarkedAtRisk)
    assert risky.signals[0] == "no purchase for 202 days"


def test_a_finding_since_does_not_make_a_persons_word_unsaid() -> None:
    said = [*SHE_BOUGHT, (CustomerActivated(), ago(70)), (AT_RISK, ago(1))]
    assert find_silence(said, habit(200), TODAY) == ()


def test_of_whom_nothing_can_be_said_it_is_refused() -> None:
    registered = CustomerRegistered(kind="person", name="Ann")
    # those who were merged into her bought
    assert find_silence([(registered, ago(9))], habit(97), TODAY) == ()
    with pytest.raises(CustomerAlreadyForgotten):
        find_silence([*SHE_BOUGHT, (CustomerForgotten(legal_basis="request"), ago(9))], habit(97), TODAY)


BACK = CustomerActivated(cause=TAKEN_BACK)
words = st.sampled_from([CustomerActivated(), CustomerWonBack(), CustomerMarkedAtRisk(), AT_RISK, LEFT, BOUGHT, BACK])


@for_all(
    history=st.lists(st.tuples(words, st.integers(0, 300).map(ago)), max_size=5),
    silent=st.integers(0, 400),
    gap=st.integers(1, 100),
    is_free=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_a_second_look_on_the_same_day_finds_nothing(
    history: list[tuple[CustomerEvent, date]], silent: int, gap: int, is_free: bool
) -> None:
    how = habit(silent, gap) if is_free else None
    first = find_silence(history, how, TODAY)
    assert len(first) <= 2
    assert find_silence([*history, *((event, TODAY) for event in first)], how, TODAY) == ()
