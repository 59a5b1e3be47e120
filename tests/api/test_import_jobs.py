"""Files that are uploaded to be imported: looked over, queued, taken in one after the other, and taken back."""

import os
import stat
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from api.access import create_api_key
from api.app import create_app
from api.imports.error_files import uploads
from api.imports.kinds import KINDS
from api.imports.worker import work_off
from api.store import Store
from tests.api.importing import House, house

__all__ = ["house"]

MAPPING = """kind = "leads"
system = "erp"

[fields]
external_id = "id"
title = { templates = ["{company}"] }
customer = "company"
captured_at = "opened"
"""
ROWS = ["id,company,opened", *(f"{number},Firm {number % 7},2026-01-05" for number in range(1, 31))]
BAD = [*ROWS, "31,Ann Example,yesterday"]


def posted(client: TestClient, *rows: str, key: str | None = None, mapping: str = MAPPING, **more: str) -> Any:
    """The answer to an upload."""
    files = {"file": ("Ann Example.csv", "\n".join([*rows, ""]).encode())}
    form = {"kind": "leads", "mapping": mapping} | more
    return client.post("/v1/imports", data=form, files=files, headers={"Idempotency-Key": key} if key else {})


def job(client: TestClient, answer: Any) -> Any:
    """What is told of the import now."""
    found = client.get(answer.json()["links"]["self"])
    assert found.status_code == 200
    return found.json()


def test_an_upload_waits_is_taken_in_and_can_be_taken_back(house: House, client: TestClient) -> None:
    answer = posted(client, *BAD)
    assert answer.status_code == 202
    waiting = answer.json()
    assert (waiting["state"], waiting["lines_done"], waiting["lines"]) == ("waiting", 0, 33)
    assert waiting["links"] == {"self": f"/v1/imports/{waiting['import_id']}", "errors": None, "undo": None}
    work_off(house.store)
    done = job(client, answer)
    assert (done["state"], done["lines_done"], done["problem"], done["reverted"]) == ("done", 33, None, False)
    assert done["counts"] == {"rows": 31, "created": 30, "changed": 0, "unchanged": 0, "refused": 1}
    refused = client.get(done["links"]["errors"])
    assert refused.headers["content-type"] == "text/csv; charset=utf-8"
    assert refused.text.splitlines()[1].startswith("31,Ann Example,yesterday,32,")
    assert client.post(done["links"]["undo"], json={"id": done["import_id"]}).json()["gone"] == 37
    assert job(client, answer)["reverted"]


def test_the_upload_is_private_nameless_and_gone_when_it_is_done(house: House, client: TestClient) -> None:
    answer = posted(client, *ROWS)
    folder = uploads(house.store.settings.data) / answer.json()["import_id"]
    assert {path.name for path in folder.iterdir()} == {"file.csv", "mapping.toml"}
    assert {stat.S_IMODE(os.stat(path).st_mode) for path in folder.iterdir()} == {0o600}
    assert (folder / "file.csv").read_text().splitlines() == ROWS
    work_off(house.store)
    assert not folder.exists()
    kept = "".join(path.read_text() for path in (folder.parent.parent / "jobs").glob("*.json"))
    assert answer.json()["import_id"] in kept
    assert "Firm" not in kept and "Example" not in kept


def test_who_asked_for_it_stands_beside_every_event(house: House, client: TestClient, store: Store) -> None:
    import_id = posted(client, *ROWS).json()["import_id"]
    work_off(store)
    for recorded in (*house.history(UUID(import_id)), *house.history(house.id_of("lead", "1"))):
        assert recorded.actor == {"kind": "import", "id": import_id}
        assert UUID(recorded.metadata["on_behalf_of"])
        assert str(recorded.correlation_id) == import_id


def test_the_same_file_again_changes_nothing(house: House, client: TestClient) -> None:
    posted(client, *ROWS)
    again = posted(client, *ROWS)
    work_off(house.store)
    assert job(client, again)["counts"] == {"rows": 30, "created": 0, "changed": 0, "unchanged": 30, "refused": 0}


def test_a_dry_run_records_nothing_and_tells_all_refused_rows(house: House, client: TestClient) -> None:
    answer = posted(client, *BAD, dry_run="true")
    work_off(house.store)
    done = job(client, answer)
    assert (done["state"], done["dry_run"], done["counts"]["created"], done["links"]["undo"]) == (
        "done",
        True,
        30,
        None,
    )
    assert not house.history(UUID(done["import_id"])) and not house.history(house.id_of("lead", "1"))
    assert "is no date" in client.get(done["links"]["errors"]).text


def test_a_repeated_request_gets_the_first_job_and_another_one_with_its_key_is_refused(
    house: House, client: TestClient
) -> None:
    first = posted(client, *ROWS, key="a")
    assert posted(client, *ROWS, key="a").json() == first.json()
    work_off(house.store)
    assert posted(client, *ROWS, key="a").json()["state"] == "done"
    other = posted(client, *BAD, key="a")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert not any(uploads(house.store.settings.data).iterdir())
    assert len(client.get("/v1/imports").json()["data"]) == 1


@pytest.mark.parametrize(
    ("rows", "more", "said"),
    [
        (["id,firm,opened", "1,A,2026-01-05"], {}, "no column 'company'"),
        (["id,firm,opened", "1,A,2026-01-05"], {}, "Its columns are: id, firm, opened."),
        (ROWS, {"mapping": "kind ="}, "The mapping mapping.toml is not TOML"),
        (ROWS, {"mapping": MAPPING + "colour = 1"}, "The mapping mapping.toml cannot be used."),
        (ROWS, {"kind": "cars"}, f"There are: {', '.join(KINDS)}."),
        (ROWS, {"mapping": "#" * 60_000}, "longer than 20,000 characters"),
        (ROWS, {"dry_run": "perhaps"}, "dry_run is true or false."),
        (["PK\x03\x04"], {}, "file.csv is not a CSV file but a packed or binary one"),
    ],
)
def test_what_cannot_be_imported_is_refused_at_once_and_not_kept(
    house: House, client: TestClient, rows: list[str], more: dict[str, str], said: str
) -> None:
    answer = posted(client, *rows, **more)
    assert (answer.status_code, answer.json()["code"]) == (422, "file_refused")
    assert said in answer.json()["detail"]
    assert str(house.store.settings.data) not in answer.text
    assert not list(uploads(house.store.settings.data).glob("*"))
    assert client.get("/v1/imports").json()["data"] == []


def test_a_body_that_is_no_form_or_names_a_version_is_refused(client: TestClient) -> None:
    assert client.post("/v1/imports", json={"kind": "leads"}).json()["code"] == "file_refused"
    answer = client.post("/v1/imports", headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_if_match")


def test_the_manual_says_what_to_upload(client: TestClient) -> None:
    manual = client.get("/docs").text
    assert "-F kind=leads" in manual and "-F file=@leads.csv" in manual
    (content,) = client.get("/openapi.json").json()["paths"]["/v1/imports"]["post"]["requestBody"]["content"].items()
    assert content[0] == "multipart/form-data"
    assert content[1]["schema"]["properties"]["kind"]["enum"] == list(KINDS)


def test_an_upload_that_is_too_large_is_refused(store: Store) -> None:
    settings = store.settings.model_copy(update={"upload_bytes": 2_000_000})
    small = replace(store, settings=settings)
    with TestClient(create_app(small)) as client:
        client.headers["Authorization"] = f"Bearer {create_api_key(store, 'tests', ('imports:write',))}"
        assert posted(client, *ROWS, "x" * 1_900_000).status_code == 202
        assert posted(client, *ROWS, "x" * 2_000_000).status_code == 413
        assert len(list(uploads(settings.data).iterdir())) == 1


def test_who_may_not_is_refused(store: Store, anonymous: TestClient) -> None:
    anonymous.headers["Authorization"] = f"Bearer {create_api_key(store, 'tests', ('imports:read',))}"
    assert posted(anonymous, *ROWS).status_code == 403
    assert anonymous.get(f"/v1/imports/{uuid4()}").status_code == 404
    assert anonymous.get(f"/v1/imports/{uuid4()}/errors").status_code == 403


def test_imports_of_all_ways_are_listed_page_by_page(house: House, client: TestClient) -> None:
    ids = [posted(client, *ROWS).json()["import_id"]]
    ids.append(str(house.take_in("leads", MAPPING.partition('erp"\n')[2], *ROWS).import_id))
    ids.append(posted(client, *ROWS, dry_run="true").json()["import_id"])
    work_off(house.store)
    found, cursor = list[Any](), None
    while len(found) < 4:
        page = client.get("/v1/imports", params={"limit": 1} | ({"cursor": cursor} if cursor else {})).json()
        found += page["data"]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    assert [one["import_id"] for one in found] == ids[::-1]
    assert [(one["state"], one["lines"], one["dry_run"]) for one in found] == [
        ("done", 32, True),
        ("done", None, False),
        ("done", 32, False),
    ]
    assert client.get("/v1/imports", params={"cursor": "x"}).status_code == 400
    assert client.get(f"/v1/imports/{ids[1]}").json() == found[1]


def test_what_is_no_import_is_not_found(house: House, client: TestClient) -> None:
    posted(client, *ROWS)
    work_off(house.store)
    assert client.get(f"/v1/imports/{house.id_of('lead', '1')}").status_code == 404
