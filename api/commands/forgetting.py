"""Forgetting with a second person: one asks for it, another approves, and then the same happens as by ./crm forget."""

from collections.abc import Callable, Sequence
from typing import TypeAlias
from uuid import UUID

import structlog

from api.commands.rows import Row, Situation, row
from api.forget import Forgotten, forget
from api.imports.error_files import ImportRunning
from api.problems import BadParameter, NotFound, RequestProblem, StaleVersion
from api.resources import ForgettingResult
from api.store import SYSTEM_ID
from api.streams import Decision, Streams
from api.write import Writer
from domain import customer as rules
from domain.customer import (
    ApproveForgetting,
    CustomerForgettingRequested,
    CustomerForgotten,
    CustomerPersonForgotten,
    RequestForgetting,
)
from domain.event import CustomerId
from domain.event import Forgotten as Unreadable
from domain.workspace import WORKSPACE_ID, WorkspaceApiKeyIssued
from eventstore import log
from eventstore.database import Connection
from eventstore.erasure import forgetting
from eventstore.erasure.erasures import ErasureListDamaged

Erasure: TypeAlias = CustomerForgotten | CustomerPersonForgotten

_NOT_THEN = "Whoever approves does it at this moment. Leave out occurred_at."
_NOBODY = "There is no contact person with this person_id, or she is not yours to see."
_NOTHING_OF_HER = "There is nothing personal of this contact person, so nothing was erased. Withdraw the request."

_log = structlog.get_logger("everfold.forgetting")


class ReasonNamesSubject(RequestProblem):
    """The reason holds something personal of whom it is to forget, and it is kept. Say it in other words."""

    status, title = 409, "Refused"


class NotInABatch(RequestProblem):
    """Nobody is forgotten among other commands. Send this one by itself: POST
    /v1/customers/{customer_id}/approve-forgetting"""

    status, title = 422, "Not in a batch"


class ImportUnderWay(RequestProblem):
    """Files are being imported, or wait for that, and may hold rows of whom you want to forget. Nothing was done; try
    again when they are done."""

    status, title = 503, "Try again later"


class CannotErase(RequestProblem):
    """This server cannot erase: its login for the database may not, or the list of erasures in its data folder cannot
    be written. Nothing was done. Whoever runs the installation finds out which: ./crm forget"""

    status, title = 503, "Not set up for that"


NOT_NOW = (ReasonNamesSubject, ImportUnderWay, CannotErase)
"""Why somebody is not forgotten although that was approved."""


def _request(at: Situation) -> Decision:
    command: RequestForgetting = at.command
    decided = rules.request_forgetting(at.record, command)
    if command.person_id and not _is_known(at.streams, at.connection, CustomerId(at.record_id), command.person_id):
        raise NotFound(_NOBODY)
    return {at.record_id: [decided]}


def _is_known(streams: Streams, connection: Connection, customer_id: CustomerId, person_id: UUID) -> bool:
    """Whether she speaks for the customer, or did: who was removed is there to be forgotten too."""
    if person_id in streams.people(customer_id):
        return True
    return any(one.part_id == person_id for one in log.load_part(connection, customer_id, person_id))


def _approve(write: Writer, command: ApproveForgetting, record_id: UUID) -> ForgettingResult:
    """Erases while the request is open: the answer comes when all is done. Raises what the rule refuses, and what keeps
    the server from it; then nobody was forgotten. A repetition with the same key does what was left."""
    if write.connection:
        raise NotInABatch()
    if command.occurred_at:
        raise BadParameter(_NOT_THEN)
    customer_id, sight = CustomerId(record_id), write.principal.sight

    def judged(connection: Connection, streams: Streams) -> Erasure:
        if write.if_match is not None and write.if_match != streams.first.version:
            streams.must_stand("customer")
            raise StaleVersion()
        customer = streams.customer(customer_id)
        asked_by = who_asked(connection, streams.first.standing, command.person_id)
        return rules.approve_forgetting(customer, command, asked_by, behind(connection, write.principal.id))

    def attempt(connection: Connection) -> ForgettingResult:
        streams = write.loading(
            connection, lambda: Streams(connection, "customer", [customer_id], write.command_id, sight=sight)
        )
        if streams.carried_out:
            write.must_be_the_same(streams.first, command)
            done = _erase(write, customer_id, _at(streams.first.history, streams.carried_out.first_position))
        else:
            event = judged(connection, streams)
            done = _erase(
                write,
                customer_id,
                event,
                lambda own: judged(own, Streams(own, "customer", [customer_id], sight=sight)),
                write.claim(customer_id, command),
            )
        write.store.bell.ring(connection)
        return ForgettingResult(
            stream_type="customer",
            stream_id=customer_id,
            version=log.load(connection, customer_id).version,
            position=done.positions[done.customer_ids.index(customer_id)],
            customer_ids=list(done.customer_ids),
            person_id=done.person_id,
            error_rows=done.error_rows,
            steps=list(done.steps),
            left=list(done.left),
        )

    return write.retrying(attempt)


def _erase(
    write: Writer,
    customer_id: CustomerId,
    event: Erasure,
    confirmed: Callable[[Connection], object] | None = None,
    claim: log.Claim | None = None,
) -> Forgotten:
    try:
        return forget(
            write.store,
            customer_id,
            event.person_id if isinstance(event, CustomerPersonForgotten) else None,
            reason=None if isinstance(event.reason, Unreadable) else event.reason,
            legal_basis=event.legal_basis,
            by=write.envelope(),
            confirmed=confirmed,
            claim=claim,
        )
    except forgetting.UnknownSubject:
        raise NotFound(_NOTHING_OF_HER) from None
    except forgetting.ReasonNamesSubject:
        raise ReasonNamesSubject() from None
    except ImportRunning:
        raise ImportUnderWay() from None
    except (ErasureListDamaged, forgetting.LoginMayNotErase, OSError) as error:
        _log.warning("nobody can be forgotten", problem=type(error).__name__)
        raise CannotErase() from None


def who_asked(connection: Connection, history: Sequence[log.Recorded], person_id: UUID | None) -> frozenset[UUID]:
    """Who stands behind the last request to forget the customer of this history, or this contact person of hers."""
    for one in reversed(history):
        if isinstance(one.event, CustomerForgettingRequested) and one.event.person_id == person_id:
            return behind(connection, UUID(one.actor["id"]))
    return frozenset()


def behind(connection: Connection, actor_id: UUID) -> frozenset[UUID]:
    """Who stands behind an actor: itself, and of a key its member and whoever issued it; so with nobody's help one
    person cannot be two. A key that was made on the command line has no issuer."""
    found, waiting = {actor_id}, [actor_id]
    while waiting:
        for one in log.load_part(connection, CustomerId(WORKSPACE_ID), waiting.pop()):
            if isinstance(one.event, WorkspaceApiKeyIssued) and one.part_id in found:
                named = {UUID(one.actor["id"]), one.event.member_id or actor_id} - {SYSTEM_ID} - found
                found |= named
                waiting += named
    return frozenset(found)


def _at(history: Sequence[log.Recorded], position: int) -> Erasure:
    """What was recorded there."""
    (event,) = (one.event for one in history if one.position == position)
    assert isinstance(event, CustomerForgotten | CustomerPersonForgotten)
    return event


ROWS = (
    Row("request-forgetting", RequestForgetting, _request, scopes=("forget:write",)),
    row(
        "withdraw-forgetting-request",
        rules.WithdrawForgettingRequest,
        rules.withdraw_forgetting_request,
        scopes=("forget:write",),
    ),
    Row(
        "approve-forgetting",
        ApproveForgetting,
        begin=_approve,
        begins=False,
        scopes=("forget:write", "forget:approve"),
        answer_type=ForgettingResult,
        problems=(ReasonNamesSubject, NotInABatch, ImportUnderWay, CannotErase),
    ),
)
