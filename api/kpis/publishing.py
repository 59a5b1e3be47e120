"""Publishing what the workspace wants of a figure: its parameters, and what it shall come to."""

from collections.abc import Mapping
from decimal import Decimal

from api.kpis.question import values
from api.store import SYSTEM_ID, Store, append_to_workspace
from domain.workspace import PublishKpiDefinition, WorkspaceKpiDefinitionPublished, publish_kpi_definition
from eventstore import log
from projections.kpi import Kpi


def publish(
    store: Store, kpi: Kpi, parameters: Mapping[str, str], target: Decimal | None, *, keeps_target: bool = False
) -> WorkspaceKpiDefinitionPublished:
    """From now on the figure has these parameters where nobody says otherwise, and this target; parameters that are
    not named stay as they were published last. Raises BadParameter, KpiDefinitionUnchanged."""
    values(kpi, parameters)

    def attempt() -> WorkspaceKpiDefinitionPublished:
        with store.pool.connection() as connection:
            state, version = store.settled.now(connection)
            latest = state.kpi_definitions.get(kpi.slug)
            kept = {
                name: text for name, text in (latest.parameters if latest else {}).items() if name in kpi.parameters
            }
            command = PublishKpiDefinition(
                kpi=kpi.slug,
                formula_digest=kpi.digest,
                parameters={**kept, **parameters},
                target=latest.target if keeps_target and latest else target,
            )
            event = publish_kpi_definition(state, command)
            append_to_workspace(connection, version, event, log.Envelope("system", SYSTEM_ID, "cli"))
            return event

    return log.retrying(attempt)
