"""Capturing a lead: of a known customer or of a new one, and under the names that other systems have for it."""

from collections.abc import Sequence

from api.commands.beginning import begin
from api.resources import LeadAnswer
from api.streams import Streams
from api.write import Writer
from domain import lead
from domain.event import Event
from domain.lead import CaptureLead
from domain.workspace import Workspace


def capture(write: Writer, command: CaptureLead) -> LeadAnswer:
    """Capture a lead, of a known customer or of a new one; who sees only some records owns it, unless she says whose
    it is."""
    owned = command.model_copy(update={"owner_id": command.owner_id or write.owner_id})

    def decide(_: Streams, settings: Workspace) -> Sequence[Event]:
        return lead.capture(owned, settings.pipeline(command.pipeline), settings)

    return begin(write, "lead", command, decide, write.lead_answer())
