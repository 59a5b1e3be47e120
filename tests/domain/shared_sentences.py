"""What happens to customers, leads and tickets alike, and the sentences of a timeline about it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial

from domain.custom_field import (
    ChoicesValue,
    ChoiceValue,
    DateValue,
    MoneyValue,
    NumberValue,
    ReferenceValue,
    TextValue,
)
from domain.event import FORGOTTEN, CustomerId, Event
from domain.field_value import CustomFieldRecorded
from domain.follow_up import (
    FollowUpCancelled,
    FollowUpCompleted,
    FollowUpRescheduled,
    FollowUpRetracted,
    FollowUpScheduled,
)
from domain.interaction import InteractionCorrected, InteractionLogged, InteractionRetracted
from domain.merge import Absorbed, MergedInto, MergeReverted
from domain.money import Money
from domain.reattribution import Reattributed
from domain.undo import EventsUndone
from tests.domain.histories import IDS

ID, OTHER = IDS[0], IDS[1]
HALF_PAST_TWO = datetime(2026, 11, 5, 14, 30, tzinfo=UTC)
ROOF = partial(CustomFieldRecorded, field_id="roof", field_version=1)

SHARED_SENTENCES: list[tuple[Event, str]] = [
    (InteractionLogged(interaction_id=ID, kind="note", summary="Likes red"), "Note: Likes red"),
    (
        InteractionLogged(
            interaction_id=ID, kind="call", direction="outbound", duration_seconds=300, summary="Rang", outcome="Yes"
        ),
        "Outbound call, 5 min: Rang → Yes",
    ),
    (InteractionCorrected(interaction_id=ID, kind="email", direction="inbound"), "Corrected: Inbound email"),
    (InteractionRetracted(interaction_id=ID, reason="Not her"), "Interaction retracted: Not her"),
    (
        FollowUpScheduled(task_id=ID, what="Ring again", due_at=HALF_PAST_TWO),
        "Follow-up due 2026-11-05 14:30 UTC: Ring again",
    ),
    (FollowUpRescheduled(task_id=ID, due_at=HALF_PAST_TWO), "Follow-up moved to 2026-11-05 14:30 UTC"),
    (FollowUpCompleted(task_id=ID, outcome="She agreed"), "Follow-up done: She agreed"),
    (FollowUpCancelled(task_id=ID), "Follow-up cancelled"),
    (FollowUpCancelled(task_id=ID, reason="She rang"), "Follow-up cancelled: She rang"),
    (FollowUpRetracted(task_id=ID, reason="Not hers"), "Follow-up retracted: Not hers"),
    (ROOF(), "roof: no value"),
    (ROOF(personal_value=FORGOTTEN), "roof: (forgotten)"),
    (ROOF(personal_value=TextValue(value="Slate")), "roof: Slate"),
    (ROOF(value=NumberValue(value=Decimal("12.50"))), "roof: 12.5"),
    (ROOF(value=MoneyValue(value=Money(amount=Decimal(1054), currency="USD"))), "roof: 1,054.00 USD"),
    (ROOF(value=DateValue(value=date(2026, 11, 5))), "roof: 2026-11-05"),
    (ROOF(value=ChoiceValue(value="flat")), "roof: flat"),
    (ROOF(value=ChoicesValue(value=("flat", "steep"))), "roof: flat, steep"),
    (ROOF(value=ReferenceValue(noun="customer", value=ID)), f"roof: customer {ID}"),
    (MergedInto(survivor_id=OTHER, merge_id=ID, reason="The same"), f"Merged into {OTHER}: The same"),
    (Absorbed(merged_id=OTHER, merge_id=ID), f"{OTHER} is the same and goes on here"),
    (MergeReverted(merge_id=ID), "Not the same after all"),
    (MergeReverted(merge_id=ID, reason="Twins"), "Not the same after all: Twins"),
    (
        Reattributed(from_customer_id=CustomerId(ID), to_customer_id=CustomerId(OTHER), reason="Her sister"),
        f"Moved from customer {ID} to customer {OTHER}: Her sister",
    ),
    (EventsUndone(versions=(4,)), "Event 4 undone"),
    (EventsUndone(versions=(1, 2), reason="Wrong file"), "Events 1, 2 undone: Wrong file"),
]
