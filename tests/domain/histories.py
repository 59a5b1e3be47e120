"""Events, commands and histories to draw from, for the properties that must hold of all of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial, reduce
from types import NoneType
from typing import Literal, TypeVar, get_args, get_origin
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import JsonValue

from domain import lead as leads
from domain.business_time import BusinessCalendar, WeeklyHours
from domain.catalogue import EVENT_TYPES
from domain.contact_point import ContactPoint, ContactPointKind, contact_point
from domain.custom_field import (
    ChoicesValue,
    CustomField,
    FieldValue,
    MoneyValue,
    NumberValue,
    RecordNoun,
    ReferenceValue,
    TextValue,
)
from domain.customer import PROFILE_FIELDS, Customer, FieldChoice, PurchaseLine
from domain.event import FORGOTTEN, Command, CustomerId, Event, Frozen, MemberId, Refusal, personal_fields
from domain.exchange_rate import ExchangeRate
from domain.lead import Lead, LeadEvent, evolve
from domain.money import Money
from domain.public_holidays import PublicHolidays
from domain.segment import AssignmentStep, Condition
from domain.sla_policy import SlaGoal, SlaPolicy
from domain.ticket import HIGHEST_LEVEL
from domain.work import FollowUpStatus, InteractionStatus, Work
from domain.workspace import DEFAULT_PIPELINE, Pipeline, Workspace, WorkspaceCustomFieldDefined, publish_pipeline
from domain.workspace import evolve as workspace_evolve

PIPELINE = publish_pipeline(Workspace(), DEFAULT_PIPELINE).pipeline
CALENDAR = BusinessCalendar(
    name="office",
    version=1,
    zone="Europe/Berlin",
    weekly_hours=(WeeklyHours(weekday="monday", opens="09:00", closes="17:00"),),
)
SLA_POLICY = SlaPolicy(
    name="gold",
    version=1,
    calendar="office",
    goals=(SlaGoal(target="first_response", priority="high", within_seconds=5400),),
)
CUSTOM_FIELD = CustomField(
    noun="lead", field_id="roof_kind", version=1, label="Kind of roof", kind="choice", is_personal=False,
    choices=("flat", "steep"),
)  # fmt: skip
IDS = [UUID(int=number) for number in range(1, 5)]
NOUNS: tuple[RecordNoun, ...] = get_args(RecordNoun)
WORKSPACE = reduce(
    lambda workspace, noun: workspace_evolve(
        workspace, WorkspaceCustomFieldDefined(custom_field=CUSTOM_FIELD.model_copy(update={"noun": noun}))
    ),
    NOUNS,
    Workspace(members={MemberId(known): "Ann" for known in IDS}),
)
"""Every noun has the field, and whoever has one of the ids works here."""

EXCHANGE_RATE = ExchangeRate(
    from_currency="USD", to_currency="EUR", rate=Decimal("0.9"), valid_on=date(2026, 3, 2)
)  # fmt: skip
FROM_FAIRS = Condition(field="source", operator="is_any_of", values=("fair", "event"))
SETTINGS: dict[object, Frozen] = {
    Pipeline: PIPELINE,
    BusinessCalendar: CALENDAR,
    SlaPolicy: SLA_POLICY,
    CustomField: CUSTOM_FIELD,
    ExchangeRate: EXCHANGE_RATE,
}
WRITTEN = ["+49 89 1234567", "ann@example.org", "Ann@Example.org", "1 Long Street"]
STAGES = [stage.name for stage in PIPELINE.stages]
DAY = datetime(2026, 3, 2, tzinfo=UTC)

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For properties: a machine that is busy with other tests is not a failure."""

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8)
words = st.sampled_from(["acme", "other words", "A-1", "é"])
ids = st.sampled_from(IDS)
texts_by_name = st.dictionaries(words, texts, max_size=2)
moments = st.integers(0, 6).map(lambda days: DAY + timedelta(days=days))
days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
amounts = st.decimals(-(10**6), 10**6, places=2)
money = st.builds(Money, amount=amounts, currency=st.sampled_from(["EUR", "USD"]))
chances = st.decimals(0, 1, places=3)
counts = st.integers(0, 1000)
field_values: SearchStrategy[FieldValue] = st.one_of(
    st.builds(TextValue, value=texts),
    st.builds(NumberValue, value=amounts),
    st.builds(MoneyValue, value=money),
    st.just(ChoicesValue(value=("flat", "steep"))),
    st.builds(ReferenceValue, noun=st.just("customer"), value=ids),
)
digests = st.text("0123456789abcdef", min_size=64, max_size=64)

FIELDS: dict[str, SearchStrategy[object]] = {
    **dict.fromkeys(["title", "name", "what", "label", "mapping", "document", "criteria", "competitor"], texts),
    **dict.fromkeys(["summary", "outcome", "reason", "external_id", "customer_name"], texts),
    **dict.fromkeys(["form", "external_ids"], texts_by_name),
    **dict.fromkeys(["subject", "body", "message_id", "waiting_for", "resolution", "comment"], texts),
    **dict.fromkeys(["channel", "category", "cause", "policy"], words),
    **dict.fromkeys(["person_id", "follows", "survivor_id"], ids),
    **dict.fromkeys(["source", "team", "rule", "about", "product_id", "pipeline", "kind"], words),
    **dict.fromkeys(["stage", "from_stage", "to_stage"], st.sampled_from(STAGES)),
    **dict.fromkeys(["campaign_id", "interaction_id", "task_id", "owner_id", "assignee_id", "customer_id"], ids),
    **dict.fromkeys(["member_id", "key_id", "person_id"], ids),
    **dict.fromkeys(["webhook_id", "spending_id"], ids),
    **dict.fromkeys(["merged_id", "other_id"], st.sampled_from(IDS)),
    **dict.fromkeys(["from_customer_id", "to_customer_id"], st.sampled_from(IDS)),
    **dict.fromkeys(["written", "proof", "response", "link"], texts),
    **dict.fromkeys(["segment", "industry", "size", "tier", "tag", "plan", "purpose", "text_version"], words),
    **dict.fromkeys(["valid_from", "valid_to", "effective_on"], days),
    "model_version": st.integers(1, 9),
    "parts": st.dictionaries(words, st.integers(-9, 9), max_size=2),
    **dict.fromkeys(["total", "amount", "mrr", "from_mrr"], money),
    **dict.fromkeys(["rule_version", "term_months"], counts),
    **dict.fromkeys(["primary", "voluntary", "permanent"], st.booleans()),
    "field_version": counts,
    "region": st.just("DE"),
    "lines": st.lists(st.builds(PurchaseLine, product_id=words, unit_price=st.none() | money), max_size=2).map(tuple),
    "signals": st.lists(words, max_size=2).map(tuple),
    "field_choices": st.dictionaries(
        st.sampled_from(PROFILE_FIELDS), st.sampled_from(get_args(FieldChoice)), max_size=2
    ),
    **dict.fromkeys(["starts_on", "ends_on", "from_day", "until_day"], days),
    **dict.fromkeys(["budget", "spent"], money),
    **dict.fromkeys(["compensated", "conflicting"], counts),
    "versions": st.lists(st.integers(1, 9), min_size=1, max_size=2).map(tuple),
    **dict.fromkeys(["version", "observations"], st.integers(1, 9)),
    **dict.fromkeys(["kpi", "model"], words),
    **dict.fromkeys(["received_at", "due_at", "occurred_at", "ends_at", "expires_at"], moments),
    **dict.fromkeys(["until", "expected_close", "won_on"], days),
    **dict.fromkeys(["value", "unit_price"], money),
    **dict.fromkeys(["pipeline_version", "score", "duration_seconds"], counts),
    **dict.fromkeys(["policy_version", "remaining_seconds"], counts),
    **dict.fromkeys(["rows", "created", "changed", "unchanged", "refused"], counts),
    **dict.fromkeys(["file_sha256", "secret_digest", "formula_digest", "subject_digest"], digests),
    "probability": chances,
    "target": amounts,
    "public_holidays": st.just(PublicHolidays(country="DE", subdivision="BY", years=(2026,))),
    "url": texts,
    "issuer": st.sampled_from(["https://id.example", "https://login.example/tenant"]),
    "event_types": st.just(("lead.won",)),
    "field_id": st.just(CUSTOM_FIELD.field_id),
    "groups": st.just(((FROM_FAIRS,), (FROM_FAIRS, FROM_FAIRS))),
    "steps": st.just((AssignmentStep(conditions=(FROM_FAIRS,), team="north"), AssignmentStep(team="south"))),
    "parameters": st.dictionaries(words, amounts.map(str), min_size=1, max_size=2),
    "quantity": st.decimals("0.001", 1000, places=3),
    "level": st.integers(1, HIGHEST_LEVEL),
    "csat": st.integers(1, 5),
    "sla_policy": st.just(SLA_POLICY),
    **dict.fromkeys(["inbound", "public"], st.booleans()),
    "scopes": st.lists(words, max_size=2).map(tuple),
}


def values(name: str, annotation: object) -> SearchStrategy[object]:
    """What a field of that name and type may hold; a KeyError names the field that is missing above."""
    if isinstance(annotation, type) and annotation in SETTINGS:
        return st.just(SETTINGS[annotation])
    if get_origin(annotation) is Literal:
        return st.sampled_from(get_args(annotation))
    if get_origin(annotation) is dict:
        return FIELDS[name]
    if annotation is JsonValue:
        return st.sampled_from([None, "flat", "steep", "12.5", 12, ["flat"]])
    if FieldValue in get_args(annotation):
        return st.none() | field_values
    if annotation is UUID or UUID in get_args(annotation):
        return ids if annotation is UUID else st.none() | ids
    if ContactPoint in get_args(annotation):
        return st.builds(contact_point, st.sampled_from(get_args(ContactPointKind)), st.sampled_from(WRITTEN))
    for choice in get_args(annotation):
        if get_origin(choice) is Literal:
            return st.none() | st.sampled_from(get_args(choice))
    return st.none() | FIELDS[name] if NoneType in get_args(annotation) else FIELDS[name]


Model = TypeVar("Model", bound=Frozen)


def examples_of(model: type[Model]) -> SearchStrategy[Model]:
    """Any instance, of an event also with what is personal forgotten."""
    personal = personal_fields(model) if issubclass(model, Event) else frozenset()
    fields = {name: values(name, field.annotation) for name, field in model.model_fields.items()}
    return st.builds(
        model, **{name: st.just(FORGOTTEN) | drawn if name in personal else drawn for name, drawn in fields.items()}
    )


AnEvent = TypeVar("AnEvent", bound=Event)


def forgotten(event: AnEvent) -> AnEvent:
    """The event once its subject was forgotten: what was given of her, and with it all that could have been."""
    names = personal_fields(type(event))
    is_given = any(getattr(event, name) is not None for name in names)
    return event.model_copy(update=dict.fromkeys(names, FORGOTTEN)) if is_given else event


LEAD_EVENTS: list[type[LeadEvent]] = list(get_args(LeadEvent))
any_event: SearchStrategy[Event] = st.one_of([examples_of(event) for event in EVENT_TYPES.values()])
any_lead_event: SearchStrategy[LeadEvent] = st.one_of([examples_of(event) for event in LEAD_EVENTS])

RULES: dict[type[Command], Callable[..., LeadEvent | tuple[LeadEvent, ...]]] = {
    leads.RetitleLead: leads.retitle,
    leads.AssignLead: partial(leads.assign, workspace=WORKSPACE),
    leads.ContactLead: leads.contact,
    leads.QualifyLead: leads.qualify,
    leads.DisqualifyLead: leads.disqualify,
    leads.RecycleLead: leads.recycle,
    leads.ReopenLead: leads.reopen,
    leads.WinLead: partial(leads.win, today=DAY.date()),
    leads.LoseLead: leads.lose,
    leads.ConvertLead: leads.convert,
    leads.ConvertLeadInto: lambda lead, command: (
        leads.convert_into(
            lead, command, CustomerId(IDS[0]), Customer(), Customer(), IDS[1], CustomerId(IDS[0]), WORKSPACE
        ).lead
    ),
    leads.RevertConversion: lambda lead, command: leads.revert_conversion(lead, command, Customer(), Customer()).lead,
    leads.MergeLead: partial(leads.merge, lead_id=IDS[0], merge_id=IDS[1]),
    leads.RevertMerge: leads.revert_merge,
    leads.Reattribute: partial(leads.reattribute, customer_id=CustomerId(IDS[0]), to=Customer()),
    leads.RecordCustomField: partial(leads.record_custom_field, workspace=WORKSPACE),
    leads.ScoreLead: leads.score,
    leads.AddStakeholder: partial(leads.add_stakeholder, people=IDS),
    leads.RemoveStakeholder: leads.remove_stakeholder,
    leads.MoveLeadToStage: partial(leads.move_to_stage, pipeline=PIPELINE),
    leads.ValueLead: leads.value,
    leads.MoveExpectedClose: leads.move_expected_close,
    leads.OverrideProbability: leads.override_probability,
    leads.ChooseForecastCategory: leads.choose_forecast_category,
    leads.AddProduct: leads.add_product,
    leads.RepriceProduct: leads.reprice_product,
    leads.RemoveProduct: leads.remove_product,
    leads.SendProposal: leads.send_proposal,
    leads.LogInteraction: partial(leads.log_interaction, new_id=IDS[0]),
    leads.CorrectInteraction: leads.correct_interaction,
    leads.RetractInteraction: leads.retract_interaction,
    leads.ScheduleFollowUp: partial(leads.schedule_follow_up, new_id=IDS[0]),
    leads.RescheduleFollowUp: leads.reschedule_follow_up,
    leads.CompleteFollowUp: leads.complete_follow_up,
    leads.CancelFollowUp: leads.cancel_follow_up,
    leads.RetractFollowUp: leads.retract_follow_up,
}
any_command = st.one_of([examples_of(command) for command in RULES])


def decide(lead: Lead, command: Command) -> tuple[LeadEvent, ...]:
    """What the command's rule says, or its refusal."""
    decided = RULES[type(command)](lead, command)
    return decided if isinstance(decided, tuple) else (decided,)


def fold(events: Iterable[LeadEvent]) -> Lead:
    """The lead after these events."""
    lead: Lead | None = None
    for event in events:
        lead = evolve(lead, event)
    assert lead is not None
    return lead


def accepted(captured: Sequence[LeadEvent], commands: Iterable[Command]) -> list[LeadEvent]:
    """The history that these commands leave behind; what is refused leaves nothing."""
    history, lead = list(captured), fold(captured)
    for command in commands:
        try:
            decided = decide(lead, command)
        except Refusal:
            continue
        for event in decided:
            lead = evolve(lead, event)
        history.extend(decided)
    return history


captures = (
    examples_of(leads.CaptureLead)
    .filter(lambda command: command.value is None or command.value.amount >= 0)
    .map(lambda command: leads.capture(command, PIPELINE, WORKSPACE))
)
accepted_histories = st.builds(accepted, captures, st.lists(any_command, max_size=12))
recorded_histories = st.lists(any_lead_event, max_size=8)


def work(interaction: InteractionStatus | None, follow_up: FollowUpStatus | None) -> Work:
    """Of one interaction or follow-up, with the id `IDS[1]`."""
    known = Work()
    if interaction:
        known = replace(known, interactions=known.interactions.with_entry(IDS[1], interaction))
    if follow_up:
        known = replace(known, follow_ups=known.follow_ups.with_entry(IDS[1], follow_up))
    return known


EUR = partial(Money, currency="EUR")
HUNDRED = EUR(amount=Decimal(100))
