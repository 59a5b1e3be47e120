"""The read models: how they stand, replays of them with progress, comparisons with the log, and the log's seals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request, Response, Security
from fastapi.responses import RedirectResponse

from api.access import OpenStore, Principal
from api.console.frame import PageRoute, page, signed_in
from api.console.log.work import CHECKING, COMPARING, Work, last_check
from api.problems import BadParameter
from api.sealing import seal_key, seals_file
from api.store import Store
from eventstore import log
from eventstore.database import Connection
from eventstore.fence import drawn, horizon
from eventstore.sealing.seals import seal_and_export, sealed_position
from eventstore.trouble import Trouble
from projections.read_models import ReadModel, read_models
from replay import progress
from replay.parked import parked
from replay.progress import Plan, Progress
from replay.swap import retire, roll_back
from replay.upkeep import standing
from replay.versions import at_work

router = APIRouter(prefix="/console/log/read-models", route_class=PageRoute, include_in_schema=False)

Watcher = Annotated[Principal, Security(signed_in, scopes=["metrics:read"])]
Keeper = Annotated[Principal, Security(signed_in, scopes=["metrics:read", "settings:write"])]
Named = Annotated[str, Form(min_length=1, max_length=100)]
"""The name of a read model, or `all`."""
Key = Annotated[str, Form(min_length=8, max_length=64)]

_PARKED_SHOWN = 20


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A replay, and whether some process is at it: one that was cut off can be gone on with."""

    progress: Progress
    state: str


@router.get("")
def show(
    request: Request, store: OpenStore, viewer: Watcher, plan: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """How all of them stand; with `plan`, what a replay of one, or of all, would read."""
    return _shown(request, store, viewer, plan)


def _shown(request: Request, store: Store, viewer: Principal, plan: str = "", problem: str | None = None) -> Response:
    work = _work(request)
    with store.following() as connection:
        head = drawn(connection)
        models = standing(connection)
        under_way = _under_way(work, progress.under_way(connection), at_work(connection, _turns()))
        busy = at_work(connection, [COMPARING, CHECKING])
        plans = _planned(progress.plan(connection, _chosen(plan), _counts(connection)) if plan else [])
        apart = parked(connection, list(read_models())) if any(model.parked_keys for model in models) else []
        sealed = sealed_position(connection)
        now = log.now(connection)
    return page(
        request,
        "read_models.html",
        409 if problem else 200,
        problem=problem or work.trouble,
        head=head,
        models=models,
        behind=sum(model.position < head for model in models),
        bytes=sum(model.bytes for model in models),
        differing=[model.read_model for model in models if model.rows_differing],
        under_way=under_way,
        comparing=COMPARING in busy or work.is_at(COMPARING),
        checking=CHECKING in busy or work.is_at(CHECKING),
        plans=plans,
        plan=plan,
        parked=apart[:_PARKED_SHOWN],
        parked_in_all=len(apart),
        sealed=sealed,
        checked=last_check(store),
        may="settings:write" in viewer.scopes,
        now=now,
    )


@router.get("/{act}")
def back(act: str, _: Watcher) -> Response:
    """Where a reload of a refused form leads."""
    return RedirectResponse(router.prefix, 303)


@router.post("/replay")
def replay(request: Request, keeper: Keeper, store: OpenStore, form_key: Key, read_model: Named) -> Response:
    """Fold one anew, or all of them. Raises BadParameter."""
    chosen = _chosen(read_model)
    return _done(request, store, keeper, lambda work: work.replay(chosen))


@router.post("/pause")
def pause(request: Request, keeper: Keeper, store: OpenStore, form_key: Key, read_model: Named) -> Response:
    """Pause one, or all of them, in whatever process they run. Raises BadParameter."""
    names = [model.name for model in _chosen(read_model)]

    def ask(_: Work) -> None:
        with store.following() as connection:
            progress.ask(connection, names, "pause")

    return _done(request, store, keeper, ask)


@router.post("/resume")
def resume(request: Request, keeper: Keeper, store: OpenStore, form_key: Key, read_model: Named) -> Response:
    """Go on with all that were paused or cut off. Raises BadParameter."""
    _chosen(read_model)
    return _done(request, store, keeper, lambda work: work.resume())


@router.post("/cancel")
def cancel(request: Request, keeper: Keeper, store: OpenStore, form_key: Key, read_model: Named) -> Response:
    """End one, or all of them, and drop what they have made. Raises BadParameter."""
    names = [model.name for model in _chosen(read_model)]
    return _done(request, store, keeper, lambda work: work.cancel(names))


@router.post("/compare")
def compare(request: Request, keeper: Keeper, store: OpenStore, form_key: Key, read_model: Named) -> Response:
    """Compare one, or all of them, with a replay of the log. Raises BadParameter."""
    chosen = _chosen(read_model)
    return _done(request, store, keeper, lambda work: work.compare(chosen))


@router.post("/retry")
def retry(request: Request, keeper: Keeper, store: OpenStore, form_key: Key, read_model: Named) -> Response:
    """Fold the keys that are set apart once more. Raises BadParameter."""
    chosen = _chosen(read_model)
    return _done(request, store, keeper, lambda work: work.retry(chosen))


@router.post("/roll-back")
def go_back(request: Request, keeper: Keeper, store: OpenStore, form_key: Key, read_model: Named) -> Response:
    """Put the version before the live one in its place. Raises BadParameter."""
    (model,) = _chosen(read_model)

    def exchange(_: Work) -> None:
        with store.following() as connection:
            roll_back(connection, model.name)

    return _done(request, store, keeper, exchange)


@router.post("/retire")
def drop_previous(request: Request, keeper: Keeper, store: OpenStore, form_key: Key, read_model: Named) -> Response:
    """Drop the version that was kept to go back to. Raises BadParameter."""
    (model,) = _chosen(read_model)

    def drop(_: Work) -> None:
        with store.following() as connection:
            retire(connection, model.name)

    return _done(request, store, keeper, drop)


@router.post("/seals")
def seals(
    request: Request, keeper: Keeper, store: OpenStore, form_key: Key, wish: Annotated[Literal["check", "seal"], Form()]
) -> Response:
    """Recompute the log against its seals, or seal all events now."""

    def seal_all(_: Work) -> None:
        with store.following() as connection:
            seal_and_export(connection, seals_file(store.settings), seal_key(store.settings), force=True)

    return _done(request, store, keeper, seal_all if wish == "seal" else lambda work: work.check_log())


def _done(request: Request, store: Store, keeper: Principal, act: Callable[[Work], None]) -> Response:
    try:
        act(_work(request))
    except Trouble as trouble:
        return _shown(request, store, keeper, problem=str(trouble))
    return RedirectResponse(router.prefix, 303)


def _work(request: Request) -> Work:
    work: Work = request.app.state.work
    return work


def _chosen(name: str) -> Sequence[ReadModel]:
    """The read model of that name, or all of them. Raises BadParameter."""
    if name == "all":
        return list(read_models().values())
    if name not in read_models():
        raise BadParameter("There is no read model of that name. The page of the read models lists them all.")
    return [read_models()[name]]


def _counts(connection: Connection) -> progress.Counts:
    return progress.count_types(connection, horizon(connection))


def _planned(plans: Sequence[Plan]) -> Sequence[Plan]:
    return sorted(plans, key=lambda plan: (-plan.seconds, plan.read_model))


def _turns() -> list[str]:
    return [f"rebuild {name}" for name in read_models()]


def _under_way(work: Work, found: Sequence[Progress], held: set[str]) -> list[UnderWay]:
    """Where nobody is at any of them, they were cut off; those that wait begin when the ones before have ended."""
    somebody = bool(held) or work.is_at("replay")
    states = {"pause": "pausing" if somebody else "paused", "cancel": "ending", "run": "cut off"}
    return [UnderWay(each, each.phase if each.wanted == "run" and somebody else states[each.wanted]) for each in found]
