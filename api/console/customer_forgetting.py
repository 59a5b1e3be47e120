"""The forms by which a customer is forgotten: one member asks, another approves or withdraws."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response, Security

from api.access import Principal
from api.commands.customer import CUSTOMERS
from api.console.customer_acts import Sent, carried, sent
from api.console.frame import PageRoute, signed_in

router = APIRouter(prefix="/console/customers", route_class=PageRoute, include_in_schema=False)

Asker = Annotated[Principal, Security(signed_in, scopes=["customers:read", "customers:write", "forget:write"])]
Approver = Annotated[
    Principal, Security(signed_in, scopes=["customers:read", "customers:write", "forget:write", "forget:approve"])
]

_ROWS = {row.slug: row for row in CUSTOMERS.rows}


@router.post("/{customer_id}/request-forgetting")
def ask(customer_id: UUID, _: Asker, sent: Annotated[Sent, Depends(sent)]) -> Response:
    """Ask that she, or a contact person of hers, be forgotten."""
    return carried(_ROWS["request-forgetting"], customer_id, sent)


@router.post("/{customer_id}/withdraw-forgetting-request")
def withdraw(customer_id: UUID, _: Asker, sent: Annotated[Sent, Depends(sent)]) -> Response:
    """Take that back."""
    return carried(_ROWS["withdraw-forgetting-request"], customer_id, sent)


@router.post("/{customer_id}/approve-forgetting")
def approve(customer_id: UUID, _: Approver, sent: Annotated[Sent, Depends(sent)]) -> Response:
    """Forget her for ever; her page comes when all is done."""
    return carried(_ROWS["approve-forgetting"], customer_id, sent)
