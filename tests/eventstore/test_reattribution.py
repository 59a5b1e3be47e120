"""A record filed under the wrong customer is the right one's: only she takes it along when she is forgotten."""

from uuid import UUID, uuid4

import pytest

from domain.event import CustomerId
from domain.lead import InteractionLogged, LeadRetitled
from eventstore import log
from eventstore.bulk import append_bulk, append_rows_bulk
from eventstore.database import Connection, connect
from eventstore.erasure import forgetting
from eventstore.sealing import verification
from tests.eventstore.test_forgetting import (
    WAYS,
    about,
    forget,
    forget_person,
    meanwhile,
    merged,
    personal_rows,
    registered,
    waits,
)
from tests.eventstore.test_tampering import tampered
from tests.facts import NOBODY, captured, given

REASON = {"reason": "Asked by letter"}


def row(lead_id: UUID, filed_under: UUID, to: UUID, version: int | None = None) -> log.Row:
    """The event as it is recorded, after that version."""
    return log.new_row(
        NOBODY,
        customer_id=filed_under,
        stream_type="lead",
        stream_id=lead_id,
        version=version,
        type_="lead.reattributed",
        data={"from_customer_id": str(filed_under), "to_customer_id": str(to)},
        personal=None,
        part_id=None,
        occurred_at=None,
    )


def reattribute(connection: Connection, lead_id: UUID, filed_under: UUID, to: UUID) -> None:
    log.append_rows(connection, [row(lead_id, filed_under, to)], None)


def retitle(connection: Connection, way: str, lead_id: UUID, filed_under: UUID, version: int | None = None) -> None:
    at = 2 if version is None else version
    new = log.NewEvent(CustomerId(filed_under), "lead", lead_id, at + 1, LeadRetitled(title="Again"))
    if way == "append":
        log.append(connection, [new], NOBODY)
    else:
        append_bulk(connection, [new], NOBODY)


@pytest.fixture
def wrong(connection: Connection) -> CustomerId:
    """Under whom the lead was filed."""
    return registered(connection, "Ann")


@pytest.fixture
def right(connection: Connection) -> CustomerId:
    """Whose it is."""
    return registered(connection, "Bob")


@pytest.fixture
def lead_id(connection: Connection, wrong: CustomerId, right: CustomerId) -> UUID:
    """Bob's lead among those of Ann, who has another of her own."""
    given(connection, captured("Ann's own"), customer_id=wrong)
    lead_id, _ = given(connection, captured("Bob's roof"), customer_id=wrong)
    reattribute(connection, lead_id, wrong, right)
    return lead_id


def is_sound(connection: Connection) -> bool:
    return finding(connection) is None


def finding(connection: Connection) -> str | None:
    found = verification.verify(connection, None).finding
    return found.what if found else None


def titles(connection: Connection, customer_id: UUID) -> list[object]:
    return [row["title"] for row in personal_rows(connection, customer_id) if "title" in row]


def test_who_is_forgotten_takes_the_records_along_that_are_hers(
    connection: Connection, wrong: CustomerId, right: CustomerId, lead_id: UUID
) -> None:
    assert forgetting.personal_values(connection, [right]).texts == {"Bob", "Bob's roof"}
    (erased,) = forget(connection, right)
    assert erased.customer_id == right
    assert personal_rows(connection, right) == [REASON]
    assert titles(connection, wrong) == ["Ann's own"]
    assert forgetting.forgotten_among(connection, [wrong, right, lead_id]) == {right, lead_id}
    assert is_sound(connection)
    assert [found.is_new for found in forget(connection, right)] == [False]
    assert is_sound(connection)


@WAYS
def test_nothing_more_is_recorded_in_such_a_record(
    connection: Connection, wrong: CustomerId, right: CustomerId, lead_id: UUID, way: str
) -> None:
    forget(connection, right)
    with pytest.raises(log.SubjectForgotten):
        retitle(connection, way, lead_id, wrong)
    log.append(connection, [about(wrong, None, "Ann still calls")], NOBODY)
    append_bulk(connection, [about(wrong, None, "Ann still calls")], NOBODY)


def test_who_had_it_by_mistake_is_forgotten_without_it(
    connection: Connection, wrong: CustomerId, right: CustomerId, lead_id: UUID
) -> None:
    assert forgetting.personal_values(connection, [wrong]).texts == {"Ann", "Ann's own"}
    forget(connection, wrong)
    assert personal_rows(connection, right) == [{"name": "Bob"}]
    assert personal_rows(connection, wrong) == [{"title": "Bob's roof", "form": {}}, REASON]
    assert forgetting.forgotten_among(connection, [wrong, right, lead_id]) == {wrong}
    assert is_sound(connection)


@WAYS
def test_work_goes_on_when_only_who_had_it_by_mistake_is_forgotten(
    connection: Connection, wrong: CustomerId, right: CustomerId, lead_id: UUID, way: str
) -> None:
    forget(connection, wrong)
    retitle(connection, way, lead_id, wrong)
    assert titles(connection, wrong) == ["Bob's roof", "Again"]
    assert is_sound(connection)
    with pytest.raises(log.SubjectForgotten):
        log.append(connection, [about(wrong, None, "Ann again")], NOBODY)
    with pytest.raises(log.SubjectForgotten):
        append_bulk(connection, [about(wrong, None, "Ann again")], NOBODY)
    forget(connection, right)
    assert titles(connection, wrong) == []
    assert is_sound(connection)


@WAYS
def test_nobody_forgotten_is_given_a_record(
    connection: Connection, wrong: CustomerId, right: CustomerId, lead_id: UUID, way: str
) -> None:
    forget(connection, wrong)
    gone = registered(connection, "Carl")
    forget(connection, gone)
    for to in (wrong, gone):
        rows = [row(lead_id, wrong, to, 3)]
        with pytest.raises(log.SubjectForgotten):
            log.append_rows(connection, rows, None) if way == "append" else append_rows_bulk(connection, rows)


def test_a_record_that_came_back_is_forgotten_at_home(
    connection: Connection, wrong: CustomerId, right: CustomerId, lead_id: UUID
) -> None:
    reattribute(connection, lead_id, wrong, wrong)
    forget(connection, right)
    assert titles(connection, wrong) == ["Ann's own", "Bob's roof"]
    forget(connection, wrong)
    assert titles(connection, wrong) == []
    assert is_sound(connection)


def test_the_merge_group_of_whose_record_it_is_takes_it_along(
    connection: Connection, wrong: CustomerId, right: CustomerId, lead_id: UUID
) -> None:
    survivor = registered(connection, "Robert")
    merged(connection, right, survivor)
    forget(connection, survivor)
    assert titles(connection, wrong) == ["Ann's own"]
    assert is_sound(connection)


def test_a_person_of_whose_record_it_is_is_forgotten_in_it(
    connection: Connection, wrong: CustomerId, right: CustomerId, lead_id: UUID
) -> None:
    person_id = uuid4()
    said = InteractionLogged(interaction_id=uuid4(), kind="note", summary="Bob's son")
    event = log.NewEvent(wrong, "lead", lead_id, 3, said, subject_id=person_id)
    log.append(connection, [event], NOBODY)
    forget_person(connection, right, person_id)
    assert titles(connection, wrong) == ["Ann's own", "Bob's roof"]
    assert not [row for row in personal_rows(connection, wrong) if "summary" in row]
    again = log.NewEvent(
        wrong, "lead", lead_id, 4, said.model_copy(update={"interaction_id": uuid4()}), subject_id=person_id
    )
    with pytest.raises(log.SubjectForgotten):
        log.append(connection, [again], NOBODY)
    assert is_sound(connection)


def test_external_ids_and_snapshots_follow_the_record(
    connection: Connection, wrong: CustomerId, right: CustomerId
) -> None:
    lead_id = uuid4()
    known = log.ExternalId("mail", "bob@example.com", wrong, lead_id)
    log.append(connection, [log.NewEvent(wrong, "lead", lead_id, 1, captured("Roof"))], NOBODY, external_ids=[known])
    reattribute(connection, lead_id, wrong, right)
    forget(connection, wrong)
    assert log.find_external_id(connection, "mail", "bob@example.com") == known
    assert "bob@example.com" in forgetting.personal_values(connection, [right]).texts
    forget(connection, right)
    assert log.find_external_id(connection, "mail", "bob@example.com") is None
    kept = connection.execute("SELECT log.add_snapshot(%s, 1, 'lead', '{}'::jsonb) AS kept", [lead_id]).fetchone()
    assert kept == {"kept": False}


def test_an_append_to_the_record_that_was_first_is_erased_too(
    connection: Connection, conninfo: str, wrong: CustomerId, right: CustomerId, lead_id: UUID
) -> None:
    with connect(conninfo) as writer:
        writer.execute("BEGIN")
        retitle(writer, "append", lead_id, wrong)
        with meanwhile(conninfo, lambda other: forget(other, right)) as (pid, said):
            waits(connection, pid)
            writer.execute("COMMIT")
    assert isinstance(said[0], list)
    assert titles(connection, wrong) == ["Ann's own"]


def test_a_record_given_to_her_at_that_moment_is_erased_too(
    connection: Connection, conninfo: str, wrong: CustomerId, right: CustomerId
) -> None:
    lead_id, _ = given(connection, captured("Bob's roof"), customer_id=wrong)
    with connect(conninfo) as writer:
        writer.execute("BEGIN")
        reattribute(writer, lead_id, wrong, right)
        with meanwhile(conninfo, lambda other: forget(other, right)) as (pid, said):
            waits(connection, pid)
            writer.execute("COMMIT")
    assert isinstance(said[0], list)
    assert titles(connection, wrong) == []
    assert is_sound(connection)


def test_a_record_that_waits_to_be_given_to_her_is_refused(
    connection: Connection, conninfo: str, wrong: CustomerId, right: CustomerId
) -> None:
    lead_id, _ = given(connection, captured("Bob's roof"), customer_id=wrong)
    with connect(conninfo) as eraser:
        eraser.execute("BEGIN")
        forget(eraser, right)
        with meanwhile(conninfo, lambda other: reattribute(other, lead_id, wrong, right)) as (pid, said):
            waits(connection, pid)
            eraser.execute("COMMIT")
    assert isinstance(said[0], log.SubjectForgotten)
    assert titles(connection, wrong) == ["Bob's roof"]


def test_a_record_that_was_forgotten_cannot_come_back_unseen(
    connection: Connection, wrong: CustomerId, right: CustomerId, lead_id: UUID
) -> None:
    connection.execute("CREATE TEMPORARY TABLE kept AS SELECT * FROM log.personal_data WHERE customer_id = %s", [wrong])
    forget(connection, right)
    assert finding(connection) is None
    back = "INSERT INTO log.personal_data SELECT * FROM pg_temp.kept ON CONFLICT DO NOTHING"
    with tampered(connection, back):
        assert finding(connection) == "personal row slipped in"
    with tampered(connection, "DELETE FROM log.forgotten WHERE subject_id = %(lead)s", lead=lead_id):
        assert finding(connection) == "mark missing"
    elsewhere = "UPDATE log.forgotten SET subject_id = %(other)s WHERE subject_id = %(lead)s"
    with tampered(connection, elsewhere, lead=lead_id, other=uuid4()):
        assert finding(connection) == "mark missing"


def test_a_record_that_was_not_forgotten_cannot_go_unseen(
    connection: Connection, wrong: CustomerId, right: CustomerId, lead_id: UUID
) -> None:
    forget(connection, wrong)
    assert finding(connection) is None
    gone = "DELETE FROM log.personal_data WHERE position IN (SELECT position FROM log.event WHERE stream_id = %(lead)s)"
    with tampered(connection, gone, lead=lead_id):
        assert finding(connection) == "personal row missing"
