"""What Prometheus reads: how far everything is, and who holds it up; only for those who may."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from api.access import create_api_key
from api.app import create_app
from api.store import Store
from eventstore.database import connect
from eventstore.fence import drawn
from eventstore.sealing.seals import seal_finished
from projections.read_models import read_models
from replay.follow import catch_up, position
from replay.upkeep import verify_next
from tests.facts import captured, given


def gauges(store: Store, scope: str = "metrics:read") -> dict[str, dict[str, float]]:
    key = create_api_key(store, "monitor", (scope,))
    answer = TestClient(create_app(store)).get("/metrics", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200, answer.text
    return {
        family.name: {"".join(sample.labels.values()): sample.value for sample in family.samples}
        for family in text_string_to_metric_families(answer.text)
    }


def test_how_far_everything_is(store: Store) -> None:
    with connect(store.conninfo) as connection:
        given(connection, captured())
        seal_finished(connection, force=True)
        sealed = drawn(connection)
        given(connection, captured())
        found = gauges(store)
        assert found["everfold_log_position"][""] == drawn(connection)
    assert found["everfold_sealed_position"][""] == sealed
    assert found["everfold_follower_up"][""] == 1
    assert set(found["everfold_read_model_behind"]) >= {"lead", "customer_360"}
    assert set(found["everfold_read_model_parked_keys"].values()) == {0}
    assert min(found["everfold_read_model_unverified_seconds"].values()) >= 0
    assert found.get("everfold_writer_age_seconds", {}) == {}


def test_drift_is_found_by_looking_now_and_then_and_told(store: Store) -> None:
    with connect(store.conninfo) as connection:
        given(connection, captured())
        catch_up(connection)
        connection.execute("UPDATE public.lead SET status = 'won'")
        looked = set()
        while report := verify_next(connection, timedelta(0)):
            looked.add(report.read_model)
            if looked == {name for name, model in read_models().items() if position(connection, model)}:
                break
        assert verify_next(connection, timedelta(hours=1)) is None
    found = gauges(store)["everfold_read_model_rows_differing"]
    assert {name for name, rows in found.items() if rows} == {"lead"}


def test_a_stuck_writer_is_named_with_its_age(store: Store) -> None:
    with connect(store.conninfo) as stuck, stuck.transaction():
        given(stuck, captured())
        stuck.execute("SELECT pg_sleep(0.01)")
        ages = gauges(store)["everfold_writer_age_seconds"]
        assert list(ages) == [str(stuck.info.backend_pid)]
        assert ages[str(stuck.info.backend_pid)] >= 0.01


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer nonsense"}])
def test_strangers_are_told_nothing(store: Store, header: dict[str, str]) -> None:
    answer = TestClient(create_app(store)).get("/metrics", headers=header)
    assert answer.status_code == 401
    key = create_api_key(store, "other", ("leads:read",))
    answer = TestClient(create_app(store)).get("/metrics", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 403
