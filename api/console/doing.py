"""Carries out a command of the tables for a form: what it did, or in a sentence why it did nothing."""

from collections.abc import Mapping
from uuid import UUID

from fastapi import Response
from pydantic import ValidationError

from api.access import Principal
from api.commands.carrying_out import carry_out
from api.commands.routes import body_of, command_of, table
from api.commands.rows import Resource, Row
from api.console.frame import Notice, Typed
from api.console.shown import words
from api.problems import IdempotencyKeyReused, NotFound, StaleVersion
from api.resources import CommandResult
from api.store import Store
from api.write import Writer
from domain.event import Refusal
from eventstore.database import Connection
from eventstore.log import CommandAlreadyCarriedOut, SubjectForgotten, VersionConflict

_TABLE = table()
_BUSY = "Others are changing the same record at this moment. Nothing was done; try again."
_SENT_BEFORE = "This form was sent before with other content. Nothing was done this time; send it again if you mean it."
_CHANGED_SINCE = "Somebody changed this after you opened the page. Nothing was done; look at it again, then send it."
_GONE = "This is not here any more, or not for you to see."


def writer(
    store: Store,
    member: Principal,
    key: tuple[str, ...],
    connection: Connection | None = None,
    correlation_id: UUID | None = None,
) -> Writer:
    """What a form's command works with. Its id comes from the key, so that a form that is sent twice acts once."""
    command_id = store.derived_id(member.id.hex, "POST", *key)
    return Writer(
        store,
        member,
        "console",
        command_id,
        None,
        Response(),
        connection=connection,
        is_brief=True,
        correlation_id=correlation_id,
    )


def do(write: Writer, name: str, record_id: UUID, fields: Mapping[str, object], typed: Typed) -> CommandResult | Notice:
    """Carry out the command of this name, such as customers/tag. Raises NotAllowed where a scope is missing for it."""
    return do_row(write, *_TABLE[name], record_id, fields, typed)


def do_row(
    write: Writer, resource: Resource, row: Row, record_id: UUID, fields: Mapping[str, object], typed: Typed
) -> CommandResult | Notice:
    """The same for a command with a rule of its own."""
    name = f"{resource.path}/{row.slug}"
    write.principal.must(resource.scope, *row.scopes)
    try:
        body = body_of(resource, row).model_validate({key: value for key, value in fields.items() if value is not None})
        done = carry_out(write, resource, row, record_id, command_of(resource, row, body, record_id))
    except ValidationError as error:
        return Notice(422, unfit(error), name, typed)
    except (Refusal, SubjectForgotten) as refusal:
        return Notice(409, str(refusal), name, typed)
    except NotFound:
        return Notice(404, _GONE, name, typed)
    except StaleVersion as stale:
        return Notice(stale.status, _CHANGED_SINCE, name, typed)
    except IdempotencyKeyReused as reused:
        return Notice(reused.status, _SENT_BEFORE, name, typed)
    except (VersionConflict, CommandAlreadyCarriedOut):
        return Notice(409, _BUSY, name, typed)
    assert isinstance(done, CommandResult), "briefly answered"
    return done


def unfit(error: ValidationError) -> str:
    """One sentence per field; the library's own words, without the value that was sent."""
    told = (f"{words(str(found['loc'][-1])).capitalize()}: {found['msg'].lower()}." for found in error.errors())
    return f"Nothing was done. {' '.join(dict.fromkeys(told))}"
