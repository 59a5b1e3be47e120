"""A lead or ticket that was filed under the wrong customer: from now on it is read as the right one's."""

from typing import ClassVar, Protocol

from domain.event import Command, CustomerId, Event, OptionalPersonalText, Record, Refusal, Text
from domain.phrases import after


class Reattributed(Event):
    """This was filed under the wrong customer, and has been the other one's all along."""

    can_be_undone: ClassVar[bool] = False

    from_customer_id: CustomerId
    to_customer_id: CustomerId
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        moved = f"Moved from customer {self.from_customer_id} to customer {self.to_customer_id}"
        return f"{moved}{after(': ', self.reason)}"


class Reattribute(Command):
    """Say to which customer this really belongs."""

    to_customer_id: CustomerId
    reason: Text | None = None


class AlreadyAttributed(Refusal):
    """This already belongs to the customer {customer_id}."""


class Reattributable(Record, Protocol):
    """What can lie under the wrong customer."""

    @property
    def reattributed_to(self) -> CustomerId | None: ...


def reattribute(record: Reattributable, command: Reattribute, customer_id: CustomerId, to: Record) -> Reattributed:
    """Only the history's alias changes: the customer of that id, under whom it was begun, keeps it in the log.

    `to` is the customer to whom it goes. Raises what the record does, AlreadyAttributed, CustomerAlreadyForgotten,
    CustomerMerged.
    """
    record.must_be_in_use()
    belongs_to = record.reattributed_to or customer_id
    if command.to_customer_id == belongs_to:
        raise AlreadyAttributed(customer_id=belongs_to)
    to.must_be_in_use()
    return Reattributed(from_customer_id=belongs_to, to_customer_id=command.to_customer_id, reason=command.reason)
