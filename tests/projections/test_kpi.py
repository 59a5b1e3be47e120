"""A figure's file defines it completely, or is refused with what is missing."""

from decimal import Decimal

import pytest

from projections.kpi import KpiHeaderError, kpis, parse

HEADER = """-- title: Deals
-- version: 1
-- question: How many deals are there?
-- unit: leads
-- formula: count
-- edge cases: none
-- area: sales
-- of nothing: 0
-- source: ours
-- reads: lead_at
"""
COUNTED = "-- counted: every lead\nSELECT * FROM lead_at\n"
FIGURE = "-- figure\nSELECT count(*) AS value FROM counted\n"


def test_a_whole_file_is_a_figure() -> None:
    found = parse("deals", HEADER + COUNTED + FIGURE)
    assert (found.definition, found.relation.name) == ("deals@1", "lead_at")
    assert (found.of_nothing, found.is_of_a_moment) == (Decimal(0), False)
    assert parse("deals", HEADER + "-- judged: at a moment\n" + COUNTED + FIGURE).is_of_a_moment
    assert (found.counted.strip(), found.figure.strip()) == (
        "SELECT * FROM lead_at",
        "SELECT count(*) AS value FROM counted",
    )


def test_several_figures_may_sum_up_alike() -> None:
    grr, nrr = kpis()["grr"], kpis()["nrr"]
    assert grr.figure == nrr.figure
    assert "opening" in grr.figure
    assert grr.counted != nrr.counted


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (HEADER.replace("-- unit: leads\n", "") + COUNTED + FIGURE, "lacks the header line '-- unit: ...'"),
        (HEADER.replace("sales", "weather") + COUNTED + FIGURE, "names no area that there is: sales, customers"),
        (HEADER + COUNTED, "must have one '-- counted: ...' and one '-- figure' part"),
        (HEADER + FIGURE, "must have one '-- counted: ...' and one '-- figure' part"),
        (HEADER + COUNTED + "-- figure: nonsense\n", "must end with '-- figure: nonsense', and that be a file"),
        (
            HEADER + COUNTED + FIGURE.replace("-- figure", "-- figure: share_of_opening"),
            "must end with '-- figure: share_of_opening'",
        ),
    ],
)
def test_one_that_lacks_something_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(KpiHeaderError, match="deals.sql") as refused:
        parse("deals", text)
    assert sentence in str(refused.value)
