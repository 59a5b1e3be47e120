"""A client of the API, with a key that may do everything."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api.access import SCOPES, create_api_key
from api.app import create_app
from api.store import Store


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
