"""A client with types is generated from the OpenAPI document: it passes the type checker, and it works."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from api.access import SCOPES, create_api_key
from api.app import create_app
from api.store import Store
from tests.api.serving import serving

PROGRAM = """
import sys

from client import Client
from client.errors import ConflictError, NotFoundError
from models import CaptureLead, LeadResource, LoseLead, Problem, QualifyLead, WinLead


def main(address: str, key: str) -> None:
    with Client(base_url=address, http_bearer=key) as client:
        captured = client.leads.leads_capture(body=CaptureLead(title="Ten seats", source="web")).root
        assert isinstance(captured, LeadResource)
        assert (captured.title, captured.version) == ("Ten seats", 1)
        lead_id = captured.lead_id
        qualified = client.leads.leads_qualify(lead_id=lead_id, body=QualifyLead(), if_match='"1"').root
        assert isinstance(qualified, LeadResource)
        got = client.leads.get_lead(lead_id=lead_id, Min_Position=qualified.position)
        assert (got.title, got.version) == ("Ten seats", 2)
        assert [one.lead_id for one in client.leads.list_leads(source=["web"]).data] == [lead_id]
        won = client.leads.leads_win(lead_id=lead_id, body=WinLead()).root
        assert isinstance(won, LeadResource)
        try:
            client.leads.leads_lose(lead_id=lead_id, body=LoseLead(reason="price"))
        except ConflictError as refused:
            assert isinstance(refused.body, Problem)
            assert refused.body.code == "lead_already_closed"
        else:
            raise AssertionError("a lead that was won cannot be lost")


main(*sys.argv[1:])
print("done")
"""


def _fields(document: dict[str, Any]) -> list[dict[str, Any]]:  # Any: JSON Schema
    schemas = document["components"]["schemas"].values()
    return [field for schema in schemas for field in schema.get("properties", {}).values()]


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-3_000:]
    return done.stdout


@pytest.mark.full
def test_a_typed_client_is_generated_and_works(store: Store, tmp_path: Path) -> None:
    document = create_app(store).openapi()
    # the generator gives the default of a decimal, which is a text, to its other choice, the number: not to be compiled
    for field in _fields(document):
        if {"type": "string"}.items() <= field.get("anyOf", [{}])[-1].items() and isinstance(field.get("default"), str):
            del field["default"]
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    _run(
        tmp_path, "-m", "datamodel_code_generator", "--input", "openapi.json", "--input-file-type", "openapi",
        "--output", "models.py", "--output-model-type", "pydantic_v2.BaseModel", "--formatters", "builtin",
        "--use-annotated", "--set-default-enum-member",
        "--openapi-scopes", "schemas", "paths", "parameters", "api", "--generate-client", "httpx2",
        "--client-output", "client", "--client-package", "client", "--client-model-package", "models",
        "--client-server-base-url", "http://127.0.0.1",
    )  # fmt: skip
    (tmp_path / "mypy.ini").write_text("[mypy]\nplugins = pydantic.mypy\n")
    (tmp_path / "program.py").write_text(PROGRAM)
    _run(tmp_path, "-m", "mypy", "--python-version", "3.11", "program.py", "models.py", "client")
    key = create_api_key(store, "client", tuple(SCOPES))
    with serving(store) as running:
        said = _run(tmp_path, "program.py", f"http://127.0.0.1:{running.port}", key)
    assert said.strip() == "done"
