"""Leads: capture them, read them, and every command that can be carried out on one."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response, Security

from api import cursors
from api.access import OpenStore, Principal, principal
from api.capturing import capture as capture_lead
from api.events import event_resource
from api.fresh import MinPosition, at_least
from api.past import AsOf, OnAxis, must_be_recorded, position_of, tables
from api.problems import (
    COMMAND,
    BadCursor,
    BadIfMatch,
    BadParameter,
    IdempotencyKeyReused,
    NotFound,
    NotUpToDate,
    OccurredInFuture,
    documented,
)
from api.resources import LeadAnswer, LeadResource, Page, PastResource
from api.write import Writer, today, writer
from domain import lead as rules
from domain.event import Word
from domain.lead import LeadStatus
from domain.undo import undone
from eventstore import log
from projections import leads as lead_lists
from projections.read_models import read_models
from replay.recall import table_at

router = APIRouter(prefix="/v1/leads", tags=["leads"])

LeadReader = Annotated[Principal, Security(principal, scopes=["leads:read"])]
LeadWriter = Annotated[Writer, Security(writer, scopes=["leads:write"])]
Limit = Annotated[int, Query(ge=1, le=200)]

_CAPTURE = documented(NotFound, IdempotencyKeyReused, OccurredInFuture, BadIfMatch, BadParameter, writes=True)
_READ = documented(NotFound, BadParameter, NotUpToDate)
_LIST = documented(BadCursor, BadParameter, NotUpToDate)


@router.post("", status_code=201, responses=_CAPTURE)
def capture(command: rules.CaptureLead, write: LeadWriter) -> LeadResource:
    """Capture a lead. Without `customer_id` a new prospect is taken up with it."""
    return capture_lead(write, command)


@router.get("", responses=_LIST)
def list_leads(
    _: LeadReader,
    store: OpenStore,
    fresh: MinPosition = None,
    status: LeadStatus | Literal["merged"] | None = None,
    stage: Word | None = None,
    owner_id: UUID | None = None,
    source: Word | None = None,
    customer_id: UUID | None = None,
    as_of: AsOf = None,
    axis: OnAxis = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Page[LeadResource]:
    """Leads, newest first; as of a past moment as they were known then. The first to ask for a moment waits."""
    must_be_recorded(axis)
    before = _before(cursors.decode(store, "leads", cursor)) if cursor is not None else None
    at_least(store, [read_models()["lead"]], fresh)
    with tables(store, lead_lists.LEAD_LIST, as_of) as (connection, schema):
        rows = lead_lists.list_leads(
            connection,
            schema=schema,
            limit=limit + 1,
            before=before,
            status=status,
            stage=stage,
            owner_id=owner_id,
            source=source,
            customer_id=customer_id,
        )
    page, more = [LeadResource.model_validate(row) for row in rows[:limit]], len(rows) > limit
    following = cursors.encode(store, "leads", page[-1].captured_at.isoformat(), page[-1].lead_id.hex) if more else None
    return Page(data=page, has_more=more, next_cursor=following)


@router.get("/{lead_id}", responses=_READ)
def get_lead(
    lead_id: UUID,
    _: LeadReader,
    store: OpenStore,
    response: Response,
    as_of: AsOf = None,
    axis: OnAxis = None,
    fresh: MinPosition = None,
) -> LeadResource:
    """One lead, as of a past moment as it was known then. Today's version is the ETag to send as If-Match."""
    must_be_recorded(axis)
    if as_of:
        with store.pool.connection() as connection:
            found = table_at(connection, "lead", lead_id, position_of(connection, as_of))
        if not found:
            raise NotFound()
        return LeadResource.model_validate(found[0])
    at_least(store, [read_models()["lead"]], fresh)
    with store.pool.connection() as connection:
        row = lead_lists.get_lead(connection, lead_id)
    if row is None:
        raise NotFound()
    response.headers["ETag"] = f'"{row["version"]}"'
    return LeadResource.model_validate(row)


@router.get("/{lead_id}/history", responses=_READ)
def history(lead_id: UUID, _: LeadReader, store: OpenStore) -> Page[PastResource]:
    """Everything that ever happened to a lead, in the order in which it was recorded; also what was undone."""
    with store.pool.connection() as connection:
        recorded = log.load(connection, lead_id).history
    if not recorded or recorded[0].stream_type != "lead":
        raise NotFound()
    gone = undone(recorded)
    events = [PastResource(**event_resource(event).model_dump(), undone=event.version in gone) for event in recorded]
    return Page(data=events, has_more=False, next_cursor=None)


@router.post("/{lead_id}/retitle", responses=COMMAND)
def retitle(lead_id: UUID, command: rules.RetitleLead, write: LeadWriter) -> LeadAnswer:
    """Give the lead another title."""
    return write.act(lead_id, command, rules.retitle)


@router.post("/{lead_id}/assign", responses=COMMAND)
def assign(lead_id: UUID, command: rules.AssignLead, write: LeadWriter) -> LeadAnswer:
    """Hand the lead to a member or a team."""
    workspace = write.workspace()
    return write.act(lead_id, command, lambda lead, wish: rules.assign(lead, wish, workspace))


@router.post("/{lead_id}/contact", responses=COMMAND)
def contact(lead_id: UUID, command: rules.ContactLead, write: LeadWriter) -> LeadAnswer:
    """Note the first human outbound touch."""
    return write.act(lead_id, command, rules.contact)


@router.post("/{lead_id}/qualify", responses=COMMAND)
def qualify(lead_id: UUID, command: rules.QualifyLead, write: LeadWriter) -> LeadAnswer:
    """Say that the lead is worth selling to."""
    return write.act(lead_id, command, rules.qualify)


@router.post("/{lead_id}/score", responses=COMMAND)
def score(lead_id: UUID, command: rules.ScoreLead, write: LeadWriter) -> LeadAnswer:
    """Record what a model makes of the lead."""
    return write.act(lead_id, command, rules.score)


@router.post("/{lead_id}/disqualify", responses=COMMAND)
def disqualify(lead_id: UUID, command: rules.DisqualifyLead, write: LeadWriter) -> LeadAnswer:
    """Close a lead that was never one for us."""
    return write.act(lead_id, command, rules.disqualify)


@router.post("/{lead_id}/recycle", responses=COMMAND)
def recycle(lead_id: UUID, command: rules.RecycleLead, write: LeadWriter) -> LeadAnswer:
    """Put a lost or disqualified lead back into nurture."""
    return write.act(lead_id, command, rules.recycle)


@router.post("/{lead_id}/reopen", responses=COMMAND)
def reopen(lead_id: UUID, command: rules.ReopenLead, write: LeadWriter) -> LeadAnswer:
    """Open a closed lead again."""
    return write.act(lead_id, command, rules.reopen)


@router.post("/{lead_id}/move-to-stage", responses=COMMAND)
def move_to_stage(lead_id: UUID, command: rules.MoveLeadToStage, write: LeadWriter) -> LeadAnswer:
    """Move the lead to another stage of its pipeline."""
    workspace = write.workspace()
    return write.act(
        lead_id,
        command,
        lambda lead, move: rules.move_to_stage(lead, move, workspace.pipeline(lead.pipeline or "default")),
    )


@router.post("/{lead_id}/value", responses=COMMAND)
def value(lead_id: UUID, command: rules.ValueLead, write: LeadWriter) -> LeadAnswer:
    """Say what the deal is worth."""
    return write.act(lead_id, command, rules.value)


@router.post("/{lead_id}/move-expected-close", responses=COMMAND)
def move_expected_close(lead_id: UUID, command: rules.MoveExpectedClose, write: LeadWriter) -> LeadAnswer:
    """Say when the deal will be decided."""
    return write.act(lead_id, command, rules.move_expected_close)


@router.post("/{lead_id}/override-probability", responses=COMMAND)
def override_probability(lead_id: UUID, command: rules.OverrideProbability, write: LeadWriter) -> LeadAnswer:
    """Judge the chance to win otherwise than the stage does."""
    return write.act(lead_id, command, rules.override_probability)


@router.post("/{lead_id}/choose-forecast-category", responses=COMMAND)
def choose_forecast_category(lead_id: UUID, command: rules.ChooseForecastCategory, write: LeadWriter) -> LeadAnswer:
    """Say how firmly the deal may be counted on."""
    return write.act(lead_id, command, rules.choose_forecast_category)


@router.post("/{lead_id}/add-product", responses=COMMAND)
def add_product(lead_id: UUID, command: rules.AddProduct, write: LeadWriter) -> LeadAnswer:
    """Add a product to the deal."""
    return write.act(lead_id, command, rules.add_product)


@router.post("/{lead_id}/reprice-product", responses=COMMAND)
def reprice_product(lead_id: UUID, command: rules.RepriceProduct, write: LeadWriter) -> LeadAnswer:
    """Change a product's quantity or price."""
    return write.act(lead_id, command, rules.reprice_product)


@router.post("/{lead_id}/remove-product", responses=COMMAND)
def remove_product(lead_id: UUID, command: rules.RemoveProduct, write: LeadWriter) -> LeadAnswer:
    """Take a product out of the deal."""
    return write.act(lead_id, command, rules.remove_product)


@router.post("/{lead_id}/send-proposal", responses=COMMAND)
def send_proposal(lead_id: UUID, command: rules.SendProposal, write: LeadWriter) -> LeadAnswer:
    """Note that an offer was sent."""
    return write.act(lead_id, command, rules.send_proposal)


@router.post("/{lead_id}/log-interaction", responses=COMMAND)
def log_interaction(lead_id: UUID, command: rules.LogInteraction, write: LeadWriter) -> LeadAnswer:
    """Record a call, an e-mail, a meeting."""
    new_id = write.new_id("interaction")
    return write.act(lead_id, command, lambda lead, wish: rules.log_interaction(lead, wish, new_id), new_id)


@router.post("/{lead_id}/correct-interaction", responses=COMMAND)
def correct_interaction(lead_id: UUID, command: rules.CorrectInteraction, write: LeadWriter) -> LeadAnswer:
    """Record how an interaction really was."""
    return write.act(lead_id, command, rules.correct_interaction)


@router.post("/{lead_id}/retract-interaction", responses=COMMAND)
def retract_interaction(lead_id: UUID, command: rules.RetractInteraction, write: LeadWriter) -> LeadAnswer:
    """Take back an interaction that never took place."""
    return write.act(lead_id, command, rules.retract_interaction)


@router.post("/{lead_id}/schedule-follow-up", responses=COMMAND)
def schedule_follow_up(lead_id: UUID, command: rules.ScheduleFollowUp, write: LeadWriter) -> LeadAnswer:
    """Plan what to do next, and by when."""
    new_id = write.new_id("task")
    return write.act(lead_id, command, lambda lead, wish: rules.schedule_follow_up(lead, wish, new_id), new_id)


@router.post("/{lead_id}/reschedule-follow-up", responses=COMMAND)
def reschedule_follow_up(lead_id: UUID, command: rules.RescheduleFollowUp, write: LeadWriter) -> LeadAnswer:
    """Move a follow-up to another time."""
    return write.act(lead_id, command, rules.reschedule_follow_up)


@router.post("/{lead_id}/complete-follow-up", responses=COMMAND)
def complete_follow_up(lead_id: UUID, command: rules.CompleteFollowUp, write: LeadWriter) -> LeadAnswer:
    """Note that a follow-up is done."""
    return write.act(lead_id, command, rules.complete_follow_up)


@router.post("/{lead_id}/cancel-follow-up", responses=COMMAND)
def cancel_follow_up(lead_id: UUID, command: rules.CancelFollowUp, write: LeadWriter) -> LeadAnswer:
    """Drop a follow-up."""
    return write.act(lead_id, command, rules.cancel_follow_up)


@router.post("/{lead_id}/retract-follow-up", responses=COMMAND)
def retract_follow_up(lead_id: UUID, command: rules.RetractFollowUp, write: LeadWriter) -> LeadAnswer:
    """Take back a follow-up that was never planned, or not here."""
    return write.act(lead_id, command, rules.retract_follow_up)


@router.post("/{lead_id}/record-custom-field", responses=COMMAND)
def record_custom_field(lead_id: UUID, command: rules.RecordCustomField, write: LeadWriter) -> LeadAnswer:
    """Say what a custom field of the lead holds now."""
    workspace = write.workspace()
    return write.act(lead_id, command, lambda lead, wish: rules.record_custom_field(lead, wish, workspace))


@router.post("/{lead_id}/win", responses=COMMAND)
def win(lead_id: UUID, command: rules.WinLead, write: LeadWriter) -> LeadAnswer:
    """Close the lead as won."""
    return write.act(lead_id, command, lambda lead, wish: rules.win(lead, wish, today()))


@router.post("/{lead_id}/lose", responses=COMMAND)
def lose(lead_id: UUID, command: rules.LoseLead, write: LeadWriter) -> LeadAnswer:
    """Close the lead as lost, with the reason."""
    return write.act(lead_id, command, rules.lose)


def _before(parts: list[str | int]) -> tuple[datetime, UUID]:
    captured_at, lead_id = map(str, parts)
    return datetime.fromisoformat(captured_at), UUID(hex=lead_id)
