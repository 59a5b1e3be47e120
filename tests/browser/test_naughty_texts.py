"""Markup in every text that a record can have is shown as text on every page, and never taken for more."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Dialog, Page
from pydantic import ValidationError

from api.console.settings.parts import SECTIONS
from api.sessions import create_sign_in_link
from api.store import Store
from domain.catalogue import EVENT_TYPES
from domain.customer import CustomerRegistered
from domain.event import Event
from domain.ticket import TicketOpened
from domain.workspace import WORKSPACE_ID
from eventstore import codec
from replay.follow import catch_up
from tests.browser.visiting import PATIENCE
from tests.facts import captured
from tests.projections.records import tell
from tests.stored_events import coming, rows

pytestmark = pytest.mark.full

NOUNS = ("customer", "lead", "ticket", "campaign", "workspace")
TAKES_AWAY = ("customer.forgotten", "customer.person_forgotten")
"""What was said is erased by them."""
PUT_ELSEWHERE = ("merged_into", "merge_reverted", "absorbed", "reattributed", "converted", "undone")
"""Whatever they are recorded of is shown at another record."""

OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.removeAttribute('name'); one.open = true; })"
MADE = "document.querySelectorAll('img, body script, iframe').length"


def naughty(mark: str) -> str:
    """Markup of every sort, short enough for the shortest of fields, and a word by which it is found again."""
    return f"""'"></title></textarea><script>document.title='taken'</script><img src=x onerror=alert(1)>{mark}"""


class Planter:
    """Puts such texts into events, and knows which."""

    def __init__(self) -> None:
        self.marks: dict[str, str] = {}

    def planted(self, type_: str, state: dict[str, Any]) -> Event:  # Any: JSON
        """The event with markup wherever it takes a text of any words."""
        for path in list(_texts(state)):
            before, mark = _at(state, path), f"x{len(self.marks)}x"
            _put(state, path, naughty(mark))
            try:
                EVENT_TYPES[type_].model_validate(state)
            except ValidationError:
                _put(state, path, before)
            else:
                self.marks[mark] = f"{type_} {path}"
        return EVENT_TYPES[type_].model_validate(state)


def _texts(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(inner, (*path, name))


def _at(value: Any, path: tuple[str | int, ...]) -> Any:  # Any: JSON
    for name in path:
        value = value[name]
    return value


def _put(value: Any, path: tuple[str | int, ...], new: str) -> None:  # Any: JSON
    _at(value, path[:-1])[path[-1]] = new


def examples() -> Iterator[tuple[str, dict[str, Any]]]:  # Any: JSON
    """Type and fields of an event of each type, all of its fields filled."""
    for row in rows(coming()):
        noun, _, verb = row.type.partition(".")
        is_full = row.case == "all fields" and EVENT_TYPES[row.type].schema_version == row.schema_version
        if is_full and noun in NOUNS and row.type not in TAKES_AWAY and verb not in PUT_ELSEWHERE:
            yield row.type, codec.state(row.type, row.data, row.personal, had_personal=True)


def filled(store: Store, planter: Planter) -> list[str]:
    """A record for each type of event, which such texts were put into; returns the addresses of their pages."""
    addresses = []
    name = CustomerRegistered(kind="person", name=naughty("whose"))
    begun = {"lead": captured(naughty("title")), "ticket": TicketOpened(subject=naughty("title"))}
    with store.pool.connection() as connection:
        for type_, state in examples():
            noun, event, customer_id, record_id = (
                type_.partition(".")[0],
                planter.planted(type_, state),
                uuid4(),
                uuid4(),
            )
            if noun == "workspace":
                tell(connection, WORKSPACE_ID, event, noun=noun)
            elif noun == "campaign":
                tell(connection, WORKSPACE_ID, event, noun=noun, stream_id=record_id)
            elif noun == "customer":
                tell(connection, customer_id, *([] if type_ == "customer.registered" else [name]), event)
                addresses.append(f"/console/customers/{customer_id}")
            else:
                first = [] if type_ in ("lead.captured", "ticket.opened") else [begun[noun]]
                tell(connection, customer_id, name)
                tell(connection, customer_id, *first, event, noun=noun, stream_id=record_id)
                addresses += [f"/console/{noun}s/{record_id}", f"/console/customers/{customer_id}"]
    with store.following() as connection:
        catch_up(connection)
    return addresses


LISTS = (
    "/console", "/console?who=everybody", "/console/figures", "/console/customers", "/console/pipeline",
    "/console/tickets", "/console/tickets?status=closed", "/console/agenda?who=everybody", "/console/kpis",
    "/console/kpis/win_rate", "/console/kpis/conversion_by_source", "/console/kpis/customer_health",
    "/console/kpis/win_rate/events", "/console/log/read-models", "/console/imports",
    *(f"/console/settings/{section}" for section in SECTIONS),
    *(f"/console/{page}={quote(naughty('asked'))}" for page in (
        "search?q", "customers?q", "customers?tag", "customers?status", "customers?owner", "customers?sort",
        "pipeline?owner", "pipeline?source", "pipeline?as_of",
        "tickets?assignee", "tickets?status", "tickets?team", "agenda?who", "kpis?every", "kpis?area",
        "kpis/win_rate?as_of", "kpis/win_rate?where",
        "kpis/win_rate?group_by", "log?type", "log?customer", "log?actor", "log/read-models?plan",
    )),
    f"/console/settings/{quote(naughty('asked'), safe='')}", f"/console/kpis/{quote(naughty('asked'), safe='')}",
)  # fmt: skip


@pytest.fixture
def page(chromium: Browser, base: str, store: Store) -> Iterator[Page]:
    """Somebody who may do everything."""
    context = chromium.new_context(base_url=base)
    context.set_default_timeout(PATIENCE)
    found = context.new_page()
    found.goto(create_sign_in_link(store))
    yield found
    context.close()


@dataclass
class Heard:
    """What a window complained of or opened, while it should have done neither."""

    page: Page
    found: list[str] = field(default_factory=list)

    def of(self, dialog: Dialog) -> None:
        self.found.append(f"{self.page.url}: a dialog says {dialog.message}")
        dialog.dismiss()

    def told(self, text: object) -> None:
        if "Failed to load resource" not in str(text) or naughty("asked") not in unquote(self.page.url):
            self.found.append(f"{self.page.url}: {text}")


def test_markup_is_shown_as_text_wherever_it_was_written(page: Page, store: Store) -> None:
    planter, heard, said = Planter(), Heard(page), set[str]()
    waiting = deque([*LISTS, *filled(store, planter), "/console/log"])
    assert len(planter.marks) > 150
    page.on("dialog", heard.of)
    page.on("pageerror", heard.told)
    page.on("console", lambda message: heard.told(message.text))
    while waiting:
        address = waiting.popleft()
        answer = page.goto(address)
        is_asked = naughty("asked") in unquote(address)
        assert answer is not None and answer.status < (500 if is_asked else 400), address
        page.evaluate(OPEN_ALL)
        assert page.evaluate(MADE) == 0, address
        assert page.title() != "taken", address
        said |= set(re.findall(r"onerror=alert\(1\)>(x\d+x)", page.locator("body").inner_text()))
        older = page.get_by_role("link", name="Older")
        if address.startswith("/console/log") and not is_asked and older.count():
            waiting.append(str(older.first.get_attribute("href")))
    assert heard.found == []
    assert {mark: where for mark, where in planter.marks.items() if mark not in said} == {}
