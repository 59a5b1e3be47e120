"""A client of the API, with a key that may do everything."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from rich.console import Console

from api.access import SCOPES, create_api_key
from api.app import create_app
from api.imports.run import ImportReport, import_file
from api.sessions import create_sign_in_link
from api.store import Store, open_store
from tests.api.leads_file import MAPPING, Import, written
from tests.api.permitted import House, opened
from tests.conftest import settings_for


@pytest.fixture
def anonymous(store: Store) -> Iterator[TestClient]:
    """A client without a key."""
    with TestClient(create_app(store), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def client(store: Store, anonymous: TestClient) -> TestClient:
    """A client whose key has every scope."""
    anonymous.headers["Authorization"] = f"Bearer {create_api_key(store, 'tests', tuple(SCOPES))}"
    return anonymous


@pytest.fixture(scope="module")
def company(new_database_of_a_module: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A small company that is asked by whoever may see some of it."""
    folder: Path = tmp_path_factory.mktemp("company")
    with open_store(settings_for(new_database_of_a_module(), folder)) as store, opened(store) as house:
        yield house


@pytest.fixture
def take_in(store: Store, tmp_path: Path) -> Import:
    """Import rows of the usual columns with the usual mapping."""

    def imported(*rows: str, mapping: str = MAPPING, file: Path | None = None) -> ImportReport:
        (tmp_path / "map.toml").write_text(mapping, encoding="utf-8")
        return import_file(store, "leads", file or written(tmp_path, *rows), tmp_path / "map.toml", Console(quiet=True))

    return imported


@pytest.fixture
def stranger(store: Store) -> Iterator[TestClient]:
    """A browser that nobody has signed in with."""
    with TestClient(create_app(store), headers={"Sec-Fetch-Site": "same-origin"}) as browser:
        yield browser


@pytest.fixture
def browser(store: Store, stranger: TestClient) -> TestClient:
    """A browser that a printed link was opened with."""
    assert stranger.get(create_sign_in_link(store)).status_code == 200
    return stranger
