"""How a domain event lies in a row: what may stay for ever in `data`, what can be forgotten in `personal`."""

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict
from pydantic_core import from_json

from domain.catalogue import EVENT_TYPES
from domain.event import FORGOTTEN, Event, personal_fields
from eventstore.trouble import Trouble

Json = dict[str, Any]  # Any: JSON is whatever the event's own model says


class NewerEvent(Trouble):
    """The log holds an event in a schema that this program does not know yet."""

    def __init__(self, type_: str, stored: int, known: int) -> None:
        super().__init__(
            f"The log holds a {type_} in version {stored} of its schema; this program knows version {known}. "
            "It was written by a newer Everfold: run that version, or a later one."
        )


def schema_version(type_: str) -> int:
    """The version of the schema in which this program writes and reads events of that stored type."""
    return EVENT_TYPES.get(type_, UnknownEvent).schema_version


def must_be_known(type_: str, stored: int) -> None:
    """Raises NewerEvent. Rows in older schemas are read in today's (see `log.history`); newer ones could be misread."""
    if type_ in EVENT_TYPES and stored > EVENT_TYPES[type_].schema_version:
        raise NewerEvent(type_, stored, EVENT_TYPES[type_].schema_version)


def split(event: Event) -> tuple[Json, Json | None]:
    """The event's fields as JSON, parted into data and personal; no personal part when nothing in it is given."""
    state = event.model_dump(mode="json", exclude_none=True)
    marked = personal_fields(type(event))
    personal = {name: state.pop(name) for name in list(state) if name in marked}
    return state, personal or None


def split_text(event: Event) -> tuple[str, str | None]:
    """The same two parts as JSON texts, for many events: it takes a fifth of the time."""
    given = {name for name in personal_fields(type(event)) if getattr(event, name) is not None}
    if not given:
        return event.model_dump_json(exclude_none=True), None
    return (
        event.model_dump_json(exclude_none=True, exclude=given),
        event.model_dump_json(exclude_none=True, include=given),
    )


class UnknownEvent(Event):
    """An event of a type that this version does not know, kept as it is."""

    model_config = ConfigDict(frozen=True, extra="allow")

    def in_words(self) -> str:
        return "Something that this version has no words for"


def join(type_: str, data: Mapping[str, Any], personal: Mapping[str, Any] | None, *, had_personal: bool) -> Event:
    """The event of a row. Where a personal part was given and is gone, its fields are Forgotten."""
    model = EVENT_TYPES.get(type_, UnknownEvent)
    return model.model_validate(state(type_, data, personal, had_personal=had_personal))


def join_text(type_: str, said: str, *, is_forgotten: bool) -> Event:
    """The same where the two parts are one JSON text. Where the personal one is gone, its fields are Forgotten."""
    if is_forgotten:
        return join(type_, from_json(said), None, had_personal=True)
    return EVENT_TYPES.get(type_, UnknownEvent).model_validate_json(said)


def state(type_: str, data: Mapping[str, Any], personal: Mapping[str, Any] | None, *, had_personal: bool) -> Json:
    """Data and personal part put together again as one JSON object."""
    if personal is None and had_personal and type_ in EVENT_TYPES:
        personal = {name: FORGOTTEN.model_dump() for name in personal_fields(EVENT_TYPES[type_])}
    return {**data, **(personal or {})}
