"""The console in a browser that runs no script: every page shows what it is about, and the main forms do their work."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from api.imports.worker import work_off
from api.sessions import create_sign_in_link
from tests.browser.pages import FILE, PLACES, Company
from tests.browser.visiting import PATIENCE, column

pytestmark = pytest.mark.full


@pytest.fixture(params=[(1280, 800), (390, 844)], ids=["desktop", "phone"])
def page(request: pytest.FixtureRequest, chromium: Browser, company: Company, company_base: str) -> Iterator[Page]:
    """Somebody who may do everything, without script."""
    width, height = request.param
    context = chromium.new_context(
        base_url=company_base, viewport={"width": width, "height": height}, java_script_enabled=False
    )
    context.set_default_timeout(PATIENCE)
    found = context.new_page()
    found.goto(create_sign_in_link(company.store))
    yield found
    context.close()


def test_every_page_shows_what_it_is_about(page: Page, company: Company) -> None:
    for place in PLACES:
        answer = page.goto(company.address(place))
        assert answer is not None
        assert answer.status == (404 if place.name == "not-found" else 200), place.name
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.locator("main").inner_text().strip()


def test_a_lead_is_added_and_moved(page: Page) -> None:
    page.goto("/console/pipeline")
    page.get_by_text("Add a lead").click()
    page.get_by_label("Title").fill("Without script")
    page.get_by_role("textbox", name="Customer", exact=True).fill("Ada Lovelace")
    page.get_by_role("button", name="Add", exact=True).click()
    card = page.get_by_role("listitem").filter(has_text="Without script").first
    card.get_by_role("button", name="On to contacted").click()
    expect(column(page, "contacted").get_by_role("link", name="Without script").first).to_be_visible()


def test_a_ticket_is_opened_and_answered(page: Page) -> None:
    page.goto("/console/tickets")
    page.get_by_text("New ticket").click()
    page.get_by_label("Subject").fill("The printer is on fire")
    page.get_by_label("Customer", exact=True).fill("Ada Lovelace")
    page.get_by_label("What it is about").fill("Smoke comes out of it.")
    page.get_by_role("button", name="Open it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("The printer is on fire")
    expect(page.get_by_role("region", name="Conversation")).to_contain_text("Smoke comes out of it.")


def test_an_interaction_is_logged(page: Page, company: Company) -> None:
    page.goto(f"/console/customers/{company.ids['customer_id']}")
    page.locator("summary", has_text="Log an interaction").click()
    page.get_by_label("Summary").fill("Rang about the printer")
    page.get_by_role("button", name="Log it").click()
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("Rang about the printer")


def test_customers_are_tagged_together(page: Page) -> None:
    page.goto("/console/customers")
    for box in page.locator("input[name=customer_id]").all()[:2]:
        box.check()
    page.get_by_label("Tag", exact=True).last.fill("spoken to")
    page.get_by_role("button", name="Tag", exact=True).click()
    expect(page.get_by_role("link", name="spoken to").first).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="spoken to")).to_have_count(0)


def test_the_past_is_asked_for(page: Page, company: Company) -> None:
    page.goto(f"/console/customers/{company.ids['customer_id']}")
    page.get_by_label("As of").fill(f"{company.ids['past']}T09:30")
    page.get_by_role("button", name="Show").first.click()
    expect(page.get_by_text(f"This is what we knew at {company.ids['past']} 09:30")).to_be_visible()
    expect(page.get_by_label("As of")).to_have_value(f"{company.ids['past']}T09:30")


def test_a_file_is_imported(page: Page, company: Company, tmp_path: Path) -> None:
    file = tmp_path / "deals.csv"
    file.write_text(FILE)
    page.goto("/console/imports")
    page.get_by_label("File").set_input_files(file)
    page.get_by_label("What its rows are").select_option("leads")
    page.get_by_role("button", name="Upload and look").click()
    expect(page.get_by_role("heading", name="The first rows")).to_be_visible()
    page.locator("#column-external_id").select_option("Deal ID")
    page.get_by_role("button", name="Try it").click()
    work_off(company.store)
    page.reload()
    expect(page.get_by_role("button", name="Import it now")).to_be_visible()
