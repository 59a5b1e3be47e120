"""A figure's header says what may be chosen of it, and nothing else can be."""

from decimal import Decimal

import pytest

from projections.kpi import KpiHeaderError, parse
from projections.kpi_parameters import BadValue, parameters_in
from tests.projections.test_kpi import COUNTED, FIGURE, HEADER

DAYS = "-- parameter within_days: 90; from 1 to 3650; days from capture to win\n"
CLOCK = "-- parameter clock: calendar; one of calendar business; whose time is counted\n"


def test_numbers_have_bounds_and_words_are_of_a_few() -> None:
    kpi = parse("deals", HEADER + DAYS + CLOCK + COUNTED + FIGURE)
    days, clock = kpi.parameters["within_days"], kpi.parameters["clock"]
    assert (days.default, days.range) == (Decimal(90), "a number from 1 to 3650")
    assert (clock.default, clock.choices, clock.meaning) == (
        "calendar",
        ("calendar", "business"),
        "whose time is counted",
    )
    assert [days.value(text) for text in ("60", "1", "3650", "1.50")] == [60, 1, 3650, Decimal("1.5")]
    assert clock.value("business") == "business"


@pytest.mark.parametrize("text", ["0", "3651", "", "many", "1e3", "NaN", "1" * 20, "٣", "1\n"])
def test_a_number_out_of_bounds_is_refused_with_what_it_can_be(text: str) -> None:
    with pytest.raises(BadValue, match="within_days is a number from 1 to 3650: days from capture to win."):
        parameters_in(DAYS)["within_days"].value(text)


def test_another_word_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadValue, match="clock is one of calendar, business"):
        parameters_in(CLOCK)["clock"].value("sidereal")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("within_days: 90", "must be '-- parameter NAME: DEFAULT; from MIN to MAX; what it means'"),
        ("within_days: 0; from 1 to 10; days", "its default must be one of the values it can have"),
        ("within_days: x; from 1 to 10; days", "its default must be one of the values it can have"),
        ("within_days: 5; from a to b; days", "its default must be one of the values it can have"),
        ("clock: lunar; one of calendar business; time", "its default must be one of the values it can have"),
        ("zone: 5; from 1 to 10; days", "zone means something else already"),
        ("period_from: 5; from 1 to 10; days", "period_from means something else already"),
    ],
)
def test_a_line_that_defines_nothing_is_refused(line: str, sentence: str) -> None:
    with pytest.raises(KpiHeaderError, match="deals.sql") as refused:
        parse("deals", f"{HEADER}-- parameter {line}\n{COUNTED}{FIGURE}")
    assert sentence in str(refused.value)
