"""A customer's life: from prospect to active, at risk, churned, and won back."""

from datetime import date

from domain.customer.events import (
    ChurnKind,
    CustomerActivated,
    CustomerChurned,
    CustomerMarkedAtRisk,
    CustomerWonBack,
    RiskScore,
)
from domain.customer.state import Customer, must_be_in_use
from domain.event import Command, Refusal, Text, Word


class ActivateCustomer(Command):
    """Say that the customer buys from us, or is not at risk after all."""

    cause: Word | None = None
    reason: Text | None = None


class MarkCustomerAtRisk(Command):
    """Say that the customer may leave us, with the rule and the signals that tell so."""

    rule: Word | None = None
    rule_version: int | None = None
    score: RiskScore | None = None
    signals: tuple[Word, ...] = ()
    reason: Text | None = None


class ChurnCustomer(Command):
    """Say that the customer left us, and how we know."""

    kind: ChurnKind = "said"
    effective_on: date
    rule: Word | None = None
    rule_version: int | None = None
    reason: Text | None = None


class WinBackCustomer(Command):
    """Say that the customer who had left us is back, or had never left."""

    cause: Word | None = None
    reason: Text | None = None


class CustomerAlreadyActive(Refusal):
    """This customer is already active."""


class CustomerAlreadyAtRisk(Refusal):
    """This customer is already marked as at risk."""


class CustomerStillProspect(Refusal):
    """This customer has not bought anything yet. Activate her first if she is a customer already."""


class CustomerHasChurned(Refusal):
    """This customer has left us. Win her back first if she is a customer again."""


class CustomerNotChurned(Refusal):
    """This customer has not left us, so there is nobody to win back."""


def activate(customer: Customer, command: ActivateCustomer) -> CustomerActivated:
    """A prospect, or one at risk; raises CustomerAlreadyForgotten, CustomerMerged, CustomerAlreadyActive,
    CustomerHasChurned.
    """
    must_be_in_use(customer)
    if customer.status == "active":
        raise CustomerAlreadyActive()
    if customer.status == "churned":
        raise CustomerHasChurned()
    return CustomerActivated(cause=command.cause, reason=command.reason)


def mark_at_risk(customer: Customer, command: MarkCustomerAtRisk) -> CustomerMarkedAtRisk:
    """Raises CustomerAlreadyForgotten, CustomerMerged, CustomerStillProspect, CustomerHasChurned,
    CustomerAlreadyAtRisk.
    """
    _must_be_ours(customer)
    if customer.status == "at_risk":
        raise CustomerAlreadyAtRisk()
    return CustomerMarkedAtRisk(
        rule=command.rule,
        rule_version=command.rule_version,
        score=command.score,
        signals=command.signals,
        reason=command.reason,
    )


def churn(customer: Customer, command: ChurnCustomer) -> CustomerChurned:
    """Active or at risk; raises CustomerAlreadyForgotten, CustomerMerged, CustomerStillProspect, CustomerHasChurned."""
    _must_be_ours(customer)
    return CustomerChurned(
        kind=command.kind,
        effective_on=command.effective_on,
        rule=command.rule,
        rule_version=command.rule_version,
        reason=command.reason,
    )


def win_back(customer: Customer, command: WinBackCustomer) -> CustomerWonBack:
    """Raises CustomerAlreadyForgotten, CustomerMerged, CustomerNotChurned."""
    must_be_in_use(customer)
    if customer.status != "churned":
        raise CustomerNotChurned()
    return CustomerWonBack(cause=command.cause, reason=command.reason)


def _must_be_ours(customer: Customer) -> None:
    must_be_in_use(customer)
    if customer.status == "prospect":
        raise CustomerStillProspect()
    if customer.status == "churned":
        raise CustomerHasChurned()
