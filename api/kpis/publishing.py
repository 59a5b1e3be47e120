"""Publishing what the workspace wants of a figure: its parameters, and what it shall come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pydantic import Field

from api.kpis.question import values
from api.resources import CommandResult
from api.store import SYSTEM_ID, Store, append_to_workspace
from api.streams import Decision, Streams
from api.write import Writer, command_result
from domain.event import Command, Word
from domain.workspace import (
    WORKSPACE_ID,
    Parameter,
    PublishKpiDefinition,
    TargetIs,
    Workspace,
    WorkspaceKpiDefinitionPublished,
    publish_kpi_definition,
)
from eventstore import log
from projections.kpi import Kpi


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure shall come to, or that it shall come to nothing any more; where it is not said whether at least or
    at most, as the figure is better."""

    value: Decimal | None
    target_is: TargetIs | None = None


class PublishKpiParameters(Command):
    """What a figure's parameters are where nobody says otherwise; those that are not named stay as they are."""

    parameters: dict[Word, Word] = Field(min_length=1, examples=[{"within_days": "60"}])


class PublishKpiTarget(Command):
    """What a figure shall come to, at least or at most; null: nothing any more."""

    target: Parameter | None = Field(examples=["0.3"])
    target_is: TargetIs | None = None


def publish(
    store: Store, kpi: Kpi, parameters: Mapping[str, str], target: Target | None = None
) -> WorkspaceKpiDefinitionPublished:
    """From now on the figure has these parameters where nobody says otherwise, and this target; what is not named, also
    of parameters, stays as it was published last. Raises BadParameter, KpiDefinitionUnchanged."""

    def attempt() -> WorkspaceKpiDefinitionPublished:
        with store.pool.connection() as connection:
            state, version = store.settled.now(connection)
            event = decided(state, kpi, parameters, target)
            append_to_workspace(connection, version, event, log.Envelope("system", SYSTEM_ID, "cli"))
            return event

    return log.retrying(attempt)


def publish_over_api(write: Writer, kpi: Kpi, command: PublishKpiParameters | PublishKpiTarget) -> CommandResult:
    """The same for a request. Raises BadParameter, KpiDefinitionUnchanged."""
    parameters = command.parameters if isinstance(command, PublishKpiParameters) else {}
    target = Target(command.target, command.target_is) if isinstance(command, PublishKpiTarget) else None

    def decide(_: Streams) -> Decision:
        return {WORKSPACE_ID: [decided(write.workspace(), kpi, parameters, target)]}

    return write.act_together("workspace", [WORKSPACE_ID], command, decide, command_result())


def decided(
    state: Workspace, kpi: Kpi, parameters: Mapping[str, str], target: Target | None
) -> WorkspaceKpiDefinitionPublished:
    """What is published of a figure, on top of what was before. Raises BadParameter, KpiDefinitionUnchanged."""
    values(kpi, parameters)
    latest = state.kpi_definitions.get(kpi.slug)
    kept = {name: text for name, text in (latest.parameters if latest else {}).items() if name in kpi.parameters}
    bound: TargetIs = "at_most" if kpi.is_better_low else "at_least"
    if target is None:
        target = Target(latest.target, latest.target_is or bound) if latest else Target(None)
    command = PublishKpiDefinition(
        kpi=kpi.slug,
        formula_digest=kpi.digest,
        parameters={**kept, **parameters},
        target=target.value,
        target_is=target.target_is or bound,
    )
    return publish_kpi_definition(state, command)
