"""The pipeline board: a column per stage with its sums and cards, what was closed last, and a form for a new lead."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.access import OpenStore, Principal
from api.console.frame import LeadViewer, Notice, PageRoute, page
from api.fresh import at_least
from api.problems import BadParameter, NotUpToDate
from api.store import Store
from domain.workspace import DEFAULT_PIPELINE, Pipeline
from projections.leads import board, list_members, recently_closed, stages
from projections.read_models import read_models
from projections.reading import Row

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_CARDS_PER_STAGE = 50
_CLOSED_SHOWN = 8
_CURRENCY_AT_FIRST = "EUR"


@dataclass(frozen=True, slots=True)
class Total:
    """What the leads in one currency add up to, in full and by their chances."""

    currency: str
    amount: Decimal
    weighted: Decimal


@dataclass(frozen=True, slots=True)
class Column:
    """A stage on the board, and where its cards can go. A stage that the pipeline has no more keeps its leads."""

    stage: str
    before: str | None
    after: str | None
    retired: bool
    leads: int
    totals: Sequence[Total]
    cards: Sequence[Row]


@router.get("/console/pipeline")
def show(
    request: Request,
    store: OpenStore,
    viewer: LeadViewer,
    owner: Annotated[str, Query(description="Only the leads of this member.")] = "",
    position: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None,
) -> Response:
    """The board as of now; after a write, at least as new as that."""
    return show_board(request, store, viewer, owner, position=position)


@router.get("/console/leads")
def back_to_the_board(_: LeadViewer) -> Response:
    """Where a reload of a refused form leads."""
    return RedirectResponse("/console/pipeline", 303)


def show_board(
    request: Request,
    store: Store,
    viewer: Principal,
    owner: str,
    *,
    position: int | None = None,
    notice: Notice | None = None,
) -> Response:
    """The board with all leads or one owner's, and what became of a form that was sent from it."""
    owner_id, sight = _member(owner), viewer.sight
    notice = notice or _waited(store, position)
    with store.pool.connection() as connection:
        pipeline = store.settled.now(connection)[0].pipeline(DEFAULT_PIPELINE.name)
        sums = stages(connection, pipeline.name, owner_id, sight=sight)
        cards = board(connection, pipeline.name, limit=_CARDS_PER_STAGE, sight=sight, owner_id=owner_id)
        closed = recently_closed(connection, limit=_CLOSED_SHOWN, sight=sight, owner_id=owner_id)
        members = list_members(connection, sight=sight)
    totals = _totals(sums)
    return page(
        request,
        "board.html",
        notice.status if notice else 200,
        notice=notice,
        columns=_columns(pipeline, sums, cards),
        stages=[stage.name for stage in pipeline.stages],
        leads=sum(row["leads"] for row in sums),
        totals=totals,
        currency=totals[0].currency if totals else _CURRENCY_AT_FIRST,
        closed=closed,
        members=members,
        owner=str(owner_id or ""),
    )


def _member(owner: str) -> UUID | None:
    try:
        return UUID(owner) if owner else None
    except ValueError:
        raise BadParameter("There is no such owner. Choose one on the board.") from None


def _waited(store: Store, position: int | None) -> Notice | None:
    try:
        at_least(store, read_models().values(), position)
    except (NotUpToDate, BadParameter) as problem:
        return Notice(200, f"Your change is recorded, but the board does not show it yet: {problem}")
    return None


def _columns(pipeline: Pipeline, sums: Sequence[Row], cards: Sequence[Row]) -> list[Column]:
    names = [stage.name for stage in pipeline.stages]
    retired = sorted({row["stage"] for row in sums} - set(names))
    return [
        Column(
            stage=name,
            before=before,
            after=after,
            retired=name in retired,
            leads=sum(row["leads"] for row in sums if row["stage"] == name),
            totals=_totals(row for row in sums if row["stage"] == name),
            cards=[card for card in cards if card["stage"] == name],
        )
        for name, before, after in [
            *zip(names, [None, *names], [*names[1:], None], strict=False),
            *((name, None, None) for name in retired),
        ]
    ]


def _totals(sums: Iterable[Row]) -> list[Total]:
    """By currency, the one that most leads have first."""
    rows = [row for row in sums if row["currency"]]
    leads: Mapping[str, int] = {
        currency: sum(row["leads"] for row in rows if row["currency"] == currency)
        for currency in {row["currency"] for row in rows}
    }
    return [
        Total(
            currency,
            sum((row["amount"] for row in rows if row["currency"] == currency), Decimal()),
            sum((row["weighted_amount"] or Decimal() for row in rows if row["currency"] == currency), Decimal()),
        )
        for currency in sorted(leads, key=lambda currency: (-leads[currency], currency))
    ]
