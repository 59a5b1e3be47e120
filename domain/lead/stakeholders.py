"""Who has a part in the deal: contact persons of the customer, each with her role in the buying committee."""

from collections.abc import Collection
from dataclasses import replace
from typing import TypeAlias, assert_never
from uuid import UUID

from domain.customer import BuyingRole, UnknownContactPerson
from domain.event import Command, Event, Refusal
from domain.lead.state import Lead
from domain.phrases import after


class LeadStakeholderAdded(Event):
    """A contact person has this part in the deal, whatever part she has elsewhere."""

    person_id: UUID
    role: BuyingRole | None = None

    def in_words(self) -> str:
        return f"Contact person {self.person_id} has a part in the deal{after(' as ', _spaced(self.role))}"


class LeadStakeholderRemoved(Event):
    """A contact person has no part in the deal any more."""

    person_id: UUID

    def in_words(self) -> str:
        return f"Contact person {self.person_id} has no part in the deal any more"


StakeholderEvent: TypeAlias = LeadStakeholderAdded | LeadStakeholderRemoved


def evolve_stakeholders(lead: Lead, event: StakeholderEvent) -> Lead:
    """The lead after the event."""
    match event:
        case LeadStakeholderAdded():
            return replace(lead, stakeholders={**lead.stakeholders, event.person_id: event.role})
        case LeadStakeholderRemoved():
            others = {person: role for person, role in lead.stakeholders.items() if person != event.person_id}
            return replace(lead, stakeholders=others)
        case _:
            assert_never(event)


class AddStakeholder(Command):
    """Say that a contact person of the customer has a part in the deal, or now another one."""

    person_id: UUID
    role: BuyingRole | None = None


class RemoveStakeholder(Command):
    """Say that a contact person has no part in the deal any more."""

    person_id: UUID


class StakeholderAlreadyAdded(Refusal):
    """This contact person has that part in the deal already."""


class UnknownStakeholder(Refusal):
    """The contact person {person_id} has no part in this deal. Add her first."""


def add_stakeholder(lead: Lead, command: AddStakeholder, people: Collection[UUID]) -> LeadStakeholderAdded:
    """One of the customer's contact persons; again with another role. At any time, also once closed.

    Raises LeadMerged, UnknownContactPerson, StakeholderAlreadyAdded.
    """
    lead.must_be_in_use()
    if command.person_id not in people:
        raise UnknownContactPerson(person_id=command.person_id)
    if command.person_id in lead.stakeholders and lead.stakeholders[command.person_id] == command.role:
        raise StakeholderAlreadyAdded()
    return LeadStakeholderAdded(person_id=command.person_id, role=command.role)


def remove_stakeholder(lead: Lead, command: RemoveStakeholder) -> LeadStakeholderRemoved:
    """At any time, also once the lead was merged; raises UnknownStakeholder."""
    if command.person_id not in lead.stakeholders:
        raise UnknownStakeholder(person_id=command.person_id)
    return LeadStakeholderRemoved(person_id=command.person_id)


def _spaced(role: BuyingRole | None) -> str | None:
    return role and role.replace("_", " ")
