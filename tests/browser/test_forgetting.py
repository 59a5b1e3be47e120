"""Forgetting in a real browser: one person asks and may not approve, another finds it on Home and does."""

from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Browser, expect

from api.sessions import create_sign_in_link
from api.store import Store, append_to_workspace
from domain.customer import CustomerContactPersonAdded, CustomerRegistered
from domain.event import MemberId
from domain.workspace import WorkspaceMemberInvited, WorkspaceMemberRoleGranted
from eventstore.database import connect
from replay.follow import catch_up
from tests.browser.visiting import PATIENCE, Visit, no_wider_than_the_window
from tests.projections.records import tell

EVA = MemberId(UUID(int=0xE1))


@pytest.fixture
def customer(store: Store) -> UUID:
    """Somebody with a contact person, in a company where Eva is an admin too."""
    customer_id, person_id = uuid4(), uuid4()
    with connect(store.conninfo) as connection:
        append_to_workspace(connection, None, WorkspaceMemberInvited(member_id=EVA, name="Eva"))
        append_to_workspace(connection, None, WorkspaceMemberRoleGranted(member_id=EVA, role="admin"))
        tell(connection, customer_id, CustomerRegistered(kind="person", name="Wilhelmina Zwaardvis"))
        tell(connection, customer_id, CustomerContactPersonAdded(person_id=person_id, name="Ida"), about=person_id)
        catch_up(connection)
    return customer_id


@pytest.mark.full
def test_one_asks_and_another_approves(visit: Visit, chromium: Browser, store: Store, customer: UUID) -> None:
    page, address = visit.page, f"{visit.base}/console/customers/{customer}"
    page.goto(address)
    page.locator("summary", has_text="Forget…").click()
    form = page.locator(".act-request-forgetting")
    expect(form.get_by_label("Whom").get_by_role("option")).to_have_count(2)
    form.get_by_label("Legal basis").select_option("objection")
    form.get_by_label("Reason").fill("Asked by letter")
    form.get_by_role("button", name="Ask for it").click()
    banner = page.get_by_role("region", name="This customer is to be forgotten")
    expect(banner).to_contain_text("The operator asked for it")
    expect(banner).to_contain_text("somebody else has to approve")
    expect(page.get_by_role("button", name="Approve: forget for ever")).to_have_count(0)
    assert no_wider_than_the_window(page)

    second = chromium.new_context(viewport=page.viewport_size)
    second.set_default_timeout(PATIENCE * 3)
    eva = second.new_page()
    eva.goto(f"{visit.base}{create_sign_in_link(store, EVA)}")
    asked = eva.get_by_role("region", name="To be forgotten")
    expect(asked).to_contain_text("asked for by the operator")
    assert no_wider_than_the_window(eva)
    asked.get_by_role("link", name="Wilhelmina Zwaardvis").click()
    eva.get_by_label("Why, for auditors").fill("Letter is in file 7")
    eva.get_by_role("button", name="Approve: forget for ever").click()
    expect(eva.get_by_role("status")).to_contain_text("This customer was forgotten", timeout=PATIENCE * 3)
    expect(eva.get_by_role("status")).to_contain_text("Letter is in file 7")
    expect(eva.get_by_text("Zwaardvis")).to_have_count(0)
    expect(eva.get_by_text("Forget…")).to_have_count(0)
    assert no_wider_than_the_window(eva)
    second.close()

    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("(name unknown)")
    assert visit.complaints == []
