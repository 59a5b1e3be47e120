"""The figures about leads as they are defined, counted event by event."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from statistics import mean, median
from typing import Any

from domain.event import Event
from domain.lead import (
    LeadCaptureCorrected,
    LeadCaptured,
    LeadDisqualified,
    LeadExpectedCloseMoved,
    LeadLost,
    LeadMovedToStage,
    LeadProbabilityOverridden,
    LeadQualified,
    LeadRecycled,
    LeadReopened,
    LeadValued,
    LeadWon,
)
from domain.merge import MergedInto, MergeReverted
from domain.money import Money
from tests.projections.leads import History


@dataclass
class Held:
    """What is known of a lead at a moment."""

    status: str | None = None
    since: float = 0
    stage: str | None = None
    stage_since: float = 0
    value: Money | None = None
    probability: Decimal | None = None
    expected_close: date | None = None
    is_qualified: bool = False

    @property
    def amount(self) -> Decimal | None:
        return self.value.amount if self.value else None


def happened(history: History) -> Iterator[tuple[Event, float]]:
    """The events with their hours, once what was corrected is so and merges that were reverted never were."""
    corrections = [told.at for told in history if isinstance(told.event, LeadCaptureCorrected)]
    reverted = any(isinstance(told.event, MergeReverted) for told in history)
    for told in history:
        if isinstance(told.event, LeadCaptured) and corrections:
            yield told.event, corrections[-1]
        elif not (isinstance(told.event, MergedInto) and reverted):
            yield told.event, told.at


def captured_at(history: History) -> float:
    return next(at for event, at in happened(history) if isinstance(event, LeadCaptured))


def held(history: History, moment: float) -> Held:
    """What held then: of what had happened by then, what was told last."""
    found = Held()
    merged = False
    for event, at in happened(history):
        if at > moment:
            continue
        match event:
            case LeadCaptured():
                found = replace(found, stage=event.stage, stage_since=at, probability=event.probability)
                found = replace(found, status="open", since=at)
            case LeadMovedToStage():
                found = replace(found, stage=event.to_stage, stage_since=at, probability=event.probability)
            case LeadWon():
                found = replace(found, status="won", since=at, value=event.value or found.value)
            case LeadLost():
                found = replace(found, status="lost", since=at)
            case LeadDisqualified():
                found = replace(found, status="disqualified", since=at, is_qualified=False)
            case LeadRecycled():
                found = replace(found, status="open", since=at, is_qualified=False)
            case LeadReopened():
                found = replace(found, status="open", since=at)
            case LeadQualified():
                found.is_qualified = True
            case LeadValued():
                found.value = event.value
            case LeadProbabilityOverridden():
                found.probability = event.probability
            case LeadExpectedCloseMoved():
                found.expected_close = event.expected_close
            case MergedInto():
                merged = True
    return replace(found, status="merged") if merged else found


def spans(history: History, as_of: float) -> Iterator[tuple[float, float | None, Held]]:
    """From when to when what held, as far as it had come by then; the last has no end."""
    moments = sorted({at for _, at in happened(history) if at <= as_of})
    for number, moment in enumerate(moments):
        yield moment, moments[number + 1] if number + 1 < len(moments) else None, held(history, moment)


def closed(histories: Sequence[History], first: float, end: float, as_of: float) -> list[tuple[Held, float]]:
    """The leads that are won or lost then, and were so last in the period, with the hours since their capture."""
    found = []
    for history in histories:
        now = held(history, as_of)
        if now.status in ("won", "lost") and first <= now.since < end:
            found.append((now, now.since - captured_at(history)))
    return found


def by_currency(leads: Sequence[Held], worth: str = "amount") -> dict[str, Decimal]:
    """What they come to."""
    found: dict[str, Decimal] = {}
    for one in leads:
        if one.value is not None:
            part = one.value.amount * (1 if worth == "amount" else one.probability or 0)
            found[one.value.currency] = found.get(one.value.currency, Decimal(0)) + part
    return found


def share(part: float, whole: float) -> Decimal | None:
    return round(Decimal(part) / Decimal(whole), 10) if whole else None


def spread(values: Sequence[float]) -> dict[str, float | None]:
    """Mean, median, 90th percentile and count."""
    if not values:
        return {"mean": None, "median": None, "p90": None, "count": 0}
    ordered, place = sorted(values), 0.9 * (len(values) - 1)
    low = int(place)
    p90 = ordered[low] + (place - low) * (ordered[min(low + 1, len(values) - 1)] - ordered[low])
    return rounded({"mean": mean(values), "median": median(values), "p90": p90, "count": len(values)})


def rounded(found: dict[str, Any]) -> dict[str, Any]:  # Any: the details of a figure
    """As far as figures are exact, only what `spread` gives."""
    kept = {name: found[name] for name in ("mean", "median", "p90", "count")}
    return {name: None if value is None else round(float(value), 5) for name, value in kept.items()}
