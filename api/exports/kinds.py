"""What can be exported, in which formats, and which scopes see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

Format: TypeAlias = Literal["csv", "ndjson", "vcard", "icalendar", "parquet"]

MEDIA_TYPES: Mapping[Format, str] = MappingProxyType(
    {
        "csv": "text/csv; charset=utf-8",
        "ndjson": "application/x-ndjson",
        "vcard": "text/vcard; charset=utf-8",
        "icalendar": "text/calendar; charset=utf-8",
    }
)
"""Of what is streamed. Parquet is not: its end says where everything is."""

_TABLE: tuple[Format, ...] = ("csv", "ndjson", "parquet")


@dataclass(frozen=True, slots=True)
class Kind:
    """A list that can be handed out. Its `relation` is the SELECT behind it; figures have none."""

    name: str
    scopes: tuple[str, ...]
    formats: tuple[Format, ...] = _TABLE
    relation: str | None = None


_KINDS = (
    Kind("customers", ("customers:read", "personal:read"), (*_TABLE, "vcard"), "customers"),
    Kind("people", ("customers:read", "personal:read"), (*_TABLE, "vcard"), "people"),
    Kind("leads", ("leads:read", "personal:read"), _TABLE, "leads"),
    Kind("tickets", ("tickets:read", "personal:read"), _TABLE, "tickets"),
    Kind("interactions", ("customers:read", "personal:read"), (*_TABLE, "icalendar"), "interactions"),
    Kind("follow-ups", ("customers:read", "personal:read"), (*_TABLE, "icalendar"), "follow_ups"),
    Kind("purchases", ("customers:read", "personal:read"), _TABLE, "purchases"),
    Kind("subscriptions", ("customers:read", "personal:read"), _TABLE, "subscriptions"),
    Kind("kpis", ("kpis:read",), ("csv", "ndjson")),
)

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _KINDS})
"""All of them, by name."""
