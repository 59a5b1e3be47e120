"""Beginning a record: a customer, a lead or a ticket of a known customer or of a new one, a campaign; under the names
that other systems have for it."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from api.commands.answers import CustomerAnswer, TicketAnswer, customer_answer, ticket_answer
from api.problems import BadIfMatch, BadParameter, ExternalIdTaken
from api.references import must_refer_to_what_is_there
from api.resources import CommandResult
from api.streams import Streams, as_time_counts
from api.visible import sees
from api.write import Answer, Writer
from domain import campaign, customer, ticket
from domain.customer import Customer, RegisterCustomer, UnknownContactPerson
from domain.event import Command, CustomerId, Event, MemberId
from domain.ticket import AssignTicket, OpenFollowUpTicket, OpenTicket, Ticket, TicketEvent, TicketId
from domain.workspace import WORKSPACE_ID, Workspace
from eventstore import log
from eventstore.database import Connection
from projections.sight import EVERYTHING, Sight

_NOUNS = ("customer", "lead", "ticket")

Decide = Callable[[Streams, Workspace], Sequence[Event]]


def begin(
    write: Writer,
    noun: str,
    command: Any,  # Any: of the commands that begin something, with what each of them has of names and customer
    decide: Decide,
    answer: Callable[[Connection, CommandResult], Answer],
    customer_id: CustomerId | None = None,
) -> Answer:
    """Begin a record with what is decided, and register its customer if she is new. Raises what the rule does,
    BadIfMatch, BadParameter, NotFound, ExternalIdTaken."""
    if write.if_match is not None:
        raise BadIfMatch(f"A {noun} that begins has no version yet. Leave out If-Match.")
    sight = write.principal.sight
    names: dict[str, str] = getattr(command, "external_ids", {})
    new_name = getattr(command, "customer_name", None)
    is_given = customer_id is not None  # and so found behind a record that is seen
    customer_id = customer_id or getattr(command, "customer_id", None)
    if customer_id and new_name:
        raise BadParameter("Give customer_id for a known customer or customer_name for a new one, not both.")

    def attempt(connection: Connection) -> Answer:
        taken = [found for name in names.items() if (found := log.find_external_id(connection, *name))]
        known = _begun_before(write, connection, noun, customer_id, taken)
        stream_id = known[0].stream_id if known else write.new_id(noun)
        whose = customer_id or _whose(write, noun, stream_id, known)
        write.response.headers["Location"] = f"/v1/{noun}s/{stream_id}"
        loaded = write.loading(connection, lambda: log.load(connection, stream_id, write.command_id))
        if loaded.carried_out:
            return answer(connection, write.first_time(loaded, command))
        settings, streams = write.store.settled.now(connection)[0], Streams(connection, sight=sight)
        if customer_id and noun != "campaign":
            whom = Streams(connection, sight=EVERYTHING) if is_given else streams
            whom.customer(customer_id, "customer_id").must_be_in_use()
        must_refer_to_what_is_there(command, streams, lambda: settings)
        events = decide(streams, settings)
        before = log.load(connection, whose) if known and new_name else log.Loaded()
        new = _registered(command, whose, before, write.owner_id) if new_name else []
        new += [
            log.NewEvent(
                whose,
                noun,
                stream_id,
                version,
                event,
                command.occurred_at,
                subject_id=getattr(event, "person_id", None),
            )
            for version, event in enumerate(events, start=loaded.version + 1)
        ]
        for name in taken:  # where nothing stands of the record that has it, this one gets it
            log.release_external_id(connection, name.system, name.key)
        try:
            claims = [log.ExternalId(*name, whose, stream_id) for name in names.items()]
            position = write.append(connection, command, whose, new, claims)
        except log.ExternalIdTaken:
            raise _taken(connection, sight, names, noun) from None
        version = loaded.version + len(events)
        return answer(
            connection, CommandResult(stream_type=noun, stream_id=stream_id, version=version, position=position)
        )

    return write.retrying(attempt)


def register(write: Writer, command: RegisterCustomer, _: UUID) -> CustomerAnswer:
    """Take up a new customer; who sees only some records owns her, unless she says whose she is."""
    owned = command.model_copy(update={"owner_id": command.owner_id or write.owner_id})
    return begin(write, "customer", command, lambda *_: (customer.register(None, owned),), customer_answer(write))


def open_ticket(write: Writer, command: OpenTicket, _: UUID) -> TicketAnswer:
    """Open a ticket, of a known customer or of a new one, under the policy that new tickets are promised. Who sees only
    some records is its assignee."""

    def decide(streams: Streams, settings: Workspace) -> Sequence[Event]:
        if command.person_id and command.person_id not in _people(streams, command.customer_id):
            raise UnknownContactPerson(person_id=command.person_id)
        opening = _assigned(write, ticket.open_ticket(command, settings.policy_of_new_tickets))
        return _with_clocks(streams, settings, command, opening)

    return begin(write, "ticket", command, decide, ticket_answer(write))


def open_follow_up(write: Writer, command: OpenFollowUpTicket, closed_id: UUID) -> TicketAnswer:
    """Open a ticket after a closed one, of whoever its customer is by now."""
    with write.connected() as connection:
        earlier = Streams(connection, "ticket", [closed_id], sight=write.principal.sight)
        closed = earlier.ticket(closed_id)
        filed_under = closed.reattributed_to or earlier.filed_under(closed_id)
        customer_id = Streams(connection, sight=EVERYTHING).root(filed_under)

    def decide(streams: Streams, settings: Workspace) -> Sequence[Event]:
        follow_up = ticket.open_follow_up(closed, TicketId(closed_id), command, settings.policy_of_new_tickets)
        return _with_clocks(streams, settings, command, _assigned(write, follow_up))

    return begin(write, "ticket", command, decide, ticket_answer(write), customer_id)


def plan(write: Writer, command: campaign.PlanCampaign, _: UUID) -> CommandResult:
    """Plan a new campaign."""

    def answer(_: Connection, done: CommandResult) -> CommandResult:
        return done

    return begin(write, "campaign", command, lambda *_: (campaign.plan(None, command),), answer, WORKSPACE_ID)


def _whose(write: Writer, noun: str, stream_id: UUID, known: Sequence[log.ExternalId]) -> CustomerId:
    if noun == "customer":
        return CustomerId(stream_id)
    return known[0].customer_id if known else CustomerId(write.new_id("customer"))


def _begun_before(
    write: Writer, connection: Connection, noun: str, customer_id: CustomerId | None, taken: Sequence[log.ExternalId]
) -> list[log.ExternalId]:
    """What names a record of which nothing stands, or that this very command began: it begins again there."""
    found = [name for name in taken if customer_id in (None, name.customer_id)]
    loaded = log.load(connection, found[0].stream_id, write.command_id) if found else log.Loaded()
    is_one = any(past.stream_type == noun for past in loaded.history[:1])
    is_here = is_one and (loaded.carried_out is not None or not loaded.standing)
    return [name for name in found if name.stream_id == found[0].stream_id] if is_here else []


def _assigned(write: Writer, opening: Sequence[TicketEvent]) -> Sequence[TicketEvent]:
    if write.owner_id is None:
        return opening
    opened: Ticket | None = None
    for event in opening:
        opened = ticket.evolve(opened, event)
    assert opened
    if opened.assignee_id or opened.team:
        return opening
    return (*opening, ticket.assign(opened, AssignTicket(assignee_id=write.owner_id)))


def _taken(connection: Connection, sight: Sight, names: dict[str, str], noun: str) -> ExternalIdTaken:
    for system, key in names.items():
        holder = log.find_external_id(connection, system, key)
        if holder and any(sees(connection, sight, of, holder.stream_id) for of in _NOUNS):
            return ExternalIdTaken(
                f"The record {holder.stream_id} already has the external id of the system {system}. Act on that one, or"
                f" give this {noun} an external id of its own."
            )
    return ExternalIdTaken()


def _registered(
    command: Any,  # Any: as in `begin`
    customer_id: CustomerId,
    known: log.Loaded,
    owner_id: MemberId | None,
) -> list[log.NewEvent]:
    if known.standing:
        return []
    wanted = RegisterCustomer(
        kind=command.customer_kind,
        name=command.customer_name,
        source=getattr(command, "source", None),
        owner_id=getattr(command, "owner_id", None) or owner_id,
    )
    version = known.version + 1
    event = customer.register(None, wanted)
    return [log.NewEvent(customer_id, "customer", customer_id, version, event, command.occurred_at)]


def _people(streams: Streams, customer_id: CustomerId | None) -> frozenset[UUID]:
    return streams.people(customer_id) if customer_id else Customer().people


def _with_clocks(
    streams: Streams, settings: Workspace, command: Command, opening: Sequence[TicketEvent]
) -> Sequence[Event]:
    policy = settings.policy_of_new_tickets
    if policy is None:
        return opening
    calendar = settings.calendar(policy.calendar)
    at = command.occurred_at or log.now(streams.connection)
    return ticket.with_clocks(None, opening, at, as_time_counts(calendar))
