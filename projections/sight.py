"""Who may see which records, and what of them: the one place where that becomes a condition on the rows of a table."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any
from uuid import UUID

from psycopg import sql

from domain.workspace import Records
from eventstore.database import Connection, query
from projections.read_models import outside, read_models


@dataclass(frozen=True, slots=True)
class Sight:
    """What a reader may see: which customers, leads and tickets, and whether also what is personal of them.

    Own records are those whose owner or assignee the member is. With `team` come those that were given to one of her
    teams, and those of her `colleagues` there.
    """

    records: Records
    member_id: UUID | None = None
    teams: tuple[str, ...] = ()
    colleagues: tuple[UUID, ...] = ()
    personal: bool = True

    @property
    def members(self) -> list[UUID]:
        """Whose records these are."""
        own = [self.member_id] if self.member_id and self.records in ("own", "team") else []
        return [*own, *self.colleagues] if self.records == "team" else own

    @property
    def shared_teams(self) -> tuple[str, ...]:
        """Whose records are hers to see as well."""
        return self.teams if self.records == "team" else ()

    @property
    def parameters(self) -> dict[str, object]:
        """What the conditions are asked with."""
        return {"sight_members": self.members, "sight_teams": list(self.shared_teams)}


EVERYTHING = Sight("all")
"""Of whoever runs the installation."""

NOTHING = Sight("none", personal=False)
"""Of whom nobody has said yet what she may see."""

_BY: Mapping[str, str] = MappingProxyType(
    {
        table: by
        for by, tables in {
            "customer": "customer_360 customer_profile customer_record customer_part customer_lifecycle_interval"
            " customer_alias contact_point contact_person consent relation purchase subscription subscription_movement"
            " campaign_contact campaign_member",
            "lead": "lead lead_response lead_stage_interval",
            "ticket": "ticket ticket_reply_cycle ticket_status_interval sla_target",
            "stream": "interaction follow_up search",
            "rating": "survey_answer",
            "everybody": "campaign campaign_spending custom_field exchange_rate pipeline_stage workspace_member"
            " workspace_setting",
        }.items()
        for table in tables.split()
    }
)
"""By which record a table's row is judged. What is about the company itself is everybody's."""

PERSONAL: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        table: frozenset(columns.split())
        for table, columns in {
            "campaign": "end_reason",
            "campaign_spending": "what",
            "consent": "proof",
            "contact_person": "name",
            "contact_point": "written normalised comparable extension",
            "customer_360": "name external_ids email phone",
            "customer_profile": "name external_ids",
            "follow_up": "what outcome",
            "interaction": "summary outcome external_id",
            "lead": "title form external_ids lost_reason competitor",
            "purchase": "external_id",
            "search": "text sought",
            "subscription": "cancel_reason",
            "survey_answer": "comment",
            "ticket": "subject external_ids waiting_for resolution csat_comment",
        }.items()
    }
)
"""The columns that hold what is personal. Custom fields are so by their definitions; the names of members are shown to
whoever may read members, and what settings say to whoever may read settings."""

_WITH_CUSTOM_FIELDS: Mapping[str, str] = MappingProxyType(
    {"customer_360": "customer", "customer_profile": "customer", "lead": "lead", "ticket": "ticket"}
)


def bound(table: str, schema: str, sight: Sight) -> sql.Composed:
    """A SELECT of what may be seen of a table in `schema`, judged by the records as they are today."""
    rows = sql.SQL("SELECT {} FROM {}").format(_columns(table, sight), sql.Identifier(schema, table))
    if sight.records == "all":
        return rows
    return sql.SQL("{} WHERE {}").format(rows, _condition(judged_by(table)))


def judged_by(table: str) -> str:
    """By which record its rows are judged; those of a table that does not say so are nobody's."""
    if table in _BY:
        return _BY[table]
    own = any(table in model.tables for model in outside().values())
    return "customer" if own and "customer_id" in columns_of(table) else "nobody"


def seen_streams(connection: Connection, sight: Sight, streams: Iterable[tuple[str, UUID]]) -> set[UUID]:
    """Which of these customers, leads and tickets (by noun and id) may be seen, as the read models are now."""
    asked = set(streams)
    if sight.records == "all":
        return {stream_id for _, stream_id in asked}
    found: set[UUID] = set()
    for noun in {noun for noun, _ in asked} & {"customer", "lead", "ticket"}:
        ids = [stream_id for of, stream_id in asked if of == noun]
        statement = sql.SQL(query("projections.seen", "which")).format(seen=_seen(f"{noun}s"))
        rows = connection.execute(statement, {"ids": ids, **sight.parameters}).fetchall()
        found |= {row["id"] for row in rows}
    return found


def without_personal(table: str, row: Mapping[str, Any], open_fields: Iterable[str]) -> dict[str, Any]:  # Any: a row's
    """A row as somebody sees it who may not see what is personal; of its custom fields the open ones stay."""
    hidden = PERSONAL.get(table, frozenset())
    shown = {name: None if name in hidden else value for name, value in row.items()}
    if table in _WITH_CUSTOM_FIELDS:
        kept = set(open_fields)
        shown["custom_fields"] = {name: value for name, value in row["custom_fields"].items() if name in kept}
    return shown


@cache
def _condition(by: str) -> sql.Composed:
    return sql.SQL(query("projections.seen", f"by_{by}")).format(
        customers=_seen("customers"), leads=_seen("leads"), tickets=_seen("tickets")
    )


@cache
def _seen(records: str) -> sql.SQL:
    return sql.SQL(query("projections.seen", records))


def _columns(table: str, sight: Sight) -> sql.Composable:
    hidden, noun = PERSONAL.get(table, frozenset()), _WITH_CUSTOM_FIELDS.get(table)
    if sight.personal or not (hidden or noun):
        return sql.SQL("*")
    return sql.SQL(", ").join(_shown(name, type_, hidden, noun) for name, type_ in columns_of(table).items())


def _shown(name: str, type_: str, hidden: frozenset[str], noun: str | None) -> sql.Composable:
    column = sql.Identifier(name)
    if name in hidden:
        return sql.SQL("NULL::{} AS {}").format(sql.SQL(type_), column)
    if noun and name == "custom_fields":
        fields = sql.SQL(query("projections.seen", "open_fields")).format(noun=sql.Literal(noun))
        return sql.SQL("{} AS {}").format(fields, column)
    return column


@cache
def columns_of(table: str) -> Mapping[str, str]:
    """The columns of a read model's table with their types, as its `table.sql` has them."""
    for model in read_models().values():
        if table in model.tables:
            found = re.search(rf"CREATE TABLE {table} \((.*?)\n\);", model.table, re.DOTALL)
            lines = re.findall(r"^    ([a-z]\w*) +([a-z]+(?:\[\])?)", found[1] if found else "", re.MULTILINE)
            return MappingProxyType(dict(lines))
    return MappingProxyType({})
