"""The nouns that can be listed: which table answers, by what its rows are known, and what they name."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import get_args

from domain.custom_field import RecordNoun
from domain.lead import LeadStatus
from projections.lists.fields import Field, columns
from projections.sight import PERSONAL


@dataclass(frozen=True)
class Noun:
    """A list. A row is known by its `key`, whose last column is the id it is asked for by; lists come in the order of
    `sort`, unless another is asked for. `hidden` columns serve figures and are not shown. `found_by` is the column of
    the read model `search` that says which record some words belong to. A stream of its own (`is_stream`) has a
    version, which is its ETag, and a history. `expands` are the records that a row names: by which column, and where
    they are listed."""

    name: str
    table: str
    key: tuple[str, ...]
    sort: str
    scopes: tuple[str, ...]
    hidden: frozenset[str] = frozenset()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    record: RecordNoun | None = None
    found_by: str | None = None
    is_stream: bool = False
    expands: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The column with the id of a row."""
        return self.key[-1]

    @property
    def singular(self) -> str:
        """One of them."""
        return "person" if self.name == "people" else self.name.removesuffix("s")

    @property
    def has_page(self) -> bool:
        """Whether one of them is asked for by its id; of a customer more is shown than her row."""
        return self.fields[self.id].kind == "id" and self.name not in ("customers", "campaign-members")

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """What is shown, by name."""
        return {
            name: replace(column, is_personal=name in PERSONAL.get(self.table, ()), choices=self.choices.get(name, ()))
            for name, column in columns(self.table).items()
            if name not in self.hidden
        }

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table that a list of it can read."""
        search = ("search",) if self.found_by else ()
        return (self.table, "customer_alias", *search)


_CUSTOMER, _OWNER = ("customer_id", "customers"), ("owner_id", "members")
_CAMPAIGN, _PERSON = ("campaign_id", "campaigns"), ("person_id", "people")
_ASSIGNEE, _ON_LEAD, _ON_TICKET = ("assignee_id", "members"), ("stream_id", "leads"), ("stream_id", "tickets")

_NOUNS = (
    Noun(
        "customers",
        "customer_360",
        ("customer_id",),
        "-since",
        ("customers:read",),
        record="customer",
        found_by="customer_id",
        expands={"owner": _OWNER},
    ),
    Noun(
        "leads",
        "lead",
        ("lead_id",),
        "-captured_at",
        ("leads:read",),
        is_stream=True,
        choices={"status": (*get_args(LeadStatus), "merged")},
        record="lead",
        found_by="stream_id",
        expands={"customer": _CUSTOMER, "owner": _OWNER, "campaign": _CAMPAIGN},
    ),
    Noun(
        "tickets",
        "ticket",
        ("ticket_id",),
        "-opened_at",
        ("tickets:read",),
        is_stream=True,
        record="ticket",
        found_by="stream_id",
        expands={"customer": _CUSTOMER, "assignee": _ASSIGNEE, "person": _PERSON},
    ),
    Noun(
        "campaigns",
        "campaign",
        ("campaign_id",),
        "-position",
        ("campaigns:read",),
        is_stream=True,
        hidden=frozenset({"customer_id"}),
        expands={"owner": _OWNER},
    ),
    Noun(
        "campaign-members",
        "campaign_member",
        ("campaign_id", "customer_id", "subject_id"),
        "campaign_id",
        ("campaigns:read", "customers:read"),
        expands={"customer": _CUSTOMER, "campaign": _CAMPAIGN, "person": _PERSON},
    ),
    Noun(
        "interactions",
        "interaction",
        ("stream_id", "interaction_id"),
        "-happened_at",
        ("customers:read",),
        expands={"customer": _CUSTOMER, "lead": _ON_LEAD, "ticket": _ON_TICKET},
    ),
    Noun(
        "follow-ups",
        "follow_up",
        ("stream_id", "task_id"),
        "due_at",
        ("customers:read",),
        expands={"customer": _CUSTOMER, "assignee": _ASSIGNEE, "lead": _ON_LEAD, "ticket": _ON_TICKET},
    ),
    Noun(
        "purchases",
        "purchase",
        ("stream_id", "currency", "purchase_id"),
        "-purchased_at",
        ("customers:read",),
        hidden=frozenset({"record_position", "refund_amounts", "refund_moments", "refund_positions"}),
        expands={"customer": _CUSTOMER},
    ),
    Noun(
        "subscriptions",
        "subscription",
        ("stream_id", "subscription_id"),
        "-started_on",
        ("customers:read",),
        expands={"customer": _CUSTOMER},
    ),
    Noun(
        "people",
        "contact_person",
        ("customer_id", "person_id"),
        "customer_id",
        ("customers:read",),
        expands={"customer": _CUSTOMER},
    ),
    Noun(
        "contact-points",
        "contact_point",
        ("customer_id", "point_id"),
        "customer_id",
        ("customers:read",),
        expands={"customer": _CUSTOMER, "person": _PERSON},
    ),
    Noun(
        "members",
        "workspace_member",
        ("member_id",),
        "name",
        ("members:read",),
        hidden=frozenset({"customer_id"}),
    ),
    Noun(
        "settings",
        "workspace_setting",
        ("kind", "name", "version"),
        "kind,name,-version",
        ("settings:read",),
        hidden=frozenset({"customer_id"}),
    ),
    Noun(
        "custom-fields",
        "custom_field",
        ("noun", "field_id"),
        "noun",
        ("settings:read",),
        hidden=frozenset({"customer_id"}),
    ),
)

NOUNS: Mapping[str, Noun] = MappingProxyType({noun.name: noun for noun in _NOUNS})
"""All of them, by the name that their address has."""
