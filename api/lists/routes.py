"""The routes of every list: GET with a query, POST /search with a filter, one record by its id, and its history."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Path, Request, Response, Security
from pydantic import BaseModel

from api.access import OpenStore, Principal, principal
from api.events import event_resource
from api.fresh import MinPosition, at_least
from api.lists import shapes
from api.lists.answer import answer, as_json, etag_matches, must_see, present
from api.lists.asked import Reader
from api.lists.question import Search, from_body, from_query
from api.past import AsOf, OnAxis, must_be_recorded, position_of, tables
from api.problems import BadCursor, BadParameter, HiddenField, NotFound, NotUpToDate, documented
from api.resources import Page, PastResource
from api.section import Section
from api.store import Store
from api.visible import row_as_seen, sees
from domain.undo import undone
from domain.workspace import Workspace
from eventstore import log
from eventstore.database import Connection
from projections.lists import page
from projections.lists.nouns import NOUNS, Noun
from projections.reading import Row
from replay.asof import models_of
from replay.recall import table_at

_LIST = documented(BadCursor, BadParameter, HiddenField, NotUpToDate)
_ONE = documented(NotFound, BadParameter, NotUpToDate)
_UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "It is still what you have"}}

IfNoneMatch = Annotated[str | None, Header(description="The ETag that you have: 304 when it is still that.")]


def _add_list(
    router: Section, noun: Noun, caller_of: Any, row: type[BaseModel]
) -> None:  # Any: as FastAPI's Security has it
    def list_(request: Request, store: OpenStore, fresh: MinPosition = None, caller: Principal = caller_of) -> Response:
        asked = from_query(store, noun, caller.sight, _settled(store), request.query_params.multi_items())
        return answer(store, noun, caller, asked, fresh)

    def search(search: Search, store: OpenStore, fresh: MinPosition = None, caller: Principal = caller_of) -> Response:
        asked = from_body(store, noun, caller.sight, _settled(store), search)
        return answer(store, noun, caller, asked, fresh)

    named, shape = noun.name.replace("-", "_"), shapes.page_of(noun, row)
    told = {"parameters": shapes.parameters(noun)}
    list_.__doc__, search.__doc__ = shapes.LISTED, shapes.SEARCHED
    get = _route(noun, f"list_{named}", shape, _LIST)
    router.add_api_route("", list_, openapi_extra=told, **get)
    post = _route(noun, f"search_{named}", shape, _LIST)
    router.add_api_route("/search", search, methods=["POST"], **post)


def _add_one(router: Section, noun: Noun, caller_of: Any, row: type[BaseModel]) -> None:  # Any: the same
    def get(
        id_: Annotated[UUID, Path(alias=noun.id)],
        store: OpenStore,
        fields: str | None = None,
        expand: str | None = None,
        as_of: AsOf = None,
        axis: OnAxis = None,
        fresh: MinPosition = None,
        if_none_match: IfNoneMatch = None,
        caller: Principal = caller_of,
    ) -> Response:
        """One record, as of a past moment as it was known then. Of a stream, today's version is the ETag to send as
        If-Match."""
        must_be_recorded(axis)
        reader = Reader(noun, caller.sight, _settled(store))
        shown = reader.columns(fields.split(",") if fields else None, "/query/fields")
        expanded = reader.expands(expand.split(",") if expand else (), "/query/expand")
        must_see(caller, expanded, noun)
        if as_of is None and fresh is not None:
            at_least(store, models_of([noun.table]), fresh)
        with _record(store, noun, caller, id_, as_of) as (connection, found):
            etag = f'"{found["version"]}"' if noun.is_stream and as_of is None else None
            if etag and etag_matches(if_none_match, etag):
                return Response(status_code=304, headers={"ETag": etag})
            (ready,) = present(connection, noun, caller, [found], shown, expanded)
        return as_json(ready, {"ETag": etag} if etag else {})

    responses = _ONE | _UNCHANGED if noun.is_stream else _ONE
    route = _route(noun, f"get_{noun.id.removesuffix('_id')}", row, responses)
    router.add_api_route(f"/{{{noun.id}}}", get, **route)


def _add_history(router: Section, noun: Noun, caller_of: Any) -> None:  # Any: the same
    def history(
        id_: Annotated[UUID, Path(alias=noun.id)], store: OpenStore, caller: Principal = caller_of
    ) -> Page[PastResource]:
        """Everything that ever happened to it, in the order in which it was recorded; also what was undone."""
        with store.pool.connection() as connection:
            recorded = log.load(connection, id_).history
            is_one = bool(recorded) and recorded[0].stream_type == noun.singular
            if not is_one or not _may_see(connection, noun, caller, id_):
                raise NotFound()
        gone = undone(recorded)
        events = [
            PastResource(**event_resource(one, caller.sight).model_dump(), undone=one.version in gone)
            for one in recorded
        ]
        return Page(data=events, has_more=False, next_cursor=None)

    route = _route(noun, f"history_of_{noun.singular}", Page[PastResource], documented(NotFound))
    router.add_api_route(f"/{{{noun.id}}}/history", history, **route)


def _route(noun: Noun, name: str, shape: type[BaseModel], responses: Any) -> dict[str, Any]:  # Any: as FastAPI has them
    return {"name": name, "response_model": shape, "responses": responses, "tags": [noun.name]}


def _settled(store: Store) -> Callable[[], Workspace]:
    def settled() -> Workspace:
        with store.pool.connection() as connection:
            return store.settled.now(connection)[0]

    return settled


@contextmanager
def _record(
    store: Store, noun: Noun, caller: Principal, id_: UUID, as_of: datetime | None
) -> Iterator[tuple[Connection, Row]]:
    """The row of a record, now or as it was known, and a connection. Raises NotFound."""
    past = None if noun.is_stream else as_of
    with tables(store, [noun.table], past) as (connection, schema):
        if as_of is not None and noun.is_stream:  # folded on the fly, faster than the whole table
            found = _stream_at(store, connection, noun, caller, id_, position_of(connection, as_of))
        else:
            found = page.record(connection, noun, id_, sight=caller.sight, schema=schema)
        if found is None:
            raise NotFound()
        yield connection, found


def _stream_at(
    store: Store, connection: Connection, noun: Noun, caller: Principal, id_: UUID, position: int
) -> Row | None:
    """What was known of it, for who may see it today."""
    found = table_at(connection, noun.table, id_, position) if _may_see(connection, noun, caller, id_) else []
    return row_as_seen(store.settled.now(connection)[0], caller.sight, noun.table, found[0]) if found else None


def _may_see(connection: Connection, noun: Noun, caller: Principal, id_: UUID) -> bool:
    return noun.record is None or sees(connection, caller.sight, noun.record, id_)


def _section(noun: Noun) -> Section:
    section = Section(prefix=f"/v1/{noun.name}")
    caller_of, row = Security(principal, scopes=list(noun.scopes)), shapes.row_of(noun)
    _add_list(section, noun, caller_of, row)
    if noun.has_page:
        _add_one(section, noun, caller_of, row)
    if noun.is_stream and noun.name != "leads":  # whose history came first
        _add_history(section, noun, caller_of)
    return section


sections = tuple(map(_section, NOUNS.values()))
"""The routes, by noun."""
