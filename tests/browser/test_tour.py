"""The tour that the guide leads through, with the same clicks: what is bold there is clicked, chosen or filled in here,
what is slanted is seen, and each step has both."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from api.imports.worker import import_jobs
from api.sessions import create_sign_in_link
from tests.browser.pages import Company
from tests.browser.visiting import PATIENCE, column

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guides" / "tour.md"
LONG = 60_000
"""Milliseconds, for what goes on in the background."""


def steps() -> Mapping[str, str]:
    """The guide's steps: their titles and texts, in one line each."""
    parts = re.split(r"^## \d+\. (.+)$", GUIDE.read_text(), flags=re.MULTILINE)[1:]
    return {title: " ".join(text.split()) for title, text in zip(parts[::2], parts[1::2], strict=True)}


def bold(text: str) -> set[str]:
    return set(re.findall(r"\*\*(.+?)\*\*", text))


def slanted(text: str) -> set[str]:
    return set(re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", text))


@dataclass
class Walk:
    """Who follows the guide: on which page, and what of the step's words she has come by."""

    page: Page
    link: str
    used: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    def told(self, label: str) -> str:
        """A label of the step."""
        self.used.add(label)
        return label

    def click(self, label: str, role: str = "link", within: Page | Locator | None = None) -> None:
        place = within or self.page
        name = self.told(label)
        found = (
            place.locator("summary", has_text=name)
            if role == "summary"
            else place.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]  # one of many words
        )
        found.first.click()

    def field(self, label: str) -> Locator:
        # what can be chosen counts as a part of its label
        return self.page.get_by_label(re.compile(rf"^\s*{re.escape(self.told(label))}\s*(\n|$)")).filter(visible=True)

    def sees(self, words: str, place: Locator | None = None, patience: int = PATIENCE) -> None:
        self.seen.add(words)
        found = place or self.page.get_by_text(words)
        expect(found.filter(visible=True).first).to_contain_text(words, timeout=patience)


def come_in(walk: Walk) -> None:
    walk.page.goto(walk.link)
    walk.sees("Today", walk.page.get_by_role("heading", level=1))
    for words in ("Follow-ups", "Figures"):
        walk.sees(words, walk.page.get_by_role("heading", level=2, name=words))
    expect(walk.page.locator(".tiles .value")).to_have_count(6)


def look_for_a_customer(walk: Walk) -> None:
    walk.click("Customers")
    everybody = walk.page.locator("tr[data-row]").count()
    walk.seen.add("active")
    walk.field("Status").select_option("active")
    expect(walk.page.locator("tr[data-row]")).not_to_have_count(everybody)
    walk.page.locator("tr[data-row] th a").first.click()
    for words in ("Standing", "Contact", "Open leads", "Timeline"):
        walk.sees(words, walk.page.get_by_role("heading", level=2, name=words))


def go_back_in_time(walk: Walk) -> None:
    slider = walk.field("Day")
    slider.focus()
    walk.page.keyboard.press("PageDown")
    walk.sees("This is what we knew at")
    walk.seen.add("what had happened by then")
    walk.field("Shows").select_option("what had happened by then")
    walk.page.keyboard.press("PageDown")
    slider.focus()
    walk.page.keyboard.press("PageDown")
    walk.sees("This is what had happened by")
    play = walk.page.get_by_role("button", name=walk.told("Play the history"))
    before = slider.input_value()
    play.click()
    expect(slider).not_to_have_value(before)
    play.click()
    walk.click("Back to now")
    expect(walk.page.get_by_text("Nothing can be done in the past.")).to_have_count(0)


def ask_what_an_event_changed(walk: Walk) -> None:
    timeline = walk.page.get_by_role("region", name="Timeline")
    walk.click("before and after", within=timeline)
    for words in ("Field", "Before", "After"):
        walk.sees(words, timeline.get_by_role("columnheader", name=words))
    walk.sees("The event as the log has it", timeline.locator("summary", has_text="The event as the log has it"))


def card(walk: Walk, stage: str) -> Locator:
    return column(walk.page, stage).get_by_role("listitem").filter(has_text="Ten seats")


def drag(walk: Walk, what: Locator, where: str) -> None:
    what.get_by_role("heading").hover()
    walk.page.mouse.down()
    walk.page.mouse.move(640, 500, steps=3)
    place = walk.page.locator(where)
    expect(place).to_be_visible()
    place.hover()
    place.hover()
    walk.page.mouse.up()


def add_a_lead(walk: Walk) -> None:
    walk.click("Pipeline")
    walk.click("Add a lead", "summary")
    walk.field("Title").fill("Ten seats")
    walk.field("Customer").fill("Brook & Sons")
    walk.page.get_by_role("spinbutton", name=walk.told("Value"), exact=True).fill("1200")
    walk.click("Add", "button")
    walk.sees("new", walk.page.get_by_role("heading", name="new", level=2))
    expect(card(walk, "new")).to_be_visible()


def move_it_and_win_it(walk: Walk) -> None:
    walk.seen |= {"proposal", "Won"}
    expect(card(walk, "new").locator("summary", has_text=walk.told("⋯"))).to_be_visible()
    drag(walk, card(walk, "new"), 'section.column:has([data-stage="proposal"])')
    expect(card(walk, "proposal")).not_to_have_class("card sending")
    drag(walk, card(walk, "proposal"), '[data-zone="win"]')
    walk.click("Win it", "button")
    closed = walk.page.get_by_role("region", name="Recently closed")
    walk.sees("Recently closed", closed)
    expect(closed.get_by_role("listitem").first).to_contain_text("Ten seats")


def see_the_board_as_it_stood(walk: Walk) -> None:
    sums = walk.page.locator(".sums")
    walk.field("The board as it stood").focus()
    walk.page.keyboard.press("PageDown")
    walk.sees("As it stood on", sums)
    expect(walk.page.locator(".card[draggable]")).to_have_count(0)
    walk.page.keyboard.press("End")
    expect(sums).not_to_contain_text("As it stood on")
    expect(walk.page.locator(".card[draggable]").first).to_be_visible()


def ask_for_a_figure(walk: Walk) -> None:
    walk.click("Figures")
    walk.sees("beside", walk.page.locator("main .head"))
    walk.click("Win rate")
    walk.seen.add("owner")
    walk.field("By").select_option("owner")
    end = walk.page.get_by_label("To, not included").input_value()
    walk.field("As it stood at (UTC)").fill(f"{end}T00:00")
    walk.page.locator("form.ask").get_by_role("button", name=walk.told("Show"), exact=True).click()
    walk.sees("By owner", walk.page.get_by_role("heading", name="By owner"))
    for words in ("Formula", "Edge cases"):
        walk.sees(words, walk.page.locator("dt", has_text=words))
    walk.click("The events behind it")
    expect(walk.page.get_by_role("heading", level=1)).to_contain_text("The events behind it")


def help_somebody(walk: Walk) -> None:
    walk.click("Tickets")
    walk.click("New ticket", "summary")
    walk.field("Subject").fill("The pump leaks")
    walk.field("Customer").fill("Ada Lovelace")
    walk.field("What it is about").fill("Since Monday.")
    walk.click("Open it", "button")
    walk.field("Write").fill("A new seal is on its way.")
    walk.click("Record it", "button")
    talk = walk.page.get_by_role("region", name="Conversation")
    walk.sees("Conversation", talk)
    expect(talk).to_contain_text("on its way")
    walk.click("Solve", "summary")
    walk.field("Resolution").fill("A new seal")
    walk.click("Solve it", "button")
    walk.sees("solved", walk.page.get_by_role("heading", level=1))


def do_what_is_due(walk: Walk) -> None:
    walk.click("Agenda")
    overdue = walk.page.locator("section.part.late")
    walk.sees("Overdue", overdue)
    first = overdue.locator("li[data-row]").first.get_by_role("button", name=re.compile("^Done: "))
    record = first.locator("xpath=ancestor::form").locator("[name=task_id]").get_attribute("value")
    expect(first).to_have_text(walk.told("Done"))
    first.click()
    expect(walk.page.locator(f'[name=task_id][value="{record}"]')).to_have_count(0)


def follow_the_log(walk: Walk) -> None:
    walk.click("Log")
    walk.sees("Follow-up done", walk.page.locator("li[data-row]").first)
    walk.click("Follow live")
    expect(walk.page.get_by_role("link", name="Live: on")).to_be_visible()


def replay(walk: Walk) -> None:
    walk.click("Log")
    walk.click("Read models and seals")
    walk.click("Replay all …")
    walk.click("Start", "button")
    walk.sees("Replays under way")
    expect(walk.page.get_by_role("heading", name="Replays under way")).to_have_count(0, timeout=LONG)
    walk.click("Compare all with the log", "button")
    walk.sees("the same", walk.page.locator("table.models td", has_text="the same"), LONG)
    walk.click("Check the log", "button")
    walk.sees("all are as they were recorded", patience=LONG)


def bring_data_in(walk: Walk) -> None:
    walk.click("Import")
    walk.page.get_by_label(walk.told("File")).set_input_files(ROOT / "docs" / "examples" / "leads.csv")
    walk.seen.add("leads")
    walk.field("What its rows are").select_option("leads")
    walk.click("Upload and look", "button")
    walk.sees("The first rows, as they would be read")
    walk.click("The mapping as a text", "summary")
    walk.page.locator("#text").fill((ROOT / "docs" / "examples" / "leads.toml").read_text())
    walk.click("Take over and look again", "button")
    expect(walk.page.locator("#column-external_id")).to_have_value("number")
    walk.click("Try it, recording nothing", "button")
    now = walk.page.get_by_role("button", name=walk.told("Import it now"))
    expect(now).to_be_visible(timeout=LONG)
    walk.seen.add("refused")
    expect(walk.page.get_by_role("heading", name="Refused rows")).to_be_visible()
    now.click()
    walk.sees("done", walk.page.get_by_role("heading", level=1), LONG)
    walk.click("Take it back …", "button")
    walk.click("Take it back now", "button")
    walk.sees("taken back", walk.page.get_by_role("heading", level=1))


def change_a_setting(walk: Walk) -> None:
    walk.click("Settings")
    walk.click("API keys")
    walk.click("Issue a key", "summary")
    walk.field("What it is for").fill("The web shop")
    walk.page.get_by_role("checkbox", name=re.compile(f"^{walk.told('leads:read')}: ")).check()
    walk.click("Issue", "button")
    walk.sees("Copy it now")
    walk.sees("Who changed it", walk.page.get_by_role("heading", name="Who changed it"))


WALKED: Mapping[str, Callable[[Walk], None]] = {
    "Come in": come_in,
    "Look for a customer": look_for_a_customer,
    "Go back in time": go_back_in_time,
    "Ask what an event changed": ask_what_an_event_changed,
    "Add a lead": add_a_lead,
    "Move it and win it": move_it_and_win_it,
    "See the board as it stood": see_the_board_as_it_stood,
    "Ask for a figure": ask_for_a_figure,
    "Help somebody": help_somebody,
    "Do what is due": do_what_is_due,
    "Follow the log": follow_the_log,
    "Replay": replay,
    "Bring data in": bring_data_in,
    "Change a setting": change_a_setting,
}


def test_every_step_of_the_guide_is_walked_in_its_order() -> None:
    assert list(steps()) == list(WALKED)
    numbers = re.findall(r"^## (\d+)\. ", GUIDE.read_text(), re.MULTILINE)
    assert numbers == [str(number) for number in range(1, len(WALKED) + 1)]


@pytest.fixture
def walk(chromium: Browser, company: Company, company_base: str) -> Iterator[Walk]:
    """A window on a desk, and a link that was printed."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE)
    yield Walk(context.new_page(), f"{company_base}{create_sign_in_link(company.store)}")
    context.close()


@pytest.mark.full
def test_the_tour_goes_as_the_guide_says(walk: Walk, company: Company, company_base: str) -> None:
    hosts: set[str] = set()
    complaints: list[str] = []
    walk.page.on("request", lambda asked: hosts.add(urlsplit(asked.url).netloc))
    walk.page.on("pageerror", lambda error: complaints.append(str(error)))
    walk.page.on("console", lambda message: complaints.append(message.text))
    with import_jobs(company.store):
        for title, text in steps().items():
            walk.used, walk.seen = set(), set()
            WALKED[title](walk)
            assert (title, walk.used, walk.seen) == (title, bold(text), slanted(text))
    assert hosts == {urlsplit(company_base).netloc}
    assert complaints == []
