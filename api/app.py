"""The one wiring place: routes, errors and the store, as an ASGI application."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache

from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute

from api import (
    VERSION,
    customers,
    duplicates,
    events,
    finding,
    health,
    leads,
    metrics,
    models,
    undo,
)
from api.access import must_declare_permissions
from api.audit import routes as audit
from api.commands import batch, by_external_id
from api.commands import routes as commands
from api.console import docs, document, pages
from api.console import imports as console_imports
from api.console.document import completed
from api.console.frame import signed_in
from api.console.log.work import Work
from api.exports import routes as exports
from api.handlers import add_handlers
from api.http import Door
from api.imports import routes as imports
from api.kpis import routes as kpis
from api.limits import Limits
from api.lists import routes as lists
from api.noting import Noting
from api.store import Store

_LARGEST_BODY = 1 << 20
"""In bytes; larger ones are refused with 413. An upload may be as large as the settings say."""

_WORTH_PACKING = 1_000
"""In bytes; a shorter answer travels in one packet either way."""
_EFFORT = 4
"""Of nine: more makes JSON hardly smaller."""

_DESCRIPTION = """An event-sourced CRM: every write is one command, every answer a fold over what happened.

Send `Authorization: Bearer <key>`; make a key with `./crm key create NAME`. Send an `Idempotency-Key` with every write:
a retry then gets the first answer and acts no second time. `POST /v1/undo` takes none: to repeat it changes nothing,
and the second answer counts what had been undone before. Errors are RFC 9457 problems with a `code`."""


@asynccontextmanager
async def _working(app: FastAPI) -> AsyncIterator[None]:
    """What the console began in the background pauses at the end, and what waits to be noted is noted."""
    yield
    for begun in (app.state.work, app.state.noting):
        await run_in_threadpool(begun.stop)


def create_app(store: Store) -> FastAPI:
    """The application over an open store. Raises RuntimeError when a route declares no permission."""
    app = FastAPI(
        title="Everfold",
        version=VERSION,
        description=_DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=_working,
    )
    noting = Noting(store)
    app.state.store, app.state.work, app.state.noting = store, Work(store), noting
    plain = app.openapi
    app.openapi = lambda: app.openapi_schema or completed(plain(), store.settings.public_url)  # type: ignore[method-assign]  # FastAPI's way
    app.router.routes.extend(_routes(store.settings.upload_bytes))
    add_handlers(app)
    app.add_middleware(GZipMiddleware, minimum_size=_WORTH_PACKING, compresslevel=_EFFORT)
    inside = app.build_middleware_stack
    limits = Limits(store.settings)
    # around everything, also around what answers an unexpected error
    app.build_middleware_stack = lambda: Door(inside(), limits, noting, store.settings)  # type: ignore[method-assign]
    return app


@cache
def _routes(upload_bytes: int) -> Sequence[BaseRoute]:
    """All of them. None knows a store, so that a process makes them once, which takes most of a second."""
    every = APIRouter(generate_unique_id_function=_operation_id, max_body_size=_LARGEST_BODY)
    about_records = (finding, leads, customers, duplicates, audit)
    every.include_router(exports.about_customers)
    every.include_router(imports.router, max_body_size=upload_bytes)
    every.include_router(console_imports.router, max_body_size=upload_bytes)
    for section in lists.sections:
        every.include_router(section)
    for part in (health, metrics, *about_records, events, kpis, models, exports, undo, docs, document, pages):
        every.include_router(part.router)
    every.include_router(by_external_id.router)
    every.include_router(batch.router, max_body_size=batch.LARGEST_BODY)
    for router in commands.routers():
        every.include_router(router)
    must_declare_permissions(every, [signed_in])
    return every.routes


def _operation_id(route: APIRoute) -> str:
    """What a generated client calls the operation: the route's own name, which stays when its address changes."""
    return route.name
