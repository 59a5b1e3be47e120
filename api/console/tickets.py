"""The queue of tickets: what waits, what is due next, and how long each promise still has."""

from datetime import UTC, datetime
from typing import Annotated, Literal, get_args
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import OpenStore, Principal
from api.console import live
from api.console.frame import Notice, PageRoute, TicketViewer, page
from api.fresh import at_least
from api.problems import BadParameter, NotUpToDate
from api.store import Store
from domain.sla_policy import Priority
from projections.leads import list_members
from projections.read_models import read_models
from projections.reading import Row
from projections.sight import Sight
from projections.tickets import UNSOLVED, InQueue, queue, waiting

router = APIRouter(route_class=PageRoute, include_in_schema=False)

PRIORITIES: tuple[str, ...] = get_args(Priority)
_AT_ONCE = 100
_STATUSES = (*UNSOLVED, "solved", "closed", "merged")
_NOBODY = "nobody"


class AskedQueue(BaseModel):
    """Which tickets to show."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: Literal["", "new", "open", "pending", "on_hold", "solved", "closed", "merged"] = ""
    assignee: Annotated[str, Query(description="A member's id, or nobody.")] = ""
    team: Annotated[str, Field(max_length=200)] = ""
    priority: Annotated[str, Field(max_length=200)] = ""
    channel: Annotated[str, Field(max_length=200)] = ""
    position: Annotated[int | None, Field(ge=0, le=2**63 - 1)] = None

    @property
    def shown(self) -> InQueue:
        """Which tickets these are. Raises BadParameter for what is no member's id."""
        try:
            assignee_id = UUID(self.assignee) if self.assignee not in ("", _NOBODY) else None
        except ValueError:
            raise BadParameter("There is no such member. Choose one in the list.") from None
        return InQueue(
            statuses=(self.status,) if self.status else UNSOLVED,
            assignee_id=assignee_id,
            unassigned=self.assignee == _NOBODY,
            team=self.team or None,
            priority=self.priority or None,
            channel=self.channel or None,
        )

    def address(self, **changed: str) -> str:
        """The page with the same question, except for what is changed."""
        asked = self.model_copy(update={"position": None, **changed}).model_dump(exclude_defaults=True)
        return "?".join(filter(None, ["/console/tickets", urlencode(asked)]))


@router.get("/console/tickets")
def show(request: Request, store: OpenStore, viewer: TicketViewer, asked: Annotated[AskedQueue, Query()]) -> Response:
    """The queue as of now; after a write, at least as new as that."""
    return show_queue(request, store, viewer, asked)


def show_queue(
    request: Request, store: Store, viewer: Principal, asked: AskedQueue, notice: Notice | None = None
) -> Response:
    """The queue, and what became of a form that was sent from it."""
    notice = notice or waited(store, asked.position)
    with store.pool.connection() as connection:
        shown_up_to = live.shown_up_to(connection, "ticket")
        found = queue(connection, asked.shown, limit=_AT_ONCE + 1, sight=viewer.sight)
        counts = waiting(connection, sight=viewer.sight)
        members = list_members(connection, sight=viewer.sight)
    return page(
        request,
        "tickets.html",
        notice.status if notice else 200,
        notice=notice,
        asked=asked,
        tickets=[clock_of(row) for row in found[:_AT_ONCE]],
        has_more=len(found) > _AT_ONCE,
        counts={row["status"]: row["tickets"] for row in counts},
        statuses=_STATUSES,
        priorities=PRIORITIES,
        teams=_values(counts, "teams", asked.team),
        channels=_values(counts, "channels", asked.channel),
        members=members,
        shown_up_to=shown_up_to,
        may_write="tickets:write" in viewer.scopes,
    )


def clock_of(row: Row) -> Row:
    """The row with its clock as people read it: `state` is running, late, paused or breached, or nothing."""
    late = row["clock"] == "running" and row["due_at"] and row["due_at"] < datetime.now(UTC)
    state = "late" if late else row["clock"] if row["clock"] in ("running", "paused") else None
    return row | {"state": state or ("breached" if row["breached_at"] else "")}


def waited(store: Store, position: int | None) -> Notice | None:
    """What to say when a list does not yet show what was just written; nothing when it does."""
    try:
        at_least(store, read_models().values(), position)
    except (NotUpToDate, BadParameter) as problem:
        return Notice(200, f"Your change is recorded, but the list does not show it yet: {problem}")
    return None


def of_customer(store: Store, sight: Sight, customer_id: UUID, but: UUID) -> list[Row]:
    """The other tickets of a customer that are still worked on."""
    with store.pool.connection() as connection:
        found = queue(connection, InQueue(customer_id=customer_id), limit=50, sight=sight)
    return [row for row in found if row["ticket_id"] != but]


def _values(counts: list[Row], name: str, chosen: str) -> list[str]:
    return sorted({value for row in counts for value in row[name] or ()} | ({chosen} if chosen else set()))
