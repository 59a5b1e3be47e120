"""`crm run`: the API, the console and the follower in one process, until Ctrl-C."""

import logging
import signal
import socket
import sys
from datetime import timedelta

import structlog
import uvicorn

from api.access import create_sign_in_link
from api.app import create_app
from api.demo.load import is_empty, load_demo
from api.imports.worker import import_jobs
from api.sealing import seal_key, seals_file
from api.settings import Settings
from api.store import open_store, publish_defaults
from eventstore.sealing.sealer import sealing
from eventstore.server import ServerError
from replay.follow import catch_up
from replay.upkeep import upkeep


def serve(settings: Settings, *, host: str, port: int, demo: bool) -> None:
    """Serve until told to stop. Raises ServerError when the port is taken or the database does not start."""
    _log_to_stderr()
    for stop in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # uvicorn hands them on once it has stopped: then the database stops too
        signal.signal(stop, lambda *_: sys.exit(0))
    key = seal_key(settings)
    listening = _listen(host, port)  # before the database: a second `crm run` on the same port should say so at once
    with (
        listening,
        open_store(settings, follow=True, publish=False) as store,
        sealing(store.follower_conninfo, seals_file(settings), key),
        upkeep(store.follower_conninfo, timedelta(hours=settings.verify_hours)),
    ):
        if demo and is_empty(store):
            load_demo(store)
        with store.pool.connection() as connection:
            publish_defaults(connection)
        with store.following() as connection:
            catch_up(connection)
        shown = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"
        print(
            f"Everfold is running. Open {shown}{create_sign_in_link(store)} (signed in, once);"
            " make an API key with: ./crm key create NAME",
            flush=True,
        )
        server = uvicorn.Server(
            uvicorn.Config(create_app(store), log_config=None, access_log=False, server_header=False)
        )
        with import_jobs(store):
            server.run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
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
