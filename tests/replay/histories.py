"""Customers and leads whose histories are merged, parted and moved about, and a plain Python fold of whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from hypothesis import strategies as st

from domain.customer import CustomerAbsorbed, CustomerMergedInto, CustomerRegistered
from domain.event import CustomerId, Event
from domain.interaction import InteractionLogged
from domain.lead import LeadQualified
from domain.merge import MergeReverted
from domain.reattribution import Reattributed
from eventstore import log
from eventstore.database import Connection
from tests.facts import NOBODY, captured

Step = tuple[str, int, int]

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["merge", "merge", "part", "part", "move", "call", "qualify", "undo", "follow"]),
        st.integers(0, 3),
        st.integers(0, 3),
    ),
    max_size=14,
)
"""What happens, by number of customer, lead or merge; `follow` brings the read models up to date."""


@dataclass
class Company:
    """Four customers with a lead each, and what happens to them."""

    connection: Connection
    customers: list[UUID] = field(default_factory=lambda: [uuid4() for _ in range(4)])
    leads: list[UUID] = field(default_factory=lambda: [uuid4() for _ in range(4)])
    holders: dict[UUID, UUID] = field(default_factory=dict)
    merges: dict[UUID, tuple[UUID, UUID]] = field(default_factory=dict)
    """The merged customer and her survivor, by the id of the merge, while it stands."""
    qualified: dict[UUID, int] = field(default_factory=dict)
    """Where a lead was qualified last, unless that was undone."""

    def begin(self) -> None:
        for customer_id, lead_id in zip(self.customers, self.leads, strict=True):
            self.record(("customer", customer_id, customer_id, CustomerRegistered(kind="person", name="Ann")))
            self.record(("lead", customer_id, lead_id, captured()))
            self.holders[lead_id] = customer_id

    def record(self, *events: tuple[str, UUID, UUID, Event]) -> int:
        """Append them at once; returns the position of the last."""
        new = [log.NewEvent(CustomerId(owner), noun, stream, None, event) for noun, owner, stream, event in events]
        return log.append(self.connection, new, NOBODY)[-1]

    def take(self, what: str, one: int, other: int) -> None:
        """Do it, where the rules allow it."""
        a, b, lead_id = self.customers[one], self.customers[other], self.leads[one]
        gone = {merged for merged, _ in self.merges.values()}
        match what:
            case "merge" if a != b and not {a, b} & gone:
                merge_id = uuid4()
                self.merges[merge_id] = (a, b)
                self.record(
                    ("customer", a, a, CustomerMergedInto(survivor_id=b, merge_id=merge_id)),
                    ("customer", b, b, CustomerAbsorbed(merged_id=a, merge_id=merge_id)),
                )
            case "part" if self.merges:
                merge_id = list(self.merges)[one % len(self.merges)]
                reverted = MergeReverted(merge_id=merge_id)
                self.record(*(("customer", id_, id_, reverted) for id_ in self.merges.pop(merge_id)))
            case "move" if self.holders[lead_id] != b:
                moved = Reattributed(from_customer_id=CustomerId(self.holders[lead_id]), to_customer_id=CustomerId(b))
                self.holders[lead_id] = b
                self.record(("lead", a, lead_id, moved))
            case "call":
                self.record(("customer", a, a, InteractionLogged(interaction_id=uuid4(), kind="call")))
            case "qualify":
                self.qualified[lead_id] = self.record(("lead", a, lead_id, LeadQualified()))
            case "undo" if lead_id in self.qualified:
                version = self.connection.execute(
                    "SELECT version FROM log.event WHERE position = %s", [self.qualified.pop(lead_id)]
                ).fetchone()
                assert version is not None
                new = log.NewEvent(CustomerId(a), "lead", lead_id, None, LeadQualified())
                undone = {"type": "lead.events_undone", "data": {"versions": [version["version"]]}}
                log.append_rows(self.connection, [log.row_of(new, NOBODY) | undone], None)
            case _:
                pass


def heard(connection: Connection, upto: int) -> list[dict[str, Any]]:
    """The events that stand at a position, each with the `root` customer in whose history it is read."""
    rows = connection.execute(
        "SELECT position, customer_id, stream_id, version, part_id, type, data FROM log.event"
        " WHERE position <= %s AND stream_type <> 'workspace' ORDER BY position",
        [upto],
    ).fetchall()
    merges: dict[UUID, tuple[str, UUID]] = {}
    holders: dict[UUID, UUID] = {}
    for row in rows:
        match row["type"]:
            case "customer.merged_into":
                merges[row["customer_id"]] = (row["data"]["merge_id"], UUID(row["data"]["survivor_id"]))
            case "customer.merge_reverted" if merges.get(row["customer_id"], ("",))[0] == row["data"]["merge_id"]:
                del merges[row["customer_id"]]
            case "lead.reattributed":
                holders[row["stream_id"]] = UUID(row["data"]["to_customer_id"])
    for row in rows:
        row["root"] = holders.get(row["stream_id"], row["customer_id"])
        while row["root"] in merges:
            row["root"] = merges[row["root"]][1]
    undone = {
        (row["stream_id"], version)
        for row in rows
        if row["type"] == "lead.events_undone"
        for version in row["data"]["versions"]
    }
    return [
        row for row in rows if (row["stream_id"], row["version"]) not in undone and row["type"] != "lead.events_undone"
    ]


def by(rows: Sequence[dict[str, Any]], *names: str) -> dict[tuple[Any, ...], list[int]]:
    """The positions of these events, by the values of these columns."""
    grouped: dict[tuple[Any, ...], list[int]] = {}
    for row in rows:
        grouped.setdefault(tuple(row[name] for name in names), []).append(row["position"])
    return grouped
