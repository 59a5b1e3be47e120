"""The web server: how long it waits for whom, and how it ends."""

import asyncio
import socket
import time
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.app import create_app
from api.store import Store

_HEAD_SECONDS = 10.0
"""How long a request's head may take to arrive, from the connection or the answer before."""
_IDLE_SECONDS = 75
"""How long a connection waits for the next request: longer than proxies let theirs, or they would meet a closed one."""
_LARGEST_HEAD = 64 << 10
_IN_FLIGHT_SECONDS = 25
"""How long requests that are under way may take once the server was told to end."""
_UNREAD_SECONDS = 3.0
"""How long it then waits for readers who do not take the rest of an answer that has ended."""


class _Impatient(H11Protocol):
    """Closes a connection on which a request was begun whose head does not come to its end."""

    _alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._await_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.conn.trailing_data[0]:  # the next head has begun already
            self._unset_keepalive_if_required()
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._silence()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        """Set the alarm where a head is awaited, and leave it where it is already set: each byte does not move it."""
        is_idle = self.timeout_keep_alive_task is not None
        is_served = self.cycle is not None and not self.cycle.response_complete
        if is_idle or is_served:
            self._silence()
        elif self._alarm is None:
            self._alarm = self.loop.call_later(_HEAD_SECONDS, self.transport.close)

    def _silence(self) -> None:
        if self._alarm:
            self._alarm.cancel()
            self._alarm = None


class Server(uvicorn.Server):
    """Ends in order: says so at /readyz, ends the tails, takes no more connections, finishes what is under way.

    A second signal ends it at once.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(
            uvicorn.Config(
                create_app(store),
                http=_Impatient,
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(store.settings.trusted_proxies),
                forwarded_allow_ips=store.settings.trusted_proxies or "none",
                timeout_keep_alive=_IDLE_SECONDS,
                timeout_graceful_shutdown=_IN_FLIGHT_SECONDS,
                h11_max_incomplete_event_size=_LARGEST_HEAD,
            )
        )
        self._store = store
        self._leave_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """What a signal does."""
        if self._leave_at is not None:
            self.force_exit = self.should_exit = True
            return
        self._captured_signals.append(sig)
        self.leave()

    def leave(self) -> None:
        """End as the first signal does."""
        self._store.tip.begin_closing()
        self._leave_at = time.monotonic() + self._store.settings.drain_seconds

    async def on_tick(self, counter: int) -> bool:
        """Whether it is time to take no more connections."""
        if self._leave_at is not None and time.monotonic() >= self._leave_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what is under way."""
        self._store.tip.begin_closing()
        unread = asyncio.get_running_loop().call_later(_UNREAD_SECONDS, self._drop_unread)
        try:
            await super().shutdown(sockets)
        finally:
            unread.cancel()

    def _drop_unread(self) -> None:
        for connection in list(self.server_state.connections):
            transport: Any = getattr(connection, "transport", None)  # Any: of whichever protocol
            if transport is not None and transport.is_closing():
                transport.abort()
