"""Forgetting over the API takes two persons: one asks, another approves, and then nothing personal is left."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from api import forget as module
from api.forget import erasure_list, forget
from api.imports.error_files import uploads
from api.store import Store
from domain.event import CustomerId
from eventstore import log
from eventstore.database import Connection, connect
from eventstore.erasure import disk, erasures, forgetting
from eventstore.erasure.disk import Step
from projections.read_models import read_models
from replay.verification import verify
from tests.api.permitted import ANN, House, opened
from tests.projections.records import merged

BECAUSE = {"legal_basis": "objection", "reason": "Letter of 3 May"}


@pytest.fixture
def house(store: Store) -> Iterator[House]:
    with opened(store) as house:
        yield house


@pytest.fixture
def whom(house: House) -> UUID:
    return house.records["own"].customer


@pytest.fixture
def ann(house: House) -> dict[str, str]:
    return house.key(member_id=ANN)


@pytest.fixture
def admin(house: House) -> dict[str, str]:
    return house.key_of("admin")


def send(house: House, customer_id: UUID, act: str, who: dict[str, str], **body: Any) -> Any:
    return house.client.post(f"/v1/customers/{customer_id}/{act}", headers=who, json=body)


def ask(house: House, customer_id: UUID, who: dict[str, str], **body: Any) -> Any:
    answer = send(house, customer_id, "request-forgetting", who, **{**BECAUSE, **body})
    assert answer.status_code == 200, answer.text
    return answer


def approve(house: House, customer_id: UUID, who: dict[str, str], **body: Any) -> Any:
    return send(house, customer_id, "approve-forgetting", who, **body)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def last(connection: Connection, customer_id: UUID) -> log.Recorded:
    return log.load(connection, customer_id).history[-1]


def held_of(connection: Connection, word: str) -> int:
    """In how many personal rows the word stands."""
    row = connection.execute(
        "SELECT count(*) AS held FROM log.personal_data WHERE data::text LIKE %s", [f"%{word}%"]
    ).fetchone()
    assert row
    return int(row["held"])


# Two persons


def test_another_member_approves_and_nothing_personal_is_left(
    house: House, whom: UUID, ann: dict[str, str], admin: dict[str, str], connection: Connection
) -> None:
    one = house.records["own"]
    told = ask(house, whom, ann, reason=f"Letter of {one.canary}").json()
    assert told["name"] == one.canary, "nothing is forgotten yet"
    assert held_of(connection, one.canary) > 5
    answer = approve(house, whom, admin, reason="Letter is in file 7")
    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert done["customer_ids"] == [str(whom)]
    assert "write log.personal_data anew" in done["steps"] and "turn the write-ahead log over" in done["steps"]
    assert done["left"] == []
    assert answer.headers["ETag"] == f'"{done["version"]}"'
    event = last(connection, whom)
    assert (event.type, event.position, event.version) == ("customer.forgotten", done["position"], done["version"])
    assert event.actor == {"kind": "api_key", "id": _id(house, admin)}
    assert event.metadata["channel"] == "api" and event.metadata["request_id"] == answer.headers["X-Request-Id"]
    assert event.event.model_dump(exclude_none=True) == {"legal_basis": "objection", "reason": "Letter is in file 7"}
    assert erasures.listed(erasure_list(house.store.settings.data)) == [erasures.Erasure(whom)]
    assert held_of(connection, one.canary) == 0
    assert forgetting.open_requests(connection) == []
    assert [verify(connection, model).differing for model in read_models().values()] == [0] * len(read_models())
    for path in (f"customers/{whom}", f"customers/{whom}/history", f"leads/{one.lead}", f"tickets/{one.ticket}"):
        read = house.client.get(f"/v1/{path}", headers=admin)
        assert read.status_code == 200
        assert one.canary not in read.text, path
    assert one.canary not in house.client.get("/v1/events?limit=1000", headers=admin).text
    assert code(send(house, whom, "tag", admin, tag="vip")) == (409, "customer_already_forgotten")


def _id(house: House, who: dict[str, str]) -> str:
    """Of the key."""
    return str(UUID(who["Authorization"].removeprefix("Bearer everfold_").partition("_")[0]))


def test_who_asked_may_not_approve_nor_by_another_key_of_hers(
    house: House, whom: UUID, ann: dict[str, str], connection: Connection
) -> None:
    ask(house, whom, ann)
    version = last(connection, whom).version
    for who in (ann, house.key(member_id=ANN), house.key(member_id=ANN, records="all")):
        assert code(approve(house, whom, who)) == (409, "self_approval")
    assert last(connection, whom).version == version
    assert not erasure_list(house.store.settings.data).exists()


def test_who_signed_in_may_not_approve_what_her_key_asked_for(
    house: House, whom: UUID, ann: dict[str, str], connection: Connection
) -> None:
    ask(house, whom, ann)
    form = {"form_key": "a" * 16}
    answer = house.client.post(
        f"/console/customers/{whom}/approve-forgetting", headers=house.session_of(ANN), data=form
    )
    assert answer.status_code == 409
    assert "takes two persons" in answer.text
    assert last(connection, whom).type == "customer.forgetting_requested"


def test_a_key_that_one_issued_is_no_second_person(house: House, whom: UUID, ann: dict[str, str]) -> None:
    def issued(**more: Any) -> dict[str, str]:
        body = {"label": "second", "scopes": ["customers:write", "forget:write", "forget:approve"], **more}
        answer = house.client.post("/v1/api-keys", headers=ann, json=body)
        assert answer.status_code == 201, answer.text
        return {"Authorization": f"Bearer {answer.json()['key']}"}

    ask(house, whom, ann)
    for who in (issued(), issued(member_id=str(house.members["admin"]))):
        assert code(approve(house, whom, who)) == (409, "self_approval")
    assert approve(house, whom, house.key()).status_code == 200, "a key that nobody issued here is one of its own"


def test_a_key_of_nobody_asks_and_only_it_may_not_approve(house: House, whom: UUID, admin: dict[str, str]) -> None:
    program = house.key(["customers:write", "forget:write", "forget:approve"])
    ask(house, whom, program)
    assert code(approve(house, whom, program)) == (409, "self_approval")
    assert approve(house, whom, admin).status_code == 200


def test_a_request_is_withdrawn_and_made_again(
    house: House, whom: UUID, ann: dict[str, str], admin: dict[str, str], connection: Connection
) -> None:
    assert code(approve(house, whom, admin)) == (409, "forgetting_not_requested")
    ask(house, whom, ann)
    assert code(send(house, whom, "request-forgetting", admin)) == (409, "forgetting_already_requested")
    assert [one.customer_id for one in forgetting.open_requests(connection)] == [whom]
    assert forgetting.open_requests(connection, [uuid4()]) == []
    withdrawn = send(house, whom, "withdraw-forgetting-request", admin, reason="Mistaken for another")
    assert withdrawn.status_code == 200
    assert forgetting.open_requests(connection, [whom]) == []
    assert code(approve(house, whom, admin)) == (409, "forgetting_not_requested")
    ask(house, whom, admin)
    assert code(approve(house, whom, admin)) == (409, "self_approval"), "the last request counts, not the first"
    assert approve(house, whom, ann).status_code == 200


def test_the_erasure_is_not_undone_nor_is_the_request(
    house: House, whom: UUID, ann: dict[str, str], connection: Connection
) -> None:
    ask(house, whom, ann)
    command_id = last(connection, whom).command_id
    undone = house.client.post("/v1/undo", headers=ann, json={"id": str(command_id)})
    assert undone.json()["events"] == 0, undone.text
    assert "Withdraw it" in undone.text
    assert len(forgetting.open_requests(connection)) == 1


# Who may


@pytest.mark.parametrize(
    ("role", "act", "may"),
    [
        ("manager", "request-forgetting", True),
        ("manager", "withdraw-forgetting-request", True),
        ("manager", "approve-forgetting", False),
        ("agent", "request-forgetting", False),
        ("integration", "request-forgetting", False),
        ("admin", "approve-forgetting", True),
    ],
)
def test_managers_ask_and_admins_approve(house: House, whom: UUID, role: Any, act: str, may: bool) -> None:
    answer = send(house, whom, act, house.key_of(role))
    assert (answer.status_code != 403) == may, answer.text
    assert answer.status_code in ((200, 409) if may else (403,))


# Contact persons


def test_one_contact_person_is_forgotten_and_the_customer_stays(
    house: House, whom: UUID, ann: dict[str, str], admin: dict[str, str], connection: Connection
) -> None:
    made = send(house, whom, "add-contact-person", ann, name="Wilhelmina Zwaardvis").json()
    person_id = made["created_id"]
    assert code(send(house, whom, "request-forgetting", ann, person_id=str(uuid4()))) == (404, "not_found")
    ask(house, whom, ann, person_id=person_id, reason="Zwaardvis wrote")
    assert code(approve(house, whom, admin)) == (409, "forgetting_not_requested")
    answer = approve(house, whom, admin, person_id=person_id)
    assert answer.status_code == 200, answer.text
    assert answer.json()["person_id"] == person_id
    assert last(connection, whom).type == "customer.person_forgotten"
    assert held_of(connection, "Zwaardvis") == 0
    assert held_of(connection, house.records["own"].canary) > 5
    assert code(send(house, whom, "request-forgetting", ann, person_id=person_id)) == (409, "person_already_forgotten")


def test_who_was_removed_can_still_be_forgotten(
    house: House, whom: UUID, ann: dict[str, str], admin: dict[str, str], connection: Connection
) -> None:
    person_id = send(house, whom, "add-contact-person", ann, name="Wilhelmina Zwaardvis").json()["created_id"]
    assert send(house, whom, "remove-contact-person", ann, person_id=person_id).status_code == 200
    ask(house, whom, ann, person_id=person_id)
    assert approve(house, whom, admin, person_id=person_id).status_code == 200
    assert held_of(connection, "Zwaardvis") == 0


# Sent twice, held up, interrupted


def test_sent_again_with_the_same_key_it_is_answered_as_the_first_time_and_does_what_was_left(
    house: House, whom: UUID, ann: dict[str, str], admin: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(house, whom, ann)
    once = {**admin, "Idempotency-Key": "erase her"}
    held_up = Step("write log.personal_data anew", "Somebody reads at length. Forget again later.")
    with monkeypatch.context() as busy:
        busy.setattr(disk, "purge", lambda *_: [held_up])
        first = approve(house, whom, once).json()
    assert first["left"] == [f"{held_up.name}: {held_up.left}"]
    again = approve(house, whom, once)
    assert again.status_code == 200, again.text
    told = again.json()
    assert told["left"] == [] and held_up.name in told["steps"]
    kept = ("version", "position", "customer_ids", "person_id")
    assert [told[name] for name in kept] == [first[name] for name in kept]
    assert code(approve(house, whom, once, reason="Other words")) == (422, "idempotency_key_reused")
    assert code(approve(house, whom, admin)) == (409, "customer_already_forgotten")


def test_what_changed_since_it_was_read_is_not_approved(
    house: House, whom: UUID, ann: dict[str, str], admin: dict[str, str]
) -> None:
    version = ask(house, whom, ann).json()["version"]
    send(house, whom, "withdraw-forgetting-request", ann)
    assert ask(house, whom, ann, legal_basis="unlawful").json()["version"] == version + 2
    assert code(approve(house, whom, {**admin, "If-Match": f'"{version}"'})) == (412, "stale_version")
    assert approve(house, whom, {**admin, "If-Match": f'"{version + 2}"'}).status_code == 200


def test_a_request_that_is_withdrawn_at_the_last_moment_is_not_carried_out(
    house: House, whom: UUID, ann: dict[str, str], admin: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(house, whom, ann)
    hold = forgetting.hold

    def too_late(connection: Connection, customer_id: UUID) -> None:
        if not withdrawn:
            withdrawn.append(send(house, whom, "withdraw-forgetting-request", ann).status_code)
        hold(connection, customer_id)

    withdrawn: list[int] = []
    monkeypatch.setattr(forgetting, "hold", too_late)
    assert code(approve(house, whom, admin)) == (409, "forgetting_not_requested")
    assert withdrawn == [200]
    assert not erasure_list(house.store.settings.data).exists()


def test_the_reason_is_kept_so_it_must_not_name_her(
    house: House, whom: UUID, ann: dict[str, str], admin: dict[str, str], connection: Connection
) -> None:
    ask(house, whom, ann)
    refused = approve(house, whom, admin, reason=f"{house.records['own'].canary} wrote")
    assert code(refused) == (409, "reason_names_subject")
    assert last(connection, whom).type == "customer.forgetting_requested"
    assert approve(house, whom, admin, reason=BECAUSE["reason"]).status_code == 200, "the same words as the request's"


def test_imports_are_waited_for(
    house: House, whom: UUID, ann: dict[str, str], admin: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE_WITH_IMPORTS", 0.0)
    (uploads(house.store.settings.data) / "waiting").mkdir(parents=True)
    ask(house, whom, ann)
    assert code(approve(house, whom, admin)) == (503, "import_under_way")
    assert not erasure_list(house.store.settings.data).exists()


def test_where_the_list_of_erasures_cannot_be_written_nobody_is_forgotten(
    house: House, whom: UUID, ann: dict[str, str], admin: dict[str, str], connection: Connection
) -> None:
    ask(house, whom, ann)
    path = erasure_list(house.store.settings.data)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("nonsense\n")
    assert code(approve(house, whom, admin)) == (503, "cannot_erase")
    assert last(connection, whom).type == "customer.forgetting_requested"


def test_a_login_that_may_not_erase_says_so(
    house: House, whom: UUID, ann: dict[str, str], admin: dict[str, str], connection: Connection
) -> None:
    ask(house, whom, ann)
    may_not = pytest.raises(forgetting.LoginMayNotErase)
    with may_not, connect(house.store.conninfo, "everfold_app") as own, own.transaction():
        forgetting.hold(own, whom)
    assert approve(house, whom, admin).status_code == 200


def test_an_approval_is_of_this_moment_and_by_itself(
    house: House, whom: UUID, ann: dict[str, str], admin: dict[str, str]
) -> None:
    ask(house, whom, ann)
    assert code(approve(house, whom, admin, occurred_at="2026-05-03T09:00:00Z")) == (422, "bad_parameter")
    items = [{"command": "customers/approve-forgetting", "record_id": str(whom), "body": {}}]
    (told,) = house.client.post("/v1/batch", headers=admin, json={"items": items}).json()["data"]
    assert (told["status"], told["problem"]["code"]) == (422, "not_in_a_batch")


# Merges, and the command line


def test_who_was_merged_since_is_forgotten_with_whom_she_lives_on_in(
    house: House, whom: UUID, ann: dict[str, str], admin: dict[str, str], connection: Connection
) -> None:
    other = house.records["colleague's"].customer
    ask(house, whom, ann)
    merged(connection, "customer", whom, other)
    house.follow()
    assert code(send(house, whom, "request-forgetting", admin)) == (409, "customer_merged")
    done = approve(house, whom, admin).json()
    assert {*done["customer_ids"]} == {str(whom), str(other)}
    assert {last(connection, one).type for one in (whom, other)} == {"customer.forgotten"}


def test_the_command_line_needs_no_second_person(
    house: House, whom: UUID, ann: dict[str, str], connection: Connection
) -> None:
    ask(house, whom, ann)
    forget(house.store, CustomerId(whom))
    assert forgetting.open_requests(connection) == []
    assert last(connection, whom).metadata["channel"] == "cli"
