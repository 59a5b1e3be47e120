"""Which fields of a record an event speaks of: of the record itself, or of a part inside it."""

from collections.abc import Hashable, Mapping
from functools import cache, lru_cache
from types import MappingProxyType
from typing import NamedTuple

from domain.customer import (
    CustomerConsentGranted,
    CustomerConsentWithdrawn,
    CustomerForgettingRequested,
    CustomerForgettingRequestWithdrawn,
    CustomerRelatedTo,
    CustomerRelationEnded,
    CustomerSurveyAnswered,
)
from domain.differences import field_names
from domain.event import Event, personal_fields
from domain.field_value import CustomFieldRecorded
from domain.lead import LeadConverted, LeadProductAdded, LeadProductRemoved, LeadProductRepriced, LeadRecycled
from domain.reversal import EVOLVE
from domain.ticket import TicketRated
from domain.ticket.sla import SlaRecord
from domain.undo import EventsUndone


class Part(NamedTuple):
    """Something inside a record that has fields of its own: a follow-up, a product, a consent."""

    path: str
    key: Hashable


class Telling(NamedTuple):
    """How events of one class speak: of which part, and which of its fields."""

    path: str | None
    keys: tuple[str, ...]
    has_id: bool
    names: tuple[tuple[str, bool], ...]
    is_remembered: bool


_PATHS: Mapping[str, str] = MappingProxyType(
    {
        "interaction_id": "interactions",
        "task_id": "follow_ups",
        "purchase_id": "purchases",
        "subscription_id": "subscriptions",
        "point_id": "contact_points",
        "person_id": "people",
        "message_id": "messages",
    }
)
"""Where a state keeps the parts that have an id of their own, by the field of the events about them."""

_ABOUT: Mapping[type[Event], tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        LeadProductAdded: ("products", ("product_id",)),
        LeadProductRepriced: ("products", ("product_id",)),
        LeadProductRemoved: ("products", ("product_id",)),
        CustomerRelatedTo: ("relations", ("other_id", "kind")),
        CustomerRelationEnded: ("relations", ("other_id", "kind")),
        CustomerConsentGranted: ("consents", ("person_id", "channel", "purpose")),
        CustomerConsentWithdrawn: ("consents", ("person_id", "channel", "purpose")),
        CustomerSurveyAnswered: ("surveys", ("survey",)),
        CustomerForgettingRequested: ("forgetting_requests", ("person_id",)),
        CustomerForgettingRequestWithdrawn: ("forgetting_requests", ("person_id",)),
    }
)
"""Parts that are named by several fields, or by a word."""

_WHOLE_IN_STATE = (CustomFieldRecorded, EventsUndone, LeadConverted, LeadRecycled, SlaRecord, TicketRated)
"""Events of which the state holds every field."""

_OF_THE_ACT = frozenset(
    "reason cause rule rule_version legal_basis versions tag level amount merge_id merged_id survivor_id field_choices"
    " from_stage to_stage from_priority to_priority from_mrr from_customer_id to_customer_id interaction_id"
    " field_version pipeline_version policy_version".split()
)
"""Fields that tell of the act, or name in other words what the state shows."""

KEPT_IF_NOT_SAID = frozenset({"plan", "term_months"})
"""Fields that stay as they are where an event leaves them out. All others have no value then."""


@cache
def telling_of(kind: type[Event], noun: str) -> Telling:
    """How events of this class speak of a record of that noun."""
    if issubclass(kind, _WHOLE_IN_STATE):
        return Telling(None, (), False, (), False)
    about = _ABOUT.get(kind)
    has_id = kind.part_field in _PATHS
    if kind.part_field and has_id:
        about = (_PATHS[kind.part_field], (kind.part_field,))
    path, keys = about or (None, ())
    in_state = _state_fields(noun) if about is None else frozenset[str]()
    marked = personal_fields(kind)
    names = tuple(
        (name, name in marked)
        for name in kind.model_fields
        if name not in keys and name not in _OF_THE_ACT and (name not in in_state or kind.is_fact)
    )
    return Telling(path, keys, has_id, names, is_remembered=about is not None or not kind.is_fact)


@cache
def _state_fields(noun: str) -> frozenset[str]:
    kind: type = type(EVOLVE[noun](None, EventsUndone(versions=(1,))))
    return frozenset(field_names(kind))


def part_of(event: Event) -> Part | None:
    """The part with an id that the event is about."""
    name = event.part_field or ""
    return Part(_PATHS[name], getattr(event, name)) if name in _PATHS else None


def path_of(part: Part | None, name: str) -> str:
    """The path of a field of the record or of a part of it."""
    return name if part is None else f"{part.path}[{spelled(part.key)}].{name}"


@lru_cache(maxsize=64)  # several fields of a part are spelled one after the other
def spelled(key: Hashable) -> str:
    """What names an entry, as it stands in a path."""
    return ", ".join("-" if one is None else str(one) for one in key) if isinstance(key, tuple) else str(key)
