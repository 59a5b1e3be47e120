"""A customer's life: from prospect to active, at risk, churned, and won back."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Literal, TypeAlias, assert_never

from pydantic import Field

from domain.customer.state import Customer, must_be_in_use
from domain.event import Command, Event, OptionalPersonalText, Refusal, Text, Word
from domain.phrases import after, why

ChurnKind: TypeAlias = Literal["contractual", "silence", "said"]
"""How we know: the last subscription ended, a rule found that nothing was heard for long, or a person says so."""

RiskScore = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
"""How likely the customer is to leave, as the rule counts it."""


class CustomerActivated(Event):
    """Somebody says that the customer buys from us; a first purchase or subscription says so by itself."""

    cause: Word | None = None
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Active{why(self.cause, self.reason)}"


class CustomerMarkedAtRisk(Event):
    """The customer may leave us: a person says so, or a rule that weighed these signals."""

    rule: Word | None = None
    rule_version: int | None = None
    score: RiskScore | None = None
    signals: tuple[Word, ...] = ()
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return _at_risk(self)


class CustomerChurned(Event):
    """The customer left us."""

    kind: ChurnKind
    effective_on: date
    rule: Word | None = None
    rule_version: int | None = None
    signals: tuple[Word, ...] | None = None
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        how = {"contractual": "no subscription is left", "silence": "nothing was heard", "said": "as was said"}
        signals = after(", ", ", ".join(self.signals or ()) or None)
        return f"Left on {self.effective_on}, {how[self.kind]}{_rule(self)}{signals}{after(': ', self.reason)}"


class CustomerWonBack(Event):
    """The customer who had left us is back, or had never left."""

    cause: Word | None = None
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Won back{why(self.cause, self.reason)}"


LifeEvent: TypeAlias = CustomerActivated | CustomerMarkedAtRisk | CustomerChurned | CustomerWonBack


def evolve_life(customer: Customer, event: LifeEvent) -> Customer:
    """The customer after the event."""
    match event:
        case CustomerActivated() | CustomerWonBack():
            return replace(customer, status="active", is_said_active=True)
        case CustomerMarkedAtRisk():
            return replace(customer, status="at_risk")
        case CustomerChurned():
            return replace(customer, status="churned")
        case _:
            assert_never(event)


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
    signals: tuple[Word, ...] | None = None
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
    """No purchase or subscription of this customer is recorded. Activate her first if she is a customer already."""


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
        signals=command.signals,
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


def _at_risk(event: CustomerMarkedAtRisk) -> str:
    signals = ", ".join(event.signals)
    score = after(" with score ", event.score)
    return f"At risk{score}{_rule(event)}{after(', ', signals or None)}{after(': ', event.reason)}"


def _rule(event: CustomerMarkedAtRisk | CustomerChurned) -> str:
    return f"{after(' by rule ', event.rule)}{after(', version ', event.rule_version)}"
