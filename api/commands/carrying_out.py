"""Carries out a command of a table: on the record that it is about, or as the beginning of a new one."""

from collections.abc import Callable
from uuid import UUID

from api.commands.answers import done_answer
from api.commands.rows import Resource, Row, Situation
from api.resources import Answered, CommandResult
from api.streams import Decision, Streams
from api.write import Writer
from domain.event import Command
from domain.workspace import WORKSPACE_ID
from eventstore.database import Connection

Answer = Callable[[Connection, CommandResult], Answered]


def carry_out(write: Writer, resource: Resource, row: Row, record_id: UUID, command: Command) -> Answered:
    """What the command answers with. Raises what its rule refuses, NotFound, StaleVersion and their like."""
    if row.begin:
        return row.begin(write, command, record_id)
    new_id = write.new_id(row.makes) if row.makes else WORKSPACE_ID
    created_id = (getattr(command, f"{row.makes}_id", None) or new_id) if row.makes else None
    stream_id = WORKSPACE_ID if resource.noun == "workspace" else record_id

    def decide(streams: Streams) -> Decision:
        at = Situation(write, streams.connection, streams, resource.noun, stream_id, command, new_id)
        assert row.decide
        return row.decide(at)

    others = [getattr(command, field) for field in row.others]
    answer = _answering(write, resource, row, command, created_id)
    return write.act_together(resource.noun, [stream_id, *others], command, decide, answer)


def _answering(write: Writer, resource: Resource, row: Row, command: Command, created_id: UUID | None) -> Answer:
    if write.is_brief or row.answers == "done" or resource.answer is None:
        merge_id = created_id if row.makes == "merge" else getattr(command, "merge_id", None)
        return done_answer(merge_id, created_id)
    if row.made is None:
        return resource.answer(write, created_id)
    tell, made = resource.answer, row.made
    return lambda connection, done: tell(write, made(connection, done))(connection, done)
