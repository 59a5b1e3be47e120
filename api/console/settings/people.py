"""Settings of who works here and what is looked at: members, API keys, segments, and what figures are computed with."""

from collections.abc import Sequence
from typing import get_args

from api.console.settings.fields import Field, Form, Option, options
from api.console.settings.sections import Shown, Thing
from api.console.shown import target, words
from api.permissions import SCOPES
from domain.custom_field import RecordNoun
from domain.event import Forgotten, MemberId
from domain.workspace import ROLES, Records, Workspace, WorkspaceSegmentDefined
from projections.kpi import kpis

_OPERATORS = "Operators: is_any_of, is_none_of, is_at_least, is_at_most, is_known, is_unknown"


def members(now: Workspace, personal: bool) -> Shown:
    """Who works here, in which roles and teams."""
    things = []
    for member_id, name in now.members.items():
        roles, teams = sorted(now.roles_of(member_id)), sorted(now.teams_of(member_id))
        is_here = member_id not in now.deactivated
        said = [("roles", ", ".join(roles) or "none yet"), ("teams", ", ".join(teams) or "none")]
        note = "" if is_here else "works here no more"
        things.append(
            Thing(
                _name(name, personal),
                note,
                said if is_here else (),
                _of_member(member_id, roles, teams) if is_here else (),
            )
        )
    new = [Field("name", "Name", required=True)]
    return Shown(things, [Form("invite", "invite", "Invite somebody", new, "Invite")])


def _of_member(member_id: MemberId, roles: Sequence[str], teams: Sequence[str]) -> list[Form]:
    her = str(member_id)

    def form(act: str, title: str, *fields: Field, small: bool = False) -> Form:
        return Form(f"{act} {her}", act, title, fields, title, her, is_small=small)

    forms = [
        form(
            "grant-role",
            "Grant a role",
            Field("role", "Role", "choice", "", options(*(r for r in ROLES if r not in roles))),
        )
    ]
    if roles:
        forms.append(form("revoke-role", "Take a role away", Field("role", "Role", "choice", "", options(*roles))))
    forms.append(form("join-team", "Add to a team", Field("team", "Team", required=True)))
    if teams:
        forms.append(form("leave-team", "Take out of a team", Field("team", "Team", "choice", "", options(*teams))))
    forms.append(form("deactivate", "Deactivate", Field("reason", "Reason, if it is to be kept")))
    return forms


def api_keys(now: Workspace, personal: bool) -> Shown:
    """Which programs come in. Of every key only a digest is kept."""
    things = []
    for key_id, key in now.keys.items():
        said = [("may", ", ".join(sorted(key.scopes))), ("sees", f"{key.records or 'all'} records")]
        if key.member_id:
            said.append(("acts for", _name(now.members.get(key.member_id, "a former member"), personal)))
        if ends := now.key_ends_at(key_id):
            said.append(("ends", f"{ends:%Y-%m-%d %H:%M} UTC"))
        revoke = Form(f"revoke {key_id}", "revoke", "Revoke", (), "Revoke", str(key_id), is_small=True)
        things.append(Thing(_name(key.label, personal), str(key_id), said, [revoke]))
    members_to_choose: list[Option] = [("", "nobody: it acts for itself")]
    members_to_choose += [
        (str(one), _name(name, personal)) for one, name in now.members.items() if one not in now.deactivated
    ]
    new = [
        Field("label", "What it is for", required=True),
        Field(
            "scopes",
            "What it may do",
            "checks",
            "",
            [(scope, f"{scope}: {meaning}") for scope, meaning in SCOPES.items()],
        ),
        Field("member_id", "Acts for", "choice", "", members_to_choose),
        Field("records", "Sees", "choice", "", [("", "all records"), *options(*get_args(Records))]),
        Field("expires_on", "Ends on", "date"),
    ]
    return Shown(things, [Form("issue", "issue", "Issue a key", new, "Issue")])


def segments(now: Workspace, personal: bool) -> Shown:
    """Named groups of records."""

    def form(one: WorkspaceSegmentDefined | None) -> Form:
        hint = f"One a line: field operator values. Of groups, with an empty line between, one must hold. {_OPERATORS}."
        fields = [
            Field("name", "Name", "hidden" if one else "text", one.name if one else "", required=True),
            Field(
                "noun",
                "Of",
                "hidden" if one else "choice",
                one.noun if one else "customer",
                options(*get_args(RecordNoun)),
            ),
            Field("groups", "Conditions", "area", _conditions(one) if one else "", hint=hint, required=True),
        ]
        key = f"define {one.name}" if one else "define"
        return Form(key, "define", "Change" if one else "Another segment", fields, "Define")

    things = [
        Thing(
            one.name,
            f"of {one.noun}s, version {one.version}",
            [("conditions", _told(one) if personal else "withheld")],
            [form(one)] if personal else [],
        )
        for one in now.segments.values()
    ]
    return Shown(things, [form(None)])


def figures(now: Workspace, _: bool) -> Shown:
    """By which parameters figures are computed, and what they shall come to."""
    things = []
    for slug, published in now.kpi_definitions.items():
        kpi = kpis().get(slug)
        said = [(name.replace("_", " "), value) for name, value in published.parameters.items()]
        if kpi and (aim := target(published.target, published.target_is, kpi.unit)):
            said.append(("target", aim))
        things.append(Thing(kpi.title if kpi else slug, f"version {published.version}", said))
    told: list[Option] = [(kpi.slug, kpi.title) for kpi in sorted(kpis().values(), key=lambda kpi: kpi.title)]
    new = [
        Field("kpi", "Figure", "choice", "", told),
        Field("parameters", "Parameters", "area", hint="One a line, such as within_days = 90; its page names them."),
        Field("target_is", "Shall be", "choice", "at_least", options("at_least", "at_most")),
        Field("target", "Target", "number", hint="0.25 is 25 %"),
    ]
    return Shown(things, [Form("publish", "publish", "Publish a definition", new, "Publish")])


def _conditions(one: WorkspaceSegmentDefined) -> str:
    """As they are typed."""
    if isinstance(one.groups, Forgotten):
        return ""
    groups = (
        "\n".join(f"{each.field} {each.operator} {', '.join(each.values)}".rstrip() for each in group)
        for group in one.groups
    )
    return "\n\n".join(groups)


def _told(one: WorkspaceSegmentDefined) -> str:
    """As they are read."""
    if isinstance(one.groups, Forgotten):
        return "(forgotten)"
    groups = (
        ", ".join(f"{words(each.field)} {words(each.operator)} {', '.join(each.values)}".rstrip() for each in group)
        for group in one.groups
    )
    return "; or ".join(groups)


def _name(text: str | Forgotten, personal: bool) -> str:
    if isinstance(text, Forgotten):
        return "(forgotten)"
    return text if personal else "(withheld)"
