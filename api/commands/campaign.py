"""What can be done with a campaign."""

from api.commands.beginning import plan
from api.commands.rows import Resource, Row, new_id, row
from domain import campaign as rules

CAMPAIGNS = Resource(
    path="campaigns",
    noun="campaign",
    scope="campaigns:write",
    rows=(
        Row("begin", rules.PlanCampaign, begin=plan, is_first=True),
        row("plan", rules.PlanCampaign, rules.plan),
        row("launch", rules.LaunchCampaign, rules.launch),
        row("spend-budget", rules.SpendBudget, rules.spend_budget, new_id, makes="spending"),
        row("end", rules.EndCampaign, rules.end),
    ),
)
