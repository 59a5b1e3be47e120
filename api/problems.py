"""The errors that the API answers with, as RFC 9457 problem details; none repeats what is personal in a request."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from api import underway
from domain.event import snake_case


class Problem(BaseModel):
    """RFC 9457: what went wrong (`code`, for programs) and what to do about it (`detail`, for people)."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    request_id: str | None = None
    """By which the server's log knows this request."""
    errors: list[dict[str, str]] | None = None
    """What is wrong with which part: a `pointer` into the body, as RFC 6901 has it, or the name of a parameter."""


class RequestProblem(Exception):
    """A request that cannot be served; the class says why, its docstring what to do."""

    status = 400
    title = "Bad request"
    headers: Mapping[str, str] = {}
    """What the answer says beside it."""
    errors: list[dict[str, str]] | None = None
    """Each place in the request that is wrong, and why."""

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or sentence_about(type(self)))


def sentence_about(problem: type[RequestProblem]) -> str:
    """What it says where nothing more is known."""
    return " ".join((problem.__doc__ or "").split())


def code_of(problem: type[RequestProblem]) -> str:
    """By which programs know it."""
    return snake_case(problem.__name__.removeprefix("_"))


class Unavailable(RequestProblem):
    """The database does not answer."""

    status, title = 503, "Try again later"


class NotFound(RequestProblem):
    """There is nothing with this id, or it is not yours to see."""

    status, title = 404, "Not found"


class NotSignedIn(RequestProblem):
    """Send a valid API key as "Authorization: Bearer <key>". Make one with: ./crm key create NAME. Where a sign-in
    service is set up, its access tokens are taken as well."""

    status, title = 401, "Not signed in"
    headers = {"WWW-Authenticate": "Bearer"}


class KeyExpired(RequestProblem):
    """This API key has come to its end. Make a new one: ./crm key create NAME"""

    status, title = 401, "Not signed in"
    headers = {"WWW-Authenticate": "Bearer"}


class NotAMember(RequestProblem):
    """The sign-in service knows you, but your account there is that of no active member here. Somebody who runs this
    installation can change that: ./crm member identify MEMBER ACCOUNT"""

    status, title = 403, "Not a member"


class IssuerSilent(RequestProblem):
    """The sign-in service does not answer as it should, so nobody can be recognised by it. Try again in a moment."""

    status, title = 503, "Try again later"


class NotAllowed(RequestProblem):
    """This key lacks the scope that the route asks for."""

    status, title = 403, "Not allowed"


class HiddenField(RequestProblem):
    """You may not see this field, so nothing can be chosen or ordered by it. Leave it out, or ask for personal:read."""

    status, title = 403, "Hidden field"


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


class IdempotencyKeyInFlight(RequestProblem):
    """The first request with this Idempotency-Key is still being carried out. Send the same again in a moment: it will
    get the first one's answer."""

    status, title = 409, "Idempotency-Key in flight"
    headers = {"Retry-After": "1"}


class OccurredInFuture(RequestProblem):
    """occurred_at lies in the future. The log holds only what has happened."""

    status, title = 422, "Not yet happened"


class ExternalIdTaken(RequestProblem):
    """Another record already has this external id. Act on that one, or give this one an external id of its own."""

    status, title = 409, "Refused"


class BadParameter(RequestProblem):
    """A parameter has a value that cannot be used."""

    status, title = 422, "Bad parameter"


class UnreadableBody(RequestProblem):
    """The body cannot be read: it is no valid JSON, nested too deeply, holds a number that is too long, or ended too
    early."""

    status, title = 400, "Unreadable body"


class TooLarge(RequestProblem):
    """The body is larger than this route takes. Send less at once; files are sent to /v1/imports."""

    status, title = 413, "Too large"


class UnsupportedMediaType(RequestProblem):
    """The body has another Content-Type than this route takes."""

    status, title = 415, "Unsupported media type"


class TooSlow(RequestProblem):
    """The body did not arrive in time. Send it again, over a better line or in smaller parts."""

    status, title = 408, "Too slow"
    headers = {"Connection": "close"}


class Malformed(RequestProblem):
    """The request does not have the documented form."""

    status, title = 422, "Malformed"

    def __init__(self, place: str, detail: str) -> None:
        """`place` is where it is, such as /body/amount or /query/sort; it repeats no name that a client made up."""
        super().__init__()
        self.errors = [place_of(place.strip("/").split("/")) | {"detail": detail}]


def malformed(error: ValidationError, where: str) -> Malformed:
    """The same problem for what was read with a model of ours rather than by the framework."""
    (first, *_) = error.errors()
    return Malformed("/".join(harmless((where, *first["loc"]))), sentence_of(first))


def place_of(place: Sequence[str]) -> dict[str, str]:
    """Where in a request something is: in the body as a JSON pointer, elsewhere by the parameter's name."""
    if place[0] == "body":
        return {"pointer": "#" + "".join(f"/{part}" for part in place[1:])}
    return {"in": place[0], "parameter": ".".join(place[1:])}


def harmless(place: Sequence[str | int]) -> list[str]:
    """The names on the way there; one that a client made up may be anything, also somebody's address."""
    return [str(part) if re.fullmatch(r"[A-Za-z0-9_-]{1,40}", str(part)) else "?" for part in place]


def sentence_of(found: Mapping[str, Any]) -> str:  # Any: as pydantic tells an error
    """What is wrong, without the value that was sent."""
    # pydantic's texts quote the value that was sent where they give a parser's reason, which follows the comma
    if found["type"] == "value_error":
        return f"{found['ctx']['error']}."
    return str(found["msg"]).partition(",")[0] if "error" in found.get("ctx", {}) else str(found["msg"])


class NotUpToDate(RequestProblem):
    """The read model has not reached the position asked for yet. Try again in a moment."""

    status, title = 503, "Not up to date yet"


def documented(*problems: type[RequestProblem], writes: bool = False) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route for OpenAPI: these problems beside those that every route can answer with."""
    titles: dict[int, list[str]] = {422: ["Malformed"], 429: ["Too many requests"], 503: ["Try again later"]}
    codes: dict[int, list[str]] = {422: ["malformed"], 429: ["too_many_requests"], 503: ["unavailable"]}
    every: tuple[type[RequestProblem], ...] = (NotSignedIn, NotAllowed, *problems)
    if writes:
        titles[409] = ["Refused: the command does not fit the state"]
        codes[409] = ["refused"]
        every = (*every, UnreadableBody, TooLarge, UnsupportedMediaType)
    for problem in every:
        titles.setdefault(problem.status, []).append(problem.title)
        codes.setdefault(problem.status, []).append(code_of(problem))
    return {
        status: {"description": "; ".join(dict.fromkeys(found)), "content": _content(codes[status])}
        for status, found in sorted(titles.items())
    }


def _content(codes: Sequence[str]) -> dict[str, Any]:  # Any: as OpenAPI has it
    examples = {code: {"$ref": f"#/components/examples/{code}"} for code in codes}
    return {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}}


COMMAND = documented(NotFound, StaleVersion, IdempotencyKeyReused, OccurredInFuture, BadIfMatch, writes=True)
"""Of a command on one record."""


def answer(
    status: int,
    title: str,
    code: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """A problem as it is told."""
    problem = Problem(
        title=title, status=status, code=code, detail=detail, errors=errors, request_id=underway.request_id()
    )
    return JSONResponse(
        problem.model_dump(exclude_none=True), status, dict(headers or {}), media_type="application/problem+json"
    )


def answer_to(problem: RequestProblem) -> JSONResponse:
    """That problem as it is told."""
    headers = ({"Retry-After": "1"} if problem.status == 503 else {}) | dict(problem.headers)
    return answer(problem.status, problem.title, code_of(type(problem)), str(problem), problem.errors, headers)
