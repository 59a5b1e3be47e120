"""The tail of the feed as far as its reader sees: all that is hers, once, and nothing else, also where that changes."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.access import create_api_key
from api.store import Store, append_to_workspace, open_store
from domain.event import MemberId
from domain.lead import LeadAssigned
from domain.workspace import (
    WorkspaceMemberInvited,
    WorkspaceMemberJoinedTeam,
    WorkspaceMemberLeftTeam,
    WorkspaceMemberRoleGranted,
)
from eventstore.database import Connection, connect
from projections.read_models import read_models
from replay.follow import advance, catch_up
from tests.api.serving import Reader, Serving, serving
from tests.facts import captured
from tests.projections.records import tell

ANN, CID = (MemberId(uuid4()) for _ in range(2))
SCOPES = ("events:read", "personal:read")


@pytest.fixture
def house(store: Store) -> Iterator[Store]:
    """With a follower, who says whose each record is, and two members in two teams."""
    with open_store(store.settings, follow=True) as followed, followed.pool.connection() as connection:
        for member_id, team in ((ANN, "north"), (CID, "south")):
            joins(connection, member_id, team)
        yield followed


def joins(connection: Connection, member_id: MemberId, team: str) -> None:
    """A team gets a new member."""
    append_to_workspace(connection, None, WorkspaceMemberInvited(member_id=member_id, name="M"))
    append_to_workspace(connection, None, WorkspaceMemberRoleGranted(member_id=member_id, role="manager"))
    append_to_workspace(connection, None, WorkspaceMemberJoinedTeam(member_id=member_id, team=team))


@pytest.fixture
def served(house: Store) -> Iterator[Serving]:
    with serving(house) as running:
        yield running


def deals(store: Store, count: int) -> dict[MemberId, list[int]]:
    """Positions of leads that go to one and the other in turn."""
    found: dict[MemberId, list[int]] = {ANN: [], CID: []}
    with connect(store.conninfo) as connection:
        for number in range(count):
            for member_id, positions in found.items():
                events = (captured(f"Deal {number}"), LeadAssigned(owner_id=member_id))
                positions += tell(connection, uuid4(), *events, noun="lead", stream_id=uuid4())
    return found


def test_each_of_two_members_gets_what_is_hers_in_order_and_nothing_else(house: Store, served: Serving) -> None:
    before = deals(house, 3)
    readers = {
        member_id: Reader(served.port, create_api_key(house, "x", SCOPES, member_id=member_id, records="own"))
        for member_id in (ANN, CID)
    }
    after = deals(house, 20)
    for member_id, reader in readers.items():
        wanted = before[member_id] + after[member_id]
        assert [sent.position for sent in reader.take(len(wanted))] == wanted
        reader.cut()


def test_who_comes_back_goes_on_where_she_was(house: Store, served: Serving) -> None:
    key = create_api_key(house, "x", SCOPES, member_id=ANN, records="own")
    first = Reader(served.port, key)
    known = deals(house, 3)
    assert [sent.position for sent in first.take(4)] == known[ANN][:4]
    first.cut()
    later = deals(house, 2)
    again = Reader(served.port, key, first.last_id)
    wanted = known[ANN][4:] + later[ANN]
    assert [sent.position for sent in again.take(len(wanted))] == wanted
    again.cut()


def test_a_tail_shows_what_its_reader_sees_by_then(house: Store, served: Serving) -> None:
    key = create_api_key(house, "x", SCOPES, member_id=ANN, records="team")
    reader = Reader(served.port, key, types="lead.captured")

    def given_to(team: str) -> int:
        with connect(house.conninfo) as connection:
            events = (captured("Ten seats"), LeadAssigned(team=team))
            position, _ = tell(connection, uuid4(), *events, noun="lead", stream_id=uuid4())
        return position

    north = given_to("north")
    assert reader.take(1)[0].position == north
    with house.pool.connection() as connection:
        append_to_workspace(connection, None, WorkspaceMemberLeftTeam(member_id=ANN, team="north"))
        append_to_workspace(connection, None, WorkspaceMemberJoinedTeam(member_id=ANN, team="south"))
    given_to("north")
    south = given_to("south")
    assert reader.take(1)[0].position == south, "what went to the team that she has left is passed over"
    reader.cut()


def test_an_append_that_is_half_folded_passes_no_event_by(
    store: Store, client: TestClient, connection: Connection
) -> None:
    """A follower reads up to a number that was drawn in the middle of an append, and a reader comes at that moment."""
    assert store.follower
    store.follower.stop()
    joins(connection, ANN, "north")
    catch_up(connection)
    key = create_api_key(store, "x", SCOPES, member_id=ANN, records="team")
    catch_up(connection)
    events = (captured("Ten seats"), LeadAssigned(team="north"))
    first, last = tell(connection, uuid4(), *events, noun="lead", stream_id=uuid4())

    def page(cursor: str | None) -> dict[str, Any]:  # Any: JSON
        query = {"types": "lead.captured"} | ({"cursor": cursor} if cursor else {})
        found: dict[str, Any] = client.get(
            "/v1/events", params=query, headers={"Authorization": f"Bearer {key}"}
        ).json()
        return found

    for model in read_models().values():
        advance(connection, model, first)
    before = page(None)
    assert before["data"] == []
    assert catch_up(connection) == last
    assert [event["position"] for event in page(before["next_cursor"])["data"]] == [first]
