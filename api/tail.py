"""The feed as it grows: server-sent events behind a position, for ever, one connection a reader and none of the pool's.

A reader who is slow holds up nobody: what was read for her is one batch, and the next is read when she has taken it.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

import anyio
import structlog
from fastapi import Response
from fastapi.sse import format_sse_event
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from api import underway
from api.problems import RequestProblem, answer_to
from api.store import Store
from eventstore.codec import NewerEvent
from eventstore.database import UNAVAILABLE, DatabaseUnavailable

_HEARTBEAT = 15.0
_LOOK_AGAIN = 2.0
"""After how many seconds at most a key that was revoked is no longer served."""
_SOON = 0.1
"""After how many seconds it is asked again whose the next events are, where no read model has said so yet."""
_UNHURRIED = 60.0
"""How many seconds a reader may take over one batch."""
_COME_BACK = 1_000
"""In how many milliseconds a reader whose connection ends should ask again."""

_log = structlog.get_logger("everfold.tail")

Batch: TypeAlias = tuple[Sequence[tuple[str, str]], int]
"""Events, each as its cursor and its JSON, and the position up to which there are no others."""
_ENDS: tuple[type[Exception], ...] = (RequestProblem, NewerEvent, DatabaseUnavailable, *UNAVAILABLE)


class TooManyTails(RequestProblem):
    """As many tails are open with this key as one may hold at once. Close one of them."""

    status, title = 429, "Too many tails"
    headers = {"Retry-After": "5"}


class ShuttingDown(RequestProblem):
    """This server is about to end. Ask again in a moment; another may answer."""

    status, title = 503, "Shutting down"


@dataclass(frozen=True, slots=True)
class Feed:
    """What a tail gives out, and to whom; all of it is asked in other threads."""

    read: Callable[[int, int], Batch]
    """The next events behind one position up to another, of which the log is complete. Raises EpochEnded."""
    must_be_allowed: Callable[[], object]
    """Raises a problem once the reader may not read any more."""
    cursor: Callable[[int], str]
    """The cursor of a position."""
    event: str | None = None
    """What its events are called, where readers listen for a name."""


class Tail(Response):
    """The stream itself: what lies behind `after`, and from then on whatever is appended."""

    media_type = "text/event-stream"

    def __init__(self, store: Store, feed: Feed, reader: UUID, after: int, head: int) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._store, self._feed, self._reader = store, feed, reader
        self._after, self._head = after, head

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve until the reader leaves, may not read on, takes too long, or the process ends."""
        refused = self._refused()
        if refused:
            return await answer_to(refused)(scope, receive, send)
        _open[self._reader] += 1
        try:
            await self._serve(receive, send)
        finally:
            _open[self._reader] -= 1
            if not _open[self._reader]:
                del _open[self._reader]
        return None

    def _refused(self) -> RequestProblem | None:
        if self._store.tip.is_closing:
            return ShuttingDown()
        if _open[self._reader] >= self._store.settings.tails:
            return TooManyTails()
        return None

    async def _serve(self, receive: Receive, send: Send) -> None:
        grown, loop = asyncio.Event(), asyncio.get_running_loop()
        ended = asyncio.Event()

        def tell() -> None:
            def told() -> None:
                grown.set()
                if self._store.tip.is_closing:
                    ended.set()

            if not loop.is_closed():
                loop.call_soon_threadsafe(told)

        async def give() -> None:
            async with aclosing(self._parts(grown)) as parts:
                async for part in parts:
                    with anyio.fail_after(_UNHURRIED):
                        await send({"type": "http.response.body", "body": part, "more_body": True})

        headers = [(name, value) for name, value in self.raw_headers if name != b"content-length"]
        with self._store.tip.watched(tell):
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            if not underway.is_head():
                await _first_to_end(give, ended.wait, lambda: _left(receive))
            with anyio.move_on_after(1):  # a reader who takes nothing is not waited for
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _parts(self, grown: asyncio.Event) -> AsyncGenerator[bytes]:
        """Events and heartbeats, as they stand on the wire."""
        yield format_sse_event(comment="the feed", retry=_COME_BACK, id=self._feed.cursor(self._after))
        after, quiet = self._after, 0.0
        try:
            while not self._store.tip.is_closing:
                grown.clear()
                await run_in_threadpool(self._feed.must_be_allowed)
                # the first head is the route's own; the other one may still be that of yesterday
                head = max(self._head, self._store.tip.position)
                while after < head or quiet >= _HEARTBEAT:
                    before = after
                    events, after = await run_in_threadpool(self._feed.read, after, max(head, after))
                    if events:
                        yield b"".join(
                            format_sse_event(event=self._feed.event, data_str=text, id=cursor)
                            for cursor, text in events
                        )
                    else:  # also where nothing was meant for her she need not ask for all that once more
                        yield format_sse_event(comment="nothing new", id=self._feed.cursor(after))
                    quiet = 0.0
                    if after == before:
                        break
                pause = _SOON if after < head else _LOOK_AGAIN
                try:
                    await asyncio.wait_for(grown.wait(), pause)
                except TimeoutError:
                    quiet += pause
        except _ENDS as problem:
            yield _last_words(problem)


_open: Counter[UUID] = Counter()
"""How many tails each reader holds, in this process."""


def _last_words(problem: Exception) -> bytes:
    """Why the stream ends, as an event of its own: its name is the problem's code."""
    if isinstance(problem, RequestProblem):
        told = answer_to(problem)
    else:
        _log.warning("a tail ended", problem=type(problem).__name__)
        told = answer_to(_Interrupted())
    body = json.loads(bytes(told.body))
    return format_sse_event(event=body["code"], data_str=json.dumps(body))


class _Interrupted(RequestProblem):
    """The feed cannot be read at the moment. Ask again from the last id on."""

    status, title = 503, "Interrupted"


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _first_to_end(*awaited: Callable[[], Awaitable[object]]) -> None:
    """Run all of them until one ends, and cancel the others."""
    async with anyio.create_task_group() as together:

        async def run(one: Callable[[], Awaitable[object]]) -> None:
            try:
                await one()
            except TimeoutError:
                pass  # she took too long over what she was given
            together.cancel_scope.cancel()

        for one in awaited:
            together.start_soon(run, one)
