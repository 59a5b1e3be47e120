"""The console in a real browser: signed in, on Home, as on a desk and as on a phone.

Runs on the system's Chromium, or on the one that CRM_CHROMIUM names.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, expect, sync_playwright

from api.app import create_app
from api.sessions import create_sign_in_link
from api.store import Store, open_store
from tests.browser.pages import Company, furnished
from tests.browser.visiting import CHROMIUM, PATIENCE, Visit, needs_chromium
from tests.conftest import settings_for


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's browser."""
    needs_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@contextmanager
def served(store: Store) -> Iterator[str]:
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


@pytest.fixture
def base(store: Store) -> Iterator[str]:
    """The address of a server of this test's own."""
    with served(store) as address:
        yield address


@pytest.fixture(scope="module")
def company(new_database_of_a_module: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A small company that a module's tests look at together."""
    settings = settings_for(new_database_of_a_module(), tmp_path_factory.mktemp("company"))
    with open_store(settings, publish=False, follow=True) as store:
        yield furnished(store)


@pytest.fixture(scope="module")
def company_base(company: Company) -> Iterator[str]:
    """Where its server is."""
    with served(company.store) as address:
        yield address


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
    yield found
    context.close()
