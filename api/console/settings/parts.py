"""Which sections the settings have, and how their forms read."""

from collections.abc import Mapping
from types import MappingProxyType

from api.console.settings import company, fields, people
from api.console.settings.fields import Reads
from api.console.settings.sections import Section

SECTIONS: Mapping[str, Section] = MappingProxyType(
    {
        section.slug: section
        for section in (
            Section(
                "pipelines",
                "Pipelines",
                "The stages that leads go through, and how likely each makes a win. Leads under way keep "
                "what was copied into them.",
                "settings:write",
                ("pipeline_published",),
                company.pipelines,
            ),
            Section(
                "sla-policies",
                "SLA policies",
                "How soon tickets are promised to be answered and solved. Tickets under way keep the "
                "version they were opened with.",
                "settings:write",
                ("sla_policy_published",),
                company.sla_policies,
            ),
            Section(
                "business-calendars",
                "Business hours",
                "When the company is open: SLA clocks and business days count only then.",
                "settings:write",
                ("business_calendar_published",),
                company.calendars,
            ),
            Section(
                "custom-fields",
                "Custom fields",
                "What your company wants to know beyond the fields that everybody has.",
                "settings:write",
                ("custom_field_defined", "custom_field_retired"),
                company.custom_fields,
            ),
            Section(
                "exchange-rates",
                "Exchange rates",
                "What one currency is in another, from a day on. What was converted before keeps its rate.",
                "settings:write",
                ("exchange_rate_published",),
                company.exchange_rates,
            ),
            Section(
                "segments",
                "Segments",
                "Names for records that meet conditions, to be used in lists and figures.",
                "settings:write",
                ("segment_defined",),
                people.segments,
            ),
            Section(
                "kpi-definitions",
                "Figures",
                "With which parameters figures are computed from now on, and what they shall come to.",
                "settings:write",
                ("kpi_definition_published",),
                people.figures,
            ),
            Section(
                "members",
                "Members",
                "Who works here. Roles say what somebody may do, teams whose records she shares.",
                "members:write",
                (
                    "member_invited",
                    "member_role_granted",
                    "member_role_revoked",
                    "member_deactivated",
                    "member_joined_team",
                    "member_left_team",
                ),
                people.members,
            ),
            Section(
                "api-keys",
                "API keys",
                "Which programs come in, and what each may do. A key is shown once, when it is issued.",
                "keys:write",
                ("api_key_issued", "api_key_revoked", "api_key_rotated"),
                people.api_keys,
            ),
        )
    }
)

READS: Mapping[str, Reads] = MappingProxyType(
    {
        "pipelines/publish": fields.pipeline,
        "sla-policies/publish": fields.sla_policy,
        "business-calendars/publish": fields.calendar,
        "custom-fields/define": fields.custom_field,
        "custom-fields/retire": fields.plainly("noun", "field_id"),
        "exchange-rates/publish": fields.plainly("from_currency", "to_currency", "rate", "valid_on"),
        "segments/define": fields.segment,
        "kpi-definitions/publish": fields.kpi,
        "members/invite": fields.plainly("name"),
        "members/grant-role": fields.plainly("role"),
        "members/revoke-role": fields.plainly("role"),
        "members/deactivate": fields.plainly("reason"),
        "members/join-team": fields.plainly("team"),
        "members/leave-team": fields.plainly("team"),
        "api-keys/issue": fields.api_key,
        "api-keys/revoke": fields.plainly(),
    }
)
