"""Jobs that ended long ago are dropped; what they imported stays, and can be taken back."""

import os
import time
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from api.imports import jobs
from api.imports.ended import drop_old_jobs
from api.imports.worker import import_jobs, work_off
from tests.api.importing import House, house
from tests.api.test_import_jobs import BAD, ROWS, job, posted
from tests.api.test_import_queue import wait_until

__all__ = ["house"]


def old(house: House, answer: Any, days: float) -> None:
    """The job looks as if nothing had been noted of it for so many days."""
    then = time.time() - days * 86_400
    os.utime(jobs.folder_of_jobs(house.store) / f"{answer.json()['import_id']}.json", (then, then))


def test_a_job_that_ended_long_ago_is_dropped_and_its_import_stays(house: House, client: TestClient) -> None:
    answer, later = posted(client, *BAD, key="May"), posted(client, *ROWS, key="June")
    work_off(house.store)
    known = job(client, answer)
    old(house, answer, 30.1)
    old(house, later, 29.9)
    assert drop_old_jobs(house.store) == 1
    assert jobs.find(house.store, UUID(later.json()["import_id"]))
    there = job(client, answer)
    told = ("state", "counts", "kind", "dry_run", "reverted", "links")
    assert [there[name] for name in told] == [known[name] for name in told]
    assert client.get(there["links"]["errors"]).status_code == 200
    assert [one["import_id"] for one in client.get("/v1/imports").json()["data"]] == [
        later.json()["import_id"],
        answer.json()["import_id"],
    ]
    assert client.post("/v1/undo", json={"id": answer.json()["import_id"]}).json()["gone"] > 0
    assert job(client, answer)["reverted"]
    assert len(list(jobs.folder_of_jobs(house.store).glob("*.key"))) == 1
    # its key is free again, that of the other is not
    assert posted(client, *BAD, key="May").json()["import_id"] != answer.json()["import_id"]
    assert posted(client, *ROWS, key="June").json()["import_id"] == later.json()["import_id"]


@pytest.mark.parametrize("state", ["waiting", "running", "interrupted"])
def test_one_that_has_not_ended_stays(house: House, client: TestClient, state: jobs.JobState) -> None:
    answer = posted(client, *BAD, key="May")
    found = jobs.find(house.store, UUID(answer.json()["import_id"]))
    assert found
    found.state = state
    jobs.save(house.store, found)
    old(house, answer, 400)
    assert drop_old_jobs(house.store) == 0
    work_off(house.store)
    assert job(client, answer)["state"] == "done"


def test_of_a_dry_run_nothing_stays(house: House, client: TestClient) -> None:
    answer = posted(client, *BAD, dry_run="true")
    work_off(house.store)
    errors = house.store.settings.data / "imports" / f"{answer.json()['import_id']}-errors.csv"
    assert errors.exists()
    old(house, answer, 31)
    drop_old_jobs(house.store)
    assert not errors.exists()
    assert client.get(answer.json()["links"]["self"]).status_code == 404


def test_a_running_server_drops_them_by_itself(house: House, client: TestClient) -> None:
    answer = posted(client, *BAD)
    work_off(house.store)
    old(house, answer, 31)
    with import_jobs(house.store):
        wait_until(lambda: jobs.find(house.store, UUID(answer.json()["import_id"])) is None)
