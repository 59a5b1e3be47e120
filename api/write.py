"""One command, one append: decides on the loaded state and answers with the record as it then was."""

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Header, Request, Response, Security
from uuid_utils.compat import uuid4

from api import underway
from api.access import OpenStore, Principal, principal
from api.problems import (
    BadIfMatch,
    IdempotencyKeyInFlight,
    IdempotencyKeyReused,
    OccurredInFuture,
    StaleVersion,
)
from api.references import must_refer_to_what_is_there
from api.resources import Answered, CommandResult, LeadAnswer, LeadResource
from api.store import Store
from api.streams import Decision, Streams
from api.visible import row_as_seen
from domain.event import Command, CustomerId, MemberId
from domain.lead import Lead, LeadEvent
from domain.workspace import Workspace
from eventstore import log
from eventstore.database import Connection
from eventstore.turns import CommandInFlight, F, Turn
from projections.read_models import read_models
from projections.sight import Sight
from replay.fold import rows_at

C = TypeVar("C", bound=Command)
Answer = TypeVar("Answer", bound=Answered)
Decided = LeadEvent | Sequence[LeadEvent]

_CLOCK_TOLERANCE = timedelta(minutes=1)
_AHEAD_OF_UTC = timedelta(hours=14)
_PATIENCE = 2.0
_PAUSE = 0.01
"""In seconds: how long a retry waits for the first try to end, and how often it looks."""


@dataclass(frozen=True, slots=True)
class Writer:
    """A request that wants to write: who, on which condition, and under which command id, so that a retry acts once."""

    store: Store
    principal: Principal
    channel: str
    command_id: UUID
    if_match: int | None
    response: Response
    turn: Turn | None = None
    """Of a command that may be sent twice, because it has a key."""
    connection: Connection | None = None
    """The one to work on, where a request carries out many commands."""
    is_brief: bool = False
    """Whether only what was done is answered, and not the record."""
    correlation_id: UUID | None = None
    """Of all that one wish did to many records, so that it can be undone together."""

    @property
    def owner_id(self) -> MemberId | None:
        """Whose a record is that is begun and said to be nobody's: the member's who sees only some records, or it would
        be out of her own sight."""
        sight = self.principal.sight
        return MemberId(sight.member_id) if sight.member_id and sight.records in ("own", "team") else None

    def workspace(self) -> Workspace:
        """The settings as they are now."""
        with self.connected() as connection:
            return self.store.settled.now(connection)[0]

    def new_id(self, noun: str) -> UUID:
        """The id of what this command creates: a retry comes to the same one."""
        return self.store.derived_id(noun, self.command_id.hex)

    def act(
        self, lead_id: UUID, command: C, rule: Callable[[Lead, C], Decided], created_id: UUID | None = None
    ) -> LeadAnswer:
        """Carry a command out on a lead; `created_id` is of what it makes there."""

        def decide(streams: Streams) -> Decision:
            decided = rule(streams.lead(lead_id), command)
            return {lead_id: decided if isinstance(decided, Sequence) else (decided,)}

        return self.act_together("lead", [lead_id], command, decide, self.lead_answer(created_id))

    def lead_answer(self, created_id: UUID | None = None) -> Callable[[Connection, CommandResult], LeadAnswer]:
        """The lead as the command left it; just what was done, for whoever may not read leads."""

        def answer(connection: Connection, done: CommandResult) -> LeadAnswer:
            if self.is_brief or "leads:read" not in self.principal.scopes:
                return done.model_copy(update={"created_id": created_id})
            settings, _ = self.store.settled.now(connection)
            lead = lead_at(connection, settings, self.principal.sight, done.stream_id, done.position)
            return lead.model_copy(update={"created_id": created_id})

        return answer

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
            sight = self.principal.sight
            streams = self.loading(
                connection, lambda: Streams(connection, noun, stream_ids, self.command_id, sight=sight)
            )
            if streams.first.carried_out:
                return answer(connection, self.first_time(streams.first, command))
            if self.if_match is not None and self.if_match != streams.first.version:
                streams.must_stand(noun)
                raise StaleVersion()
            must_refer_to_what_is_there(command, streams, lambda: self.store.settled.now(connection)[0])
            decided = decide(streams)
            following = {
                stream_id: streams.follow(stream_id, decided[stream_id], command.occurred_at)
                for stream_id in sorted(decided, key=first_id.__eq__)
            }
            new = [event for events in following.values() for event in events]
            if new:
                position = self.append(connection, command, streams.filed_under(first_id), new)
            else:  # everything was so already
                position = streams.first.history[-1].position
            version = streams.first.version + len(following[first_id])
            return answer(
                connection, CommandResult(stream_type=noun, stream_id=first_id, version=version, position=position)
            )

        return self.retrying(attempt)

    def retrying(self, attempt: Callable[[Connection], Answer]) -> Answer:
        """The answer of an attempt that decides again when somebody else was faster; its version is the ETag."""
        answer = self._in_turn(attempt)
        self.response.headers["ETag"] = f'"{answer.version}"'
        return answer

    def _in_turn(self, attempt: Callable[[Connection], Answer]) -> Answer:
        """Who comes while the same command is carried out waits for its end, but not for long."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            with self.connected() as connection:
                try:
                    return log.retrying(lambda: attempt(connection))
                except CommandInFlight:
                    if time.monotonic() > deadline:
                        raise IdempotencyKeyInFlight() from None
                finally:
                    if self.turn:
                        self.turn.ended(connection)
            time.sleep(_PAUSE)

    def loading(self, connection: Connection, load: Callable[[], F]) -> F:
        """What `load` loads for the command; in the same round trip it takes its turn. Raises CommandInFlight."""
        return self.turn.loading(connection, load) if self.turn else load()

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """The request's own connection, else one from the pool."""
        if self.connection:
            yield self.connection
        else:
            with self.store.pool.connection() as connection:
                yield connection

    def append(
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
        claim = self.claim(customer_id, command)
        positions = log.append(connection, new, self.envelope(), claim, external_ids, self.turn)
        self.store.bell.ring(connection)
        return positions[-1]

    def envelope(self) -> log.Envelope:
        """Who acts, and how it came in."""
        return log.Envelope(
            self.principal.kind,
            self.principal.id,
            self.channel,
            self.correlation_id,
            request_id=underway.request_id(),
        )

    def claim(self, customer_id: CustomerId, command: Command) -> log.Claim:
        """The command, so that it acts once."""
        return log.Claim(customer_id, self.command_id, self._body_hash(command))

    def _body_hash(self, command: Command) -> bytes:
        # keyed, because nobody may guess what a person wrote; sorted, because the order of names says nothing
        body = json.dumps(command.model_dump(mode="json"), sort_keys=True)
        return self.store.digest(f"{type(command).__name__} {body}")

    def first_time(self, loaded: log.Loaded, command: Command) -> CommandResult:
        """What the command did to the stream when it was carried out; raises IdempotencyKeyReused."""
        self.must_be_the_same(loaded, command)
        last = [recorded for recorded in loaded.history if recorded.command_id == self.command_id][-1]
        return CommandResult(
            stream_type=last.stream_type, stream_id=last.stream_id, version=last.version, position=last.position
        )

    def must_be_the_same(self, loaded: log.Loaded, command: Command) -> None:
        """As was carried out before under the same id; raises IdempotencyKeyReused."""
        assert loaded.carried_out is not None
        if loaded.carried_out.body_hash != self._body_hash(command):
            raise IdempotencyKeyReused()


def command_result(
    merge_id: UUID | None = None, created_id: UUID | None = None
) -> Callable[[Connection, CommandResult], CommandResult]:
    """Just what was done, with the merge that it made or reverted, and what it created."""
    return lambda _, done: done.model_copy(update={"merge_id": merge_id, "created_id": created_id})


def lead_at(connection: Connection, settings: Workspace, sight: Sight, lead_id: UUID, position: int) -> LeadResource:
    """The lead as it was known at a position of the log, folded on the fly, as far as who asks may see its fields."""
    (row,) = rows_at(connection, read_models()["lead"], lead_id, position)
    return LeadResource.model_validate(row_as_seen(settings, sight, "lead", row))


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
        str | None,
        Header(
            description="The ETag that you read: refused with 412 when the record has changed since.",
            json_schema_extra={"pattern": r'^(\*|"[0-9]{1,10}")$'},
        ),
    ] = None,
    prefer: Annotated[
        str | None,
        Header(description="return=minimal: be told only what was done, which is quicker than the whole record."),
    ] = None,
) -> Writer:
    """What a route that writes works with."""
    command_id = uuid4()
    if idempotency_key:
        command_id = store.derived_id(caller.id.hex, request.method, _route(request), idempotency_key)
    turn = Turn(command_id) if idempotency_key else None
    is_brief = prefer == "return=minimal"
    if is_brief:
        response.headers["Preference-Applied"] = "return=minimal"
    return Writer(store, caller, "api", command_id, version_of(if_match), response, turn, is_brief=is_brief)


def _route(request: Request) -> str:
    """The path with its id in one spelling: a UUID can be written in several."""
    path, stream_id = request.url.path, next(iter(request.path_params.values()), None)
    try:
        return path.replace(stream_id, UUID(stream_id).hex) if stream_id else path
    except ValueError:  # not an id at all: the route will say so
        return path


def today() -> date:
    """The last day that has begun anywhere on earth."""
    return (datetime.now(UTC) + _AHEAD_OF_UTC).date()


def version_of(etag: str | None) -> int | None:
    """The version that If-Match asks for; raises BadIfMatch."""
    if etag is None or etag == "*":
        return None
    version = re.fullmatch(r'"([0-9]{1,10})"', etag)
    if version is None:
        raise BadIfMatch()
    return int(version[1])
