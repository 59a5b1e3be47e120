"""A customer's page in a real browser: the slider moves all of it, an event opens in its place, and more comes."""

from uuid import UUID, uuid4

import pytest
from playwright.sync_api import expect

from api.store import Store
from domain.customer import CustomerRegistered, CustomerRenamed
from domain.interaction import InteractionLogged
from eventstore.database import connect
from replay.follow import catch_up
from tests.browser.visiting import NASTY, Visit, no_wider_than_the_window
from tests.projections.records import hour, tell


@pytest.fixture
def customer(store: Store) -> UUID:
    """Somebody with a long history, who was called something else on its first days."""
    customer_id = uuid4()
    calls = [InteractionLogged(interaction_id=uuid4(), kind="call", summary=f"Call {n}. {NASTY}") for n in range(45)]
    told = [CustomerRegistered(kind="person", name="Ann Old"), CustomerRenamed(name="Ann New"), *calls]
    with connect(store.conninfo) as connection:
        tell(connection, customer_id, *told, at=[hour(240 * number) for number in range(len(told))])
        catch_up(connection)
    return customer_id


def test_a_customer_is_looked_at_through_time(visit: Visit, customer: UUID) -> None:
    page = visit.page
    page.goto(f"{visit.base}/console/customers/{customer}")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("Ann New")
    assert no_wider_than_the_window(page)

    page.get_by_label("Shows").select_option("occurred")
    slider = page.get_by_label("Day")
    slider.focus()
    page.keyboard.press("Home")
    expect(heading).to_contain_text("Ann Old")
    expect(page.get_by_role("status")).to_contain_text("what had happened by")
    expect(page.get_by_text("Log an interaction")).to_have_count(0)
    assert "as_of=" in page.url
    assert no_wider_than_the_window(page)
    page.keyboard.press("End")
    expect(heading).to_contain_text("Ann New")
    expect(page.get_by_role("status")).to_have_count(0)

    timeline = page.get_by_role("region", name="Timeline")
    timeline.get_by_role("link", name="before and after").first.click()
    expect(timeline.get_by_role("table")).to_contain_text("summary")
    expect(timeline.get_by_role("listitem")).to_have_count(40)
    timeline.get_by_role("link", name="More").scroll_into_view_if_needed()
    expect(timeline.get_by_role("listitem")).to_have_count(47)
    expect(timeline).to_contain_text("Registered")

    page.locator("summary", has_text="Rename").click()
    page.locator(".act-rename").get_by_label("Name").fill("Ann Newest")
    page.get_by_role("button", name="Rename").click()
    expect(heading).to_contain_text("Ann Newest")
    assert page.title() == "Ann Newest · Everfold"
    assert visit.complaints == []
    assert visit.hosts == {visit.base.removeprefix("http://")}
