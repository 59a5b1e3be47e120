"""The errors that the API answers with, as RFC 9457 problem details; none repeats what is personal in a request.

A body that is too large is the one exception: it is refused with a plain 413 before any of this is asked."""

import re
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from domain.event import Refusal, snake_case
from eventstore.codec import NewerEvent
from eventstore.database import UNAVAILABLE, DatabaseUnavailable
from eventstore.fence import StuckWriter
from eventstore.log import CommandAlreadyCarriedOut, SubjectForgotten, VersionConflict
from eventstore.log import ExternalIdTaken as TakenInTheLog

_log = structlog.get_logger("everfold.api")


class Problem(BaseModel):
    """RFC 9457: what went wrong (`code`, for programs) and what to do about it (`detail`, for people)."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    errors: list[dict[str, str]] | None = None


class RequestProblem(Exception):
    """A request that cannot be served; the class says why, its docstring what to do."""

    status = 400
    title = "Bad request"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or " ".join((type(self).__doc__ or "").split()))


class NotFound(RequestProblem):
    """There is nothing with this id, or it is not yours to see."""

    status, title = 404, "Not found"


class NotSignedIn(RequestProblem):
    """Send a valid API key as "Authorization: Bearer <key>". Make one with: ./crm key create NAME"""

    status, title = 401, "Not signed in"


class NotAllowed(RequestProblem):
    """This key lacks the scope that the route asks for."""

    status, title = 403, "Not allowed"


class StaleVersion(RequestProblem):
    """The record has changed since you read it. Read it again and decide on its new state."""

    status, title = 412, "Stale version"


class BadIfMatch(RequestProblem):
    """If-Match must be the ETag of this record, a version in double quotes such as "3"."""

    status, title = 400, "Bad If-Match"


class BadCursor(RequestProblem):
    """This cursor was not given out here. Start again without one."""

    status, title = 400, "Bad cursor"


class EpochEnded(RequestProblem):
    """The log was restored since this cursor was given out, and numbers its events anew. Start again without one."""

    status, title = 410, "Epoch ended"


class IdempotencyKeyReused(RequestProblem):
    """This Idempotency-Key was used before with another body. Give every command a key of its own."""

    status, title = 422, "Idempotency-Key reused"


class OccurredInFuture(RequestProblem):
    """occurred_at lies in the future. The log holds only what has happened."""

    status, title = 422, "Not yet happened"


class ExternalIdTaken(RequestProblem):
    """Another record already has this external id. Act on that one, or give this one an external id of its own."""

    status, title = 409, "Refused"


class BadParameter(RequestProblem):
    """A parameter has a value that cannot be used."""

    status, title = 422, "Bad parameter"


class NotUpToDate(RequestProblem):
    """The read model has not reached the position asked for yet. Try again in a moment."""

    status, title = 503, "Not up to date yet"


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


def documented(*problems: type[RequestProblem], writes: bool = False) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route for OpenAPI: these problems beside those that every route can answer with."""
    titles: dict[int, list[str]] = {422: ["Malformed"], 503: ["Try again later"]}
    if writes:
        titles[409] = ["Refused: the command does not fit the state"]
    every: tuple[type[RequestProblem], ...] = (NotSignedIn, NotAllowed, *problems)
    for problem in every:
        titles.setdefault(problem.status, []).append(problem.title)
    content = {"application/problem+json": {"schema": Problem.model_json_schema()}}
    return {status: {"description": "; ".join(found), "content": content} for status, found in sorted(titles.items())}


COMMAND = documented(NotFound, StaleVersion, IdempotencyKeyReused, OccurredInFuture, BadIfMatch, writes=True)
"""Of a command on one record."""


def _answer(
    status: int,
    title: str,
    code: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    problem = Problem(title=title, status=status, code=code, detail=detail, errors=errors)
    return JSONResponse(
        problem.model_dump(exclude_none=True), status, dict(headers or {}), media_type="application/problem+json"
    )


def _request_problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestProblem)
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "1"}}.get(error.status)
    return _answer(error.status, error.title, snake_case(type(error).__name__), str(error), headers=headers)


def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return _answer(409, "Refused", error.code, str(error))


def _malformed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    if all(found["loc"][0] == "path" for found in error.errors()):
        return _request_problem(request, NotFound())
    errors = [{"pointer": _pointer(found["loc"]), "detail": _sentence(found)} for found in error.errors()]
    return _answer(422, "Malformed", "malformed", "The request does not have the documented form.", errors)


def _pointer(place: Sequence[str | int]) -> str:
    # a name that a client made up may be anything, also somebody's address
    return "".join(f"/{part}" if re.fullmatch(r"[A-Za-z0-9_-]{1,40}", str(part)) else "/?" for part in place)


def _sentence(found: Mapping[str, Any]) -> str:
    # pydantic's texts quote the value that was sent where they give a parser's reason, which follows the comma
    if found["type"] == "json_invalid":
        return "This is not valid JSON."
    if found["type"] == "value_error":
        return f"{found['ctx']['error']}."
    return str(found["msg"]).partition(",")[0] if "error" in found.get("ctx", {}) else str(found["msg"])


def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    return _answer(error.status_code, str(error.detail), code, f"{error.detail}.", headers=error.headers)


def _conflict(request: Request, _: Exception) -> JSONResponse:
    return _request_problem(request, ExternalIdTaken())


def _forgotten(_: Request, error: Exception) -> JSONResponse:
    return _answer(409, "Refused", snake_case(type(error).__name__), str(error))


def _busy(_: Request, error: Exception) -> JSONResponse:
    detail = "Others are changing this record at the same moment. Read it again and retry."
    return _answer(409, "Refused", snake_case(type(error).__name__), detail, headers={"Retry-After": "1"})


def _newer(_: Request, error: Exception) -> JSONResponse:
    _log.warning("event of a newer program", problem=str(error))
    return _answer(503, "Try again later", "newer_event", str(error))


def _unavailable(_: Request, error: Exception) -> JSONResponse:
    _log.warning("database unavailable", problem=type(error).__name__)
    return _answer(503, "Try again later", "unavailable", "The database does not answer.", headers={"Retry-After": "1"})


def _held_up(_: Request, error: Exception) -> JSONResponse:
    _log.warning("readers wait for a writer", detail=str(error))
    sentence = "A write elsewhere is not finished, and readers wait for it so that they miss nothing. Try again."
    return _answer(503, "Try again later", "held_up", sentence, headers={"Retry-After": "1"})


def _unexpected(_: Request, error: Exception) -> JSONResponse:
    # the frames, not the message: a message may quote what was sent
    frames = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    _log.error("unexpected error", problem=type(error).__name__, frames=frames[-8:])
    return _answer(500, "Unexpected error", "unexpected", "This is our fault. The error was noted in the server's log.")
