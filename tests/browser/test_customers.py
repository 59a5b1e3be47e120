"""Customers and the agenda in a real browser: found as one types, tagged together and taken back; work done."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from playwright.sync_api import expect

from api.store import Store
from domain.follow_up import FollowUpScheduled
from tests.api.test_console_customers import customers, tell_more
from tests.browser.visiting import Visit, no_wider_than_the_window


def test_customers_are_found_tagged_and_set_right(visit: Visit, store: Store) -> None:
    one, *_ = customers(store, "Northwind Gardens", "Southern Seeds", "Western Orchard")
    due_at = datetime.now(UTC) - timedelta(hours=3)
    tell_more(store, one, FollowUpScheduled(task_id=uuid4(), what="Call back", due_at=due_at))
    page = visit.page
    page.goto(f"{visit.base}/console/customers")
    expect(page.locator("tr[data-row]")).to_have_count(3)
    assert no_wider_than_the_window(page)

    page.get_by_label("Name, address or number").press_sequentially("wstern")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    page.get_by_label("Name, address or number").fill("")
    expect(page.locator("tr[data-row]")).to_have_count(3)

    page.get_by_label("Tick Northwind Gardens").check()
    page.get_by_label("Tick Southern Seeds").check()
    expect(page.get_by_text("2 ticked")).to_be_visible()
    page.locator("#bulk-tag").fill("spring")
    page.get_by_role("button", name="Tag", exact=True).click()
    expect(page.get_by_text("2 customers tagged.")).to_be_visible()
    expect(page.locator("a.tag")).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone: 2 customers are as before.")).to_be_visible()
    expect(page.locator("a.tag")).to_have_count(0)

    page.locator("#search").press_sequentially("southern")
    expect(page.locator("#suggested a")).to_have_text("Southern Seeds")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#suggested a")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#suggested")).to_be_hidden()

    page.goto(f"{visit.base}/console")
    expect(page.get_by_text("Call back")).to_be_visible()
    expect(page.locator(".tiles .value")).to_have_count(6)
    page.get_by_role("link", name=re.compile("To the agenda")).click()
    page.get_by_role("button", name="Done: Call back").click()
    expect(page.get_by_text("Nothing is planned")).to_be_visible()
    assert no_wider_than_the_window(page)
    assert visit.hosts == {visit.base.removeprefix("http://")}
    assert visit.complaints == []
