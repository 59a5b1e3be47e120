"""The tickets in a real browser: one is opened, noted upon and solved, and the queue shows what others open."""

from playwright.sync_api import expect

from api.store import Store
from tests.api.test_console_tickets import ticket
from tests.browser.visiting import NASTY, Visit, no_wider_than_the_window


def test_a_ticket_goes_through_the_console(visit: Visit, store: Store) -> None:
    page = visit.page
    page.get_by_role("link", name="Tickets").click()
    ticket(store, "Of somebody else")
    expect(page.get_by_role("link", name="Of somebody else")).to_be_visible()
    assert no_wider_than_the_window(page)

    page.get_by_text("New ticket").click()
    page.get_by_label("Subject").fill(NASTY)
    page.get_by_label("Customer", exact=True).fill("Ada Lovelace")
    page.get_by_label("What it is about").fill("It leaks.")
    page.get_by_role("button", name="Open it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(NASTY)
    talk = page.get_by_role("region", name="Conversation")
    expect(talk).to_contain_text("It leaks.")
    assert no_wider_than_the_window(page)

    page.get_by_label("Write").fill("Ask the supplier first.")
    page.get_by_label("Who reads it").select_option("only we: an internal note")
    page.get_by_role("button", name="Record it").click()
    expect(talk.get_by_role("listitem").filter(has_text="Ask the supplier")).to_contain_text("internal note")

    page.get_by_label("Write").fill("A new seal is on its way.")
    page.get_by_role("button", name="Record it").click()
    expect(talk).to_contain_text("on its way")
    page.locator("summary", has_text="Solve").click()
    page.get_by_label("Resolution").fill("A new seal")
    page.get_by_role("button", name="Solve it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("solved")
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("A new seal")
    assert visit.complaints == []
