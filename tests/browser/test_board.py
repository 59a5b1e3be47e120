"""The board in a real browser: cards under the hand, what others do, and the board in the past."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from api.sessions import create_sign_in_link
from api.store import Store
from domain.lead import LeadLost, LeadMovedToStage
from tests.api.console import lead, types
from tests.browser.visiting import NASTY, PATIENCE, Visit, column, no_wider_than_the_window
from tests.facts import captured, given


@pytest.fixture
def desk(chromium: Browser, base: str, store: Store) -> Iterator[Visit]:
    """A wide window on the board."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    found = Visit(page, base)
    page.on("console", lambda message: found.complaints.append(message.text))
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.goto(f"{base}{create_sign_in_link(store)}")
    page.get_by_role("link", name="Pipeline", exact=True).click()
    yield found
    context.close()


def on_board(page: Page, store: Store, title: str) -> UUID:
    """A new lead on the board, which is looked at anew."""
    lead_id = lead(store, title=title)
    page.reload()
    expect(column(page, "new").get_by_text(title)).to_be_visible()
    return lead_id


def drop(page: Page, lead_id: UUID, where: str) -> None:
    """Take a card and let it go over a place."""
    page.locator(f"#lead-{lead_id} h3").hover()
    page.mouse.down()
    page.mouse.move(640, 500, steps=3)
    place = page.locator(where)
    expect(place).to_be_visible()
    place.hover()
    place.hover()
    page.mouse.up()


def test_a_card_goes_where_it_is_dropped(desk: Visit, store: Store) -> None:
    page, other = desk.page, on_board(desk.page, store, "Twenty seats")
    lead_id = on_board(page, store, NASTY)
    page.locator(f"#lead-{other}").evaluate("it => it.dataset.looked_at = 'yes'")
    drop(page, lead_id, 'section.column:has([data-stage="proposal"])')
    card = column(page, "proposal").locator(f"#lead-{lead_id}")
    expect(card).to_be_visible()
    expect(card).not_to_have_class("card sending")
    expect(page.locator("#offline")).to_be_hidden()
    expect(page.locator(f"#lead-{other}")).to_have_attribute("data-looked_at", "yes")
    assert types(store, lead_id) == ["lead.captured", "lead.moved_to_stage"]
    drop(page, lead_id, '[data-zone="lose"]')
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("too expensive")
    dialog.get_by_role("button", name="Lose it").click()
    expect(page.get_by_role("region", name="Why leads were lost")).to_contain_text("too expensive")
    assert types(store, lead_id)[-1] == "lead.lost"
    assert desk.complaints == []
    assert no_wider_than_the_window(page)


@pytest.mark.full
def test_a_card_that_was_refused_goes_back(desk: Visit, store: Store) -> None:
    """Somebody else lost the lead, and this page does not know it yet."""
    page, lead_id = desk.page, on_board(desk.page, store, "Ten seats")
    page.evaluate("document.body.addEventListener('changed', event => event.stopImmediatePropagation(), true)")
    page.locator(f'#lead-{lead_id} input[name="version"]').evaluate("it => it.value = 7")
    drop(page, lead_id, 'section.column:has([data-stage="proposal"])')
    expect(page.get_by_role("alert").filter(has_text="Somebody changed this lead")).to_be_visible()
    expect(column(page, "new").locator(f"#lead-{lead_id}")).to_be_visible()
    assert types(store, lead_id) == ["lead.captured"]


def test_what_others_do_shows_on_its_own(desk: Visit, store: Store) -> None:
    page, lead_id = desk.page, on_board(desk.page, store, "Ten seats")
    page.get_by_text("⋯").click()
    page.get_by_label("Stage", exact=True).focus()
    other = lead(
        store,
        LeadMovedToStage(
            from_stage="new", to_stage="qualified", pipeline="default", pipeline_version=1, probability=Decimal("0.4")
        ),
        title="Of another",
    )
    expect(column(page, "qualified").locator(f"#lead-{other}")).to_be_visible()
    expect(page.locator(f"#lead-{lead_id} details")).to_have_attribute("open", "")
    expect(page.locator(f"#lead-{lead_id}").get_by_label("Stage", exact=True)).to_be_focused()
    assert desk.complaints == []


@pytest.mark.full
def test_the_board_is_moved_into_the_past(desk: Visit, store: Store) -> None:
    page = desk.page
    long_ago = datetime.now(UTC) - timedelta(days=100)
    with store.pool.connection() as connection:
        given(connection, captured("Long ago"), LeadLost(), at=[long_ago, long_ago + timedelta(days=50)])
    lead(store, title="Of today")
    page.reload()
    page.get_by_label("The board as it stood").focus()
    page.keyboard.press("PageDown")
    page.keyboard.press("Home")
    page.keyboard.press("PageUp")
    page.keyboard.press("ArrowRight")
    expect(column(page, "new").get_by_text("Long ago")).to_be_visible()
    expect(page.locator(".sums")).to_contain_text("As it stood on")
    expect(page.get_by_text("Of today")).to_have_count(0)
    expect(page.get_by_role("button", name="On to contacted")).to_have_count(0)
