"""What every request passes through: its id, a line in the log, limits, and the headers that keep an answer safe."""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from uuid import UUID

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from api import underway
from api.limits import Limits, TooManyRequests, is_costly
from api.noting import Noting
from api.problems import RequestProblem, TooLarge, TooSlow, Unavailable, answer_to
from api.settings import Settings

_SAFE: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Where an answer says nothing else: take nothing from it for more than it is, and let no other page have it."""
_ONLY_HTTPS = {"Strict-Transport-Security": "max-age=31536000"}
_UNCOUNTED = ("/healthz", "/readyz", "/console/static")
_SESSION = "everfold_session="
_BETWEEN_PARTS = 20.0
_WHOLE_BODY = 600.0
"""How many seconds a body may take, and how many without anything coming."""

_log = structlog.get_logger("everfold.requests")


class Door:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, limits: Limits, noting: Noting, settings: Settings) -> None:
        self._app, self._limits, self._noting, self._log_requests = app, limits, noting, settings.log_requests
        self._safe = {**_SAFE, **(_ONLY_HTTPS if (settings.public_url or "").startswith("https:") else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers, began = Headers(scope=scope), time.perf_counter()
        request = underway.Underway(_request_id(headers), is_head=scope["method"] == "HEAD")
        underway.begin(request)
        # a copy: the server must go on to know that a HEAD is answered without a body
        inner = dict(scope, method="GET") if request.is_head else scope
        answer = _Answer(request, self._safe, send, lambda: _note_shown(self._noting, request, inner))
        with structlog.contextvars.bound_contextvars(request_id=request.request_id):
            try:
                await self._serve(inner, headers, _Timed(receive, answer), answer)
            finally:
                if self._log_requests:
                    _note(request, inner, scope["method"], answer.status, time.perf_counter() - began)
        return None

    async def _serve(self, scope: Scope, headers: Headers, receive: "_Timed", answer: "_Answer") -> None:
        request, address = answer.request, (scope.get("client") or ("",))[0]
        costly = is_costly(scope["method"], scope["path"], scope.get("query_string", b""))

        def admit(principal: UUID) -> None:
            request.headers.update(self._limits.admit(principal, costly=costly))

        request.admit = admit
        try:
            if not scope["path"].startswith(_UNCOUNTED):
                if "authorization" in headers or _SESSION in headers.get("cookie", ""):
                    self._limits.must_not_have_guessed(address)
                else:
                    request.headers.update(self._limits.admit_stranger(address))
        except TooManyRequests as refused:
            return await answer_to(refused)(scope, receive, answer)
        await self._app(scope, receive, answer)
        if answer.status == 401 and "authorization" in headers:
            self._limits.has_guessed(address)
        return None


class _Answer:
    """Sends what the application answers, with what every answer says."""

    def __init__(
        self, request: underway.Underway, safe: Mapping[str, str], send: Send, note_shown: Callable[[], None]
    ) -> None:
        self.request, self._safe, self._send, self._note_shown = request, safe, send, note_shown
        self.status: int | None = None
        self.is_too_slow = False
        self._is_replaced = False

    async def __call__(self, message: Message) -> None:
        if self._is_replaced:
            return
        if message["type"] == "http.response.start":
            problem = self._instead(message) or self._unnoted(message)
            if problem:
                await answer_to(problem)({"type": "http"}, _nothing, self._sent)
                self._is_replaced = True
                return
        await self._sent(message)

    def _instead(self, message: Message) -> RequestProblem | None:
        """What to say in place of an answer that the framework gives on its own, in words of its own."""
        is_ours = Headers(raw=message["headers"]).get("content-type", "").startswith("application/problem+json")
        if self.is_too_slow:
            return TooSlow()
        return TooLarge() if message["status"] == 413 and not is_ours else None

    def _unnoted(self, message: Message) -> RequestProblem | None:
        """What to say where it cannot be noted whom the answer shows: then it shows nobody."""
        if self.request.shown and 200 <= message["status"] < 300:
            try:
                self._note_shown()
            except Unavailable as problem:
                return problem
        return None

    async def _sent(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            headers["X-Request-Id"] = self.request.request_id
            for name, value in self.request.headers.items():
                headers.setdefault(name, value)
            for name, value in self._safe.items():
                headers.setdefault(name, value)
        elif message["type"] == "http.response.body" and self.request.is_head:
            message = {**message, "body": b""}
        await self._send(message)


class _Timed:
    """Receives a body, for as long as a body may take."""

    def __init__(self, receive: Receive, answer: _Answer) -> None:
        self._receive, self._answer = receive, answer
        self._deadline = time.monotonic() + _WHOLE_BODY
        self._is_whole = False

    async def __call__(self) -> Message:
        if self._is_whole:  # what may still come is that the client has left, and that may take long
            return await self._receive()
        try:
            left = min(_BETWEEN_PARTS, self._deadline - time.monotonic())
            async with asyncio.timeout(left):
                message = await self._receive()
        except TimeoutError:
            self._answer.is_too_slow = self._is_whole = True
            return {"type": "http.disconnect"}
        self._is_whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")


def _request_id(headers: Headers) -> str:
    """The client's own where it is a UUID: it is kept in the log for ever, where no word of a person may be."""
    sent = headers.get("x-request-id", "")
    return sent.lower() if _UUID.fullmatch(sent) else str(uuid7())


def _note_shown(noting: Noting, request: underway.Underway, scope: Scope) -> None:
    """Note of whom an answer shows something personal. What a command answers is no look at anybody: the log has it.
    Raises Unavailable."""
    way = f"{scope['method']} {_route(scope)}"
    if request.principal and not request.is_head and (scope["method"] == "GET" or way.endswith("/search")):
        noting.note(request.shown, request.kind, request.principal, way)


def _note(request: underway.Underway, scope: Scope, method: str, status: int | None, seconds: float) -> None:
    _log.info(
        "request",
        method=method if method in _METHODS else "other",
        route=_route(scope),
        status=status,
        ms=round(seconds * 1_000, 1),
        principal=str(request.principal) if request.principal else None,
    )


_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"})


def _route(scope: Scope) -> str:
    """The route and never the path, which holds ids and whatever else somebody thought would be one."""
    route: Callable[..., object] | None = scope.get("route")
    is_asset = str(scope["path"]).startswith("/console/static/")
    return getattr(route, "path", None) or ("/console/static" if is_asset else "unknown")
