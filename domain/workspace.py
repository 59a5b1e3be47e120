"""The workspace: the company's own settings, members and keys. This is the front door; each module behind it has one
subject.

What can happen is in `workspace_events`, what holds then in `workspace_state`. Commands and rules are in
`workspace_pipeline`, `workspace_sla` (business calendars, service levels) and `workspace_access` (members, API keys).
"""

# Whole modules, because a list of their names here would have to be kept by hand for every new event, command and rule.
from domain.workspace_access import *
from domain.workspace_events import *
from domain.workspace_pipeline import *
from domain.workspace_sla import *
from domain.workspace_state import *
