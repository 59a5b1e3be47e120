"""The forms of a customer's page: each is one command of the API's table; a refusal is told on the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from api.access import OpenStore, Principal
from api.commands.carrying_out import carry_out
from api.commands.customer import CUSTOMERS
from api.commands.forgetting import NOT_NOW
from api.commands.rows import Row
from api.console.acts import unfit
from api.console.customer import show_customer
from api.console.customer_merge import taken
from api.console.frame import CustomerEditor, CustomerViewer, Notice, PageRoute, Typed, viewers_zone
from api.problems import IdempotencyKeyReused, NotFound, StaleVersion
from api.resources import ForgettingResult
from api.store import Store
from api.write import Writer
from domain.event import Command, Refusal
from domain.merge import MergeCommand
from eventstore.log import CommandAlreadyCarriedOut, SubjectForgotten, VersionConflict

router = APIRouter(prefix="/console/customers", route_class=PageRoute, include_in_schema=False)

ACTS = frozenset(
    {
        "rename", "classify", "assign-owner", "tag", "untag", "archive", "restore",
        "add-contact-point", "correct-contact-point", "remove-contact-point",
        "add-contact-person", "remove-contact-person",
        "log-interaction", "schedule-follow-up", "complete-follow-up", "cancel-follow-up",
        "grant-consent", "withdraw-consent", "merge", "revert-merge",
    }
)  # fmt: skip
"""What the page has forms for."""

_ROWS = {row.slug: row for row in CUSTOMERS.rows if row.slug in ACTS}
_MOMENTS = {"due_at"}
_CHANGED_SINCE = (
    "Somebody changed this customer after you opened the page. Nothing was done and nothing was overwritten: "
    "here is how she stands now. Send the form again if you still want to."
)
_LEFT = (
    "That is done for ever, and what follows is left to do: whoever runs the installation ends it with ./crm forget."
)
_BUSY = "Others are changing this customer at the same moment. Nothing was done; try again."
_SENT_BEFORE = "This form was sent before with other content. Nothing was done this time; send it again if you mean it."


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that was sent: by whom, with what in it, and for which version of the customer."""

    request: Request
    store: Store
    member: Principal
    form_key: str
    version: int | None
    typed: Typed

    def writer(self) -> Writer:
        """The command's id comes from the page as shown and the form's address: a double click acts once."""
        command_id = self.store.derived_id(self.member.id.hex, "POST", self.request.url.path, self.form_key)
        return Writer(self.store, self.member, "console", command_id, self.version, Response(), is_brief=True)

    def fields(self, kind: type[Command]) -> Mapping[str, object]:
        """What was typed into the command's fields; moments in the viewer's zone. What is left empty is not said."""
        said = {name: value for name, value in self.typed.items() if name in kind.model_fields and value.strip()}
        fields = {name: self._moment(value) if name in _MOMENTS else value for name, value in said.items()}
        return fields | ({"field_choices": taken(self.typed)} if "field_choices" in kind.model_fields else {})

    def told(self, customer_id: UUID, act: str, status: int, text: str) -> Response:
        """Her page, which says what became of the form."""
        notice = Notice(status, text, act, self.typed, self.version)
        return show_customer(self.request, self.store, self.member, customer_id, notice)

    def _moment(self, typed: str) -> datetime | str:
        try:
            return datetime.fromisoformat(typed).replace(tzinfo=viewers_zone(self.request))
        except ValueError:
            return typed  # for the command to refuse


async def sent(
    request: Request,
    store: OpenStore,
    member: CustomerEditor,
    form_key: Annotated[str, Form(min_length=8, max_length=64)],
    version: Annotated[int | None, Form()] = None,
) -> Sent:
    """The form of this request; only who is signed in may send one."""
    typed = Typed({name: value for name, value in (await request.form()).items() if isinstance(value, str)})
    return Sent(request, store, member, form_key, version, typed)


@router.post("/{customer_id}/{act}")
def take(customer_id: UUID, act: str, sent: Annotated[Sent, Depends(sent)]) -> Response:
    """Carry the form's command out, then show her page again. Raises NotFound for a form that no page has."""
    if act not in _ROWS:
        raise NotFound()
    return carried(_ROWS[act], customer_id, sent)


def carried(row: Row, customer_id: UUID, sent: Sent) -> Response:
    """What became of the form of this command: her page."""
    act = row.slug
    try:
        command = row.command.model_validate(sent.fields(row.command))
    except ValidationError as error:
        return sent.told(customer_id, act, 422, unfit(error))
    try:
        done = carry_out(sent.writer(), CUSTOMERS, row, customer_id, command)
    except (Refusal, SubjectForgotten) as refusal:
        return sent.told(customer_id, act, 409, str(refusal))
    except NOT_NOW as problem:
        return sent.told(customer_id, act, problem.status, str(problem))
    except StaleVersion as stale:
        return sent.told(customer_id, act, stale.status, _CHANGED_SINCE)
    except IdempotencyKeyReused as reused:
        return sent.told(customer_id, act, reused.status, _SENT_BEFORE)
    except (VersionConflict, CommandAlreadyCarriedOut):
        return sent.told(customer_id, act, 409, _BUSY)
    if isinstance(done, ForgettingResult) and done.left:
        return sent.told(customer_id, act, 200, f"{_LEFT} {' '.join(done.left)}")
    shown = command.survivor_id if isinstance(command, MergeCommand) else customer_id
    return RedirectResponse(f"/console/customers/{shown}?position={done.position}", 303)


@router.get("/{customer_id}/{act}")
def back_to_the_customer(customer_id: UUID, act: str, _: CustomerViewer) -> Response:
    """Where a reload of a refused form leads."""
    return RedirectResponse(f"/console/customers/{customer_id}", 303)
