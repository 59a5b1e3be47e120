"""The console in a real browser: signed in, on Home, as on a desk and as on a phone.

Runs on the system's Chromium, or on the one that CRM_CHROMIUM names. Where there is none the tests are skipped and say
so; under CI they fail, so that they cannot vanish unnoticed.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, expect, sync_playwright

from api.app import create_app
from api.sessions import create_sign_in_link
from api.store import Store
from tests.browser.visiting import CHROMIUM, PATIENCE, Visit


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
    yield found
    context.close()
