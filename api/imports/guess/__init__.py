"""A mapping for a file that nobody has described yet: proposed by its columns' names and cells, to be corrected."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

from api.imports.guess.columns import Columns
from api.imports.guess.customers import customers, people
from api.imports.guess.facts import interactions, purchases, subscriptions, ticket_events, tickets
from api.imports.guess.leads import leads
from api.imports.guess.looks import ROWS, Table, is_moment, table_of
from api.imports.guess.outreach import campaign_members, surveys
from api.imports.guess.roles import columns_by_role, plain, system_of
from api.imports.guess.written import Entry, Section, is_taken, mapping_text, named
from api.imports.lines import FileFormat, Source
from api.imports.mapping import ImportRefused
from api.imports.source import lines_of, look_over
from api.imports.text_file import opened

GuessedKind: TypeAlias = Literal[
    "leads",
    "customers",
    "people",
    "purchases",
    "subscriptions",
    "tickets",
    "ticket-events",
    "interactions",
    "surveys",
    "campaign-members",
]
KINDS: Sequence[GuessedKind] = get_args(GuessedKind)

_FIELDS: Mapping[GuessedKind, Callable[[Columns], list[Section]]] = MappingProxyType(
    {
        "leads": leads,
        "customers": customers,
        "people": people,
        "purchases": purchases,
        "subscriptions": subscriptions,
        "tickets": tickets,
        "ticket-events": ticket_events,
        "interactions": interactions,
        "surveys": surveys,
        "campaign-members": campaign_members,
    }
)

_PLAIN = FileFormat()
_NUMBER = re.compile(r"[+-]?\d[\d.,]*")
_SAMPLE = 50
_LEAD_IDS = frozenset({"leadid", "opportunityid", "dealid", "mqlid"})


def guess(path: Path, kind: GuessedKind | None = None) -> str:
    """The text of a mapping that an import of that kind accepts, with a remark wherever it may be wrong.

    Without a kind, it is the one that its columns are most like: of customers, when they are like nothing else.
    Raises ImportRefused when the file cannot be read, or has no rows.
    """
    source = _as_it_seems(path)
    table = table_of(source.header, islice(lines_of(source), ROWS))
    if not table.rows:
        raise ImportRefused(f"{path} has no rows that can be read, and a mapping is guessed from its rows.")
    roles = columns_by_role(source.header)
    chosen = kind or _kind(source, roles)
    sections = [*_head(source, table, chosen), *_FIELDS[chosen](Columns(table, roles))]
    unread = [column.name for column in table.columns if not is_taken(column.name, sections)]
    return mapping_text(_remarks(path, source, table, unread), sections)


def _kind(source: Source, roles: Iterable[str]) -> GuessedKind:
    known = set(roles)
    names = {plain(name) for name in source.header}
    if source.format in ("mail", "icalendar"):
        return "interactions"
    if "ticket_id" in known:
        return "ticket-events" if "activity" in known else "tickets"
    if "score" in known and {"survey", "answered_at", "comment"} & known:
        return "surveys"
    if known >= {"plan", "mrr"} or known >= {"plan", "arr"}:
        return "subscriptions"
    if {"stage", "is_won"} & known or {"closed_at", "value"} <= known or _LEAD_IDS & names:
        return "leads"
    if "campaign" in known and {"sent_at", "delivered", "read_at", "responded", "responded_at"} & known:
        return "campaign-members"
    if "purchased_at" in known or "orderid" in names:
        return "purchases"
    is_person = {"given_name", "family_name"} & known
    return "people" if is_person and "organisation" in known and source.format == "csv" else "customers"


def _as_it_seems(path: Path) -> Source:
    """The file, with what parts its columns and whether it has a header found out."""
    source = look_over(path, _PLAIN)
    if source.format != "csv":
        return source
    if len(source.header) == 1 and (width := _width_by_blanks(source)):
        form = FileFormat(delimiter=" ")
        first = _first_row(source, " ")
        return look_over(path, _headless(form, width) if _is_data(first) else form)
    return look_over(path, _headless(_PLAIN, len(source.header))) if _is_data(source.header) else source


def _headless(form: FileFormat, width: int) -> FileFormat:
    columns = tuple(f"column_{number}" for number in range(1, width + 1))
    return form.model_copy(update={"columns": columns})


def _is_data(cells: Sequence[str]) -> bool:
    """A header names things: no column is called 3.5, or like a day."""
    return any(_NUMBER.fullmatch(cell) or is_moment(cell, "iso") for cell in cells)


def _width_by_blanks(source: Source) -> int | None:
    """How many columns runs of blanks part, where that is the same in all of the first rows."""
    widths = {len([cell for cell in row if cell]) for row in islice(_rows(source, " "), _SAMPLE)} - {0}
    return widths.pop() if len(widths) == 1 and widths != {1} else None


def _first_row(source: Source, delimiter: str) -> Sequence[str]:
    return [cell for cell in next(_rows(source, delimiter), []) if cell]


def _rows(source: Source, delimiter: str) -> Iterator[list[str]]:
    with opened(source.path, source.encoding) as text:
        yield from csv.reader(text, delimiter=delimiter, skipinitialspace=True)


def _head(source: Source, table: Table, kind: GuessedKind) -> Iterator[Section]:
    system = system_of(source.header, source.path.stem)
    head = [
        Entry("kind", kind),
        Entry(
            "system", system, ["Where the file comes from: with the external id, it tells for ever which row is which."]
        ),
        Entry("zone", "UTC", ["In which zone a day begins, and a moment lies that does not say. To be checked."]),
    ]
    if table.empty:
        head.append(Entry("empty", ["", *table.empty], ["What a cell says that says nothing."]))
    yield Section("", head)
    file: list[Entry] = []
    if source.format != "csv":
        file.append(Entry("format", source.format))
    else:
        file.append(Entry("encoding", source.encoding))
        file.append(Entry("delimiter", source.delimiter))
        if source.form.columns:
            remark = "The first line is data already. Name the columns, here and below."
            file.append(Entry("columns", source.form.columns, [remark]))
        if table.short_rows:
            file.append(Entry("short_rows", "padded", [f"Of the rows looked at {table.short_rows:,} are short."]))
    yield Section("file", file)


def _remarks(path: Path, source: Source, table: Table, unread: Sequence[str]) -> Iterator[str]:
    yield "A guess, from the names of the columns and what stands in them. Correct it, and import with --dry-run first."
    yield f"It was made from {named([path.name])}: {table.rows:,} rows, {len(source.header)} columns."
    if unread:
        yield f"Columns that are not read: {named(unread)}"
    yield ""
