"""The console in a browser: how much a page weighs, how long the server takes for it, when it stands there, and how
smoothly a card is dragged on a board of a thousand.

The server is a process of its own, and the browser is headless Chromium without a cache at first.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

from bench.ground import ROUNDS, Measured
from bench.tail import percentile
from eventstore.trouble import Trouble

if TYPE_CHECKING:  # the browser is for developers alone
    from playwright.sync_api import BrowserContext, CDPSession, Page

CARDS = 1_000
_ASKED = 4
"""How often each page of each record is asked for, after once in vain."""
_FIRST_KILOBYTES, _LATER_KILOBYTES = 60, 15
_SERVER_MS, _PAINT_MS, _FRAME_MS = 60, 500, 34
_QUIET_SECONDS = 0.3
_PATIENCE_SECONDS = 60
_STEPS = 120
"""Of the mouse while a card is dragged, one each frame."""

_PAINT = """new Promise(found => new PerformanceObserver(seen => found(seen.getEntries().at(-1).startTime))
    .observe({type: "largest-contentful-paint", buffered: true}))"""
_FRAMES = """() => { let before = performance.now(); window.frames_seen = [];
    const next = now => { window.frames_seen.push(now - before); before = now; requestAnimationFrame(next); };
    requestAnimationFrame(next); }"""


class NoBrowser(Trouble):
    """This is measured in a browser, and there is none here, or Playwright is not installed that leads it. Both are for
    developers: `pip install playwright` and Chromium, or the path of one in CRM_CHROMIUM."""

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").replace("`", "").split()))


@dataclass(frozen=True, slots=True)
class Visited:
    """A console that runs: where, the cookie of a session in it, its pages with the addresses of some records each, and
    the address of a board of a thousand cards."""

    port: int
    cookie: str
    pages: Mapping[str, Sequence[str]]
    board: str


def run(visited: Visited, chromium: Path) -> Iterator[Measured]:
    """Of each page what it weighs and takes; then of the board. Raises NoBrowser."""
    with _browser(chromium, visited) as context:
        for name, addresses in visited.pages.items():
            took = sorted(_server_times(visited, addresses))
            yield Measured(f"{name}: server time, median", percentile(took, 0.5), "ms")
            yield Measured(f"{name}: server time, p95", percentile(took, 0.95), "ms", _SERVER_MS)
            loads = [_loaded(context, _at(visited, addresses[0])) for _ in range(ROUNDS)]
            first, later, paint = loads[0].first, loads[0].later, sorted(load.paint for load in loads)
            yield Measured(f"{name}: first load, compressed", first / 1000, "kB", _FIRST_KILOBYTES)
            yield Measured(f"{name}: later loads, compressed", later / 1000, "kB", _LATER_KILOBYTES)
            yield Measured(f"{name}: largest contentful paint, median", percentile(paint, 0.5), "ms", _PAINT_MS)
        yield from _dragged(context, _at(visited, visited.board))


def _at(visited: Visited, address: str) -> str:
    return f"http://127.0.0.1:{visited.port}{address}"


def _server_times(visited: Visited, addresses: Sequence[str]) -> Iterator[float]:
    """Milliseconds until each answer was read, one request after the other. Raises ValueError where it is not 200."""
    connection = HTTPConnection("127.0.0.1", visited.port)
    headers = {"Cookie": visited.cookie, "Accept-Encoding": "gzip"}
    for turn in range(1 + _ASKED):
        for address in addresses:
            began = time.perf_counter()
            connection.request("GET", address, headers=headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise ValueError(f"The server answers {address} with {answer.status}.")
            if turn:
                yield (time.perf_counter() - began) * 1000
    connection.close()


@dataclass(frozen=True, slots=True)
class _Load:
    """A page that was loaded without a cache and once more with it: bytes on the wire, heads included; milliseconds."""

    first: int
    later: int
    paint: float


def _loaded(context: "BrowserContext", address: str) -> _Load:
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.clearBrowserCache")
    traffic = _Traffic(wire)
    page.goto(address)
    first, paint = traffic.settled(page), float(page.evaluate(_PAINT))
    page.goto("about:blank")
    page.goto(address)
    later = traffic.settled(page)
    page.close()
    return _Load(first, later, paint)


class _Traffic:
    """What a page fetches, also what its scripts fetch; a stream that stays open is not waited for."""

    def __init__(self, wire: "CDPSession") -> None:
        self._open: set[str] = set()
        self._bytes, self._latest = 0, 0.0
        wire.on("Network.requestWillBeSent", self._begun)
        wire.on("Network.loadingFinished", self._ended)
        wire.on("Network.loadingFailed", self._ended)

    def settled(self, page: "Page") -> int:
        """The bytes since the last time, once nothing more comes. Raises TimeoutError."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while self._open or time.monotonic() < self._latest + _QUIET_SECONDS:
            page.wait_for_timeout(20)
            if time.monotonic() > until:
                raise TimeoutError(f"{page.url} does not come to rest.")
        taken, self._bytes = self._bytes, 0
        return taken

    def _begun(self, event: dict[str, str]) -> None:
        self._latest = time.monotonic()
        if event.get("type") != "EventSource":
            self._open.add(event["requestId"])

    def _ended(self, event: dict[str, str]) -> None:
        self._latest = time.monotonic()
        if event["requestId"] in self._open:
            self._open.remove(event["requestId"])
            self._bytes += int(event.get("encodedDataLength", 0))


def _dragged(context: "BrowserContext", address: str) -> Iterator[Measured]:
    """A card goes over all columns and back, and is dropped in the next one."""
    page = context.new_page()
    page.goto(address)
    cards = page.locator(".card")
    yield Measured("the board: cards", cards.count(), "cards", at_least=CARDS)
    card = page.locator(".column .card").first
    lead = card.get_attribute("id") or ""
    box, columns = card.bounding_box(), page.locator(".column")
    last = columns.last.bounding_box()
    if not box or not last:
        raise ValueError("The board shows no card that could be dragged.")
    x, y, far = box["x"] + 30, box["y"] + 15, last["x"] + last["width"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y + 20, steps=2)
    page.evaluate(_FRAMES)
    for step in range(_STEPS):
        share = 1 - abs(1 - 2 * step / _STEPS)  # there and back
        page.mouse.move(x + (far - x) * share, y + 40 + 60 * share)
    frames = sorted(page.evaluate("window.frames_seen.splice(0)"))
    yield Measured("the board: a frame while a card is dragged, median", percentile(frames, 0.5), "ms")
    yield Measured("the board: a frame while a card is dragged, p95", percentile(frames, 0.95), "ms", _FRAME_MS)
    target = columns.nth(1)
    target.hover(position={"x": 100, "y": 200})
    target.hover(position={"x": 102, "y": 202})
    page.evaluate("window.frames_seen.length = 0")
    began = time.perf_counter()
    page.mouse.up()
    target.locator(f"[id='{lead}']:not(.sending)").wait_for(timeout=_PATIENCE_SECONDS * 1000)
    yield Measured("the board: from drop to what the server answers", (time.perf_counter() - began) * 1000, "ms")
    frames = sorted(page.evaluate("window.frames_seen"))
    yield Measured("the board: the longest frame meanwhile", frames[-1], "ms")
    page.close()


@contextmanager
def _browser(chromium: Path, visited: Visited) -> "Iterator[BrowserContext]":
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        raise NoBrowser() from None
    if not chromium.exists():
        raise NoBrowser()
    with sync_playwright() as playwright:
        # a container lends neither a sandbox nor much shared memory
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        context = browser.new_context(viewport={"width": 1280, "height": 800}, timezone_id="UTC")
        name, _, value = visited.cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{visited.port}"}])
        yield context
        browser.close()
