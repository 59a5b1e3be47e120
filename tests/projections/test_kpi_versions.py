"""A definition says for ever what it said: a changed text is another version, and both can be asked."""

from dataclasses import replace

import pytest

import projections.kpi
from projections.kpi import Kpi, KpiHeaderError, kpis, versions
from tests.projections.test_kpi import COUNTED, FIGURE, HEADER
from tests.released_figures import differences, listed, told


def lines(*figures: Kpi) -> dict[str, str]:
    return {kpi.definition: told(kpi) for kpi in figures}


def test_every_definition_still_says_what_it_said() -> None:
    assert differences(listed(), versions()) == []


def test_a_changed_text_needs_a_new_version() -> None:
    old = kpis()["win_rate"]
    changed = replace(old, counted=old.counted.replace("('won', 'lost')", "('won')"))
    (found,) = differences(lines(old), {old.definition: changed})
    assert found.startswith("win_rate@1 has another text: make it win_rate@2, and keep the earlier one in kpis/earlier")
    assert differences(lines(old), {old.definition: replace(old, title="Rate of wins", formula="in other words")}) == []
    newer = replace(changed, version=2)
    assert differences(lines(old, newer), {old.definition: old, newer.definition: newer}) == []


def test_what_a_figure_reads_is_part_of_what_it_says() -> None:
    old = kpis()["win_rate"]
    changed = replace(old, relation=replace(old.relation, text="SELECT * FROM lead_stage_interval"))
    (found,) = differences(lines(old), {old.definition: changed})
    assert found.startswith("lead_at, which win_rate@1 reads, has another text")


def test_a_released_definition_stays_and_a_new_one_is_listed() -> None:
    old = kpis()["win_rate"]
    newer = replace(old, version=2)
    assert differences(lines(old), {newer.definition: newer}) == [
        "win_rate@1 was released and has gone: keep its text in kpis/earlier",
        "win_rate@2 is not in the list: python -m tests.released_figures",
    ]


def test_earlier_texts_lie_in_files_of_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    read = projections.kpi._texts
    earlier = {"deals@1": HEADER + COUNTED + FIGURE}
    monkeypatch.setattr(projections.kpi, "_texts", lambda folder: earlier if "earlier" in folder else read(folder))
    assert versions.__wrapped__()["deals@1"].title == "Deals"
    assert versions.__wrapped__().keys() - {"deals@1"} == {kpi.definition for kpi in kpis().values()}
    earlier["deals@2"] = earlier["deals@1"]
    with pytest.raises(KpiHeaderError, match="kpis/earlier/deals@2.sql says that it is deals@1."):
        versions.__wrapped__()
