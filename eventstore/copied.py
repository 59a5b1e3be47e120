"""Parts of an event as COPY reads them: texts in which nothing but a backslash means more than it says."""

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from uuid import UUID

from domain.event import Event, stored_type
from eventstore import codec
from eventstore.records import Envelope

NOTHING = "\\N"


@cache
def stored(stream_type: str, event: type[Event]) -> tuple[str, str, str | None]:
    """The stored type, its schema's version, and the field that names the part."""
    type_ = stored_type(stream_type, event)
    return type_, str(codec.schema_version(type_)), event.part_field


@lru_cache(1024)
def actor(kind: str, id_: UUID) -> str:
    """Who appended it."""
    return escaped(json.dumps({"kind": kind, "id": str(id_)}))


@lru_cache(1024)
def metadata(envelope: Envelope, flags: tuple[str, ...]) -> str:
    """What is known of it beside."""
    behalf = {"on_behalf_of": str(envelope.on_behalf_of)} if envelope.on_behalf_of else {}
    return noted(envelope.channel, flags, behalf)


def noted(channel: str, flags: tuple[str, ...], note: Mapping[str, object]) -> str:
    """The same with anything else that the metadata shall hold."""
    return escaped(json.dumps({"channel": channel, **({"flags": flags} if flags else {}), **note}))


def id_text(id_: UUID | None) -> str:
    """An id, or nothing."""
    return id_.hex if id_ else NOTHING


def escaped(text: str) -> str:
    """JSON has no line ends and tabs of its own: only its backslashes would be COPY's."""
    return text.replace("\\", "\\\\")
