"""Undo: takes back a command, an import, or whatever else has one correlation id; what others built upon it stays.

Each record is undone in one append, many records in one transaction. An undo that was killed goes on where it stood
when it is started again: what is undone already is passed over.
"""

from collections.abc import Hashable, Sequence
from typing import Annotated, TypeAlias
from uuid import UUID

from fastapi import APIRouter, Header, Security
from pydantic import BaseModel, ConfigDict
from uuid_utils.compat import uuid7

from api import underway
from api.access import OpenStore, Principal, principal
from api.problems import BadIfMatch, NotFound, documented
from api.reversal import reversal
from api.store import Store
from api.streams import Streams
from api.undo_report import UndoKind
from api.undo_report import UndoReport as UndoReport
from api.visible import sees
from domain import imports
from domain.event import Refusal, Text
from domain.imports import Import, ImportEvent, RevertImport
from domain.lead import LeadConverted
from domain.reversal import EVOLVE, NotUndone, is_reverted, merge_of
from domain.undo import EventsUndone, Undoing, standing
from domain.undo import undo as decide
from domain.workspace import WORKSPACE_ID
from eventstore import log
from eventstore.bulk import append_bulk
from eventstore.database import Connection
from eventstore.erasure.forgetting import forgotten_among
from eventstore.undoing import Together, done_together, is_command, is_correlation, resting
from projections.sight import EVERYTHING, Sight

router = APIRouter(prefix="/v1/undo", tags=["undo"])

_INSTEAD = {
    "workspace": "Settings and members are not undone. Publish the settings that shall hold, or deactivate the member.",
    "campaign": "Campaigns are not undone. Record on the campaign what holds now.",
}
_FORGOTTEN = "Of whoever was forgotten nothing can be recorded any more, so nothing is undone either."
_HELD = "What the same command recorded in another history stays, so this stays with it: nothing is moved by halves."

_Decided: TypeAlias = tuple[Together, Sequence[log.Recorded], Undoing[log.Recorded] | None]
"""A record, its history, and what of it is undone; None of somebody who was forgotten."""


class NothingToUndo(NotFound):
    """There is no command, import or correlation with this id. Histories show these ids beside every event."""


class UndoRequest(BaseModel):
    """What to take back, and why."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    reason: Text | None = None
    dry_run: bool = False


@router.post("", responses=documented(NothingToUndo, BadIfMatch, writes=True))
def undo_together(
    request: UndoRequest,
    store: OpenStore,
    caller: Annotated[Principal, Security(principal, scopes=["undo"])],
    if_match: Annotated[str | None, Header(description="Not taken here: an undo concerns many records.")] = None,
) -> UndoReport:
    """Take back a command, an import, or all that has one correlation id. To repeat it changes nothing, so it needs no
    Idempotency-Key: the second answer counts what had been undone before."""
    if if_match is not None:
        raise BadIfMatch("An undo concerns many records, each as it stands. Leave out If-Match.")
    return undo_for(caller, store, "api", request)


def undo_for(caller: Principal, store: Store, channel: str, request: UndoRequest) -> UndoReport:
    """The same for whoever asks through this channel. Raises NothingToUndo, also where she may not see all of it."""
    _must_see_all_of_it(store, caller.sight, request.id)
    by = log.Envelope(caller.kind, caller.id, channel, request_id=underway.request_id())
    return undo(store, by, request.id, reason=request.reason, dry_run=request.dry_run)


def undo(
    store: Store,
    by: log.Envelope,
    together_id: UUID,
    *,
    reason: Text | None = None,
    dry_run: bool = False,
) -> UndoReport:
    """Undo what has this id, as far as nothing that stays builds upon it. `by` says who does, through which channel.

    Raises NothingToUndo, or VersionConflict when others write to the same records all the time.
    """
    with store.pool.connection() as connection:
        run = _Undo(connection, by, together_id, reason, dry_run=dry_run)
        report = run.carry_out()
        if not dry_run:
            store.bell.ring(connection)
    return report


def _must_see_all_of_it(store: Store, sight: Sight, together_id: UUID) -> None:
    """What concerns a record that may not be seen is not undone by halves: raises NothingToUndo."""
    if sight.records == "all":
        return
    with store.pool.connection() as connection:
        kind = _kind(connection, together_id)
        if kind == "import":
            raise NothingToUndo()
        with done_together(connection, together_id, is_command=kind == "command") as chunks:
            if not all(sees(connection, sight, one.stream_type, one.stream_id) for chunk in chunks for one in chunk):
                raise NothingToUndo()


class _Undo:
    """One undo under way."""

    def __init__(
        self, connection: Connection, by: log.Envelope, together_id: UUID, reason: Text | None, *, dry_run: bool
    ) -> None:
        self._connection, self._id, self._reason = connection, together_id, reason
        self._report = UndoReport(id=together_id, kind=_kind(connection, together_id), dry_run=dry_run, undo_id=uuid7())
        self._envelope = log.Envelope(
            by.actor_kind, by.actor_id, by.channel, self._report.undo_id, together_id, request_id=by.request_id
        )
        self._unlike: list[log.Recorded] = []
        self._would_be_gone: set[UUID] = set()
        self._records_before = 0

    def carry_out(self) -> UndoReport:
        with done_together(self._connection, self._id, is_command=self._report.kind == "command") as chunks:
            for chunk in chunks:
                # whether a customer can be undone depends on what is left of her leads and tickets
                for are_customers in (False, True):
                    self._undo([one for one in chunk if (one.stream_type == "customer") == are_customers])
        for together in self._to_revert():
            self._revert(together)
        if self._report.kind == "import" and not self._report.dry_run:
            log.retrying(self._close_import)
        return self._report

    def _undo(self, chunk: Sequence[Together]) -> None:
        for one in chunk:
            if one.stream_type not in EVOLVE and one.stream_id != self._id:
                self._keep(one, _INSTEAD.get(one.stream_type, str(NotUndone())))
        records = [one for one in chunk if one.stream_type in EVOLVE]
        held, decided = log.retrying(lambda: self._attempt(records))
        for past in held:
            self._report.keep(past.type, _HELD)
        for one, history, undoing in decided:
            if undoing is None:
                self._keep(one, _FORGOTTEN)
            else:
                self._count(one, history, undoing)

    def _attempt(self, records: Sequence[Together]) -> tuple[Sequence[log.Recorded], list[_Decided]]:
        """Decide on the newest state of these records and append that; the first are the events that others hold."""
        histories = log.load_many(self._connection, [one.stream_id for one in records])
        forgotten = forgotten_among(self._connection, [one.stream_id for one in records])
        customers = [one.customer_id for one in records if one.stream_type == "customer"]
        rests = resting(self._connection, customers, self._would_be_gone) if customers else {}
        held: list[log.Recorded] = []
        while True:
            decided: list[_Decided] = []
            for one in records:
                history, undoing = histories[one.stream_id], None
                if one.stream_id not in forgotten:
                    rest = rests.get(one.stream_id)
                    wanted = set(one.versions) - {past.version for past in held if past.stream_id == one.stream_id}
                    undoing = decide(history, wanted, EVOLVE[one.stream_type], _command_of, rest)
                decided.append((one, history, undoing))
            if not (also := _held(decided)):
                break
            held += also
        if not self._report.dry_run:
            self._append(decided)
        return held, decided

    def _append(self, decided: Sequence[_Decided]) -> None:
        events = [
            log.NewEvent(
                one.customer_id,
                one.stream_type,
                one.stream_id,
                history[-1].version + 1,
                EventsUndone(versions=tuple(past.version for past in undoing.undone), reason=self._reason),
            )
            for one, history, undoing in decided
            if undoing and undoing.undone
        ]
        try:
            append_bulk(self._connection, events, self._envelope)
        except log.SubjectForgotten:  # just now: the next attempt knows who
            raise log.VersionConflict from None

    def _count(self, one: Together, history: Sequence[log.Recorded], undoing: Undoing[log.Recorded]) -> None:
        report = self._report
        report.events += len(undoing.undone)
        report.records += bool(undoing.undone)
        report.already_undone += undoing.already
        self._records_before += bool(undoing.already and not undoing.undone)
        if undoing.undone and len(undoing.undone) == len(standing(history)):
            report.gone += 1
            if report.dry_run:
                self._would_be_gone.add(one.stream_id)
        for conflict in undoing.conflicts:
            report.add(conflict)
        self._unlike += undoing.unlike

    def _keep(self, one: Together, detail: str) -> None:
        for type_ in one.types:
            self._report.keep(type_, detail)

    def _to_revert(self) -> list[list[log.Recorded]]:
        """What is reverted together, the last first: a conversion, then the two sides of its merge."""
        together: dict[UUID, list[log.Recorded]] = {}
        for recorded in sorted(self._unlike, key=lambda one: one.position, reverse=True):
            together.setdefault(merge_of(recorded.event) or recorded.event_id, []).append(recorded)
        return [sorted(one, key=lambda past: not isinstance(past.event, LeadConverted)) for one in together.values()]

    def _revert(self, together: Sequence[log.Recorded]) -> None:
        """By events of their own in all histories that they concern, in one append."""
        try:
            reverted = log.retrying(lambda: self._attempt_to_revert(together[0]))
        except (Refusal, NotFound, log.SubjectForgotten) as refusal:
            for recorded in together:
                self._report.keep(recorded.type, str(refusal))
        else:
            self._report.reverted += reverted
            self._report.already_undone += 0 if reverted else len(together)

    def _attempt_to_revert(self, recorded: log.Recorded) -> bool:
        streams = Streams(self._connection, recorded.stream_type, [recorded.stream_id], sight=EVERYTHING)
        later = [past.event for past in streams.first.history if past.version > recorded.version]
        if is_reverted(recorded.event, later):
            return False
        decided = reversal(streams, recorded, self._reason)
        new = [event for stream_id in decided for event in streams.follow(stream_id, decided[stream_id], None)]
        if not self._report.dry_run:
            log.append(self._connection, new, self._envelope)
        return True

    def _close_import(self) -> None:
        history = log.load(self._connection, self._id).history
        state = _import(history)
        if state.reverted:
            return
        event = imports.revert(
            state,
            RevertImport(reason=self._reason),
            compensated=self._report.records + self._records_before,
            conflicting=self._report.in_conflict,
        )
        new = log.NewEvent(WORKSPACE_ID, "import", self._id, history[-1].version + 1, event)
        log.append(self._connection, [new], self._envelope)


def _kind(connection: Connection, together_id: UUID) -> UndoKind:
    """What the id is of. Raises NothingToUndo."""
    history = log.load(connection, together_id).history
    if history and history[0].stream_type == "import":
        return "import"
    if is_correlation(connection, together_id):
        return "correlation"
    if is_command(connection, together_id):
        return "command"
    raise NothingToUndo()


def _command_of(recorded: log.Recorded) -> Hashable:
    """What of one record is undone together: a command's events, or of an import's those about the same part."""
    return recorded.command_id or (recorded.correlation_id, recorded.part_id)


def _held(decided: Sequence[_Decided]) -> list[log.Recorded]:
    """What would go although something stays that the same command recorded in another history of the same noun."""
    staying: set[tuple[str, UUID | None]] = set()
    for one, history, undoing in decided:
        stays = [past for past in history if past.version in one.versions] if undoing is None else ()
        staying |= {(past.stream_type, past.command_id) for past in stays}
        staying |= {(kept.past.stream_type, kept.past.command_id) for kept in (undoing.conflicts if undoing else ())}
    going = [past for _, _, undoing in decided if undoing for past in (*undoing.undone, *undoing.unlike)]
    return [past for past in going if past.command_id and (past.stream_type, past.command_id) in staying]


def _import(history: Sequence[log.Recorded]) -> Import:
    state: Import | None = None
    for recorded in history:
        assert isinstance(recorded.event, ImportEvent)
        state = imports.evolve(state, recorded.event)
    return state or Import()
