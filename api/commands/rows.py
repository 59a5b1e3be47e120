"""A row of a table of commands: the command, its rule, and what the rule needs beside the record and the command."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, Literal, TypeAlias
from uuid import UUID

from api.problems import RequestProblem
from api.resources import Answered, CommandResult
from api.streams import Decision, Streams
from api.write import Writer
from domain.event import Command
from domain.workspace import Workspace
from eventstore.database import Connection

StreamNoun: TypeAlias = Literal["customer", "lead", "ticket", "campaign", "workspace"]
"""In whose histories there is something to command."""

_STATE: Mapping[StreamNoun, Callable[..., Any]] = MappingProxyType(  # Any: the noun's own id and state
    {
        "customer": Streams.customer,
        "lead": Streams.lead,
        "ticket": Streams.ticket,
        "campaign": Streams.campaign,
        "workspace": Streams.workspace,
    }
)


@dataclass(frozen=True, slots=True)
class Situation:
    """What a command is decided in: the streams as they were loaded, and what the request brought along."""

    write: Writer
    connection: Connection
    streams: Streams
    noun: StreamNoun
    record_id: UUID
    command: Any  # Any: the row's own command
    new_id: UUID
    """Of what the command makes, where it makes something and says no id of its own."""

    @property
    def read(self) -> Callable[..., Any]:  # Any: the noun's own id and state
        """Reads a record of this kind by its id; raises NotFound."""
        return partial(_STATE[self.noun], self.streams)

    @property
    def record(self) -> Any:  # Any: the noun's own state
        """The record as it is; raises NotFound."""
        return self.read(self.record_id)

    @property
    def workspace(self) -> Workspace:
        """The settings as they are now."""
        return self.write.store.settled.now(self.connection)[0]


Need: TypeAlias = Callable[[Situation], Any]
"""What a rule asks for beside the record and the command."""
Begin: TypeAlias = Callable[[Writer, Any, UUID], Answered]  # Any: the row's own command
"""What carries out a command that begins a new record; the id is of the record that it is begun from, if any."""


@dataclass(frozen=True, slots=True)
class Row:
    """A command as a route. `others` are the fields that name further streams, to be loaded in the same round trip."""

    slug: str
    command: type[Command]
    decide: Callable[[Situation], Decision] | None = None
    makes: str = ""
    others: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    """What the caller may need beside the resource's own scope."""
    answers: Literal["record", "done"] = "record"
    made: Callable[[Connection, CommandResult], UUID | None] | None = None
    """The id of what was made, where only the log can tell."""
    begin: Begin | None = None
    begins: bool = True
    """Whether that makes something that was not there."""
    is_first: bool = False
    """Whether the resource's own address takes it: what begins a new one."""
    unsaid: tuple[str, ...] = ()
    """Fields of the command that are given here, and not by the request."""
    answer_type: Any = None  # Any: a type for the documentation
    problems: tuple[type[RequestProblem], ...] = ()
    """What it may answer with beside what all commands do."""

    @property
    def status(self) -> int:
        """What the answer begins with when it was carried out."""
        return 201 if self.begin and self.begins else 200

    @property
    def about(self) -> str:
        """What the command does, for people."""
        return " ".join((self.command.__doc__ or "").split())


@dataclass(frozen=True, slots=True)
class Resource:
    """What can be commanded under one address, and how it is answered."""

    path: str
    noun: StreamNoun
    scope: str
    rows: tuple[Row, ...]
    part: str | None = None
    """The field of the commands that stands in the address, where it is about one part of the workspace."""
    answer: Callable[[Writer, UUID | None], Callable[[Connection, CommandResult], Answered]] | None = None
    answer_type: Any = CommandResult  # Any: a type for the documentation

    @property
    def id_name(self) -> str | None:
        """What the address names, such as lead_id; nothing where the workspace has only one."""
        return self.part if self.noun == "workspace" else f"{self.noun}_id"


def row(
    slug: str,
    command: type[Command],
    rule: Callable[..., Any],
    *needs: Need,
    makes: str = "",
    scopes: tuple[str, ...] = (),
) -> Row:
    """A row of a rule about one record: `rule(record, command, *needs)`."""

    def decide(at: Situation) -> Decision:
        decided = rule(at.record, at.command, *(need(at) for need in needs))
        return {at.record_id: decided if isinstance(decided, Sequence) else (decided,)}

    return Row(slug, command, decide, makes=makes, scopes=scopes)


def new_id(at: Situation) -> UUID:
    """Of what the command makes."""
    return at.new_id


def workspace(at: Situation) -> Workspace:
    """The settings as they are now."""
    return at.workspace


def record_id(at: Situation) -> UUID:
    """Of the record itself."""
    return at.record_id
