"""One command, one append: decides on the loaded state and answers with the record as it then was."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Header, Request, Response, Security
from uuid_utils.compat import uuid4

from api.access import OpenStore, Principal, principal
from api.problems import BadIfMatch, BadParameter, IdempotencyKeyReused, NotFound, OccurredInFuture, StaleVersion
from api.resources import CommandResult, LeadResource
from api.store import Store, load_workspace
from api.streams import Decision, Streams
from domain import customer, lead
from domain.customer import RegisterCustomer
from domain.event import Command, CustomerId
from domain.lead import CaptureLead, Lead, LeadEvent
from domain.workspace import WORKSPACE_ID, Workspace
from eventstore import log
from eventstore.database import Connection
from projections.read_models import read_models
from replay.fold import rows_at

C = TypeVar("C", bound=Command)
Answer = TypeVar("Answer", LeadResource, CommandResult)
Decided = LeadEvent | Sequence[LeadEvent]

_CLOCK_TOLERANCE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Writer:
    """A request that wants to write: who, on which condition, and under which command id, so that a retry acts once."""

    store: Store
    principal: Principal
    channel: str
    command_id: UUID
    if_match: int | None
    response: Response

    def workspace(self) -> Workspace:
        """The settings as they are now."""
        with self.store.pool.connection() as connection:
            return load_workspace(connection)[0]

    def new_id(self, noun: str) -> UUID:
        """The id of what this command creates: a retry comes to the same one."""
        return self.store.derived_id(noun, self.command_id.hex)

    def capture(self, command: CaptureLead) -> LeadResource:
        """Capture a lead, of a known customer or of a new one."""
        if command.customer_id and command.customer_name:
            raise BadParameter("Give customer_id for a known customer or customer_name for a new one, not both.")

        def attempt(connection: Connection) -> LeadResource:
            known = self._begun_before(connection, command)
            lead_id = known[0].stream_id if known else self.new_id("lead")
            new_customer_id = known[0].customer_id if known else CustomerId(self.new_id("customer"))
            customer_id = command.customer_id or new_customer_id
            self.response.headers["Location"] = f"/v1/leads/{lead_id}"
            loaded = log.load(connection, lead_id, self.command_id)
            if loaded.carried_out:
                return lead_at(connection, lead_id, self._first_time(loaded, command).position)
            if command.customer_id and not _is_known(connection, customer_id):
                raise NotFound("There is no customer with this customer_id, or it is not yours to see.")
            captured = lead.capture(command, load_workspace(connection)[0].pipeline(command.pipeline))
            registered = _registered(command, customer_id, log.load(connection, customer_id) if known else log.Loaded())
            new = registered + [
                log.NewEvent(customer_id, "lead", lead_id, version, event, command.occurred_at)
                for version, event in enumerate(captured, start=loaded.version + 1)
            ]
            names = (log.ExternalId(*name, customer_id, lead_id) for name in command.external_ids.items())
            claims = [name for name in names if name not in known]
            return lead_at(connection, lead_id, self._append(connection, command, customer_id, new, claims))

        return self._retrying(attempt)

    def _begun_before(self, connection: Connection, command: CaptureLead) -> list[log.ExternalId]:
        """What names a lead of which nothing stands, or that this very command captured: it begins again there."""
        names = (log.find_external_id(connection, *name) for name in command.external_ids.items())
        found = [name for name in names if name and command.customer_id in (None, name.customer_id)]
        loaded = log.load(connection, found[0].stream_id, self.command_id) if found else log.Loaded()
        is_lead = any(past.stream_type == "lead" for past in loaded.history[:1])
        is_here = is_lead and (loaded.carried_out is not None or not loaded.standing)
        return [name for name in found if name.stream_id == found[0].stream_id] if is_here else []

    def act(self, lead_id: UUID, command: C, rule: Callable[[Lead, C], Decided]) -> LeadResource:
        """Carry a command out on a lead."""

        def decide(streams: Streams) -> Decision:
            decided = rule(streams.lead(lead_id), command)
            return {lead_id: decided if isinstance(decided, Sequence) else (decided,)}

        return self.act_together("lead", [lead_id], command, decide, lead_answer)

    def act_together(
        self,
        noun: str,
        stream_ids: Sequence[UUID],
        command: Command,
        decide: Callable[[Streams], Decision],
        answer: Callable[[Connection, CommandResult], Answer],
    ) -> Answer:
        """Carry a command out on several streams, all or nothing; the route, If-Match and the ETag name the first.

        `decide` may ask for more streams than those named here. Of what it decides, the first stream's part is recorded
        last: who has read up to the position in the answer has read all of it.
        """
        first_id = stream_ids[0]

        def attempt(connection: Connection) -> Answer:
            streams = Streams(connection, noun, stream_ids, self.command_id)
            if streams.first.carried_out:
                return answer(connection, self._first_time(streams.first, command))
            if self.if_match is not None and self.if_match != streams.first.version:
                raise StaleVersion()
            decided = decide(streams)
            new = [
                event
                for stream_id in sorted(decided, key=first_id.__eq__)
                for event in streams.follow(stream_id, decided[stream_id], command.occurred_at)
            ]
            position = self._append(connection, command, streams.filed_under(first_id), new)
            version = streams.first.version + len(decided[first_id])
            return answer(
                connection, CommandResult(stream_type=noun, stream_id=first_id, version=version, position=position)
            )

        return self._retrying(attempt)

    def _retrying(self, attempt: Callable[[Connection], Answer]) -> Answer:
        with self.store.pool.connection() as connection:
            answer = log.retrying(lambda: attempt(connection))
        self.response.headers["ETag"] = f'"{answer.version}"'
        return answer

    def _append(
        self,
        connection: Connection,
        command: Command,
        customer_id: CustomerId,
        new: Sequence[log.NewEvent],
        external_ids: Sequence[log.ExternalId] = (),
    ) -> int:
        """The position of the last event."""
        if command.occurred_at and command.occurred_at > datetime.now(UTC) + _CLOCK_TOLERANCE:
            raise OccurredInFuture()
        envelope = log.Envelope(self.principal.kind, self.principal.id, self.channel)
        claim = log.Claim(customer_id, self.command_id, self._body_hash(command))
        positions = log.append(connection, new, envelope, claim, external_ids)
        self.store.bell.ring(connection)
        return positions[-1]

    def _body_hash(self, command: Command) -> bytes:
        # keyed, because nobody may guess what a person wrote; sorted, because the order of names says nothing
        body = json.dumps(command.model_dump(mode="json"), sort_keys=True)
        return self.store.digest(f"{type(command).__name__} {body}")

    def _first_time(self, loaded: log.Loaded, command: Command) -> CommandResult:
        """What the command did to the stream when it was carried out; raises IdempotencyKeyReused."""
        assert loaded.carried_out is not None
        if loaded.carried_out.body_hash != self._body_hash(command):
            raise IdempotencyKeyReused()
        last = [recorded for recorded in loaded.history if recorded.command_id == self.command_id][-1]
        return CommandResult(
            stream_type=last.stream_type, stream_id=last.stream_id, version=last.version, position=last.position
        )


def lead_answer(connection: Connection, done: CommandResult) -> LeadResource:
    """The lead as the command left it."""
    return lead_at(connection, done.stream_id, done.position)


def command_result(merge_id: UUID | None = None) -> Callable[[Connection, CommandResult], CommandResult]:
    """Just what was done, with the merge that it made or reverted."""
    return lambda _, done: done.model_copy(update={"merge_id": merge_id})


def lead_at(connection: Connection, lead_id: UUID, position: int) -> LeadResource:
    """The lead as it was known at a position of the log, folded on the fly."""
    (row,) = rows_at(connection, read_models()["lead"], lead_id, position)
    return LeadResource.model_validate(row)


def writer(
    request: Request,
    response: Response,
    store: OpenStore,
    caller: Annotated[Principal, Security(principal)],
    idempotency_key: Annotated[
        str | None,
        Header(
            max_length=255,
            description="Any text of your own: the same key never acts twice, and a retry gets the first answer again.",
        ),
    ] = None,
    if_match: Annotated[
        str | None, Header(description="The ETag that you read: refused with 412 when the lead has changed since.")
    ] = None,
) -> Writer:
    """What a route that writes works with."""
    command_id = uuid4()
    if idempotency_key:
        command_id = store.derived_id(caller.id.hex, request.method, _route(request), idempotency_key)
    return Writer(store, caller, "api", command_id, _version(if_match), response)


def _route(request: Request) -> str:
    """The path with its id in one spelling: a UUID can be written in several."""
    path, stream_id = request.url.path, next(iter(request.path_params.values()), None)
    try:
        return path.replace(stream_id, UUID(stream_id).hex) if stream_id else path
    except ValueError:  # not an id at all: the route will say so
        return path


def _version(etag: str | None) -> int | None:
    if etag is None or etag == "*":
        return None
    version = re.fullmatch(r'"([0-9]{1,10})"', etag)
    if version is None:
        raise BadIfMatch()
    return int(version[1])


def _is_known(connection: Connection, customer_id: CustomerId) -> bool:
    return customer_id != WORKSPACE_ID and log.has_standing_customer(connection, customer_id)


def _registered(command: CaptureLead, customer_id: CustomerId, known: log.Loaded) -> list[log.NewEvent]:
    if not command.customer_name or known.standing:
        return []
    event = customer.register(
        None,
        RegisterCustomer(
            kind=command.customer_kind,
            name=command.customer_name,
            source=command.source,
            owner_id=command.owner_id,
        ),
    )
    version = known.version + 1
    return [log.NewEvent(customer_id, "customer", customer_id, version, event, command.occurred_at)]
