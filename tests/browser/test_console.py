"""The console in a real browser: signing in, moving a card, winning a lead, and the figure that shows it.

Runs on the system's Chromium, or on the one that CRM_CHROMIUM names. Where there is none the tests are skipped and say
so; under CI they fail, so that they cannot vanish unnoticed.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from api.app import create_app
from api.sessions import create_sign_in_link
from api.store import Store

CHROMIUM = Path(os.environ.get("CRM_CHROMIUM", "/usr/bin/chromium"))
PATIENCE = 10_000  # milliseconds; a page takes a few, a busy machine more
NASTY = "<script>document.title = 'taken over'</script><img src=x onerror=alert(1)>"


@dataclass
class Visit:
    """A page in a browser, where it is served, and all that it asked for and complained about."""

    page: Page
    base: str
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's browser."""
    if not CHROMIUM.exists():
        reason = f"There is no Chromium at {CHROMIUM}; install it or name one in CRM_CHROMIUM."
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def base(store: Store) -> Iterator[str]:
    """The address of a server in a thread of its own."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(store), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


PHONE = pytest.param((390, 844), id="phone", marks=pytest.mark.full)


@pytest.fixture(params=[pytest.param((1280, 800), id="desktop"), PHONE])
def visit(request: pytest.FixtureRequest, chromium: Browser, base: str, store: Store) -> Iterator[Visit]:
    """A browser that a printed link was opened with."""
    width, height = request.param
    context = chromium.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    found = Visit(page, base)
    page.on("request", lambda asked: found.hosts.add(urlsplit(asked.url).netloc))
    page.on("console", lambda message: found.complaints.append(message.text))
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.goto(f"{base}{create_sign_in_link(store)}")
    expect(page).to_have_url(f"{base}/console")
    page.goto(f"{base}/console/pipeline")
    yield found
    context.close()


def add(visit: Visit, title: str) -> None:
    """Add a lead by the board's form."""
    page = visit.page
    if page.locator("details.add:not([open])").count():
        page.get_by_text("Add a lead").click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Customer").fill("Ada Lovelace")
    page.get_by_label("Value").fill("1200")
    page.get_by_role("button", name="Add", exact=True).click()


def column(page: Page, stage: str) -> Locator:
    """The board's column of a stage."""
    return page.locator("section.column", has=page.get_by_role("heading", name=stage, level=2))


def no_wider_than_the_window(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


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
