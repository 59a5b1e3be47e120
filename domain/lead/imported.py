"""What a row of a foreign file says a lead is now, and what must have happened for that to be so."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from pydantic import Field

from domain import imported
from domain.event import FORGOTTEN, ExternalKey, Forgotten, Frozen, MemberId, Moment, Text, Word
from domain.lead import (
    CaptureLead,
    Lead,
    LeadAssigned,
    LeadCaptureCorrected,
    LeadCaptured,
    LeadDisqualified,
    LeadEvent,
    LeadLost,
    LeadMovedToStage,
    LeadProductAdded,
    LeadProductRemoved,
    LeadReopened,
    LeadRetitled,
    LeadStatus,
    LeadValued,
    LeadWon,
    capture,
    evolve,
)
from domain.money import Money
from domain.workspace import Pipeline, Workspace

Closing: TypeAlias = LeadWon | LeadLost | LeadDisqualified
Flag: TypeAlias = Literal["no_capture_date", "no_close_date", "closed_before_captured"]

CORRECTED_BY_IMPORT = "corrected by import"
"""The reason of a reopening that only makes room for another outcome, moment, value or reason."""


class ImportedLead(Frozen):
    """A lead as the row has it. What is None, or an external id that is not there, the row does not say."""

    title: Text | None = None
    source: Word | None = None
    stage: Word | None = None
    status: LeadStatus = "open"
    captured_at: Moment | None = None
    closed_at: Moment | None = None
    value: Money | None = None
    owner_id: MemberId | None = None
    product_ids: tuple[Word, ...] | None = None
    lost_reason: Text | None = None
    external_ids: dict[Word, ExternalKey] = Field(default_factory=dict)

    @property
    def closing_at(self) -> datetime | None:
        """When the lead was closed; of an open one the date means nothing."""
        return None if self.status == "open" else self.closed_at


@dataclass(frozen=True)
class ImportedFact(imported.ImportedFact):
    """What a row adds to a lead."""

    event: LeadEvent
    flags: tuple[Flag, ...] = ()


def reconcile(
    history: Sequence[tuple[LeadEvent, datetime]],
    wanted: ImportedLead,
    pipeline: Pipeline,
    imported_at: datetime,
    told: Sequence[LeadEvent] = (),
) -> tuple[ImportedFact, ...]:
    """What must be recorded for the lead to be what the row says; nothing when it already is.

    A change that the row does not date happened at the import, at the latest when the lead was closed; what a new row
    says was so from the capture on, but what a won deal brought in was known when it was won. When the row's outcome,
    its moment, value or reason is not the one on record, the lead is reopened at the earlier of both moments and closed
    again. So the last event recorded that occurred by T says what the lead was at T, for every T.

    `told` are the events of the history that imports recorded. What they said already is not said again: where
    people have changed a lead since, a row that says what it said before leaves their work alone.

    A row is out of date, and nothing of it is taken, when it calls a lead open that is closed here, repeats an outcome
    that was undone here since, or tells of a lead that was merged into another one: a file must not undo people's work.
    What was forgotten is not brought back.
    Raises UnknownStage.
    """
    known = _known(history)
    before = _known([(event, imported_at) for event in told]).lead
    if _is_out_of_date(wanted, known):
        return ()
    if known.captured_at is None:
        new = _captured(wanted, pipeline, imported_at)
        known = _known([*history, (new.event, new.occurred_at)])
        return (new, *_changes(wanted, known, before, pipeline, new.occurred_at), *_outcome(wanted, known, imported_at))
    return (
        *_corrected_capture(wanted, known, before, known.captured_at),
        *_changes(wanted, known, before, pipeline, _undated(wanted, known, imported_at)),
        *_outcome(wanted, known, imported_at),
    )


@dataclass(frozen=True)
class _Known:
    """What is on record: the lead, when it was captured, and every closing with its moment, the last one last."""

    lead: Lead = field(default_factory=Lead)
    captured_at: datetime | None = None
    closings: tuple[tuple[Closing, datetime], ...] = ()

    @property
    def closed_at(self) -> datetime | None:
        """When the lead was closed, if it is."""
        return self.closings[-1][1] if self.lead.status != "open" else None


def _known(history: Sequence[tuple[LeadEvent, datetime]]) -> _Known:
    lead: Lead | None = None
    captured_at: datetime | None = None
    closings: list[tuple[Closing, datetime]] = []
    for event, occurred_at in history:
        lead = evolve(lead, event)
        if isinstance(event, LeadCaptured | LeadCaptureCorrected):
            captured_at = occurred_at
        if isinstance(event, Closing):
            closings.append((event, occurred_at))
    return _Known(lead or Lead(), captured_at, tuple(closings))


def _is_out_of_date(wanted: ImportedLead, known: _Known) -> bool:
    if known.lead.merges.into is not None:
        return True
    if wanted.status == "open":
        return known.lead.status != "open"
    return known.lead.status == "open" and any(
        evolve(None, closing).status == wanted.status and wanted.closing_at in (None, closed_at)
        for closing, closed_at in known.closings
    )


def _undated(wanted: ImportedLead, known: _Known, imported_at: datetime) -> datetime:
    """When a change happened that the row does not date: between capture and closing, else at the import."""
    closed_at = wanted.closing_at or known.closed_at or imported_at
    captured_at = wanted.captured_at or known.captured_at or imported_at
    return max(captured_at, min(closed_at, imported_at))


def _captured(wanted: ImportedLead, pipeline: Pipeline, imported_at: datetime) -> ImportedFact:
    command = CaptureLead(
        title=wanted.title or " ".join(["Lead", *wanted.external_ids.values()]),
        source=wanted.source,
        stage=wanted.stage,
        external_ids=wanted.external_ids,
        inbound=False,  # the row does not say so, and nobody is waiting for a first answer
    )
    (event,) = capture(command, pipeline, Workspace())
    if wanted.captured_at:
        return ImportedFact(event, wanted.captured_at)
    return ImportedFact(event, min(wanted.closing_at or imported_at, imported_at), ("no_capture_date",))


def _corrected_capture(
    wanted: ImportedLead, known: _Known, before: Lead, captured_at: datetime
) -> Iterator[ImportedFact]:
    lead = known.lead
    source = lead.source if wanted.source in (None, before.source) else wanted.source
    ids = FORGOTTEN if isinstance(lead.external_ids, Forgotten) else {**lead.external_ids, **wanted.external_ids}
    at = wanted.captured_at or captured_at
    if (source, ids, at) != (lead.source, lead.external_ids, captured_at):
        closed_at = wanted.closing_at or known.closed_at
        yield ImportedFact(LeadCaptureCorrected(source=source, external_ids=ids), at, _oddity(at, closed_at))


def _changes(
    wanted: ImportedLead, known: _Known, before: Lead, pipeline: Pipeline, at: datetime
) -> Iterator[ImportedFact]:
    lead = known.lead
    if wanted.title not in (None, lead.title, before.title) and lead.title != FORGOTTEN:
        yield ImportedFact(LeadRetitled(title=wanted.title), at)
    if wanted.owner_id not in (None, lead.owner_id, before.owner_id):
        yield ImportedFact(LeadAssigned(owner_id=wanted.owner_id, team=lead.team), at)
    if wanted.stage not in (None, lead.stage, before.stage):
        yield ImportedFact(_moved(lead, wanted.stage, pipeline), at)
    if wanted.product_ids is not None:
        for product_id in sorted((lead.products & before.products).difference(wanted.product_ids)):
            yield ImportedFact(LeadProductRemoved(product_id=product_id), at)
        for product_id in dict.fromkeys(wanted.product_ids):
            if product_id not in lead.products | before.products:
                yield ImportedFact(LeadProductAdded(product_id=product_id, quantity=Decimal(1)), at)
    # what a won deal brought in was known when it was won and not before: the winning tells it
    if wanted.value not in (None, lead.value, before.value) and wanted.status != "won":
        yield ImportedFact(LeadValued(value=wanted.value), at)


def _moved(lead: Lead, to_stage: Word, pipeline: Pipeline) -> LeadMovedToStage:
    """Also of a closed lead, which the rule for people refuses."""
    stage = pipeline.stage(to_stage)
    return LeadMovedToStage(
        from_stage=lead.stage,
        to_stage=stage.name,
        pipeline=pipeline.name,
        pipeline_version=pipeline.version,
        probability=stage.probability,
    )


def _outcome(wanted: ImportedLead, known: _Known, imported_at: datetime) -> Iterator[ImportedFact]:
    if wanted.status == "open":
        return
    captured_at = wanted.captured_at or known.captured_at or imported_at
    if known.closed_at is None:
        closed_at = wanted.closing_at or max(captured_at, imported_at)
        undated: tuple[Flag, ...] = () if wanted.closing_at else ("no_close_date",)
        yield ImportedFact(_closing(wanted, known), closed_at, (*undated, *_oddity(captured_at, closed_at)))
        return
    closed_at = wanted.closing_at or known.closed_at
    if closed_at != known.closed_at or not _same_outcome(wanted, known):
        reopened = LeadReopened(reason=CORRECTED_BY_IMPORT)
        yield ImportedFact(reopened, min(closed_at, known.closed_at))
        yield ImportedFact(_closing(wanted, known), closed_at, _oddity(captured_at, closed_at))


def _same_outcome(wanted: ImportedLead, known: _Known) -> bool:
    last, _ = known.closings[-1]
    if known.lead.status != wanted.status:
        return False
    if isinstance(last, LeadWon):
        return wanted.value in (None, known.lead.value)
    return wanted.lost_reason is None or last.reason in (wanted.lost_reason, FORGOTTEN)


def _closing(wanted: ImportedLead, known: _Known) -> Closing:
    """The row's outcome, keeping what is on record and what the row does not say."""
    last = known.closings[-1][0] if known.closed_at else None
    if wanted.status == "won":
        same_moment = wanted.closing_at in (None, known.closed_at)
        won_on = last.won_on if isinstance(last, LeadWon) and same_moment else None
        return LeadWon(value=wanted.value or known.lead.value, won_on=won_on)
    kept = last.reason if isinstance(last, LeadLost | LeadDisqualified) else None
    reason = kept if isinstance(kept, Forgotten) else wanted.lost_reason or kept
    if wanted.status == "disqualified":
        return LeadDisqualified(reason=reason)
    return LeadLost(reason=reason, competitor=last.competitor if isinstance(last, LeadLost) else None)


def _oddity(captured_at: datetime, closed_at: datetime | None) -> tuple[Flag, ...]:
    return ("closed_before_captured",) if closed_at is not None and closed_at < captured_at else ()
