"""Makes the routes out of the tables: what stands in a row is all that a command's route needs."""

from collections.abc import Callable, Mapping
from functools import cache
from inspect import Parameter, Signature
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Security
from pydantic import create_model

from api.commands.campaign import CAMPAIGNS
from api.commands.carrying_out import carry_out
from api.commands.customer import CUSTOMERS
from api.commands.lead import LEADS
from api.commands.rows import Resource, Row
from api.commands.settings import SETTINGS
from api.commands.ticket import TICKETS
from api.problems import (
    BadIfMatch,
    BadParameter,
    IdempotencyKeyInFlight,
    IdempotencyKeyReused,
    NotFound,
    OccurredInFuture,
    StaleVersion,
    documented,
)
from api.resources import Answered
from api.write import Writer, writer
from domain.event import Command
from domain.workspace import WORKSPACE_ID

RESOURCES: tuple[Resource, ...] = (LEADS, CUSTOMERS, TICKETS, CAMPAIGNS, *SETTINGS)

_EVERY = (NotFound, StaleVersion, IdempotencyKeyReused, IdempotencyKeyInFlight, OccurredInFuture, BadIfMatch)


def routers() -> list[APIRouter]:
    """One of each resource."""
    return [_router(resource) for resource in RESOURCES]


def table() -> Mapping[str, tuple[Resource, Row]]:
    """Every command by its name in a batch, such as leads/qualify."""
    return {f"{resource.path}/{row.slug}": (resource, row) for resource in RESOURCES for row in resource.rows}


@cache
def body_of(resource: Resource, row: Row) -> type[Command]:
    """The command without what stands in the address or is given here; mostly the command itself."""
    unsaid = {*row.unsaid, *((resource.part,) if resource.part and not row.is_first else ())}
    if not unsaid:
        return row.command
    fields = {
        name: (told.annotation, told)
        for name, told in row.command.model_fields.items()
        if name not in {*unsaid, "occurred_at"}
    }
    made: Any = create_model  # Any: its overloads know no fields that come by name
    body: type[Command] = made(row.command.__name__, __base__=Command, __doc__=row.command.__doc__, **fields)
    return body


def command_of(resource: Resource, row: Row, body: Command, record_id: UUID) -> Command:
    """The command that the body says, about what the address names."""
    if row.begin or body_of(resource, row) is row.command or not resource.part:
        return body
    return row.command.model_validate({**dict(body), resource.part: record_id})


def _router(resource: Resource) -> APIRouter:
    router = APIRouter(prefix=f"/v1/{resource.path}", tags=[resource.path])
    for row in resource.rows:
        named = f"/{{{resource.id_name}}}" if resource.id_name else ""
        router.add_api_route(
            "" if row.is_first else f"{named}/{row.slug}",
            _endpoint(resource, row),
            methods=["POST"],
            status_code=row.status,
            responses=documented(*_EVERY, *((BadParameter,) if row.begin else ()), *row.problems, writes=True),
            operation_id=f"{resource.path}_{row.slug}".replace("-", "_"),
            summary=row.slug.replace("-", " ").capitalize(),
            description=row.about,
            response_model=row.answer_type or resource.answer_type,
        )
    return router


def _endpoint(resource: Resource, row: Row) -> Callable[..., Answered]:
    id_name = None if row.is_first else resource.id_name

    def endpoint(command: Command, write: Writer, **ids: UUID) -> Answered:
        record_id = ids[id_name] if id_name else WORKSPACE_ID
        return carry_out(write, resource, row, record_id, command_of(resource, row, command, record_id))

    scopes = [resource.scope, *row.scopes]
    taken: dict[str, object] = {id_name: UUID} if id_name else {}
    taken |= {"command": body_of(resource, row), "write": Annotated[Writer, Security(writer, scopes=scopes)]}
    # what a framework reads to know what a request must bring; the function itself takes any row's command
    endpoint.__signature__ = Signature(  # type: ignore[attr-defined]
        [Parameter(name, Parameter.KEYWORD_ONLY, annotation=kind) for name, kind in taken.items()]
    )
    return endpoint
