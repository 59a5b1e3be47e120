"""Forgetting takes two persons: one asks for it, another approves it or lets it be."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import ClassVar, TypeAlias, assert_never
from uuid import UUID

from domain.customer.forgetting import CustomerForgotten, CustomerPersonForgotten
from domain.customer.state import Customer, LegalBasis, RequestBasis, must_be_in_use, must_not_be_forgotten
from domain.event import Command, Event, OptionalPersonalText, Refusal, Text
from domain.phrases import after


class CustomerForgettingRequested(Event):
    """Somebody asked that the customer, or one of her contact persons, be forgotten; a second person has to approve."""

    is_fact: ClassVar[bool] = True
    can_be_undone: ClassVar[bool] = False

    legal_basis: LegalBasis
    reason: OptionalPersonalText = None
    person_id: UUID | None = None

    def in_words(self) -> str:
        basis = self.legal_basis.replace("_", " ")
        return f"Asked to forget {_whom(self.person_id)} ({basis}){after(': ', self.reason)}"


class CustomerForgettingRequestWithdrawn(Event):
    """Nobody is to be forgotten after all: who asked took it back, or the second person did not approve."""

    is_fact: ClassVar[bool] = True
    can_be_undone: ClassVar[bool] = False

    reason: OptionalPersonalText = None
    person_id: UUID | None = None

    def in_words(self) -> str:
        return f"The request to forget {_whom(self.person_id)} was withdrawn{after(': ', self.reason)}"


ForgettingRequestEvent: TypeAlias = CustomerForgettingRequested | CustomerForgettingRequestWithdrawn


def evolve_forgetting_requests(customer: Customer, event: ForgettingRequestEvent) -> Customer:
    """The customer after the event."""
    match event:
        case CustomerForgettingRequested():
            asked = {**customer.forgetting_requests, event.person_id: event.legal_basis}
            return replace(customer, forgetting_requests=asked)
        case CustomerForgettingRequestWithdrawn():
            return replace(customer, forgetting_requests=_without(customer.forgetting_requests, event.person_id))
        case _:
            assert_never(event)


class RequestForgetting(Command):
    """Ask that a customer, or one of her contact persons, be forgotten for ever; a second person has to approve it."""

    legal_basis: RequestBasis = "request"
    reason: Text | None = None
    person_id: UUID | None = None


class WithdrawForgettingRequest(Command):
    """Take a request to forget back, one's own or another's."""

    reason: Text | None = None
    person_id: UUID | None = None


class ApproveForgetting(Command):
    """Erase all that is personal about a customer, or about one of her contact persons, for ever: as another asked.

    The reason is kept, in the words of who approves, so it must not name who is forgotten."""

    reason: Text | None = None
    person_id: UUID | None = None


class ForgettingAlreadyRequested(Refusal):
    """It was asked before that this customer or contact person be forgotten. Approve that request, or withdraw it."""


class ForgettingNotRequested(Refusal):
    """Nobody has asked that this customer or contact person be forgotten. Ask for it first; another person approves."""


class SelfApproval(Refusal):
    """Forgetting takes two persons. You asked for it yourself, or a key that is yours or that you issued did, or the
    other way round: somebody else has to approve it."""


def request_forgetting(customer: Customer, command: RequestForgetting) -> CustomerForgettingRequested:
    """One request at a time for the customer, and one for each of her contact persons.

    Raises CustomerAlreadyForgotten, PersonAlreadyForgotten, CustomerMerged, ForgettingAlreadyRequested.
    """
    must_be_in_use(customer, command.person_id)
    if command.person_id in customer.forgetting_requests:
        raise ForgettingAlreadyRequested()
    return CustomerForgettingRequested(
        legal_basis=command.legal_basis, reason=command.reason, person_id=command.person_id
    )


def withdraw_forgetting_request(
    customer: Customer, command: WithdrawForgettingRequest
) -> CustomerForgettingRequestWithdrawn:
    """Also of who was merged since. Raises CustomerAlreadyForgotten, PersonAlreadyForgotten, ForgettingNotRequested."""
    _must_be_requested(customer, command.person_id)
    return CustomerForgettingRequestWithdrawn(reason=command.reason, person_id=command.person_id)


def approve_forgetting(
    customer: Customer, command: ApproveForgetting, asked_by: Collection[UUID], approved_by: Collection[UUID]
) -> CustomerForgotten | CustomerPersonForgotten:
    """Also of who was merged since. `asked_by` and `approved_by` are all who stand behind either: an actor, and of a
    key its member and whoever issued it. None may stand behind both.

    Raises CustomerAlreadyForgotten, PersonAlreadyForgotten, ForgettingNotRequested, SelfApproval.
    """
    legal_basis = _must_be_requested(customer, command.person_id)
    if not {*asked_by}.isdisjoint(approved_by):
        raise SelfApproval()
    if command.person_id is None:
        return CustomerForgotten(legal_basis=legal_basis, reason=command.reason)
    return CustomerPersonForgotten(person_id=command.person_id, legal_basis=legal_basis, reason=command.reason)


def _must_be_requested(customer: Customer, person_id: UUID | None) -> LegalBasis:
    must_not_be_forgotten(customer, person_id)
    if person_id not in customer.forgetting_requests:
        raise ForgettingNotRequested()
    return customer.forgetting_requests[person_id]


def _without(requests: Mapping[UUID | None, LegalBasis], person_id: UUID | None) -> dict[UUID | None, LegalBasis]:
    return {whom: basis for whom, basis in requests.items() if whom != person_id}


def _whom(person_id: UUID | None) -> str:
    return "a contact person" if person_id else "the customer"
