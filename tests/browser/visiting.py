"""A page in a browser, and what tests do with it again and again."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

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


def needs_chromium() -> None:
    """Skip a test where there is no browser; under CI fail it, so that it cannot vanish unnoticed."""
    if not CHROMIUM.exists():
        reason = f"There is no Chromium at {CHROMIUM}; install it or name one in CRM_CHROMIUM."
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


def add(visit: Visit, title: str) -> None:
    """Add a lead by the board's form."""
    page = visit.page
    page.get_by_role("link", name="Pipeline", exact=True).click()
    if page.locator("details.add:not([open])").count():
        page.get_by_text("Add a lead").click()
    page.get_by_label("Title").fill(title)
    page.get_by_role("textbox", name="Customer", exact=True).fill("Ada Lovelace")
    page.get_by_role("spinbutton", name="Value", exact=True).fill("1200")
    page.get_by_role("button", name="Add", exact=True).click()


def column(page: Page, stage: str) -> Locator:
    """The board's column of a stage."""
    return page.locator("section.column", has=page.get_by_role("heading", name=stage, level=2))


def no_wider_than_the_window(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
