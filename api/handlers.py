"""Answers every exception as a problem, whoever raised it: our rules, the log, the database, or the web framework."""

import traceback
from collections.abc import Sequence

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from api.problems import (
    ExternalIdTaken,
    NotFound,
    RequestProblem,
    TooLarge,
    TooSlow,
    Unavailable,
    UnreadableBody,
    UnsupportedMediaType,
    answer,
    answer_to,
    harmless,
    place_of,
    sentence_of,
)
from domain.event import Refusal, snake_case
from eventstore.codec import NewerEvent
from eventstore.database import UNAVAILABLE, DatabaseUnavailable
from eventstore.fence import StuckWriter
from eventstore.log import CommandAlreadyCarriedOut, SubjectForgotten, VersionConflict
from eventstore.log import ExternalIdTaken as TakenInTheLog

_MOST_ERRORS = 100
"""Of a body with more, the first ones say enough."""

_log = structlog.get_logger("everfold.api")


def add_handlers(app: FastAPI) -> None:
    """Answer every exception as a problem."""
    app.add_exception_handler(RequestProblem, _request_problem)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(TakenInTheLog, _conflict)
    app.add_exception_handler(SubjectForgotten, _forgotten)
    app.add_exception_handler(VersionConflict, _busy)
    app.add_exception_handler(CommandAlreadyCarriedOut, _busy)
    app.add_exception_handler(StuckWriter, _held_up)
    app.add_exception_handler(DatabaseUnavailable, _unavailable)
    for unavailable in UNAVAILABLE:
        app.add_exception_handler(unavailable, _unavailable)
    app.add_exception_handler(NewerEvent, _newer)
    app.add_exception_handler(Exception, _unexpected)


def _request_problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestProblem)
    return answer_to(error)


def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return answer(409, "Refused", error.code, str(error))


def _malformed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    places = [found["loc"] for found in error.errors()]
    if any(found["type"] == "json_invalid" for found in error.errors()):
        return answer_to(UnreadableBody())
    if all(place[0] == "path" for place in places):
        return answer_to(NotFound())
    if wanted := _other_media_type(request, places):
        problem = UnsupportedMediaType(f"This route takes {wanted}. Say so in the header Content-Type.")
        problem.headers = {f"Accept-{request.method.capitalize()}": wanted}
        return answer_to(problem)
    errors = [
        place_of(harmless(found["loc"])) | {"detail": sentence_of(found)} for found in error.errors()[:_MOST_ERRORS]
    ]
    return answer(422, "Malformed", "malformed", "The request does not have the documented form.", errors)


def _other_media_type(request: Request, places: Sequence[Sequence[str | int]]) -> str | None:
    """What the route takes, where something else was sent and therefore nothing was understood."""
    field = getattr(request.scope.get("route"), "body_field", None)
    wanted: str | None = getattr(field and field.field_info, "media_type", None)
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_json = sent == "application/json" or (sent.startswith("application/") and sent.endswith("+json"))
    is_it = is_json if wanted == "application/json" else sent == wanted
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    return wanted if has_body and not is_it and any(place[0] == "body" for place in places) else None


def _http(request: Request, error: Exception) -> Response:
    """What the framework refuses on its own."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return answer_to(NotFound("There is nothing at this address. What there is: /openapi.json"))
    if error.status_code == 405:
        allow = {"Allow": ", ".join(sorted(allowed_methods(request)))}
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=allow)
        sentence = f"This address takes {allow['Allow']}."
        return answer(405, "Method not allowed", "method_not_allowed", sentence, headers=allow)
    known = {400: UnreadableBody, 408: TooSlow, 413: TooLarge}.get(error.status_code)
    if known:
        return answer_to(known())
    return answer(error.status_code, str(error.detail), "http_error", f"{error.detail}.", headers=error.headers)


def allowed_methods(request: Request) -> set[str]:
    """What the address can be asked, by all routes that have it."""
    found = {"OPTIONS"}
    for context in iter_route_contexts(request.app.routes):
        if context.path and compile_path(context.path)[0].match(request.url.path):
            found |= set(context.methods or ())
    return found | ({"HEAD"} if "GET" in found else set())


def _conflict(_request: Request, _error: Exception) -> JSONResponse:
    return answer_to(ExternalIdTaken())


def _forgotten(_: Request, error: Exception) -> JSONResponse:
    return answer(409, "Refused", snake_case(type(error).__name__), str(error))


def _busy(_: Request, error: Exception) -> JSONResponse:
    detail = "Others are changing this record at the same moment. Read it again and retry."
    return answer(409, "Refused", snake_case(type(error).__name__), detail, headers={"Retry-After": "1"})


def _newer(_: Request, error: Exception) -> JSONResponse:
    _log.warning("event of a newer program", problem=str(error))
    return answer(503, "Try again later", "newer_event", str(error))


def _unavailable(_: Request, error: Exception) -> JSONResponse:
    _log.warning("database unavailable", problem=type(error).__name__)
    return answer_to(Unavailable())


def _held_up(_: Request, error: Exception) -> JSONResponse:
    _log.warning("readers wait for a writer", detail=str(error))
    sentence = "A write elsewhere is not finished, and readers wait for it so that they miss nothing. Try again."
    return answer(503, "Try again later", "held_up", sentence, headers={"Retry-After": "1"})


def _unexpected(_: Request, error: Exception) -> JSONResponse:
    # the frames, not the message: a message may quote what was sent
    frames = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    _log.error("unexpected error", problem=type(error).__name__, frames=frames[-8:])
    return answer(500, "Unexpected error", "unexpected", "This is our fault. The error was noted in the server's log.")
