"""The workspace: the company's own settings, members and keys. This is the front door; each module behind it has one
subject.

What can happen is in `workspace_events`, what holds then in `workspace_state`. Commands and rules are in
`workspace_pipeline`, `workspace_sla` (business calendars, service levels), `workspace_access` (members, roles, API
keys), `workspace_fields` (custom fields), `workspace_segments` (segments, assignment rules), `workspace_figures`
(exchange rates, KPI definitions, models) and `workspace_webhooks`.
"""

# Whole modules, because a list of their names here would have to be kept by hand for every new event, command and rule.
from domain.workspace_access import *
from domain.workspace_events import *
from domain.workspace_fields import *
from domain.workspace_figures import *
from domain.workspace_pipeline import *
from domain.workspace_segments import *
from domain.workspace_sla import *
from domain.workspace_state import *
from domain.workspace_webhooks import *
