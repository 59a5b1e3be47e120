"""Capturing a lead: of a known customer or of a new one, and under the names that other systems have for it."""

from collections.abc import Sequence

from api.problems import BadIfMatch, BadParameter, ExternalIdTaken, NotFound
from api.resources import LeadResource
from api.write import Writer, lead_at
from domain import customer, lead
from domain.customer import Customer, CustomerEvent, RegisterCustomer
from domain.event import CustomerId
from domain.lead import CaptureLead
from domain.workspace import WORKSPACE_ID
from eventstore import log
from eventstore.database import Connection


def capture(write: Writer, command: CaptureLead) -> LeadResource:
    """Capture a lead, of a known customer or of a new one."""
    if write.if_match is not None:
        raise BadIfMatch("A lead that is captured has no version yet. Leave out If-Match.")
    if command.customer_id and command.customer_name:
        raise BadParameter("Give customer_id for a known customer or customer_name for a new one, not both.")

    def attempt(connection: Connection) -> LeadResource:
        found = [log.find_external_id(connection, *name) for name in command.external_ids.items()]
        taken = [name for name in found if name]
        known = _begun_before(write, connection, command, taken)
        lead_id = known[0].stream_id if known else write.new_id("lead")
        new_customer_id = known[0].customer_id if known else CustomerId(write.new_id("customer"))
        customer_id = command.customer_id or new_customer_id
        write.response.headers["Location"] = f"/v1/leads/{lead_id}"
        loaded = log.load(connection, lead_id, write.command_id)
        if loaded.carried_out:
            return lead_at(connection, lead_id, write.first_time(loaded, command).position)
        if command.customer_id:
            _must_take_leads(connection, customer_id)
        workspace = write.store.settled.now(connection)[0]
        captured = lead.capture(command, workspace.pipeline(command.pipeline), workspace)
        registered = _registered(command, customer_id, log.load(connection, customer_id) if known else log.Loaded())
        new = registered + [
            log.NewEvent(customer_id, "lead", lead_id, version, event, command.occurred_at)
            for version, event in enumerate(captured, start=loaded.version + 1)
        ]
        claims = [log.ExternalId(*name, customer_id, lead_id) for name in command.external_ids.items()]
        for name in taken:  # where nothing stands of the lead that has it, this one gets it
            log.release_external_id(connection, name.system, name.key)
        try:
            position = write.append(connection, command, customer_id, new, claims)
        except log.ExternalIdTaken:
            raise _taken(connection, command) from None
        return lead_at(connection, lead_id, position)

    return write.retrying(attempt)


def _begun_before(
    write: Writer, connection: Connection, command: CaptureLead, taken: Sequence[log.ExternalId]
) -> list[log.ExternalId]:
    """What names a lead of which nothing stands, or that this very command captured: it begins again there."""
    found = [name for name in taken if command.customer_id in (None, name.customer_id)]
    loaded = log.load(connection, found[0].stream_id, write.command_id) if found else log.Loaded()
    is_lead = any(past.stream_type == "lead" for past in loaded.history[:1])
    is_here = is_lead and (loaded.carried_out is not None or not loaded.standing)
    return [name for name in found if name.stream_id == found[0].stream_id] if is_here else []


def _taken(connection: Connection, command: CaptureLead) -> ExternalIdTaken:
    for system, key in command.external_ids.items():
        if holder := log.find_external_id(connection, system, key):
            return ExternalIdTaken(
                f"The record {holder.stream_id} already has the external id of the system {system}. Act on that one, or"
                " give this lead an external id of its own."
            )
    return ExternalIdTaken()


def _must_take_leads(connection: Connection, customer_id: CustomerId) -> None:
    """Raises NotFound, CustomerAlreadyForgotten, CustomerMerged."""
    if customer_id == WORKSPACE_ID or not log.has_standing_customer(connection, customer_id):
        raise NotFound("There is no customer with this customer_id, or it is not yours to see.")
    state: Customer | None = None
    for recorded in log.load(connection, customer_id).standing:
        assert isinstance(recorded.event, CustomerEvent)
        state = customer.evolve(state, recorded.event)
    (state or Customer()).must_be_in_use()


def _registered(command: CaptureLead, customer_id: CustomerId, known: log.Loaded) -> list[log.NewEvent]:
    if not command.customer_name or known.standing:
        return []
    event = customer.register(
        None,
        RegisterCustomer(
            kind=command.customer_kind,
            name=command.customer_name,
            source=command.source,
            owner_id=command.owner_id,
        ),
    )
    version = known.version + 1
    return [log.NewEvent(customer_id, "customer", customer_id, version, event, command.occurred_at)]
