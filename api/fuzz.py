"""Asks the API what nobody would ask, within its own OpenAPI document and beyond, and compares each answer with it.

Requests are made up by schemathesis, whole and broken ones, with ids of records that there are, by a member of each
role and by strangers. An answer is wrong when it is a server error, when its status, type or body is not what the
document says, and when somebody without a key gets in.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from api.access import SCOPES, create_api_key
from api.app import create_app
from api.permissions import RIGHTS
from api.store import Store, append_to_workspace
from domain.event import MemberId
from domain.workspace import WorkspaceMemberInvited, WorkspaceMemberJoinedTeam, WorkspaceMemberRoleGranted

if TYPE_CHECKING:
    from fastapi.testclient import TestClient
    from schemathesis import Case
    from schemathesis.schemas import APIOperation

_STRANGERS = ("nobody", "a wrong key")
_KNOWN = 0.8
"""How often an id in a request is one of a record that there is."""
_LISTS = {
    "lead_id": "leads", "customer_id": "customers", "ticket_id": "tickets", "campaign_id": "campaigns",
    "interaction_id": "interactions", "task_id": "follow-ups", "purchase_id": "purchases",
    "subscription_id": "subscriptions", "person_id": "people", "point_id": "contact-points", "member_id": "members",
}  # fmt: skip
"""Which list tells ids of this name."""
_UNENDING = "tail"
"""The parameter that keeps an answer from ending."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """An answer that is not what the document says."""

    operation: str
    role: str
    what: str


@dataclass(slots=True)
class Fuzzed:
    """What came of it: how many requests, by the status of their answers, and each kind of wrong answer once."""

    requests: int = 0
    by_status: Counter[int] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
    wrong: dict[tuple[str, str], Wrong] = field(default_factory=dict)


NO_LIMITS: Mapping[str, int] = dict.fromkeys(
    ("requests_per_minute", "costly_requests_per_minute", "strangers_requests_per_minute"), 0
)
"""Settings of an installation that is asked so much."""


def fuzz(store: Store, requests: int, seed: int = 0, only: str = "") -> Fuzzed:
    """Send about so many requests to an application of this store, in turn to all operations, or to those whose method
    and path have `only` in them. The store should have no limits and be nobody's: whatever can be done is done.

    Raises ImportError where the packages of the tests are not installed.
    """
    import schemathesis
    from fastapi.testclient import TestClient

    app = create_app(store)
    found = Fuzzed()
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        headers = _keys(store)
        schema = schemathesis.openapi.from_dict(app.openapi())
        results: Any = schema.get_all_operations()  # Any: none is an error, the document is our own
        asked = [one for result in results if only in (one := result.ok()).label]
        chance, number = random.Random(seed), seed  # noqa: S311  # made-up requests, no secrets
        while found.requests < requests:
            left, number = requests - found.requests, number + 1
            some = asked if left >= len(asked) else chance.sample(asked, left)
            each = min(_AT_ONCE, max(1, left // len(some)))
            ask = partial(_ask, client, found, headers, _ids(client, headers["admin"]), chance)
            for operation in some:
                _made_up(operation, each, number, ask)
    return found


_AT_ONCE = 5
"""So many requests to one operation in a round: in the next, what the others did may be met."""


def _keys(store: Store) -> dict[str, Mapping[str, str]]:
    """By role, the headers of a member who has just that one; and of strangers."""
    headers: dict[str, Mapping[str, str]] = {"nobody": {}, "a wrong key": {"Authorization": f"Bearer {uuid4().hex}"}}
    for role in RIGHTS:
        member_id = MemberId(uuid4())
        with store.pool.connection() as connection:
            append_to_workspace(connection, None, WorkspaceMemberInvited(member_id=member_id, name=f"The {role}"))
            append_to_workspace(connection, None, WorkspaceMemberRoleGranted(member_id=member_id, role=role))
            append_to_workspace(connection, None, WorkspaceMemberJoinedTeam(member_id=member_id, team="north"))
        key = create_api_key(store, f"fuzz {role}", tuple(SCOPES), member_id=member_id)
        headers[role] = {"Authorization": f"Bearer {key}"}
    return headers


def _ids(client: "TestClient", headers: Mapping[str, str]) -> dict[str, Sequence[str]]:
    """By their name, some ids of records that there are."""
    found = dict[str, Sequence[str]]()
    for name, path in _LISTS.items():
        rows = client.get(f"/v1/{path}", params={"limit": 50}, headers=headers).json()["data"]
        found[name] = [row[name] for row in rows if name in row] or [str(uuid4())]
    return found


def _made_up(
    operation: "APIOperation[Any, Any, Any, Any]", count: int, seed: int, ask: "Callable[[Case[Any]], None]"
) -> None:
    """Ask so many requests, one in three of them broken on purpose."""
    import hypothesis
    from hypothesis import strategies
    from schemathesis.generation import GenerationMode

    modes = (GenerationMode.POSITIVE, GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    cases = strategies.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))
    run = hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )

    def asked(case: "Case[Any]") -> None:
        ask(case)

    hypothesis.seed(seed)(run(hypothesis.given(cases)(asked)))()


def _ask(
    client: "TestClient",
    found: Fuzzed,
    headers: Mapping[str, Mapping[str, str]],
    ids: Mapping[str, Sequence[str]],
    chance: random.Random,
    case: "Case[Any]",
) -> None:
    """Send one request as somebody, and note what is wrong with the answer."""
    import requests
    from schemathesis.core.failures import FailureGroup

    _name_what_there_is(case, ids, chance)
    if chance.random() < _KNOWN:  # a made-up version would keep most commands from being decided at all
        named: Any = case.headers or {}  # Any: as schemathesis has it
        named.pop("if-match", None)
    role = chance.choice([*headers, *RIGHTS])
    told = case.as_transport_kwargs(base_url="http://testserver")
    told["headers"] = {**{n: v for n, v in told["headers"].items() if n.lower() != "authorization"}, **headers[role]}
    sent = requests.Request(**{name: told[name] for name in _SENT if name in told}).prepare()
    carried: Any = {"headers": dict(sent.headers), "content": sent.body}  # Any: bytes or text, as requests makes it
    answer = client.request(str(sent.method), str(sent.url), **carried)
    found.requests += 1
    found.by_status[answer.status_code] += 1
    label = case.operation.label
    found.operations.add(label)
    problems = []
    # a body that is no text at all is refused before anybody asks who sent it
    refused = answer.status_code == 401 or (answer.status_code == 400 and "unreadable_body" in answer.text)
    if role in _STRANGERS and case.operation.definition.raw.get("security") and not refused:
        problems.append(f"let {role} in with {answer.status_code}")
    try:
        case.validate_response(answer, checks=_checks())
    except FailureGroup as failures:
        problems += [f"{failure.title}: {failure.message}" for failure in failures.exceptions]
    for problem in problems:
        found.wrong.setdefault((label, problem.splitlines()[0]), Wrong(label, role, f"{answer.status_code} {problem}"))


_SENT = ("method", "url", "headers", "params", "json", "data", "files", "cookies")


def _checks() -> list[Any]:
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    return [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
    ]


def _name_what_there_is(case: "Case[Any]", ids: Mapping[str, Sequence[str]], chance: random.Random) -> None:
    """Put ids of real records in the place of made-up ones, mostly; and let no answer go on for ever."""
    for part in (case.path_parameters, case.query, case.body):
        if not isinstance(part, dict):
            continue
        part.pop(_UNENDING, None)
        for name in part:
            known = ids.get(name) or ids.get(name.replace("into_", "").replace("other_", "customer_"))
            if known and chance.random() < _KNOWN:
                part[name] = chance.choice(known)
