"""What happens to customers, leads and tickets alike in words: work, custom fields, merges, reattribution, undo."""

from typing import TypeAlias, assert_never

from domain.custom_field import (
    ChoicesValue,
    ChoiceValue,
    DateValue,
    FieldValue,
    MoneyValue,
    NumberValue,
    ReferenceValue,
    TextValue,
)
from domain.event import Forgotten
from domain.field_value import CustomFieldRecorded
from domain.follow_up import (
    FollowUpCancelled,
    FollowUpCompleted,
    FollowUpRescheduled,
    FollowUpRetracted,
    FollowUpScheduled,
)
from domain.interaction import InteractionCorrected, InteractionLogged, InteractionRecord, InteractionRetracted
from domain.merge import Absorbed, MergedInto, MergeEvent, MergeReverted
from domain.reattribution import Reattributed
from domain.undo import EventsUndone
from domain.words.phrases import after, plain, said
from domain.work import WorkEvent

SharedEvent: TypeAlias = MergeEvent | Reattributed | CustomFieldRecorded | WorkEvent | EventsUndone


def shared_sentence(event: SharedEvent) -> str:
    """One sentence about the event, as `words.in_words` says it."""
    match event:
        case InteractionLogged():
            return _interaction(event)
        case InteractionCorrected():
            return f"Corrected: {_interaction(event)}"
        case InteractionRetracted():
            return f"Interaction retracted{after(': ', event.reason)}"
        case FollowUpScheduled():
            return f"Follow-up due {said(event.due_at)}: {said(event.what)}"
        case FollowUpRescheduled():
            return f"Follow-up moved to {said(event.due_at)}"
        case FollowUpCompleted():
            return f"Follow-up done{after(': ', event.outcome)}"
        case FollowUpCancelled():
            return f"Follow-up cancelled{after(': ', event.reason)}"
        case FollowUpRetracted():
            return f"Follow-up retracted{after(': ', event.reason)}"
        case CustomFieldRecorded():
            return f"{event.field_id}: {_held(event.held)}"
        case MergedInto():
            return f"Merged into {event.survivor_id}{after(': ', event.reason)}"
        case Absorbed():
            return f"{event.merged_id} is the same and goes on here"
        case MergeReverted():
            return f"Not the same after all{after(': ', event.reason)}"
        case Reattributed():
            moved = f"Moved from customer {event.from_customer_id} to customer {event.to_customer_id}"
            return f"{moved}{after(': ', event.reason)}"
        case EventsUndone():
            numbers = ", ".join(map(str, event.versions))
            return f"{'Event' if len(event.versions) == 1 else 'Events'} {numbers} undone{after(': ', event.reason)}"
        case _:
            assert_never(event)


def _interaction(event: InteractionRecord) -> str:
    kind = f"{event.direction} {event.kind}" if event.direction else event.kind
    minutes = f", {round(event.duration_seconds / 60)} min" if event.duration_seconds else ""
    return f"{kind.capitalize()}{minutes}{after(': ', event.summary)}{after(' → ', event.outcome)}"


def _held(held: FieldValue | Forgotten | None) -> str:
    match held:
        case None:
            return "no value"
        case NumberValue():
            return plain(held.value)
        case ChoicesValue():
            return ", ".join(held.value)
        case ReferenceValue():
            return f"{held.noun} {held.value}"
        case TextValue() | MoneyValue() | DateValue() | ChoiceValue():
            return said(held.value)
        case Forgotten():
            return said(held)
        case _:
            assert_never(held)
