"""What a row of a foreign file says a customer is now, and what must be recorded for that to be so.

A row says a field again only by saying something else than it said before: what people changed since and the file has
not is left alone. Where she is reached is told by slots, one for each column: another text in the same column corrects
the contact point that the column brought in.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from pydantic import Field, JsonValue

from domain.contact_point import ContactPoint, ContactPointKind, contact_point
from domain.custom_field import FieldId
from domain.customer.contact_points import (
    ContactPointRecord,
    CustomerContactPointAdded,
    CustomerContactPointCorrected,
    Region,
)
from domain.customer.history import CustomerEvent, evolve
from domain.customer.profile import (
    CustomerClassified,
    CustomerOwnerAssigned,
    CustomerRegistered,
    CustomerRenamed,
    CustomerTagged,
    CustomerUntagged,
)
from domain.customer.state import Customer, CustomerKind
from domain.event import ExternalKey, Forgotten, Frozen, MemberId, Moment, Text, Word
from domain.field_value import RecordCustomField, record_custom_field
from domain.imported import ImportedFact, Past, dated, told
from domain.workspace import Workspace

NO_REGISTRATION_DATE = "no_registration_date"
UNREADABLE = "unreadable_contact_point"


class ImportedPoint(Frozen):
    """Where somebody is reached, by the slot that tells it."""

    slot: Word
    kind: ContactPointKind
    written: Text
    region: Region | None = None
    label: Word | None = None


class ImportedCustomer(Frozen):
    """A customer as the row has her. What is None or not there, the row does not say."""

    kind: CustomerKind = "organisation"
    name: Text | None = None
    source: Word | None = None
    registered_at: Moment | None = None
    segment: Word | None = None
    industry: Word | None = None
    size: Word | None = None
    tier: Word | None = None
    tags: tuple[Word, ...] | None = None
    points: tuple[ImportedPoint, ...] = ()
    custom_fields: dict[FieldId, JsonValue] = Field(default_factory=dict)
    external_ids: dict[Word, ExternalKey] = Field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """A row with the ids that its names stand for: the owner's, and of each contact point by its slot."""

    wanted: ImportedCustomer
    owner_id: MemberId | None
    point_ids: Mapping[Word, UUID]
    person_id: UUID | None = None
    """Of the contact person whose contact points they are."""


def reconcile(history: Sequence[Past], row: Row, workspace: Workspace, imported_at: datetime) -> list[ImportedFact]:
    """What must be recorded for the customer to be what the row says; nothing when she already is.

    What a new row says was so from the registration on; what changes later, from the import on. Nothing is taken of a
    row that tells of somebody who was merged into another customer. Raises UnknownCustomField, CustomFieldRetired,
    ValueDoesNotFit, UnknownChoice, UnknownCurrency, ContactPointEmpty, ContactPointTooLong.
    """
    known, before = _known([past.event for past in history]), _known(told(history))
    if known.customer.merges.into is not None:
        return []
    wanted, facts, at = row.wanted, list[ImportedFact](), imported_at
    if known.customer.kind is None:
        name = wanted.name or " ".join(["Customer", *wanted.external_ids.values()])
        event = CustomerRegistered(
            kind=wanted.kind,
            name=name,
            source=wanted.source,
            owner_id=row.owner_id,
            external_ids=wanted.external_ids,
        )
        facts = [dated(event, wanted.registered_at, imported_at, NO_REGISTRATION_DATE)]
        at = facts[0].occurred_at
        known = _known([*(past.event for past in history), event])
    facts += [ImportedFact(event, at) for event in _profile(known, before, row)]
    facts += [ImportedFact(event, at) for event in _custom_fields(known, before, wanted, workspace)]
    return facts + points(history, row.wanted.points, row.point_ids, row.person_id, at)


def points(
    history: Sequence[Past],
    wanted: Sequence[ImportedPoint],
    point_ids: Mapping[Word, UUID],
    person_id: UUID | None,
    at: datetime,
) -> list[ImportedFact]:
    """The contact points of a row that are not on record as the row has them; flagged where they cannot be read.

    Raises ContactPointEmpty, ContactPointTooLong.
    """
    said = {event.point_id: event for event in told(history) if isinstance(event, ContactPointRecord)}
    customer = _known([past.event for past in history]).customer
    facts: list[ImportedFact] = []
    for point in wanted:
        point_id = point_ids[point.slot]
        value, before = contact_point(point.kind, point.written, point.region), said.get(point_id)
        if before and (isinstance(before.value, Forgotten) or before.value.as_written == value.as_written):
            continue
        record = CustomerContactPointCorrected if point_id in customer.contact_points else CustomerContactPointAdded
        if record is CustomerContactPointAdded and _is_known(customer, value, person_id):
            continue
        event = record(point_id=point_id, kind=point.kind, value=value, label=point.label, person_id=person_id)
        facts.append(ImportedFact(event, at, (UNREADABLE,) if value.unreadable else ()))
        customer = evolve(customer, event)
    return facts


@dataclass(frozen=True)
class _Known:
    """What is on record, with what only the events tell."""

    customer: Customer = field(default_factory=Customer)
    name: Text | Forgotten | None = None
    classes: CustomerClassified = field(default_factory=CustomerClassified)


def _known(events: Sequence[object]) -> _Known:
    known = _Known()
    for event in events:
        assert isinstance(event, CustomerEvent)
        known = replace(known, customer=evolve(known.customer, event))
        if isinstance(event, CustomerRegistered | CustomerRenamed):
            known = replace(known, name=event.name)
        if isinstance(event, CustomerClassified):
            known = replace(known, classes=event)
    return known


def _profile(known: _Known, before: _Known, row: Row) -> Iterator[CustomerEvent]:
    wanted = row.wanted
    if wanted.name not in (None, known.name, before.name) and not isinstance(known.name, Forgotten):
        yield CustomerRenamed(name=wanted.name)
    classes = {
        name: said
        for name in CustomerClassified.model_fields
        if (said := getattr(wanted, name)) not in (None, getattr(before.classes, name))
    }
    if (classified := known.classes.model_copy(update=classes)) != known.classes:
        yield classified
    if row.owner_id not in (None, known.customer.owner_id, before.customer.owner_id):
        yield CustomerOwnerAssigned(owner_id=row.owner_id, team=known.customer.team)
    if wanted.tags is not None:
        for tag in sorted((known.customer.tags & before.customer.tags).difference(wanted.tags)):
            yield CustomerUntagged(tag=tag)
        for tag in dict.fromkeys(wanted.tags):
            if tag not in known.customer.tags | before.customer.tags:
                yield CustomerTagged(tag=tag)


def _custom_fields(
    known: _Known, before: _Known, wanted: ImportedCustomer, workspace: Workspace
) -> Iterator[CustomerEvent]:
    for field_id, value in wanted.custom_fields.items():
        command = RecordCustomField(field_id=field_id, value=value)
        if record_custom_field(before.customer, command, workspace):
            yield from record_custom_field(known.customer, command, workspace)


def _is_known(customer: Customer, value: ContactPoint, person_id: UUID | None) -> bool:
    return any(
        not isinstance(point.value, Forgotten)
        and (point.kind, point.person_id) == (value.kind, person_id)
        and (point.value.comparable or point.value.as_written) == (value.comparable or value.as_written)
        for point in customer.contact_points.values()
    )
