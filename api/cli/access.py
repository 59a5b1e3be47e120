"""The verbs about who gets in: `crm member ...` for people, `crm key list | rotate | revoke` for programs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError

from api.cli.common import AsJson, Data, day_or_moment_of, fail, opened, reason_of, settings_of
from api.cli.printing import print_json
from domain.event import MemberId, Refusal
from domain.workspace import ROLES, Role
from eventstore.log import Envelope

members = typer.Typer(no_args_is_help=True, help="Who works here, by which roles, and how they sign in.")

MemberArgument = Annotated[UUID, typer.Argument(metavar="MEMBER", help="The member's id: ./crm member list.")]
RoleArgument = Annotated[str, typer.Argument(metavar="ROLE", help=f"One of: {', '.join(ROLES)}.")]
Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's id at the sign-in service, its `sub`.")]
IssuerOption = Annotated[
    str | None, typer.Option(help="The sign-in service; default: EVERFOLD_OIDC_ISSUER.", show_default=False)
]
Port = Annotated[int, typer.Option(help="Where the console is served.")]


@members.command("invite")
def invite(
    name: Annotated[str, typer.Argument(help="The person's name.")],
    role: Annotated[list[str] | None, typer.Option(help=f"One of: {', '.join(ROLES)}. Repeatable.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody work here, and print the id. Without a role she may do nothing yet."""
    from api import membership

    roles = [_role(each) for each in role or ()]
    if not name.strip():
        fail("Give the person's name.")
    with opened(data) as store, _refusals():
        try:
            member_id = membership.invite(store, name, _by())
        except ValidationError:  # its own words would quote the name
            fail("This cannot be a name. Give it in ordinary text, of at most 20,000 characters.")
        for each in roles:
            membership.grant(store, member_id, each, _by())
    print_json({"member_id": member_id, "roles": roles}) if as_json else print(member_id)


@members.command("role")
def role(
    member: MemberArgument,
    role: RoleArgument,
    revoke: Annotated[bool, typer.Option("--revoke", help="Take the role back.")] = False,
    data: Data = None,
) -> None:
    """Let a member do what a role may, from the next request on."""
    from api import membership

    act, said = (membership.revoke, "no longer") if revoke else (membership.grant, "now")
    with opened(data) as store, _refusals():
        act(store, MemberId(member), _role(role), _by())
    print(f"The member is {said} {role}.")


@members.command("identify")
def identify(
    member: MemberArgument,
    account: Account,
    issuer: IssuerOption = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="Let her no longer sign in with it.")] = False,
    data: Data = None,
) -> None:
    """Let a member sign in with her account at the sign-in service."""
    from api import membership

    service = issuer or settings_of(data).oidc_issuer
    if not service:
        fail("Say which sign-in service it is: --issuer https://..., or set EVERFOLD_OIDC_ISSUER.")
    act = membership.take_account if revoke else membership.identify
    with opened(data) as store, _refusals():
        try:
            act(store, MemberId(member), service, account, _by())
        except ValidationError:
            fail("A sign-in service is named by its address, exactly as in its tokens: https://id.example")
    print(f"The member signs in with this account {'no longer' if revoke else 'from now on'}.")


@members.command("deactivate")
def deactivate(
    member: MemberArgument,
    reason: Annotated[str | None, typer.Option(help="Why; it is kept beside the event.")] = None,
    data: Data = None,
) -> None:
    """Let a member no longer work here. Her sessions end at once; what she did stays."""
    from api import membership
    from api.sessions import close_sessions_of

    with opened(data) as store, _refusals():
        membership.deactivate(store, MemberId(member), reason_of(reason) or None, _by())
        close_sessions_of(store, member)
    print("The member is deactivated.")


@members.command("list")
def list_members(data: Data = None, as_json: AsJson = False) -> None:
    """Show the members: their ids, roles and sign-in services, and their names."""
    from api import membership

    with opened(data) as store:
        found = membership.list_members(store)
    if as_json:
        print_json([asdict(member) for member in found])
        return
    for member in found:
        roles = ", ".join(member.roles) or "no role" if member.is_active else "deactivated"
        by = f"; signs in with {', '.join(member.issuers)}" if member.issuers else ""
        print(f"{member.member_id}  {member.name or '(forgotten)'}: {roles}{by}")


@members.command("link")
def link(member: MemberArgument, data: Data = None, port: Port = 8000) -> None:
    """Print a link that signs this member in to the console, once, within an hour. Whoever opens it is her."""
    from api.sessions import console_address, create_sign_in_link

    with opened(data) as store, _refusals():
        print(f"{console_address(store.settings, port)}{create_sign_in_link(store, member)}")


@members.command("sign-out")
def sign_out(member: MemberArgument, data: Data = None) -> None:
    """End all of a member's sessions at the console, and take back her links."""
    from api.sessions import close_sessions_of

    with opened(data) as store:
        ended = close_sessions_of(store, member)
    print(f"{ended} {'session' if ended == 1 else 'sessions'} ended.")


def list_keys(data: Data = None, as_json: AsJson = False) -> None:
    """Show the API keys in force: their ids, what each may do, until when, and in which hour (UTC) it was used last."""
    from api.tokens import list_api_keys

    with opened(data) as store:
        found = list_api_keys(store)
    if as_json:
        print_json([asdict(key) for key in found])
        return
    for key in found:
        ends = f"until {_shown(key.expires_at)}" if key.expires_at else "without end"
        used = f"last used {_shown(key.last_used_at)}" if key.last_used_at else "never used"
        print(f"{key.key_id}  {key.label}: {', '.join(key.scopes) or 'nothing'}; {ends}, {used}")


def rotate_key(
    key_id: Annotated[UUID, typer.Argument(metavar="ID", help="The key's id: ./crm key list.")],
    overlap: Annotated[
        str, typer.Option(help="How long the old key still works: 24h, 7d, or 0h for not at all.")
    ] = "24h",
    expires: Annotated[
        str | None, typer.Option(help="How long the new key works: 90d, or until a day. Default: without end.")
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make a new API key that may do what this one may, and let this one end. The new key is shown once."""
    from api.tokens import rotate_key as rotate

    now = datetime.now(UTC)
    lasts = _span(overlap)
    if lasts is None:
        fail("--overlap takes hours or days, such as 24h or 7d.")
    ends_at = now + lasts
    expires_at = _end(expires, now) if expires else None
    with opened(data) as store, _refusals():
        key = rotate(store, key_id, ends_at, expires_at, _by())
    print_json({"key": key, "old_key_ends_at": ends_at, "expires_at": expires_at}) if as_json else print(key)


def revoke_key(
    key_id: Annotated[UUID, typer.Argument(metavar="ID", help="The key's id: ./crm key list.")], data: Data = None
) -> None:
    """Take an API key back: from the next request on nobody gets in with it."""
    from api.access import revoke_key as revoke
    from domain.workspace import UnknownApiKey

    with opened(data) as store:
        try:
            revoke(store, key_id, _by())
        except UnknownApiKey as unknown:
            fail(f"{unknown} Those in force: ./crm key list")
    print("The key is revoked.")


def _span(text: str) -> timedelta | None:
    number, unit = text[:-1], text[-1:]
    if not (number.isascii() and number.isdecimal() and len(number) <= 5 and unit in ("h", "d")):
        return None
    return timedelta(hours=int(number)) if unit == "h" else timedelta(days=int(number))


def _end(text: str, now: datetime) -> datetime:
    span = _span(text)
    end = now + span if span is not None else day_or_moment_of(text, "--expires takes a time such as 90d,")
    if end <= now:
        fail("This end lies in the past. Give a later one.")
    return end


def _role(text: str) -> Role:
    role = next((known for known in ROLES if known == text), None)
    if role is None:
        fail(f"There is no role {text!r}. There are: {', '.join(ROLES)}.")
    return role


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def _by() -> Envelope:
    from api.store import SYSTEM_ID

    return Envelope("system", SYSTEM_ID, "cli")


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        fail(str(refusal))
