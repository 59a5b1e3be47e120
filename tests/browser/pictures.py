"""The pictures of the documentation: pages of the console, light and dark, on a desk and on a phone.

`python -m tests.browser.pictures` makes them anew in docs/pictures, with the page that shows them all. They are of a
demo company that is the same on every machine, at a moment that is always the same, so that only what has changed in
the console changes a picture; fonts are the machine's.
"""

import io
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from api.demo.load import load_demo
from api.sessions import create_sign_in_link
from api.settings import Settings
from api.store import Store, open_store
from eventstore import log, server
from eventstore.database import connect
from tests.browser.conftest import served
from tests.browser.pages import PLACES, Ids, Place, furnished, ids_of
from tests.browser.visiting import CHROMIUM, PATIENCE
from tests.conftest import settings_for

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
GALLERY = FOLDER / "README.md"

_NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
"""When the pictures are taken, whenever that is."""
_CUSTOMERS = 150
_COLOURS = 32
"""A page has few, and what lies between them is the edges of letters."""


@dataclass(frozen=True, slots=True)
class View:
    """How a page is looked at."""

    name: str
    scheme: Literal["light", "dark"]
    width: int
    height: int


VIEWS = (
    View("", "light", 1280, 800),
    View("-dark", "dark", 1280, 800),
    View("-phone", "light", 390, 844),
    View("-phone-dark", "dark", 390, 844),
)

_ALSO = ("customer-then", "pipeline-then", "figure-cohort_retention", "settings-members")
"""What the first page of a route does not show: the past, another shape, another kind of settings."""


def pictured() -> Sequence[Place]:
    """The pages that there are pictures of: the first of each route in the list of all pages, and some more."""
    first: dict[str, Place] = {}
    for place in PLACES:
        first.setdefault(place.route, place)
    return [place for place in PLACES if place in first.values() or place.name in _ALSO]


def file_of(place: Place, view: View) -> str:
    """What the picture is called."""
    return f"{place.name}{view.name}.webp"


def gallery() -> str:
    """The page that shows all of them."""
    said = (
        "# Every page of the console\n\n"
        "On a desk and on a phone, light and dark, of the [demo company](../guides/demo.md) on 2 November 2026. The\n"
        "[tour](../guides/tour.md) says what to do there. `python -m tests.browser.pictures`, with the environment of\n"
        "`./crm test`, makes the pictures and this page anew; with names, such as `home log`, only those.\n"
    )
    for place in pictured():
        name = place.name.replace("-", " ").replace("_", " ")
        light, dark, *phones = (f"![{name}{view.name.replace('-', ', ')}]({file_of(place, view)})" for view in VIEWS)
        said += f"\n## {name.capitalize()}\n\n{light}\n{dark}\n{' '.join(phones)}\n"
    return said


def make(names: Sequence[str] = ()) -> None:
    """Make those of the pages with these names, or all; then what is in the folder besides them goes."""
    chosen = [place for place in pictured() if not names or place.name in names]
    FOLDER.mkdir(exist_ok=True)
    with _company() as store, served(store) as base, _browser() as browser:
        with store.pool.connection() as connection:
            ids: Ids = ids_of(connection)
        _make(browser, store, base, [place for place in chosen if not _is_of_imports(place)], ids)
        # last, because what is taken in is recorded when that is done
        ids = {**ids, **furnished(store, _CUSTOMERS, _NOW).ids}
        _make(browser, store, base, [place for place in chosen if _is_of_imports(place)], ids)
    used = {file_of(place, view) for place in pictured() for view in VIEWS}
    for file in FOLDER.iterdir():
        if file.name not in used and file != GALLERY:
            file.unlink()
    GALLERY.write_text(gallery())


def _is_of_imports(place: Place) -> bool:
    return place.route.startswith("/console/imports")


def _make(browser: Browser, store: Store, base: str, places: Sequence[Place], ids: Ids) -> None:
    for view in VIEWS:
        context = browser.new_context(
            base_url=base,
            viewport={"width": view.width, "height": view.height},
            color_scheme=view.scheme,
            locale="en-GB",
            timezone_id="UTC",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(create_sign_in_link(store))
        for place in places:
            page.goto(place.address(ids))
            with suppress(TimeoutError):
                page.wait_for_load_state("networkidle")
            (FOLDER / file_of(place, view)).write_bytes(_small(page.screenshot(animations="disabled")))
        context.close()


def _small(png: bytes) -> bytes:
    """The same picture in few colours, which loses nothing that is looked at."""
    written = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        few = picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
        few.convert("RGB").save(written, "WEBP", lossless=True, quality=100, method=4)
    return written.getvalue()


@contextmanager
def _company() -> Iterator[Store]:
    """The company, on a server of its own, at the moment of the pictures."""
    with tempfile.TemporaryDirectory(prefix="everfold-pictures-") as folder:
        data = Path(folder)
        data.chmod(0o755)  # root lends the server an account of its own, which must get in
        with (
            server.running(data, settings={"fsync": "off", "full_page_writes": "off"}) as conninfo,
            open_store(_settings(conninfo, data / "installation"), publish=False, follow=True) as store,
            standing_still(_NOW),
        ):
            load_demo(store, customers=_CUSTOMERS, until=_NOW)
            with connect(conninfo) as connection:
                connection.execute("UPDATE replay.checkpoint SET rebuilt_at = %s, verified_at = NULL", [_NOW])
            yield store


def _settings(conninfo: str, data: Path) -> Settings:
    return settings_for(conninfo, data).model_copy(update={"log_requests": False})


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@contextmanager
def standing_still(moment: datetime) -> Iterator[None]:
    """What the console and imports take for now is this moment; sessions and the database keep their own time."""

    class AnyDatetime(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, datetime)

    class Still(datetime, metaclass=AnyDatetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:  # Any: of this class in a class that others take for datetime
            return moment.astimezone(tz)

    told = [
        module
        for name, module in list(sys.modules.items())
        if name.startswith(("api.console.", "api.imports.")) and getattr(module, "datetime", None) is datetime
    ]
    kept = log.now
    for module in told:
        module.datetime = Still  # type: ignore[attr-defined]  # looked for above
    try:
        with patch.object(log, "now", lambda _: moment):
            yield
    finally:
        assert log.now is kept
        for module in told:
            module.datetime = datetime  # type: ignore[attr-defined]


if __name__ == "__main__":
    make(sys.argv[1:])
