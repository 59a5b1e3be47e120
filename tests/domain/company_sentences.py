"""What the timeline should say of the company's own things: its settings and members, its campaigns, its imports."""

from datetime import UTC, date, datetime
from decimal import Decimal

from domain.campaign import CampaignBudgetSpent, CampaignEnded, CampaignLaunched, CampaignPlanned
from domain.event import FORGOTTEN, Event, MemberId
from domain.imports import ImportCompleted, ImportReverted, ImportStarted
from domain.money import Money
from domain.segment import AssignmentStep
from domain.workspace import (
    WorkspaceApiKeyIssued,
    WorkspaceApiKeyRevoked,
    WorkspaceApiKeyRotated,
    WorkspaceAssignmentRulePublished,
    WorkspaceBusinessCalendarPublished,
    WorkspaceCustomFieldDefined,
    WorkspaceCustomFieldRetired,
    WorkspaceExchangeRatePublished,
    WorkspaceKpiDefinitionPublished,
    WorkspaceMemberDeactivated,
    WorkspaceMemberIdentified,
    WorkspaceMemberIdentityRevoked,
    WorkspaceMemberInvited,
    WorkspaceMemberJoinedTeam,
    WorkspaceMemberLeftTeam,
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
from tests.domain.histories import CALENDAR, CUSTOM_FIELD, EXCHANGE_RATE, FROM_FAIRS, IDS, PIPELINE, SLA_POLICY

ID, ALICE = IDS[0], MemberId(IDS[0])
PRICE = Money(amount=Decimal(1054), currency="USD")
FIRST, LAST = date(2026, 3, 1), date(2026, 4, 30)
REFERENCE = CUSTOM_FIELD.model_copy(
    update={"kind": "reference", "choices": (), "refers_to": "customer", "is_personal": True}
)
STEPS = (AssignmentStep(conditions=(FROM_FAIRS,), team="north"), AssignmentStep(team="south"))

COMPANY_SENTENCES: list[tuple[Event, str]] = [
    (
        WorkspacePipelinePublished(pipeline=PIPELINE),
        "Pipeline default, version 1: new, contacted, qualified, proposal, negotiation",
    ),
    (
        WorkspaceBusinessCalendarPublished(calendar=CALENDAR),
        "Business calendar office, version 1: Europe/Berlin, 0 holidays",
    ),
    (
        WorkspaceSlaPolicyPublished(policy=SLA_POLICY),
        "SLA policy gold, version 1: first response in 90 min (high)",
    ),
    (
        WorkspaceSlaPolicyPublished(policy=SLA_POLICY.model_copy(update={"goals": SLA_POLICY.goals * 2})),
        "SLA policy gold, version 1: first response in 90 min (high), first response in 90 min (high)",
    ),
    (
        WorkspaceSlaPolicyPublished(policy=SLA_POLICY.model_copy(update={"goals": ()})),
        "SLA policy gold, version 1: nothing",
    ),
    (WorkspaceMemberInvited(member_id=ALICE, name="Alice"), "Invited Alice"),
    (
        WorkspaceApiKeyIssued(key_id=ID, label="Form", secret_digest="ab" * 32, scopes=("leads:write", "leads:read")),
        "API key issued for leads:write, leads:read: Form",
    ),
    (
        WorkspaceApiKeyIssued(key_id=ID, label="Form", secret_digest="ab" * 32, scopes=()),
        "API key issued for nothing: Form",
    ),
    (WorkspaceApiKeyRevoked(key_id=ID), "API key revoked"),
    (
        WorkspaceApiKeyRotated(key_id=ID, successor_id=ALICE, ends_at=datetime(2026, 11, 5, 9, tzinfo=UTC)),
        "API key replaced; the old one works until 2026-11-05 09:00 UTC",
    ),
    (
        WorkspaceMemberIdentified(member_id=ALICE, issuer="https://id.example", subject_digest="ab" * 32),
        "A member signs in with https://id.example",
    ),
    (
        WorkspaceMemberIdentityRevoked(member_id=ALICE, issuer="https://id.example", subject_digest="ab" * 32),
        "A member no longer signs in with an account of https://id.example",
    ),
    (WorkspaceMemberRoleGranted(member_id=ALICE, role="admin"), "A member became admin"),
    (WorkspaceMemberRoleRevoked(member_id=ALICE, role="admin"), "A member is no longer admin"),
    (WorkspaceMemberJoinedTeam(member_id=ALICE, team="north"), "A member joined the team north"),
    (WorkspaceMemberLeftTeam(member_id=ALICE, team="north"), "A member left the team north"),
    (WorkspaceMemberDeactivated(member_id=ALICE), "A member was deactivated"),
    (WorkspaceMemberDeactivated(member_id=ALICE, reason="Retired"), "A member was deactivated: Retired"),
    (
        WorkspaceCustomFieldDefined(custom_field=CUSTOM_FIELD),
        "Field Kind of roof of leads, version 1, choice: flat, steep",
    ),
    (
        WorkspaceCustomFieldDefined(custom_field=REFERENCE),
        "Field Kind of roof of leads, version 1, personal reference to a customer",
    ),
    (WorkspaceCustomFieldRetired(noun="lead", field_id="roof_kind"), "Field roof_kind of leads retired"),
    (WorkspaceExchangeRatePublished(exchange_rate=EXCHANGE_RATE), "1 USD is 0.9 EUR from 2026-03-02 on"),
    (
        WorkspaceSegmentDefined(name="fairs", version=2, noun="lead", groups=((FROM_FAIRS,),)),
        "Segment fairs of leads, version 2: 1 group",
    ),
    (
        WorkspaceSegmentDefined(name="fairs", version=2, noun="lead", groups=FORGOTTEN),
        "Segment fairs of leads, version 2: (forgotten)",
    ),
    (
        WorkspaceAssignmentRulePublished(name="by source", version=1, noun="ticket", steps=STEPS),
        "Assignment rule by source for tickets, version 1: 2 steps",
    ),
    (
        WorkspaceAssignmentRulePublished(name="by source", version=1, noun="ticket", steps=FORGOTTEN),
        "Assignment rule by source for tickets, version 1: (forgotten)",
    ),
    (
        WorkspaceKpiDefinitionPublished(kpi="win_rate", version=3, formula_digest="ab" * 32, parameters={}),
        "KPI win_rate, version 3: no parameters",
    ),
    (
        WorkspaceKpiDefinitionPublished(
            kpi="lead_conversion_rate", version=1, formula_digest="ab" * 32, parameters={"days": "90", "by": "source"}
        ),
        "KPI lead_conversion_rate, version 1: days 90, by source",
    ),
    (
        WorkspaceKpiDefinitionPublished(
            kpi="win_rate", version=4, formula_digest="ab" * 32, parameters={}, target=Decimal("0.250")
        ),
        "KPI win_rate, version 4: no parameters, target 0.25",
    ),
    (
        WorkspaceKpiDefinitionPublished(
            kpi="win_rate",
            version=5,
            formula_digest="ab" * 32,
            parameters={},
            target=Decimal("0.250"),
            target_is="at_least",
        ),
        "KPI win_rate, version 5: no parameters, target at least 0.25",
    ),
    (
        WorkspaceModelFitted(
            model="bg_nbd",
            version=1,
            parameters={"r": Decimal("0.2430"), "alpha": Decimal("4.414")},
            from_day=FIRST,
            until_day=LAST,
            observations=2357,
        ),
        "Model bg_nbd, version 1, fitted to 2026-03-01 up to 2026-04-30: r 0.243, alpha 4.414",
    ),
    (
        WorkspaceWebhookRegistered(
            webhook_id=ID, url="https://example.org/in", event_types=("lead.won", "lead.lost"), secret_digest="ab" * 32
        ),
        "Webhook for lead.won, lead.lost: https://example.org/in",
    ),
    (WorkspaceWebhookPaused(webhook_id=ID), "Webhook paused"),
    (WorkspaceWebhookPaused(webhook_id=ID, reason="Moving"), "Webhook paused: Moving"),
    (WorkspaceWebhookResumed(webhook_id=ID), "Webhook resumed"),
    (WorkspaceWebhookRemoved(webhook_id=ID), "Webhook removed"),
    (CampaignPlanned(name="Spring"), "Planned: Spring"),
    (
        CampaignPlanned(name="Spring", starts_on=FIRST, ends_on=LAST, budget=PRICE),
        "Planned from 2026-03-01 until 2026-04-30 for 1,054.00 USD: Spring",
    ),
    (CampaignLaunched(), "Launched"),
    (CampaignBudgetSpent(spending_id=ID, spent=PRICE, what="Posters"), "Spent 1,054.00 USD: Posters"),
    (CampaignEnded(), "Ended"),
    (CampaignEnded(reason="Sold out"), "Ended: Sold out"),
    (ImportStarted(kind="leads", file_sha256="ab" * 32, mapping="{}"), "Import of leads started"),
    (
        ImportCompleted(rows=9, created=4, changed=2, unchanged=2, refused=1),
        "Import completed: 9 rows, 4 created, 2 changed, 2 unchanged, 1 refused",
    ),
    (
        ImportReverted(compensated=7, conflicting=2, reason="Wrong file"),
        "Import taken back, 7 records as before, 2 changed since: Wrong file",
    ),
]
