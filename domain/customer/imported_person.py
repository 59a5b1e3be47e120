"""What a row of a foreign file says of a customer's contact person, and what must be recorded for that to be so."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce
from uuid import UUID

from domain.customer.contact_persons import (
    BuyingRole,
    CustomerContactPersonAdded,
    CustomerContactPersonRoleAssigned,
)
from domain.customer.history import CustomerEvent, evolve
from domain.customer.imported import ImportedPoint, points
from domain.customer.state import Customer
from domain.event import FORGOTTEN, Forgotten, Frozen, Text, Word
from domain.imported import ImportedFact, Past


class ImportedPerson(Frozen):
    """Who speaks for a customer, as the row has her. What is None the row does not say."""

    name: Text
    role: BuyingRole | None = None
    points: tuple[ImportedPoint, ...] = ()


def reconcile(
    history: Sequence[Past],
    person_id: UUID,
    wanted: ImportedPerson,
    point_ids: Mapping[Word, UUID],
    imported_at: datetime,
) -> list[ImportedFact]:
    """What must be recorded for her to be what the row says; nothing when she already is.

    Nothing is taken of a row about somebody who was removed or forgotten here.
    Raises ContactPointEmpty, ContactPointTooLong.
    """
    events: list[CustomerEvent] = []
    for past in history:
        assert isinstance(past.event, CustomerEvent)
        events.append(past.event)
    customer = reduce(evolve, events, Customer())
    known, told = _told(history, person_id), _told([past for past in history if past.by_import], person_id)
    if person_id not in customer.people and known:
        return []
    before = told[-1].role if told else None
    role = known[-1].role if known and wanted.role in (None, before) else wanted.role
    facts: list[ImportedFact] = []
    if _name(known) is None or (_name(known) != FORGOTTEN and wanted.name not in (_name(known), _name(told))):
        added = CustomerContactPersonAdded(person_id=person_id, name=wanted.name, role=role)
        facts.append(ImportedFact(added, imported_at))
    elif role != known[-1].role:
        facts.append(ImportedFact(CustomerContactPersonRoleAssigned(person_id=person_id, role=role), imported_at))
    after = [*history, *(Past(fact.event, fact.occurred_at, by_import=True) for fact in facts)]
    return facts + points(after, wanted.points, point_ids, person_id, imported_at)


def _told(
    history: Sequence[Past], person_id: UUID
) -> list[CustomerContactPersonAdded | CustomerContactPersonRoleAssigned]:
    """What was recorded of her and of her part."""
    return [
        past.event
        for past in history
        if isinstance(past.event, CustomerContactPersonAdded | CustomerContactPersonRoleAssigned)
        and past.event.person_id == person_id
    ]


def _name(told: Sequence[CustomerContactPersonAdded | CustomerContactPersonRoleAssigned]) -> Text | Forgotten | None:
    """What she was called last."""
    return next((event.name for event in reversed(told) if isinstance(event, CustomerContactPersonAdded)), None)
