"""Two customers side by side before they are merged: what each has, and what the one that is left will have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from api.access import OpenStore
from api.console.customer import must_be_hers_to_see
from api.console.customer_then import Then, When, as_if_merged, customer_then
from api.console.frame import CustomerEditor, PageRoute, page
from api.console.told import names_of
from api.problems import NotFound
from domain.customer.ties import PROFILE_FIELDS, FieldChoice
from projections import showing
from projections.duplicates import Candidate, duplicates_of
from projections.reading import Row

router = APIRouter(prefix="/console/customers", route_class=PageRoute, include_in_schema=False)

_COMPARED = (
    "name", "kind", "status", "since", "source", "owner_id", "team", "segment", "industry", "size", "tier", "tags",
    "email", "phone", "external_ids", "open_leads", "open_tickets", "open_follow_ups", "interactions",
    "last_interaction_at", "purchases", "purchased", "subscriptions", "mrr", "unsubscribed", "nps_score", "csat_score",
    "ces_score",
)  # fmt: skip

_NOBODYS = "This is no customer's id or address. Copy it from the address of a customer's page."
_LABELS = {
    "owner_id": "owner", "mrr": "per month", "purchased": "bought", "nps_score": "NPS", "csat_score": "CSAT",
    "ces_score": "CES", "since": "with us since", "last_interaction_at": "last interaction",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preview:
    """One customer who is to be merged into the other, and the row that will sum both up."""

    merged: Then
    survivor: Then
    after: Row


@router.get("/{customer_id}/merge")
def compare(
    request: Request,
    customer_id: UUID,
    store: OpenStore,
    viewer: CustomerEditor,
    other: Annotated[str, Query(alias="with", max_length=200)] = "",
    into: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Who may be the same; and, with another's id, both beside what would be left. Raises NotFound."""
    candidates: Sequence[Candidate] = ()
    preview, said = None, ""
    with store.pool.connection() as connection:
        must_be_hers_to_see(connection, viewer, customer_id)
        workspace = store.settled.now(connection)[0]
        here = customer_then(connection, customer_id, When(), viewer.sight, workspace)
        other_id = _id_in(other)
        if other_id is None:
            said = (
                "This is no customer's id or address. Copy it from the address of a customer's page."
                if other.strip()
                else ""
            )
            candidates = duplicates_of(connection, here.customer_id, sight=viewer.sight)
        else:
            try:
                must_be_hers_to_see(connection, viewer, other_id)
                there = customer_then(connection, other_id, When(), viewer.sight, workspace)
                if there.customer_id == here.customer_id:
                    said = "These two are one customer already."
                else:
                    merged, survivor = (there, here) if into in (None, here.customer_id) else (here, there)
                    ids = survivor.customer_id, merged.customer_id
                    after = as_if_merged(connection, *ids, taken(request.query_params), viewer.sight, workspace)
                    preview = Preview(merged, survivor, after or {})
            except NotFound as nobody:
                said = str(nobody)
        people = [*here.people.members, *(preview.merged.people.members if preview else ())]
        showing.show(people if viewer.sight.personal else ())
    return page(
        request,
        "customer_merge.html",
        customer=here,
        candidates=candidates,
        preview=preview,
        said=said,
        typed=other,
        compared=_COMPARED,
        labels=_LABELS,
        choosable=PROFILE_FIELDS,
        taken=taken(request.query_params),
        names=names_of(workspace),
    )


def taken(said: Mapping[str, str]) -> dict[str, FieldChoice]:
    """The fields of which the merged customer's value shall hold, by a form's boxes that are ticked."""
    return {name: "merged" for name in PROFILE_FIELDS if said.get(f"take_{name}")}


def _id_in(text: str) -> UUID | None:
    """The id that somebody typed, or the last one in the address that she copied."""
    for part in reversed(text.strip().split("?")[0].split("/")):
        try:
            return UUID(part)
        except ValueError:
            continue
    return None
