"""The log, imports and settings in a real browser: a replay with its progress, the log as it grows, an import with a
refused row, a setting that is changed."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from api.imports.worker import import_jobs
from api.store import Store
from tests.browser.visiting import Visit, add, no_wider_than_the_window

FILE = """Deal ID,Deal Name,Company,Stage,Amount,Currency
D1,Ten seats,Acme GmbH,qualified,1200.50,EUR
D2,<b>Twenty</b> seats,Beta AG,qualified,90,EUR
,Thirty seats,Gamma SE,qualified,10,EUR
"""


def test_read_models_are_replayed_before_ones_eyes(visit: Visit) -> None:
    page = visit.page
    add(visit, "Ten seats")
    page.goto(f"{visit.base}/console/log/read-models")
    page.get_by_role("link", name="Replay all").click()
    expect(page.get_by_role("heading", name="Replay all")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", name="Replays under way")).to_have_count(0, timeout=60_000)
    page.get_by_role("button", name="Check the log").click()
    expect(page.get_by_text("all are as they were recorded")).to_be_visible(timeout=60_000)
    assert no_wider_than_the_window(page)
    assert visit.hosts == {urlsplit(visit.base).netloc}
    assert visit.complaints == []


@pytest.mark.full
def test_the_log_is_followed_live(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.base}/console/log?live=1&noun=lead")
    expect(page.get_by_text("No event is like that.")).to_be_visible()
    other = page.context.new_page()
    other.goto(f"{visit.base}/console/pipeline")
    add(Visit(other, visit.base), "Ten seats")
    expect(page.get_by_text("lead.captured", exact=True)).to_be_visible()
    page.get_by_text("lead.captured", exact=True).click()
    expect(page.locator("details[open] pre")).to_contain_text("Ten seats")
    assert no_wider_than_the_window(page)
    assert visit.complaints == []


def test_a_file_is_imported_and_taken_back(visit: Visit, store: Store, tmp_path: Path) -> None:
    page, file = visit.page, tmp_path / "deals.csv"
    file.write_text(FILE)
    with import_jobs(store):
        page.goto(f"{visit.base}/console/imports")
        page.get_by_label("File").set_input_files(file)
        page.get_by_label("What its rows are").select_option("leads")
        page.get_by_role("button", name="Upload and look").click()
        expect(page.get_by_role("heading", name="The first rows")).to_be_visible()
        assert no_wider_than_the_window(page)
        page.locator("#column-external_id").select_option("Deal ID")
        page.get_by_role("button", name="Try it").click()
        page.get_by_role("button", name="Import it now").click(timeout=30_000)
        expect(page.get_by_text("done", exact=True)).to_be_visible(timeout=30_000)
        expect(page.get_by_role("link", name="Download them with the reasons")).to_be_visible()
        page.get_by_role("button", name="Take it back …").click()
        page.get_by_role("button", name="Take it back now").click()
        expect(page.get_by_text("taken back", exact=True)).to_be_visible()
    assert visit.complaints == []


@pytest.mark.full
def test_a_pipeline_is_changed(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.base}/console/settings")
    page.get_by_text("Change", exact=True).click()
    page.get_by_label("Stages").first.wait_for(state="attached")
    stages = page.locator("details[open] textarea")
    stages.fill("met 10 %\nsigned 90 %")
    page.locator("details[open]").get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Pipeline default, version 2: met, signed")).to_be_visible()
    assert no_wider_than_the_window(page)
    assert visit.complaints == []
