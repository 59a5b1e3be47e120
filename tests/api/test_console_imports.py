"""The pages of imports: upload, mapping and preview, trying, taking in, refused rows, taking back."""

import re
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import create_app
from api.imports.choices import choices, with_column
from api.imports.error_files import drafts
from api.imports.worker import work_off
from api.sessions import create_sign_in_link
from api.store import Store
from tests.api.test_console_log import said, session_of

NASTY = "<script>alert('x')</script>"
FILE = f"""Deal ID,Deal Name,Company,Stage,Amount,Currency,Created
D1,Ten seats,Acme GmbH,qualified,1200.50,EUR,2024-01-03
D2,{NASTY},Beta AG,qualified,2400.00,EUR,2024-01-05
D3,Thirty seats,Gamma SE,qualified,99.00,EUR,2024-02-05
"""
FORM = {"form_key": "12345678"}


@pytest.fixture
def browser(store: Store) -> Iterator[TestClient]:
    """A browser that a printed link was opened with."""
    with TestClient(create_app(store), headers={"Sec-Fetch-Site": "same-origin"}) as browser:
        assert browser.get(create_sign_in_link(store)).status_code == 200
        yield browser


def upload(browser: TestClient, text: str = FILE, name: str = "deals.csv", kind: str = "leads") -> Response:
    form = FORM | {"kind": kind}
    return browser.post("/console/imports", data=form, files={"file": (name, text.encode(), "text/csv")})


def decide(browser: TestClient, draft: Response, wish: str, **fields: str) -> Response:
    key = f"{time.monotonic_ns():020}"
    return browser.post(str(draft.url), data={"form_key": key, "wish": wish} | {k: v for k, v in fields.items()})


def take_in(store: Store, browser: TestClient, draft: Response, **fields: str) -> Response:
    """The import's page, once it is done."""
    followed = decide(browser, draft, "take", **fields)
    work_off(store)
    return browser.get(str(followed.url))


def test_an_upload_is_guessed_shown_tried_taken_in_and_taken_back(browser: TestClient, store: Store) -> None:
    draft = upload(browser)
    assert "/console/imports/drafts/" in str(draft.url)
    told = said(draft)
    assert "Ten seats" in told and "Acme GmbH" in told
    assert "<option selected>Deal Name</option>" in draft.text

    tried = decide(browser, draft, "try")
    work_off(store)
    told = said(browser.get(str(tried.url)))
    assert "Only tried: nothing was recorded." in told and "Rows 3 New 3" in told and "Import it now" in told
    assert "Acme GmbH" not in said(browser.get("/console/pipeline"))

    done = take_in(store, browser, draft)
    assert "Rows 3 New 3" in said(done) and "done" in said(done)
    assert browser.get(str(draft.url)).status_code == 404, "an upload that was taken in is not kept"
    assert "Ten seats" in said(browser.get("/console/log", params={"noun": "lead"}))

    address = f"{done.url}/undo"
    asked = browser.post(address, data=FORM | {"wish": "see"})
    assert "Taking it back would come to this" in said(asked) and "Take it back now" in said(asked)
    assert "taken back" not in said(browser.get(str(done.url)))
    undone = browser.post(address, data=FORM | {"wish": "undo"})
    assert "nothing is left" in said(undone)
    assert "taken back" in said(browser.get("/console/imports"))


def test_another_column_is_chosen_and_the_rows_are_read_by_it(browser: TestClient) -> None:
    draft = upload(browser)
    again = decide(browser, draft, "look", **{"column:title": "Company"})
    row = re.search(r"<th scope=\"row\">2</th>(.*?)</tr>", again.text, re.DOTALL)
    assert row and "Ten seats" not in row[1]
    assert "<option selected>Company</option>" in again.text
    without = decide(browser, draft, "look", **{"column:title": ""})
    assert "# title = " in unescape(without.text)


def test_a_mapping_that_cannot_be_read_is_explained_and_stays_as_typed(browser: TestClient) -> None:
    draft = upload(browser)
    for text, sentence in (("kind = ", "The mapping cannot be read"), ('kind = "cats"', "says no kind that there is")):
        refused = decide(browser, draft, "look", text=text)
        assert refused.status_code == 422 and sentence in said(refused)
        assert text in unescape(refused.text)
    assert "Ten seats" in said(browser.get(str(draft.url))), "what was refused is not kept"


def test_refused_rows_are_shown_and_can_be_downloaded(browser: TestClient, store: Store) -> None:
    text = FILE + ",Forty seats,Delta KG,qualified,10,EUR,2024-02-05\n"
    done = take_in(store, browser, upload(browser, text), **{"column:external_id": "Deal ID"})
    told = said(done)
    assert "Refused 1" in told and "Delta KG" in told
    errors = browser.get(f"{done.url}/errors")
    assert errors.headers["content-type"].startswith("text/csv") and "Delta KG" in errors.text
    assert browser.get(f"{done.url}/errors", headers=session_of(store, "agent")).status_code == 403


def test_what_a_file_says_is_shown_and_never_run(browser: TestClient, store: Store) -> None:
    draft = upload(browser, name=f"{NASTY}.csv")
    assert NASTY not in draft.text and NASTY in unescape(draft.text)
    assert NASTY not in take_in(store, browser, draft).text


def test_a_file_that_cannot_be_read_is_refused_and_nothing_is_kept(browser: TestClient, store: Store) -> None:
    for text in ("", "only,a,header\n"):
        refused = upload(browser, text)
        assert refused.status_code == 422 and 'role="alert"' in refused.text
    assert list(drafts(store.settings.data).glob("*")) == []
    thrown_away = decide(browser, upload(browser), "drop")
    assert str(thrown_away.url).endswith("/console/imports")
    assert list(drafts(store.settings.data).glob("*")) == []


def test_a_double_click_imports_once(browser: TestClient, store: Store) -> None:
    draft = upload(browser)
    form = FORM | {"wish": "try"}
    first, second = (browser.post(str(draft.url), data=form) for _ in range(2))
    assert first.url == second.url


def test_only_who_may_import_sees_imports(browser: TestClient, store: Store) -> None:
    auditor = session_of(store, "auditor")
    shown = browser.get("/console/imports", headers=auditor)
    assert shown.status_code == 200 and "Upload and look" not in said(shown)
    assert "Nothing was imported yet" in said(shown)
    assert browser.get("/console/imports", headers=session_of(store, "agent")).status_code == 403
    draft = upload(browser)
    assert browser.get(str(draft.url), headers=auditor).status_code == 403


def test_uploads_are_readable_by_this_account_alone(browser: TestClient, store: Store) -> None:
    upload(browser)
    kept = [path for path in drafts(store.settings.data).rglob("*") if path.is_file()]
    assert len(kept) == 2
    assert {path.stat().st_mode & 0o077 for path in kept} == {0}
    assert {Path(path.parent).stat().st_mode & 0o077 for path in kept} == {0}


def test_a_column_is_put_into_a_mapping_without_touching_the_rest() -> None:
    fed = '# Not sure.\nexternal_id = "A"\ncustomer = { column = "B", kind = "person" }\n'
    text = f'# Remark.\nkind = "leads"\n\n[fields]\n{fed}\n[fields.value]\ncolumn = "C"\nwritten = "1234.56"\n'
    changed = with_column(with_column(with_column(text, "external_id", "X"), "customer", 'Y"'), "value", "Z")
    expected = text.replace('"A"', '"X"').replace('"B"', '"Y\\""').replace('"C"', '"Z"')
    assert changed == expected
    found = {choice.field: choice for choice in choices(changed, "leads")}
    assert (found["external_id"].column, found["external_id"].remarks) == ("X", ["Not sure."])
    assert (found["customer"].column, found["value"].column) == ('Y"', "Z")
    assert "title" in found and found["title"].column == ""
    assert 'title = "T"' in with_column(text, "title", "T").split("[fields]")[1]
    assert "# [fields.value]" in with_column(text, "value", "")
