"""The one wiring place: routes, errors and the store, as an ASGI application."""

from fastapi import FastAPI

from api import (
    VERSION,
    customers,
    duplicates,
    events,
    health,
    lead_ties,
    leads,
    members,
    metrics,
    models,
    tickets,
    undo,
)
from api.access import must_declare_permissions
from api.audit import routes as audit
from api.console import docs, pages
from api.console.contract import add_examples
from api.exports import routes as exports
from api.imports import routes as imports
from api.kpis import routes as kpis
from api.problems import add_handlers
from api.store import Store

_LARGEST_BODY = 1 << 20
"""In bytes; larger ones are refused with 413. An upload may be as large as the settings say."""

_DESCRIPTION = """An event-sourced CRM: every write is one command, every answer a fold over what happened.

Send `Authorization: Bearer <key>`; make a key with `./crm key create NAME`. Send an `Idempotency-Key` with every write:
a retry then gets the first answer and acts no second time. `POST /v1/undo` takes none: to repeat it changes nothing,
and the second answer counts what had been undone before. Errors are RFC 9457 problems with a `code`."""


def create_app(store: Store) -> FastAPI:
    """The application over an open store. Raises RuntimeError when a route declares no permission."""
    app = FastAPI(
        title="Everfold",
        version=VERSION,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        max_body_size=_LARGEST_BODY,
    )
    app.state.store = store
    plain = app.openapi
    app.openapi = lambda: app.openapi_schema or add_examples(plain())  # type: ignore[method-assign]  # FastAPI's way
    about_records = (leads, lead_ties, customers, duplicates, audit, tickets)
    app.include_router(exports.about_customers)
    app.include_router(imports.router, max_body_size=store.settings.upload_bytes)
    for part in (health, metrics, *about_records, events, kpis, models, exports, members, undo, docs, pages):
        app.include_router(part.router)
    add_handlers(app)
    must_declare_permissions(app)
    return app
