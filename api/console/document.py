"""The OpenAPI document that clients are built from: what FastAPI knows of the routes, completed with what it cannot."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response

from api.console.assets import Asset
from api.console.contract import example
from api.problems import Problem, RequestProblem, code_of, sentence_about
from api.tags import TAGS

_KEPT = "public, max-age=300"
"""It changes with the program alone; a client asks again after five minutes, and is mostly told that it has it."""
_ALSO = {
    "refused": (409, "Refused", "lead_already_closed", "This lead is already closed as won."),
    "unavailable": (503, "Try again later", "unavailable", "The database does not answer."),
}
"""Problems that have no class here: one of the domain's refusals, and what the database makes impossible."""

router = APIRouter(include_in_schema=False)


def completed(document: dict[str, Any], public_url: str | None) -> dict[str, Any]:  # Any: JSON, as below
    """The document with its server, its tags explained, and an example of whatever is sent or answered as JSON."""
    document["servers"] = [{"url": public_url or "/"}]
    operations = [told for methods in document["paths"].values() for told in methods.values()]
    used = dict.fromkeys(tag for told in operations for tag in told.get("tags", ()))
    document["tags"] = [{"name": tag, "description": TAGS[tag]} for tag in used]
    components = document["components"]
    components["schemas"].setdefault("Problem", Problem.model_json_schema())
    components["examples"] = {name: {"value": value} for name, value in _problems()}
    for told in operations:
        answers = [answer for status, answer in told["responses"].items() if status < "400"]
        for part in (told.get("requestBody", {}), *answers):
            for kind, content in part.get("content", {}).items():
                if kind in ("application/json", "multipart/form-data") and "schema" in content:
                    content["example"] = example(document, content["schema"])
    return document


def _problems() -> Iterator[tuple[str, dict[str, Any]]]:
    waiting = list(RequestProblem.__subclasses__())
    while waiting:
        problem = waiting.pop()
        waiting += problem.__subclasses__()
        yield code_of(problem), _problem(problem.status, problem.title, code_of(problem), sentence_about(problem))
    for name, told in _ALSO.items():
        yield name, _problem(*told)


def _problem(status: int, title: str, code: str, detail: str) -> dict[str, Any]:
    return Problem(status=status, title=title, code=code, detail=detail).model_dump(exclude_none=True)


@router.get("/openapi.json")
def openapi(request: Request) -> Response:
    """The document, packed where the client takes that; 304 for whoever has it."""
    found = _packed(request.app)
    headers = {"Cache-Control": _KEPT, "Vary": "Accept-Encoding", "ETag": f'"{found.version}"'}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=found.kind)
    return Response(found.content, headers=headers, media_type=found.kind)


def _packed(app: FastAPI) -> Asset:
    """Written once for the application: there is a megabyte of it."""
    if not hasattr(app.state, "document"):
        content = json.dumps(app.openapi(), ensure_ascii=False, separators=(",", ":")).encode()
        version = hashlib.sha256(content).hexdigest()[:12]
        app.state.document = Asset(content, gzip.compress(content, mtime=0), "application/json", version)
    packed: Asset = app.state.document
    return packed
