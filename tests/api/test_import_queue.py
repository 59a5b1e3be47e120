"""The queue of uploads: what is killed goes on as the same import, and nobody is forgotten past an upload."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from api.forget import forget
from api.imports import appending, jobs
from api.imports import run as run_of_import
from api.imports.error_files import UploadsWaiting, no_import, uploads
from api.imports.worker import Stopped, import_jobs, work_off
from domain.event import CustomerId
from domain.imports import ImportCompleted, ImportStarted
from eventstore import log
from eventstore.bulk import append_bulk
from eventstore.database import UNAVAILABLE
from tests.api.importing import House, house
from tests.api.test_import_jobs import BAD, MAPPING, ROWS, job, posted

__all__ = ["house"]

_FIELDS = MAPPING.partition('erp"\n')[2]
_ALL_NEW = {"rows": 31, "created": 30, "changed": 0, "unchanged": 0, "refused": 1}


def kill(monkeypatch: pytest.MonkeyPatch, at: int, problem: type[BaseException], *, after: bool = False) -> None:
    """Let the append of that number fail, or what comes after it."""
    appended = 0

    def failing(*arguments: Any) -> int:
        nonlocal appended
        appended += 1
        done = append_bulk(*arguments) if appended != at or after else 0
        if appended == at:
            raise problem
        return done

    monkeypatch.setattr(run_of_import, "_CHUNK", 4)
    monkeypatch.setattr(appending, "append_bulk", failing)


def types(house: House, import_id: str) -> list[type]:
    return [type(event) for event in house.events(UUID(import_id))]


def port() -> int:
    """One that is free."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found: int = free.getsockname()[1]
        return found


def wait_until(holds: Callable[[], bool]) -> None:
    """Fails when it does not within a minute."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


@pytest.mark.parametrize("at", range(1, 9))
def test_an_import_that_is_killed_goes_on_as_the_same_and_counts_what_it_did(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    answer = posted(client, *BAD)
    with monkeypatch.context() as patch:
        kill(patch, at, KeyboardInterrupt)
        with pytest.raises(KeyboardInterrupt):
            work_off(house.store)
    monkeypatch.setattr(run_of_import, "_CHUNK", 4)
    assert job(client, answer)["lines_done"] == (4 * (at - 1) + 1 if at > 1 else 0)
    with import_jobs(house.store):
        pass  # at the start of a server it is known that nobody works on it
    work_off(house.store)
    done = job(client, answer)
    assert (done["state"], done["counts"]) == ("done", _ALL_NEW)
    assert types(house, done["import_id"]) == [ImportStarted, ImportCompleted]
    assert len(client.get(done["links"]["errors"]).text.splitlines()) == 2
    assert client.post("/v1/undo", json={"id": done["import_id"]}).json()["gone"] == 37


def test_rows_that_were_recorded_and_not_counted_when_it_was_killed_are_not_recorded_twice(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = posted(client, *BAD)
    with monkeypatch.context() as patch:
        kill(patch, 3, KeyboardInterrupt, after=True)
        with pytest.raises(KeyboardInterrupt):
            work_off(house.store)
    monkeypatch.setattr(run_of_import, "_CHUNK", 4)
    work_off(house.store)
    assert job(client, answer)["counts"] == _ALL_NEW | {"created": 26, "unchanged": 4}
    assert len(house.rows("SELECT lead_id FROM lead")) == 30


def test_a_stopping_server_leaves_an_import_at_a_chunk(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_of_import, "_CHUNK", 4)
    answer = posted(client, *BAD)
    asked = iter([False, False, False, True])
    with pytest.raises(Stopped):
        work_off(house.store, lambda: next(asked))
    stopped = job(client, answer)
    assert (stopped["state"], stopped["lines_done"], stopped["counts"]["created"]) == ("interrupted", 13, 12)
    work_off(house.store)
    assert job(client, answer)["counts"] == _ALL_NEW


def test_a_database_that_goes_away_interrupts_an_import(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = posted(client, *BAD)

    def gone(*_: object) -> list[log.Recorded]:
        raise UNAVAILABLE[0]

    with monkeypatch.context() as patch:
        patch.setattr(log, "load_many", gone)
        with pytest.raises(UNAVAILABLE[0]):
            work_off(house.store)
    assert job(client, answer)["state"] == "interrupted"
    work_off(house.store)
    assert job(client, answer)["counts"] == _ALL_NEW


def test_an_import_that_was_done_when_it_was_killed_is_not_done_again(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = posted(client, *BAD)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "remove_upload", killed)
        with pytest.raises(KeyboardInterrupt):
            work_off(house.store)
    found = jobs.find(house.store, UUID(answer.json()["import_id"]))
    assert found
    found.state = "running"
    jobs.save(house.store, found)
    work_off(house.store)
    assert types(house, answer.json()["import_id"]) == [ImportStarted, ImportCompleted]
    assert not list(uploads(house.store.settings.data).iterdir())


def test_an_import_that_was_taken_back_while_it_waited_does_not_go_on(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = posted(client, *BAD)
    with monkeypatch.context() as patch:
        kill(patch, 3, KeyboardInterrupt)
        with pytest.raises(KeyboardInterrupt):
            work_off(house.store)
    client.post("/v1/undo", json={"id": answer.json()["import_id"]})
    work_off(house.store)
    failed = job(client, answer)
    assert (failed["state"], failed["reverted"]) == ("failed", True)
    assert "was taken back before it came to its end" in failed["problem"]
    assert not house.rows("SELECT lead_id FROM lead")


def test_an_import_that_is_taken_back_while_it_runs_ends_at_its_next_chunk(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_of_import, "_CHUNK", 4)
    answer, undo = posted(client, *BAD), list[int]()

    def meanwhile() -> bool:
        undo.append(client.post("/v1/undo", json={"id": answer.json()["import_id"]}).status_code if undo else 0)
        return False

    work_off(house.store, meanwhile)
    failed = job(client, answer)
    assert (failed["state"], failed["lines_done"], undo) == ("failed", 9, [0, 200])
    assert "Take it back once more" in failed["problem"]
    assert client.post("/v1/undo", json={"id": answer.json()["import_id"]}).json()["gone"] > 0
    assert not house.rows("SELECT lead_id FROM lead")


def test_what_goes_wrong_by_itself_fails_the_import_without_quoting_a_row_and_the_next_one_goes_in(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    first, second = posted(client, *ROWS), posted(client, *ROWS)
    with monkeypatch.context() as patch:
        kill(patch, 1, type("Broken", (Exception,), {"__str__": lambda _: "Ann Example"}))
        work_off(house.store)
    failed = job(client, first)
    assert (failed["state"], failed["problem"][:20]) == ("failed", "This is our fault. W")
    assert job(client, second)["state"] == "done"
    assert "Ann Example" not in "".join(capfd.readouterr())
    assert not list(uploads(house.store.settings.data).iterdir())


def test_uploads_are_imported_beside_the_server_by_one_process(house: House, client: TestClient) -> None:
    with jobs.only_worker(house.store) as is_worker:
        assert is_worker
        answer = posted(client, *ROWS)
        work_off(house.store)
        assert job(client, answer)["state"] == "waiting"
    with import_jobs(house.store):
        wait_until(lambda: job(client, answer)["state"] == "done")


def test_what_never_came_into_the_queue_is_removed_at_the_start(house: House) -> None:
    left = uploads(house.store.settings.data) / str(uuid4())
    left.mkdir(parents=True)
    (left / "file.csv").write_text("Ann Example")
    with import_jobs(house.store):
        assert not left.exists()


@pytest.mark.full
def test_a_server_that_is_killed_goes_on_at_its_next_start(house: House, client: TestClient) -> None:
    rows = [ROWS[0], *(f"{number},Firm {number},2026-01-05" for number in range(4000))]
    settings = house.store.settings
    environment = os.environ | {
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "DATABASE_URL": house.store.conninfo,
        "EVERFOLD_DATA": str(settings.data),
        "EVERFOLD_SECRET": "test",
    }

    def served() -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "api", "run", "--no-demo", "--port", str(port())]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    answer = posted(client, *rows)
    killed = served()
    wait_until(lambda: job(client, answer)["lines_done"] > 0)
    killed.kill()
    killed.communicate()
    there = job(client, answer)
    assert (there["state"], there["lines_done"] < 4001) == ("running", True)
    again = served()
    try:
        wait_until(lambda: job(client, answer)["state"] == "done")
    finally:
        again.send_signal(signal.SIGINT)
        again.communicate(timeout=30)
    done = job(client, answer)["counts"]
    assert done["created"] + done["unchanged"] == done["rows"] == 4000
    assert done["unchanged"] <= 400
    assert types(house, answer.json()["import_id"]) == [ImportStarted, ImportCompleted]
    assert house.rows("SELECT count(*) AS leads FROM lead") == [{"leads": 4000}]


def test_nobody_is_forgotten_while_an_upload_may_name_her(house: House, client: TestClient) -> None:
    house.take_in("leads", _FIELDS, *ROWS)
    data, firm = house.store.settings.data, house.history(house.id_of("lead", "1"))[0].customer_id
    answer = posted(client, *BAD)
    with pytest.raises(UploadsWaiting, match="try again when they are done"), no_import(data, 0):
        pass
    with import_jobs(house.store):  # forgetting waits for what is in the queue
        forgotten = forget(house.store, CustomerId(firm))
    assert forgotten.customer_ids == (firm,)
    assert job(client, answer)["state"] == "done"
    assert not list(uploads(data).iterdir())


def test_no_upload_comes_while_somebody_is_forgotten(house: House, client: TestClient) -> None:
    with no_import(house.store.settings.data, 0):
        upload = threading.Thread(target=posted, args=(client, *ROWS))
        upload.start()
        upload.join(0.3)
        assert upload.is_alive()
        assert not list(uploads(house.store.settings.data).glob("*"))
    upload.join(30)
    assert not upload.is_alive()
    assert len(list(uploads(house.store.settings.data).iterdir())) == 1


def test_rows_that_name_whom_is_forgotten_leave_the_error_file_of_a_dry_run(house: House, client: TestClient) -> None:
    row = BAD[-1].replace("Ann Example", "Firm 1")
    house.take_in("leads", _FIELDS, *ROWS)
    firm = house.history(house.id_of("lead", "1"))[0].customer_id
    answer = posted(client, *ROWS, row, BAD[-1], dry_run="true")
    work_off(house.store)
    assert "Firm 1" in client.get(job(client, answer)["links"]["errors"]).text
    assert forget(house.store, CustomerId(firm)).error_rows == 1
    assert "Firm 1" not in client.get(job(client, answer)["links"]["errors"]).text
