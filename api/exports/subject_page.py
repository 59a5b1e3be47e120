"""Everything about one person as a page that she can read: it needs nothing besides itself, and runs no script."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup, escape
from pydantic_core import to_jsonable_python

from api.exports.subject import Everything, Fields

_HEAD = Markup(
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    '<meta name="viewport" content="width=device-width"><title>{title}</title><style>'
    "body{{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}}"
    "table{{border-collapse:collapse;width:100%}}th,td{{text-align:left;vertical-align:top;padding:.3rem .6rem;"
    "border-top:1px solid #8886;overflow-wrap:anywhere}}.undone{{text-decoration:line-through}}small{{opacity:.75}}"
    "</style></head><body><h1>{title}</h1>\n"
    "<p>As of {moment}, from the whole history. Times are in UTC.</p>\n"
)
_SECTION = Markup("<h2>{name}</h2>\n<table><tbody>\n")
_FIELD = Markup("<tr><th>{name}</th><td>{value}</td></tr>\n")
_EVENTS = Markup("<h2>What happened</h2>\n<table><thead><tr><th>When</th><th>What</th></tr></thead><tbody>\n")
_EVENT = Markup("<tr><td>{when}</td><td{struck}>{words}<br><small>{type}{said}</small></td></tr>\n")
_ACCESSES = Markup(
    "<h2>Who was shown this</h2>\n<table><thead><tr><th>When</th><th>By which way</th></tr></thead><tbody>\n"
)
_ACCESS = Markup("<tr><td>{when}</td><td>{way}<br><small>{kind} {id}</small></td></tr>\n")
_END = Markup("</tbody></table>\n")
_NAMES = {
    "customer_360": "What is known",
    "contact_point": "Ways to reach",
    "contact_person": "Contact persons",
    "relation": "Relations to others",
    "subscription": "Subscriptions",
    "consent": "Consents",
}


def as_page(found: Everything) -> Iterator[bytes]:
    """The page, in pieces."""
    whom = f"contact person {found.person_id}" if found.person_id else f"customer {found.customer_id}"
    yield _HEAD.format(title=f"What is known of {whom}", moment=_minute(found.exported_at)).encode()
    for table, rows in found.profile.items():
        yield from _section(_NAMES.get(table, table), rows)
    yield _EVENTS.encode()
    for event in found.events():
        yield _event(event).encode()
    yield (_END + _ACCESSES).encode()
    for access in found.accesses():
        actor = access["actor"]
        when = _minute(access["accessed_at"])
        yield _ACCESS.format(when=when, way=access["way"], kind=actor["kind"], id=actor["id"]).encode()
    yield (_END + Markup("</body></html>\n")).encode()


def _section(name: str, rows: Sequence[Mapping[str, object]]) -> Iterator[bytes]:
    if rows:
        yield _SECTION.format(name=name).encode()
        for row in rows:
            for field, value in row.items():
                if value not in (None, [], {}):
                    yield _FIELD.format(name=field.replace("_", " "), value=_value(value)).encode()
        yield _END.encode()


def _event(event: Fields) -> Markup:
    said = [Markup("<br>{}: {}").format(name.replace("_", " "), _value(value)) for name, value in event["said"].items()]
    return _EVENT.format(
        when=_minute(event["occurred_at"]),
        struck=Markup(' class="undone"') if event["undone_by"] else "",
        words=event["in_words"],
        type=event["type"],
        said=Markup("").join(said),
    )


def _value(value: object) -> Markup:
    """A value for people: what holds others is told part by part."""
    plain: Any = to_jsonable_python(value)
    if isinstance(value, datetime):
        return escape(_minute(value))
    if plain == {"forgotten": True}:
        return escape("(forgotten)")
    if isinstance(plain, dict):
        return Markup(", ").join(
            Markup("{}: {}").format(name, _value(one)) for name, one in plain.items() if one is not None
        )
    if isinstance(plain, list):
        return Markup("; ").join(map(_value, plain))
    return escape("yes" if plain is True else "no" if plain is False else str(plain))


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"
