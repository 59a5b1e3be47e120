"""Many commands in one request, each with an append and an answer of its own, whatever becomes of the others."""

import json
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response, Security
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from uuid_utils.compat import uuid4

from api.access import OpenStore, Principal, principal
from api.commands.carrying_out import carry_out
from api.commands.routes import body_of, command_of, table
from api.commands.rows import Resource, Row
from api.problems import BadIfMatch, BadParameter, NotAllowed, NotFound, Problem, documented
from api.resources import CommandResult
from api.store import Store
from api.write import Writer, version_of
from domain.workspace import WORKSPACE_ID
from eventstore.database import Connection
from eventstore.turns import Turn

router = APIRouter(prefix="/v1/batch", tags=["batch"])

LARGEST_BODY = 16 << 20
"""In bytes."""
MOST = 1_000
"""Items in one request."""

_TABLE = table()
_EXAMPLE: dict[str, Any] = {
    "items": [{"id": "1", "command": "leads/capture", "body": {"title": "Ten seats for the workshop"}}]
}


class UnknownCommand(NotFound):
    """There is no such command. A command is named as its address is, such as leads/qualify or customers/register."""


class BatchItem(BaseModel):
    """One command, such as leads/qualify, and its body. `record_id` is what it is about, and left out for what begins
    something new. `id` is your own: it comes back with the answer."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(max_length=100)] | None = None
    command: Annotated[str, Field(max_length=100)]
    record_id: UUID | None = None
    body: dict[str, Any] = Field(default_factory=dict)  # Any: as the command has it
    idempotency_key: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    if_match: Annotated[str, Field(max_length=20)] | None = None


class Batch(BaseModel):
    """Commands, carried out in this order."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _EXAMPLE})

    items: Annotated[list[BatchItem], Field(min_length=1, max_length=MOST)]
    stop_on_error: bool = False
    """Whether what comes after an item that fails is left alone."""


class BatchItemAnswer(BaseModel):
    """What became of one item: the status that its own route would have answered with, and what was done, or why not.
    An item that was left alone has the status 424."""

    index: int
    id: str | None
    status: int
    result: CommandResult | None = None
    problem: Problem | None = None


class BatchAnswer(BaseModel):
    """What became of each item, in their order, and how many were carried out, failed, and were left alone."""

    data: list[BatchItemAnswer]
    succeeded: int
    failed: int
    skipped: int


@dataclass(frozen=True, slots=True)
class _Batch:
    """A request with many commands: who sends it, and over which connection they go."""

    request: Request
    store: Store
    caller: Principal
    connection: Connection
    key: str | None

    def writer(self, item: BatchItem, index: int, resource: Resource, row: Row) -> Writer:
        """What one item works with."""
        caller, command_id = self.caller.id.hex, uuid4()
        if item.idempotency_key:  # the same as that command sent alone with this key
            command_id = self.store.derived_id(caller, "POST", _address(item, resource, row), item.idempotency_key)
        elif self.key:
            command_id = self.store.derived_id(caller, "POST", "/v1/batch", self.key, str(index))
        turn = Turn(command_id) if item.idempotency_key or self.key else None
        if_match = version_of(item.if_match)
        return Writer(
            self.store, self.caller, "api", command_id, if_match, Response(), turn, self.connection, is_brief=True
        )

    def carry_out(self, item: BatchItem, index: int) -> BatchItemAnswer:
        """One item. Raises what its own route would answer as a problem."""
        if item.command not in _TABLE:
            raise UnknownCommand()
        resource, row = _TABLE[item.command]
        if missing := {resource.scope, *row.scopes} - self.caller.scopes:
            raise NotAllowed(f"This key lacks the scope {min(missing)}.")
        is_about_one = resource.id_name is not None and not row.is_first
        if is_about_one != (item.record_id is not None):
            raise BadParameter("Give record_id for what the command is about; leave it out for what begins anew.")
        record_id = item.record_id or WORKSPACE_ID
        try:
            body = body_of(resource, row).model_validate(item.body)
        except ValidationError as error:
            found = [told | {"loc": ("body", *told["loc"])} for told in error.errors(include_url=False)]
            raise RequestValidationError(found) from None
        write = self.writer(item, index, resource, row)
        done = carry_out(write, resource, row, record_id, command_of(resource, row, body, record_id))
        assert isinstance(done, CommandResult), "briefly answered"
        return BatchItemAnswer(index=index, id=item.id, status=row.status, result=done)

    def problem(self, error: Exception) -> Problem:
        """What the item's own route would have answered."""
        handlers: Any = self.request.app.exception_handlers  # Any: the framework's own table
        handler = next(handlers[kind] for kind in type(error).__mro__ if kind in handlers)
        return Problem.model_validate(json.loads(handler(self.request, error).body))


@router.post("", responses=documented(BadIfMatch, writes=True))
def batch(
    request: Request,
    batch: Batch,
    store: OpenStore,
    caller: Annotated[Principal, Security(principal, scopes=["batch"])],
    idempotency_key: Annotated[
        str | None,
        Header(max_length=255, description="Each item gets one of its own from it, by its place in the request."),
    ] = None,
    if_match: Annotated[str | None, Header(description="Not taken here: each item has its own if_match.")] = None,
) -> BatchAnswer:
    """Up to 1,000 commands, carried out one after the other, each with the scope that its own route asks for. None is
    ever half done. One that fails does not stop the others, unless `stop_on_error` says so."""
    if if_match is not None:
        raise BadIfMatch("A batch concerns many records. Give each item its own if_match.")
    data: list[BatchItemAnswer] = []
    is_over = False
    with store.pool.connection() as connection:
        together = _Batch(request, store, caller, connection, idempotency_key)
        for index, item in enumerate(batch.items):
            answer = _left_alone(item, index) if is_over else _answered(together, item, index)
            is_over = is_over or (answer.status >= 400 and batch.stop_on_error) or answer.status >= 500
            data.append(answer)
    skipped = sum(one.status == 424 for one in data)
    succeeded = sum(one.status < 400 for one in data)
    return BatchAnswer(data=data, succeeded=succeeded, failed=len(data) - succeeded - skipped, skipped=skipped)


def _answered(together: _Batch, item: BatchItem, index: int) -> BatchItemAnswer:
    try:
        return together.carry_out(item, index)
    except Exception as error:  # whatever it is, what was done before stays done and has to be told
        problem = together.problem(error)
        return BatchItemAnswer(index=index, id=item.id, status=problem.status, problem=problem)


def _left_alone(item: BatchItem, index: int) -> BatchItemAnswer:
    problem = Problem(
        title="Not attempted",
        status=424,
        code="not_attempted",
        detail="An earlier item failed, so this one was left alone. Send it again.",
    )
    return BatchItemAnswer(index=index, id=item.id, status=424, problem=problem)


def _address(item: BatchItem, resource: Resource, row: Row) -> str:
    named = f"/{item.record_id.hex}" if item.record_id else ""
    return f"/v1/{resource.path}" if row.is_first else f"/v1/{resource.path}{named}/{row.slug}"
