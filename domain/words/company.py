"""What happens to the company's own things in words: its settings and members, its campaigns, its imports."""

from typing import assert_never

from domain.campaign import CampaignBudgetSpent, CampaignEnded, CampaignEvent, CampaignLaunched, CampaignPlanned
from domain.custom_field import CustomField
from domain.event import Forgotten, Word
from domain.imports import ImportCompleted, ImportEvent, ImportReverted, ImportStarted
from domain.sla_policy import SlaPolicy
from domain.words.phrases import after, plain, said
from domain.workspace import (
    WorkspaceApiKeyIssued,
    WorkspaceApiKeyRevoked,
    WorkspaceAssignmentRulePublished,
    WorkspaceBusinessCalendarPublished,
    WorkspaceCustomFieldDefined,
    WorkspaceCustomFieldRetired,
    WorkspaceEvent,
    WorkspaceExchangeRatePublished,
    WorkspaceKpiDefinitionPublished,
    WorkspaceMemberDeactivated,
    WorkspaceMemberInvited,
    WorkspaceMemberRoleGranted,
    WorkspaceMemberRoleRevoked,
    WorkspaceModelFitted,
    WorkspacePipelinePublished,
    WorkspaceSegmentDefined,
    WorkspaceSlaPolicyPublished,
    WorkspaceWebhookPaused,
    WorkspaceWebhookRegistered,
    WorkspaceWebhookRemoved,
    WorkspaceWebhookResumed,
)


def company_sentence(event: WorkspaceEvent | CampaignEvent | ImportEvent) -> str:
    """One sentence about the event, as `words.in_words` says it."""
    match event:
        case WorkspacePipelinePublished():
            stages = ", ".join(stage.name for stage in event.pipeline.stages)
            return f"Pipeline {event.pipeline.name}, version {event.pipeline.version}: {stages}"
        case WorkspaceBusinessCalendarPublished():
            calendar = event.calendar
            holidays = f"{len(calendar.holidays)} holidays"
            return f"Business calendar {calendar.name}, version {calendar.version}: {calendar.zone}, {holidays}"
        case WorkspaceSlaPolicyPublished():
            return f"SLA policy {event.policy.name}, version {event.policy.version}: {_goals(event.policy)}"
        case WorkspaceMemberInvited():
            return f"Invited {said(event.name)}"
        case WorkspaceMemberRoleGranted():
            return f"A member became {event.role}"
        case WorkspaceMemberRoleRevoked():
            return f"A member is no longer {event.role}"
        case WorkspaceMemberDeactivated():
            return f"A member was deactivated{after(': ', event.reason)}"
        case WorkspaceApiKeyIssued():
            return f"API key issued for {', '.join(event.scopes) or 'nothing'}: {said(event.label)}"
        case WorkspaceApiKeyRevoked():
            return "API key revoked"
        case WorkspaceCustomFieldDefined():
            return _defined(event.custom_field)
        case WorkspaceCustomFieldRetired():
            return f"Field {event.field_id} of {event.noun}s retired"
        case WorkspaceExchangeRatePublished():
            rate = event.exchange_rate
            return f"1 {rate.from_currency} is {plain(rate.rate)} {rate.to_currency} from {rate.valid_on} on"
        case WorkspaceSegmentDefined():
            return f"Segment {event.name} of {event.noun}s, version {event.version}: {_groups(event)}"
        case WorkspaceAssignmentRulePublished():
            return f"Assignment rule {event.name} for {event.noun}s, version {event.version}: {_steps(event)}"
        case WorkspaceKpiDefinitionPublished():
            return f"KPI {event.kpi}, version {event.version}: {_parameters(event.parameters)}"
        case WorkspaceModelFitted():
            parameters = _parameters({name: plain(value) for name, value in event.parameters.items()})
            days = f"{event.from_day} up to {event.until_day}"
            return f"Model {event.model}, version {event.version}, fitted to {days}: {parameters}"
        case WorkspaceWebhookRegistered():
            return f"Webhook for {', '.join(event.event_types)}: {said(event.url)}"
        case WorkspaceWebhookPaused():
            return f"Webhook paused{after(': ', event.reason)}"
        case WorkspaceWebhookResumed():
            return "Webhook resumed"
        case WorkspaceWebhookRemoved():
            return "Webhook removed"
        case CampaignPlanned():
            until = f"{after(' from ', event.starts_on)}{after(' until ', event.ends_on)}"
            return f"Planned{until}{after(' for ', event.budget)}: {event.name}"
        case CampaignLaunched():
            return "Launched"
        case CampaignBudgetSpent():
            return f"Spent {said(event.spent)}{after(': ', event.what)}"
        case CampaignEnded():
            return f"Ended{after(': ', event.reason)}"
        case ImportStarted():
            return f"Import of {event.kind} started"
        case ImportCompleted():
            return (
                f"Import completed: {event.rows} rows, {event.created} created, {event.changed} changed, "
                f"{event.unchanged} unchanged, {event.refused} refused"
            )
        case ImportReverted():
            counts = f"{event.compensated} records as before, {event.conflicting} changed since"
            return f"Import taken back, {counts}{after(': ', event.reason)}"
        case _:
            assert_never(event)


def _goals(policy: SlaPolicy) -> str:
    goals = (
        f"{goal.target.replace('_', ' ')} in {round(goal.within_seconds / 60)} min ({goal.priority})"
        for goal in policy.goals
    )
    return ", ".join(goals) or "nothing"


def _defined(field: CustomField) -> str:
    choices = f": {', '.join(field.choices)}" if field.choices else ""
    kind = f"{'personal ' if field.is_personal else ''}{field.kind}{after(' to a ', field.refers_to)}"
    return f"Field {field.label} of {field.noun}s, version {field.version}, {kind}{choices}"


def _groups(event: WorkspaceSegmentDefined) -> str:
    return said(event.groups) if isinstance(event.groups, Forgotten) else _counted(len(event.groups), "group")


def _steps(event: WorkspaceAssignmentRulePublished) -> str:
    return said(event.steps) if isinstance(event.steps, Forgotten) else _counted(len(event.steps), "step")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _parameters(parameters: dict[Word, Word]) -> str:
    return ", ".join(f"{name} {value}" for name, value in parameters.items()) or "no parameters"
