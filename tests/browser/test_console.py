"""The console in a real browser: signing in, moving a card, winning a lead, and the figure that shows it."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from api.sessions import create_sign_in_link
from api.store import Store
from tests.browser.visiting import CHROMIUM, NASTY, Visit, add, column, no_wider_than_the_window


def nothing_sticks_out(page: Page, boxes: str) -> bool:
    """Whether each of these boxes is as wide as what is in it, also when amounts are long."""
    page.locator(f"{boxes} .value").first.evaluate("it => it.innerHTML = '<span>123,456,789.12 EUR</span>'")
    return bool(page.locator(boxes).evaluate_all("all => all.every(one => one.scrollWidth <= one.clientWidth)"))


def test_a_lead_goes_through_the_console(visit: Visit) -> None:
    page = visit.page
    assert no_wider_than_the_window(page)
    add(visit, "Ten seats")
    new, contacted = column(page, "new"), column(page, "contacted")
    card = new.get_by_role("listitem").filter(has_text="Ten seats")
    expect(card).to_contain_text("1,200\N{NO-BREAK SPACE}EUR")
    assert no_wider_than_the_window(page)

    card.get_by_role("button", name="On to contacted").click()
    moved = contacted.get_by_role("listitem").filter(has_text="Ten seats")
    expect(moved).to_be_in_viewport()
    expect(new.get_by_role("listitem")).to_have_count(0)

    moved.get_by_text("⋯").click()
    moved.get_by_label("Stage", exact=True).select_option("proposal")
    moved.get_by_role("button", name="Move", exact=True).click()
    page.get_by_role("link", name="Ten seats").click()
    timeline = page.get_by_role("region", name="Timeline")
    expect(timeline).to_contain_text("Moved from new to contacted")
    expect(timeline).to_contain_text("Moved from contacted to proposal")
    assert no_wider_than_the_window(page)

    page.locator("summary", has_text="Win").click()
    page.get_by_role("button", name="Win it").click()
    expect(timeline).to_contain_text("Won for 1,200.00 EUR")
    expect(page.get_by_role("heading", level=1)).to_contain_text("won")

    page.get_by_role("link", name="Figures").click()
    assert nothing_sticks_out(page, ".figures li")
    page.get_by_role("link", name="Win rate").click()
    expect(page.locator(".value")).to_contain_text("–")  # nothing was won in the month before
    page.goto(f"{visit.base}/console/kpis/win_rate")
    expect(page.locator(".value")).to_contain_text("100.0\N{NO-BREAK SPACE}%")
    expect(page.get_by_role("img", name="Win rate by month")).to_be_visible()
    expect(page.locator("circle.dot")).to_have_count(1)
    assert no_wider_than_the_window(page)

    page.get_by_role("link", name="API").click()
    expect(page.get_by_role("heading", name="POST /v1/leads", exact=True)).to_be_visible()
    assert no_wider_than_the_window(page)

    assert visit.hosts == {urlsplit(visit.base).netloc}, "no request leaves the machine"
    assert visit.complaints == []


def test_figures_are_worked_out_when_they_come_into_view(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.base}/console/kpis")
    expect(page.locator("#sales a", has_text="Win rate")).to_be_visible()
    last = page.locator("#campaigns .value").first
    expect(last).to_have_text("…")
    last.scroll_into_view_if_needed()
    expect(last).to_have_text("–")
    assert visit.complaints == []


def test_a_title_is_shown_and_never_run(visit: Visit) -> None:
    page = visit.page
    add(visit, NASTY)
    page.get_by_role("link", name=NASTY).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(NASTY)
    expect(page).to_have_title(f"{NASTY} · Everfold")
    assert visit.hosts == {urlsplit(visit.base).netloc}
    assert visit.complaints == []


@pytest.mark.full
def test_the_keyboard_alone_moves_a_card(visit: Visit) -> None:
    page = visit.page
    add(visit, "Ten seats")
    page.get_by_role("button", name="On to contacted").focus()
    page.keyboard.press("Enter")
    back = page.get_by_role("button", name="Back to new")
    back.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="On to contacted")).to_be_visible()
    expect(back).to_have_count(0)


@pytest.mark.full
def test_the_console_works_where_a_browser_hides_where_a_form_comes_from(
    chromium: Browser, store: Store, base: str
) -> None:
    """Over plain http under another name than localhost no Sec-Fetch-Site is sent: the form's Origin must do."""
    port = urlsplit(base).port
    context = chromium.browser_type.launch(
        executable_path=CHROMIUM,
        args=["--no-sandbox", "--disable-gpu", f"--host-resolver-rules=MAP crm.example 127.0.0.1:{port}"],
    )
    try:
        page = context.new_page()
        page.goto(f"http://crm.example{create_sign_in_link(store)}")
        add(Visit(page, base), "Ten seats")
        expect(page.get_by_role("link", name="Ten seats")).to_be_visible()
    finally:
        context.close()
