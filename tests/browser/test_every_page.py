"""Every page of the console, in light and dark, on a desk and on a phone: nothing that shuts people out, nothing wider
than the window, no complaint of the browser, no request that leaves the machine."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from api.app import create_app
from api.sessions import create_sign_in_link
from api.store import Store
from tests.browser.pages import NO_PAGES, PLACES, Company, Place, console_routes
from tests.browser.visiting import PATIENCE, no_wider_than_the_window

Scheme = Literal["light", "dark"]

DESK, PHONE = (1280, 800), (390, 844)
GRAVE = ("serious", "critical")

OPEN_ALL = """document.querySelectorAll('details').forEach(one => { one.removeAttribute('name'); one.open = true; })"""
"""Also what is folded away is looked at."""

FEW_OF_MANY = """document.querySelectorAll('.operation').forEach((one, place) => { if (place >= 8) one.remove(); })"""
"""The API's page has hundreds of these, all from one template; a few of them tell."""

NOTED = "Failed to load resource: the server responded with a status of 404 (Not Found)"
"""As a browser notes whatever is not there."""


@dataclass
class Look:
    """A page as it is looked at, and what was found wrong with it so far."""

    page: Page
    found: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    at: str = ""

    def wrong(self, what: str) -> None:
        self.found.append(f"{self.at}: {what}")


@pytest.fixture
def look(request: pytest.FixtureRequest, chromium: Browser, company: Company, company_base: str) -> Iterator[Look]:
    """A window of a size and in colours, in which somebody is signed in who may do everything."""
    scheme, (width, height) = request.param
    context = chromium.new_context(
        base_url=company_base, viewport={"width": width, "height": height}, color_scheme=scheme
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    found = Look(page)
    page.on("request", lambda asked: found.hosts.add(urlsplit(asked.url).netloc))
    page.on("console", lambda message: found.wrong(message.text))
    page.on("pageerror", lambda error: found.wrong(str(error)))
    page.goto(create_sign_in_link(company.store))
    page.wait_for_load_state("networkidle")
    yield found
    context.close()


def grave(page: Page) -> Iterator[str]:
    """What would shut somebody out."""
    for violation in Axe().run(page).response["violations"]:
        if violation["impact"] in GRAVE:
            for node in violation["nodes"]:
                yield f"{violation['id']}: {node['target']} {node['html'][:160]} {node['failureSummary'][:200]}"


def look_at(look: Look, company: Company, places: Sequence[Place]) -> None:
    """Every one of these pages, as it comes and with all that is folded away."""
    for place in places:
        look.at = place.name
        answer = look.page.goto(company.address(place))
        assert answer is not None
        if place.name == "not-found":
            assert answer.status == 404
            look.found.remove(f"{look.at}: {NOTED}")
        elif answer.status != 200:
            look.wrong(f"answers {answer.status}")
        if not no_wider_than_the_window(look.page):
            look.wrong("is wider than the window")
        look.page.evaluate(OPEN_ALL)
        look.page.evaluate(FEW_OF_MANY)
        if not no_wider_than_the_window(look.page):
            look.wrong("is wider than the window when all is unfolded")
        for what in grave(look.page):
            look.wrong(what)


def test_every_page_is_in_the_list(company: Company) -> None:
    routes = console_routes(create_app(company.store))
    listed = {place.route for place in PLACES}
    assert listed | NO_PAGES == routes
    assert not listed & NO_PAGES
    assert len({place.name for place in PLACES}) == len(PLACES)


def views(*sizes: tuple[int, int], schemes: Sequence[Scheme] = ("light", "dark")) -> list[object]:
    return [pytest.param((scheme, size), id=f"{scheme} {size[0]}") for scheme in schemes for size in sizes]


@pytest.mark.parametrize("look", views(DESK, schemes=["light"]), indirect=True)
def test_the_main_pages_shut_nobody_out(look: Look, company: Company, company_base: str) -> None:
    look_at(look, company, [place for place in PLACES if place.is_main])
    assert look.found == []
    assert look.hosts == {urlsplit(company_base).netloc}


@pytest.mark.full
@pytest.mark.parametrize("look", views(DESK, PHONE), indirect=True)
def test_every_page_shuts_nobody_out(look: Look, company: Company, company_base: str) -> None:
    look_at(look, company, PLACES)
    assert look.found == []
    assert look.hosts == {urlsplit(company_base).netloc}


@pytest.mark.full
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desktop", "phone"])
def test_what_an_empty_company_is_taught_shuts_nobody_out(
    size: tuple[int, int], chromium: Browser, base: str, store: Store
) -> None:
    width, height = size
    context = chromium.new_context(base_url=base, viewport={"width": width, "height": height})
    look = Look(context.new_page())
    look.page.on("console", lambda message: look.wrong(message.text))
    look.page.goto(create_sign_in_link(store))
    look.page.wait_for_load_state("networkidle")
    nowhere = [place for place in PLACES if "{" not in place.route + place.query]
    look_at(look, Company(store, {}), nowhere)
    assert look.found == []
    context.close()
