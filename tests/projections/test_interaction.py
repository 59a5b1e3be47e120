"""Each time we were in touch with a customer is a row, wherever it was recorded."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.event import FORGOTTEN
from domain.interaction import InteractionCorrected, InteractionEvent, InteractionLogged, InteractionRetracted
from eventstore.database import Connection
from tests.domain.histories import examples_of
from tests.facts import NOBODY
from tests.projections.records import forget, hour, is_its_replay, merged, registered, row, rows, told, unmerged

CALL = uuid4()
LOGGED = InteractionLogged(interaction_id=CALL, kind="call", direction="outbound", summary="Rang her", about="boiler")
CORRECTED = InteractionCorrected(interaction_id=CALL, kind="email", direction="inbound", outcome="bought")


@pytest.mark.parametrize("noun", ["customer", "lead", "ticket"])
def test_an_interaction_says_when_how_and_about_what(shared: Connection, noun: str) -> None:
    full = LOGGED.model_copy(update={"duration_seconds": 90, "outcome": "no answer", "external_id": "c-7"})
    record_id, customer_id = told(shared, noun, full)
    found = row(shared, "interaction", stream_id=record_id)
    assert (
        found.items()
        >= {
            "interaction_id": CALL,
            "stream_type": noun,
            "customer_id": customer_id,
            "happened_at": hour(0),
            "kind": "call",
            "direction": "outbound",
            "about": "boiler",
            "duration_seconds": 90,
            "summary": "Rang her",
            "outcome": "no answer",
            "external_id": "c-7",
            "actor": {"kind": NOBODY.actor_kind, "id": str(NOBODY.actor_id)},
            "is_corrected": False,
        }.items()
    )


@pytest.mark.parametrize("noun", ["customer", "lead", "ticket"])
def test_a_correction_says_in_full_how_it_was_then(shared: Connection, noun: str) -> None:
    record_id, _ = told(shared, noun, LOGGED, CORRECTED)
    found = row(shared, "interaction", stream_id=record_id)
    assert (found["happened_at"], found["kind"], found["direction"]) == (hour(0), "email", "inbound")
    assert (found["summary"], found["about"], found["outcome"]) == (None, None, "bought")
    assert found["is_corrected"]


@pytest.mark.parametrize("noun", ["customer", "lead", "ticket"])
def test_what_was_retracted_is_gone_for_good(shared: Connection, noun: str) -> None:
    record_id, _ = told(shared, noun, LOGGED, InteractionRetracted(interaction_id=CALL), CORRECTED)
    assert rows(shared, "interaction", stream_id=record_id) == []


def test_the_same_id_on_two_records_is_two_interactions(shared: Connection) -> None:
    lead_id, _ = told(shared, "lead", LOGGED)
    ticket_id, _ = told(shared, "ticket", LOGGED)
    told(shared, "ticket", InteractionRetracted(interaction_id=CALL), record_id=ticket_id)
    assert row(shared, "interaction", stream_id=lead_id)["kind"] == "call"
    assert rows(shared, "interaction", stream_id=ticket_id) == []


def test_it_is_the_surviving_customers_while_a_merge_stands(shared: Connection) -> None:
    ann, anna = registered(shared), registered(shared)
    told(shared, "customer", LOGGED, record_id=ann)
    merge_id = merged(shared, "customer", ann, anna)
    assert row(shared, "interaction", stream_id=ann)["customer_id"] == anna
    assert is_its_replay(shared, "interaction")
    unmerged(shared, "customer", merge_id, ann, anna)
    assert row(shared, "interaction", stream_id=ann)["customer_id"] == ann


def test_what_was_said_is_gone_once_the_customer_is_forgotten(shared: Connection) -> None:
    ann = registered(shared)
    told(shared, "customer", LOGGED.model_copy(update={"outcome": "no answer", "external_id": "c-7"}), record_id=ann)
    again = {"interaction_id": uuid4(), "kind": "call", "summary": FORGOTTEN}
    told(shared, "customer", InteractionLogged.model_validate(again), record_id=ann)
    assert [found["summary"] for found in rows(shared, "interaction", stream_id=ann, about="boiler")] == ["Rang her"]
    forget(shared, ann)
    found = rows(shared, "interaction", stream_id=ann)
    assert [(one["kind"], one["summary"], one["outcome"], one["external_id"]) for one in found] == [
        ("call", None, None, None)
    ] * 2
    assert is_its_replay(shared, "interaction")


ANY = st.one_of([examples_of(event) for event in (InteractionLogged, InteractionCorrected, InteractionRetracted)])
HISTORIES = st.lists(st.tuples(st.integers(0, 2), ANY), max_size=10)


def standing(history: list[tuple[UUID, InteractionEvent]]) -> dict[tuple[UUID, UUID], tuple[object, object]]:
    """Kind and direction of those that were not taken back, as they were told last."""
    retracted = {(record, e.interaction_id) for record, e in history if isinstance(e, InteractionRetracted)}
    return {
        (record, event.interaction_id): (event.kind, event.direction)
        for record, event in history
        if not isinstance(event, InteractionRetracted) and (record, event.interaction_id) not in retracted
    }


@for_all(history=HISTORIES, cut=st.integers(0, 10))
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_in_any_batches_the_rows_are_a_plain_fold_of_the_events(
    shared: Connection, history: list[tuple[int, InteractionEvent]], cut: int
) -> None:
    customer_id = uuid4()
    records = [("customer", customer_id), ("lead", uuid4()), ("ticket", uuid4())]
    found: list[dict[str, Any]] = []
    for part in (history[:cut], history[cut:]):
        for place, event in part:
            noun, record_id = records[place]
            told(shared, noun, event, record_id=record_id, customer_id=customer_id)
        found = rows(shared, "interaction", customer_id=customer_id)
    assert {(one["stream_id"], one["interaction_id"]): (one["kind"], one["direction"]) for one in found} == standing(
        [(records[place][1], event) for place, event in history]
    )


def test_the_live_rows_are_those_of_a_replay(shared: Connection) -> None:
    assert is_its_replay(shared, "interaction")
