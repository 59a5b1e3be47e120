"""What the workspace can be told: its settings, who works here, and which programs come in and are told of things."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from api.commands.rows import Begin, Resource, Row, Situation, row
from api.commands.secrets import IssuedKey, RegisteredWebhook, issue_api_key, register_webhook
from api.kpis.question import values
from api.permissions import RIGHTS
from api.problems import NotFound
from api.resources import CommandResult
from api.streams import Decision, Streams
from api.write import Writer, command_result
from domain import workspace as rules
from domain.event import Command, MemberId
from domain.workspace import WORKSPACE_ID, Workspace, WorkspaceEvent
from projections.kpi import kpis


def _deciding(
    write: Writer, said: Command, decide: Callable[[Workspace], WorkspaceEvent], created_id: UUID | None = None
) -> CommandResult:
    """Where the request says less than the command needs."""

    def decided(streams: Streams) -> Decision:
        return {WORKSPACE_ID: [decide(streams.workspace())]}

    answer = command_result(created_id=created_id)
    return write.act_together("workspace", [WORKSPACE_ID], said, decided, answer)


def _invite(write: Writer, said: Any, _: UUID) -> CommandResult:  # Any: the command without its id
    member_id = MemberId(write.new_id("member"))
    command = rules.InviteMember(member_id=member_id, name=said.name)
    return _deciding(write, said, lambda state: rules.invite_member(state, command), member_id)


def _grant_role(at: Situation) -> Decision:
    rights = RIGHTS[at.command.role]
    at.write.principal.must_not_give_more(rights.scopes, rights.records)
    return {at.record_id: [rules.grant_role(at.record, at.command)]}


def _publish_kpi(write: Writer, said: Any, _: UUID) -> CommandResult:  # Any: the command without the formula
    kpi = kpis().get(said.kpi)
    if kpi is None:
        raise NotFound("There is no figure with this kpi, or it has another name now: /v1/kpis lists them all.")
    values(kpi, said.parameters)
    command = rules.PublishKpiDefinition(
        kpi=kpi.slug,
        formula_digest=kpi.digest,
        parameters=said.parameters,
        target=said.target,
        target_is=said.target_is,
    )
    return _deciding(write, said, lambda state: rules.publish_kpi_definition(state, command))


def _publish_rate(_: Workspace, command: rules.PublishExchangeRate) -> WorkspaceEvent:
    return rules.publish_exchange_rate(command)


def _settings(path: str, *rows: Row) -> Resource:
    return Resource(path, "workspace", "settings:write", rows)


def _begins(slug: str, command: type[Command], begin: Begin, unsaid: str, *more: str, answer: Any = None) -> Row:
    return Row(slug, command, begin=begin, is_first=True, unsaid=(unsaid, *more), answer_type=answer)


SETTINGS: tuple[Resource, ...] = (
    _settings("pipelines", row("publish", rules.PublishPipeline, rules.publish_pipeline)),
    _settings("sla-policies", row("publish", rules.PublishSlaPolicy, rules.publish_sla_policy)),
    _settings("business-calendars", row("publish", rules.PublishBusinessCalendar, rules.publish_business_calendar)),
    _settings(
        "custom-fields",
        row("define", rules.DefineCustomField, rules.define_custom_field),
        row("retire", rules.RetireCustomField, rules.retire_custom_field),
    ),
    _settings("exchange-rates", row("publish", rules.PublishExchangeRate, _publish_rate)),
    _settings("segments", row("define", rules.DefineSegment, rules.define_segment)),
    _settings("assignment-rules", row("publish", rules.PublishAssignmentRule, rules.publish_assignment_rule)),
    _settings(
        "kpi-definitions",
        Row("publish", rules.PublishKpiDefinition, begin=_publish_kpi, unsaid=("formula_digest",), begins=False),
    ),
    Resource(
        "members",
        "workspace",
        "members:write",
        (
            _begins("invite", rules.InviteMember, _invite, "member_id"),
            Row("grant-role", rules.GrantRole, _grant_role),
            row("revoke-role", rules.RevokeRole, rules.revoke_role),
            row("join-team", rules.JoinTeam, rules.join_team),
            row("leave-team", rules.LeaveTeam, rules.leave_team),
            row("deactivate", rules.DeactivateMember, rules.deactivate_member),
        ),
        part="member_id",
    ),
    Resource(
        "webhooks",
        "workspace",
        "settings:write",
        (
            _begins(
                "register",
                rules.RegisterWebhook,
                register_webhook,
                "webhook_id",
                "secret_digest",
                answer=RegisteredWebhook,
            ),
            row("pause", rules.PauseWebhook, rules.pause_webhook),
            row("resume", rules.ResumeWebhook, rules.resume_webhook),
            row("remove", rules.RemoveWebhook, rules.remove_webhook),
        ),
        part="webhook_id",
    ),
    Resource(
        "api-keys",
        "workspace",
        "keys:write",
        (
            _begins("issue", rules.IssueApiKey, issue_api_key, "key_id", "secret_digest", answer=IssuedKey),
            row("revoke", rules.RevokeApiKey, rules.revoke_api_key),
        ),
        part="key_id",
    ),
)
