"""The manual in the console."""

import json
import re

from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.access import api_routes
from api.console.contract import operations


def test_the_manual_has_every_route(stranger: TestClient) -> None:
    page = stranger.get("/docs")
    assert page.status_code == 200
    app = stranger.app
    assert isinstance(app, FastAPI)
    routes = [(path, route) for path, route in api_routes(app) if route.include_in_schema]
    assert len(routes) > 30
    for path, route in routes:
        for method in route.methods or ():
            address = path.replace(":path}", "}")
            anchor = f"{method.lower()}{address}".translate({ord("/"): "-", ord("{"): None, ord("}"): None})
            assert f'href="#{anchor}"' in page.text
            assert f'<article class="panel operation" id="{anchor}"' in page.text
    anchors = set(re.findall(r'id="([^"]+)"', page.text))
    assert set(re.findall(r'href="#([^"]+)"', page.text)) <= anchors


def test_every_example_of_the_manual_is_accepted(stranger: TestClient) -> None:
    app = stranger.app
    assert isinstance(app, FastAPI)
    documented = {
        one.path: one for group in operations(app.openapi(), "http://x").values() for one in group if one.example
    }
    written = [
        (path, route)
        for path, route in api_routes(app)
        if "POST" in (route.methods or ()) and route.include_in_schema and path != "/v1/imports"  # a form, no JSON
    ]
    assert len(written) > 20
    for path, route in written:
        assert route.body_field is not None
        example = documented[path].example
        assert example is not None
        command = route.body_field.field_info.annotation
        assert command is not None
        command.model_validate_json(example)
        assert json.dumps(json.loads(example), ensure_ascii=False) in documented[path].curl
