"""Who may do what: the scopes there are, and which of them, on whose records, each role brings. docs/permissions.md
says the same to people; a test asks every route and compares."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from domain.event import MemberId
from domain.workspace import Records, Role, Workspace
from projections.sight import NOTHING, Sight

SCOPES = {
    "leads:read": "Read leads and their histories",
    "leads:write": "Capture leads and act on them",
    "customers:read": "Read what is known of a customer",
    "customers:write": "Act on customers",
    "tickets:read": "Read tickets and their histories",
    "tickets:write": "Act on tickets",
    "campaigns:read": "Read campaigns",
    "campaigns:write": "Plan campaigns and act on them",
    "settings:read": "Read the workspace's settings and their history",
    "settings:write": "Publish settings",
    "members:read": "See who works here",
    "members:write": "Invite members, grant roles and teams, deactivate",
    "keys:write": "Issue and revoke API keys",
    "imports:read": "See imports, and how far they are",
    "imports:write": "Upload files to be imported",
    "events:read": "Read the log, as far as one may see the records",
    "kpis:read": "Read figures",
    "metrics:read": "Read how the system is doing",
    "batch": "Send many commands in one request, each with the scope that it takes by itself",
    "undo": "Take back commands and imports",
    "forget:write": "Ask that a customer be forgotten, and take that back",
    "forget:approve": "Forget a customer for ever, as somebody else has asked",
    "audit:read": "Read customers' histories with before and after, and who has looked",
    "personal:read": "See what is personal in whatever one may read",
}
_ON_DEMAND = (
    "campaigns:write", "settings:write", "members:write", "keys:write", "imports:write", "undo",
    "forget:write", "forget:approve", "audit:read",
)  # fmt: skip
USUAL_SCOPES = tuple(scope for scope in SCOPES if scope not in _ON_DEMAND)
"""What a key may do when nothing else is said."""

OPEN = frozenset(
    {
        "/", "/console", "/docs", "/openapi.json", "/livez", "/readyz", "/healthz", "/console/static/{name}",
        "/console/sign-in", "/console/sign-in/oidc", "/console/sign-in/oidc/callback", "/console/sign-out",
    }
)  # fmt: skip
"""What anybody may ask who reaches the server: nothing of a customer is told there."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What a role brings: what its members may do, on whose records, and whether colleagues' records count as the
    team's."""

    scopes: frozenset[str]
    records: Records
    with_colleagues: bool = False


def _reads(*but: str) -> frozenset[str]:
    return frozenset(scope for scope in SCOPES if scope.endswith(":read") and scope not in but)


_AGENT = frozenset(
    {
        "leads:read", "leads:write", "customers:read", "customers:write", "tickets:read", "tickets:write",
        "campaigns:read", "members:read", "kpis:read", "personal:read", "batch",
    }
)  # fmt: skip

RIGHTS: Mapping[Role, Rights] = MappingProxyType(
    {
        "admin": Rights(frozenset(SCOPES), "all"),
        "manager": Rights(
            _AGENT | {"campaigns:write", "settings:read", "events:read", "undo", "forget:write", "audit:read"},
            "team",
            True,
        ),
        "agent": Rights(_AGENT, "team"),
        "analyst": Rights(_reads("personal:read", "members:read", "imports:read", "metrics:read", "audit:read"), "all"),
        "auditor": Rights(_reads(), "all"),
        "integration": Rights(frozenset(USUAL_SCOPES) | {"campaigns:write", "imports:write"}, "all"),
    }
)
"""What each role may do; several roles add up."""

_WIDER: tuple[Records, ...] = ("none", "own", "team", "all")


def scopes_of(roles: Collection[Role]) -> frozenset[str]:
    """All that these roles may do."""
    return frozenset(scope for role in roles for scope in RIGHTS[role].scopes)


def sight_of(workspace: Workspace, member_id: MemberId) -> Sight:
    """What a member may see, by her roles and teams as they are now."""
    roles = workspace.roles_of(member_id)
    if not roles:
        return NOTHING
    records = max((RIGHTS[role].records for role in roles), key=_WIDER.index)
    teams = workspace.teams_of(member_id)
    with_colleagues = any(RIGHTS[role].with_colleagues for role in roles)
    return Sight(
        records,
        member_id,
        tuple(sorted(teams)),
        tuple(sorted(workspace.members_of(teams) - {member_id})) if with_colleagues else (),
        personal="personal:read" in scopes_of(roles),
    )


def narrower(one: Records, other: Records) -> Records:
    """Whichever is fewer records."""
    return min(one, other, key=_WIDER.index)
