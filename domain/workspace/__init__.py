"""The workspace: the company's own settings, members and keys. This is the front door; each module behind it has one
subject, with its events, what they do to the workspace, and the commands and rules that they come from.

The subjects are `pipeline`, `sla` (business calendars, service levels), `access` (members, roles, API keys), `teams`,
`sign_in` (accounts at a sign-in service, keys that are replaced), `fields` (custom fields), `segments` (segments,
assignment rules), `figures` (exchange rates, KPI definitions, models) and `webhooks`. `state` is which settings hold,
`history` puts the subjects together.
"""

# Whole modules, because a list of their names here would have to be kept by hand for every new event, command and rule.
from domain.pipeline import *
from domain.workspace.access import *
from domain.workspace.fields import *
from domain.workspace.figures import *
from domain.workspace.history import *
from domain.workspace.pipeline import *
from domain.workspace.segments import *
from domain.workspace.sign_in import *
from domain.workspace.sla import *
from domain.workspace.state import *
from domain.workspace.teams import *
from domain.workspace.webhooks import *
