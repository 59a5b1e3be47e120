"""All that can happen to the workspace, and which settings hold after that."""

from typing import TypeAlias

from domain.workspace.access import AccessEvent, evolve_access
from domain.workspace.fields import FieldEvent, evolve_fields
from domain.workspace.figures import FigureEvent, evolve_figures
from domain.workspace.pipeline import PipelineEvent, evolve_pipeline
from domain.workspace.segments import SegmentEvent, evolve_segments
from domain.workspace.sign_in import SignInEvent, evolve_sign_in
from domain.workspace.sla import SlaEvent, evolve_sla
from domain.workspace.state import Workspace
from domain.workspace.teams import TeamEvent, evolve_teams
from domain.workspace.webhooks import WebhookEvent, evolve_webhooks

WorkspaceEvent: TypeAlias = (
    PipelineEvent
    | SlaEvent
    | AccessEvent
    | TeamEvent
    | SignInEvent
    | FieldEvent
    | SegmentEvent
    | FigureEvent
    | WebhookEvent
)


def evolve(workspace: Workspace, event: WorkspaceEvent) -> Workspace:
    """The workspace after the event."""
    if isinstance(event, PipelineEvent):
        return evolve_pipeline(workspace, event)
    if isinstance(event, SlaEvent):
        return evolve_sla(workspace, event)
    if isinstance(event, AccessEvent):
        return evolve_access(workspace, event)
    if isinstance(event, TeamEvent):
        return evolve_teams(workspace, event)
    if isinstance(event, SignInEvent):
        return evolve_sign_in(workspace, event)
    if isinstance(event, FieldEvent):
        return evolve_fields(workspace, event)
    if isinstance(event, SegmentEvent):
        return evolve_segments(workspace, event)
    if isinstance(event, FigureEvent):
        return evolve_figures(workspace, event)
    return evolve_webhooks(workspace, event)
