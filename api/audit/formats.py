"""How an audit is written: as NDJSON, as CSV for spreadsheets, as text for a terminal, and as a page."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from markupsafe import Markup
from pydantic_core import to_json, to_jsonable_python

from api.spreadsheets import defused
from eventstore.audit.shown import Shown

_COLUMNS = (
    "position occurred_at recorded_at type stream_type stream_id version customer_id event_id actor_kind actor_id"
    " actor_name on_behalf_of channel reason undone_by field before after"
).split()
_BLOCK = 1 << 16

_HEAD = Markup(
    "<!doctype html>\n"
    '<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>'
    "body{{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}}"
    "table{{border-collapse:collapse;width:100%}}th,td{{text-align:left;vertical-align:top;padding:.4rem .6rem;"
    "border-top:1px solid #8886}}td ul{{margin:0;padding-left:1rem}}.undone{{text-decoration:line-through}}"
    "small{{opacity:.75}}</style></head><body><h1>{title}</h1>\n"
    "<table><thead><tr><th>When</th><th>What</th><th>Who</th><th>Before and after</th></tr></thead><tbody>\n"
)
_ROW = Markup(
    '<tr id="p{position}"><td>{occurred}<br><small>recorded {recorded}, position {position}</small></td>'
    "<td{struck}>{type}<br><small>{stream_type} {stream_id}</small></td>"
    "<td>{actor}<br><small>{reason}</small></td><td><ul>{changes}</ul>{undone}</td></tr>\n"
)
_CHANGE = Markup("<li><b>{field}</b>: {before} \N{RIGHTWARDS ARROW} {after}</li>")
_UNDONE = Markup('<small>undone by <a href="#p{position}">position {position}</a></small>')
_FOOT = "</tbody></table></body></html>\n"


def as_ndjson(entries: Iterable[Shown]) -> Iterator[bytes]:
    """A line of JSON for each event."""
    for entry in entries:
        yield to_json(entry) + b"\n"


def as_csv(entries: Iterable[Shown]) -> Iterator[bytes]:
    """A row for each field that was touched. No spreadsheet takes a value for a formula."""
    line = io.StringIO()
    writer = csv.writer(line)
    writer.writerow(_COLUMNS)
    for entry in entries:
        fixed = _fixed(entry)
        for change in entry["changes"] or [{"field": "", "before": None, "after": None}]:
            cells = (*fixed, change["field"], change["before"], change["after"])
            writer.writerow([defused(plain(cell)) for cell in cells])
        yield line.getvalue().encode()
        line.seek(0)
        line.truncate()


def in_blocks(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in larger pieces: to hand over a piece costs a server more than to write a line."""
    block = bytearray()
    for part in parts:
        block += part
        if len(block) >= _BLOCK:
            yield bytes(block)
            block.clear()
    yield bytes(block)


def as_text(entries: Iterable[Shown]) -> Iterator[str]:
    """Some lines for each event."""
    for entry in entries:
        record = f"{entry['stream_type']} {entry['stream_id']}"
        yield f"{entry['position']}  {_moments(entry)}  {entry['type']}  ({record})\n"
        yield f"    by {safe(_actor(entry))}\n"
        if entry["reason"] is not None:
            yield f"    because: {safe(plain(entry['reason']))}\n"
        for change in entry["changes"]:
            yield f"    {safe(change['field'])}: {_quoted(change['before'])} -> {_quoted(change['after'])}\n"
        if entry["undone_by"]:
            yield f"    UNDONE by the event at position {entry['undone_by']['position']}\n"


def as_html(entries: Iterable[Shown], title: str) -> Iterator[str]:
    """A page that needs nothing besides itself."""
    yield _HEAD.format(title=title)
    for entry in entries:
        changes = [
            _CHANGE.format(field=change["field"], before=plain(change["before"]), after=plain(change["after"]))
            for change in entry["changes"]
        ]
        yield _ROW.format(
            position=entry["position"],
            occurred=_minute(entry["occurred_at"]),
            recorded=_minute(entry["recorded_at"]),
            struck=Markup(' class="undone"') if entry["undone_by"] else "",
            type=entry["type"],
            stream_type=entry["stream_type"],
            stream_id=entry["stream_id"],
            actor=_actor(entry),
            reason=plain(entry["reason"]),
            changes=Markup("").join(changes),
            undone=_UNDONE.format(position=entry["undone_by"]["position"]) if entry["undone_by"] else "",
        )
    yield _FOOT


def differing(fields: Iterable[Shown]) -> Iterator[str]:
    """A line for each field that differs."""
    for field in fields:
        values = f"{_quoted(field['before'])} -> {_quoted(field['after'])}"
        yield f"{field['stream_type']} {field['stream_id']}  {safe(field['field'])}: {values}\n"


def accessed(accesses: Iterable[Shown]) -> Iterator[str]:
    """A line for each access."""
    for one in accesses:
        actor = f"{one['actor']['kind']} {one['actor']['id']}"
        yield f"{_minute(one['accessed_at'])}  {actor}  {one['way']}  (customer {one['customer_id']})\n"


def plain(value: object) -> str:
    """A value for people to read; of nothing, nothing."""
    if value is None:
        return ""
    value = to_jsonable_python(value)
    if isinstance(value, dict):
        return _of_object(value)
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def safe(text: str) -> str:
    """The text without anything that moves a terminal's cursor or turns its letters around."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _of_object(value: dict[str, Any]) -> str:  # Any: JSON
    for mark in ("forgotten", "withheld"):
        if value == {mark: True}:
            return mark
    if value.keys() == {"amount", "currency"}:
        return f"{value['amount']} {value['currency']}"
    if "as_written" in value:
        return str(value["as_written"])
    if "kind" in value and "value" in value:
        return plain(value["value"])
    return to_json(value).decode()


def _quoted(value: object) -> str:
    if value is None:
        return "(nothing)"
    return f'"{safe(value)}"' if isinstance(value, str) else safe(plain(value))


def _fixed(entry: Shown) -> tuple[object, ...]:
    actor, undo = entry["actor"], entry["undone_by"]
    given: Mapping[str, object] = {
        **entry,
        "actor_kind": actor["kind"],
        "actor_id": actor["id"],
        "actor_name": actor["name"],
        "undone_by": undo and undo["position"],
    }
    return tuple(given[name] for name in _COLUMNS[:-3])


def _actor(entry: Shown) -> str:
    actor = entry["actor"]
    named = f"{actor['name']} ({actor['kind']} {actor['id']})" if actor["name"] else f"{actor['kind']} {actor['id']}"
    behalf = f" on behalf of {entry['on_behalf_of']}" if entry["on_behalf_of"] else ""
    return f"{named}{behalf} through {entry['channel'] or 'no channel'}"


def _moments(entry: Shown) -> str:
    occurred, recorded = _minute(entry["occurred_at"]), _minute(entry["recorded_at"])
    return occurred if occurred == recorded else f"{occurred} (recorded {recorded})"


def _minute(moment: Any) -> str:  # Any: a moment, from the row of JSON to be
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
