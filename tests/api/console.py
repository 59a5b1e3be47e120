"""The console for tests: a lead to look at, and what a page says."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from uuid import UUID, uuid4

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from api.store import Store, append_to_workspace, load_workspace
from domain.event import MemberId
from domain.lead import LeadLost, LeadValued, LeadWon
from domain.money import Money
from domain.workspace import InviteMember, invite_member
from eventstore import log
from eventstore.database import connect
from replay.follow import catch_up
from tests.facts import captured, given

NASTY = "<script>alert('x')</script>"


def all_noted(browser: TestClient) -> None:
    """Wait until it is noted whom the answers so far have shown."""
    app = browser.app
    assert isinstance(app, FastAPI)
    app.state.noting.flush()


def lead(store: Store, *events: object, title: str = "Ten seats", **fields: object) -> UUID:
    """A lead whose read models are up to date."""
    with connect(store.conninfo) as connection:
        given_events = [captured(title, **fields), *events]
        lead_id, _ = given(connection, *given_events)  # type: ignore[arg-type]  # events of the domain
        catch_up(connection)
    return lead_id


def member(store: Store, name: str) -> MemberId:
    """Somebody who works here."""
    member_id = MemberId(uuid4())
    with connect(store.conninfo) as connection:
        event = invite_member(load_workspace(connection)[0], InviteMember(member_id=member_id, name=name))
        append_to_workspace(connection, None, event)
        catch_up(connection)
    return member_id


def types(store: Store, lead_id: UUID) -> list[str]:
    with store.pool.connection() as connection:
        return [recorded.type for recorded in log.load(connection, lead_id).history]


def said(response: Response) -> str:
    """The text of a page, as a person reads it."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def hidden(response: Response) -> dict[str, str]:
    """What the first form of a page about a lead carries unseen."""
    return dict(re.findall(r'type="hidden" name="(form_key|version)" value="([^"]*)"', response.text))


def column(response: Response, stage: str) -> str:
    """The board's column of a stage."""
    columns = re.findall(r'<section class="column.*?</section>', response.text, re.DOTALL)
    (found,) = (one for one in columns if re.search(rf"<h2[^>]*>{stage} ", one))
    return str(found)


def act(browser: TestClient, lead_id: UUID, name: str, **fields: str) -> Response:
    """Send a form of a lead's page as it stands now."""
    page = browser.get(f"/console/leads/{lead_id}")
    return browser.post(f"/console/leads/{lead_id}/{name}", data=hidden(page) | fields)


def closed(store: Store, *, won: bool, days_ago: int, amount: str = "100", currency: str = "EUR") -> UUID:
    """A lead of that outcome, captured ten days before it."""
    at = datetime.now(UTC) - timedelta(days=days_ago)
    value = LeadValued(value=Money(amount=Decimal(amount), currency=currency))
    with connect(store.conninfo) as connection:
        outcome = LeadWon(value=value.value) if won else LeadLost(reason="price")
        lead_id, _ = given(connection, captured(source="web"), value, outcome, at=[at - timedelta(days=10), at, at])
        catch_up(connection)
    return lead_id
