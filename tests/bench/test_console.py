"""The benchmark of the console looks at every page in a browser, weighs what comes over the wire, and drags a card."""

from collections.abc import Callable
from pathlib import Path

import pytest

from api.cli.bench_console import visiting
from api.settings import Settings
from bench import console
from bench.ground import Measured
from tests.browser.visiting import CHROMIUM, needs_chromium

pytestmark = pytest.mark.full


def of(found: list[Measured], words: str) -> list[Measured]:
    return [each for each in found if words in each.figure]


def test_pages_are_weighed_and_timed_and_a_card_is_dragged(
    new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_chromium()
    monkeypatch.setattr(console, "ROUNDS", 1)
    monkeypatch.setattr(console, "_ASKED", 1)
    monkeypatch.setattr("api.cli.bench_console.CARDS", 20)
    with visiting(new_database(), 8) as visited:
        looked_at = {name: visited.pages[name] for name in ("home", "a customer", "a lead", "a ticket")}
        assert all(looked_at.values())
        some = console.Visited(visited.port, visited.cookie, looked_at, visited.board)
        found = list(console.run(some, CHROMIUM))
    assert [each.value for each in of(found, "the board: cards")] == [20]
    first, later = of(found, "first load"), of(found, "later loads")
    assert len(first) == len(later) == len(looked_at)
    assert all(20 < once.value < 60 for once in first), "with script and style"
    assert all(0.5 < again.value < 15 for again in later), "the page alone"
    assert all(0 < paint.value < 60_000 for paint in of(found, "contentful paint"))
    assert [each.at_most for each in of(found, "server time, p95")] == [60] * len(looked_at)
    assert all(0 < frame.value < 10_000 for frame in of(found, "a frame while a card is dragged"))
    assert len(of(found, "from drop")) == 1


def test_without_a_browser_it_says_what_to_install(tmp_path: Path) -> None:
    nowhere = console.Visited(0, "name=value", {}, "/")
    with pytest.raises(console.NoBrowser, match="pip install playwright"):
        list(console.run(nowhere, tmp_path / "chromium"))


def test_the_browser_is_the_one_that_the_tests_use() -> None:
    assert Settings().chromium == CHROMIUM
