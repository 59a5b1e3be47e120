"""What `crm key create` is told: as which role, on whose records, until when."""

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from api.cli.common import day_or_moment_of, fail
from api.permissions import RIGHTS, SCOPES, USUAL_SCOPES
from domain.workspace import ROLES, Records, Role

_RECORDS: tuple[Records, ...] = ("all", "team", "own", "none")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1)}


def scopes_of(named: Collection[str] | None, role: str | None) -> tuple[str, ...]:
    """What the key may do: the scopes that were named, or those of the role, or the usual ones."""
    if named and role:
        fail("Give either --role or --scope: a role says all that a key may do.")
    if unknown := set(named or ()) - SCOPES.keys():
        fail(f"There is no scope {min(unknown)!r}. There are: {', '.join(SCOPES)}.")
    return tuple(sorted(RIGHTS[_role(role)].scopes)) if role else tuple(named or USUAL_SCOPES)


def records_of(said: str | None, role: str | None) -> Records | None:
    """Whose records the key sees: what was said, or as the role has it; None where neither was said."""
    found: Records | None = next((one for one in _RECORDS if one == said), None)
    if said and not found:
        fail(f"--records is one of: {', '.join(_RECORDS)}.")
    return found or (RIGHTS[_role(role)].records if role else None)


def end_of(said: str | None) -> datetime | None:
    """When the key ends, which must lie ahead; None when it does not."""
    if said is None:
        return None
    span = re.fullmatch(r"([1-9][0-9]{0,4})([hd])", said)
    now = datetime.now(UTC)
    end = now + int(span[1]) * _UNITS[span[2]] if span else day_or_moment_of(said, "--expires takes 90d, 12h,")
    if end <= now:
        fail("--expires lies in the past: the key would be worth nothing.")
    return end


def _role(name: str | None) -> Role:
    found: Role | None = next((one for one in ROLES if one == name), None)
    return found or fail(f"There is no role {name!r}. There are: {', '.join(ROLES)}.")
