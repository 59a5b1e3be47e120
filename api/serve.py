"""`crm run`: the API, the console and the follower in one process, until Ctrl-C; `crm follow`: the follower alone."""

import logging
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta

import structlog

from api.console.oidc import must_have_packages
from api.demo.load import is_empty, load_demo
from api.imports.worker import import_jobs
from api.sealing import seal_key, seals_file
from api.server import Server
from api.sessions import console_address, create_sign_in_link
from api.settings import Settings
from api.store import Store, open_store, publish_defaults
from eventstore.sealing.sealer import sealing
from eventstore.server import ServerError
from replay.follow import catch_up
from replay.upkeep import upkeep


def serve(settings: Settings, *, host: str, port: int, demo: bool, follow: bool = True) -> None:
    """Serve until told to stop; without `follow`, another process keeps the read models up to date.

    Raises ServerError when the port is taken or the database does not start.
    """
    _log_to_stderr()
    _stop_in_order()  # uvicorn hands the signals on once it has stopped: then the database stops too
    if settings.oidc_client_id:
        must_have_packages()
    listening = _listen(host, port)  # before the database: a second `crm run` on the same port should say so at once
    with (
        listening,
        open_store(settings, follow=follow, publish=False) as store,
        _keeping_up(store) if follow else nullcontext(),
    ):
        if demo and is_empty(store):
            load_demo(store)
        with store.pool.connection() as connection:
            publish_defaults(connection)
        if follow:
            with store.following() as connection:
                catch_up(connection)
        shown = console_address(settings, listening.getsockname()[1], host)
        print(
            f"Everfold is running. Open {shown}{create_sign_in_link(store)} (signed in, once);"
            " make an API key with: ./crm key create NAME",
            flush=True,
        )
        with import_jobs(store):
            Server(store).run(sockets=[listening])


def follow(settings: Settings) -> None:
    """Keep the read models up to date, seal and verify, until told to stop. Raises ServerError."""
    _log_to_stderr()
    _stop_in_order()
    with open_store(settings, follow=True) as store, _keeping_up(store):
        print("Everfold follows its log. Ctrl-C stops it.", flush=True)
        while True:
            signal.pause()


@contextmanager
def _keeping_up(store: Store) -> Iterator[None]:
    """What goes on beside the follower: sealing, and verifying read models now and then."""
    settings = store.settings
    with (
        sealing(store.follower_conninfo, seals_file(settings), seal_key(settings)),
        upkeep(store.follower_conninfo, timedelta(hours=settings.verify_hours)),
    ):
        yield


def _stop_in_order() -> None:
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, lambda *_: sys.exit(0))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # named, for asyncio only keeps an answer's parts from waiting for each other on what says that it is TCP
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(512)
    except OSError as error:
        listening.close()
        raise ServerError(
            f"Port {port} cannot be used ({error.strerror}). Choose another: ./crm run --port 8001"
        ) from error
    return listening


def _log_to_stderr() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # uvicorn logs an exception once more, with its message, and that may quote what was sent
    logging.getLogger("uvicorn.error").addFilter(lambda record: record.exc_info is None)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
