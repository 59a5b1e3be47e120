"""Settings of the company: pipelines, service levels, business hours, custom fields, exchange rates."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain
from typing import get_args

from api.console.settings.fields import Field, Form, options
from api.console.settings.sections import Shown, Thing
from api.console.shown import percent, words
from domain.business_time import WEEKDAYS, BusinessCalendar
from domain.custom_field import FIELD_KINDS, RecordNoun, ReferenceNoun
from domain.phrases import plain
from domain.pipeline import Pipeline
from domain.sla_policy import PRIORITIES, TARGETS, SlaPolicy
from domain.workspace import Workspace

_RATES_SHOWN = 20
_NOUNS = options(*get_args(RecordNoun))


def pipelines(now: Workspace, _: bool) -> Shown:
    """The stages of each pipeline."""

    def form(one: Pipeline | None) -> Form:
        stages = "\n".join(f"{stage.name} {plain(stage.probability * 100)} %" for stage in one.stages) if one else ""
        name = Field("name", "Name", "hidden" if one else "text", one.name if one else "", required=True)
        hint = "One a line, in order, each with the chance that a lead in it is won."
        fields = [name, Field("stages", "Stages", "area", stages, hint=hint, required=True)]
        key = f"publish {one.name}" if one else "publish"
        return Form(key, "publish", "Change" if one else "Another pipeline", fields, "Publish")

    things = [
        Thing(
            one.name,
            f"version {one.version}",
            [(stage.name, percent(stage.probability)) for stage in one.stages],
            [form(one)],
        )
        for one in now.pipelines.values()
    ]
    return Shown(things, [form(None)])


def sla_policies(now: Workspace, _: bool) -> Shown:
    """What new tickets are promised."""

    def hours(one: SlaPolicy | None, target: str, priority: str) -> str:
        found = next((g for g in one.goals if (g.target, g.priority) == (target, priority)), None) if one else None
        return plain(Decimal(found.within_seconds) / 3600) if found else ""

    def form(one: SlaPolicy | None) -> Form:
        name = Field("name", "Name", "hidden" if one else "text", one.name if one else "standard", required=True)
        calendar = Field(
            "calendar", "Counted in the hours of", "choice", one.calendar if one else "", options(*now.calendars)
        )
        goals = [
            Field(
                f"{target}:{priority}",
                f"{words(target).capitalize()}, {priority} (hours)",
                "number",
                hours(one, target, priority),
            )
            for target in TARGETS
            for priority in PRIORITIES
        ]
        key = f"publish {one.name}" if one else "publish"
        return Form(key, "publish", "Change" if one else "Another policy", [name, calendar, *goals], "Publish")

    things = [
        Thing(
            one.name,
            f"version {one.version}, in the hours of {one.calendar}",
            [(f"{words(g.target)}, {g.priority}", f"{plain(Decimal(g.within_seconds) / 3600)} h") for g in one.goals],
            [form(one)],
        )
        for one in now.sla_policies.values()
    ]
    return Shown(things, [form(None)])


def calendars(now: Workspace, _: bool) -> Shown:
    """When the company is open."""

    def open_on(one: BusinessCalendar | None, day: str) -> str:
        return " ".join(
            f"{each.opens}-{each.closes}" for each in (one.weekly_hours if one else ()) if each.weekday == day
        )

    def form(one: BusinessCalendar | None) -> Form:
        holidays = "\n".join(f"{each.day} {each.name}" for each in one.holidays) if one else ""
        special = "\n".join(f"{each.day} {each.opens}-{each.closes}" for each in one.special_hours) if one else ""
        fields = [
            Field("name", "Name", "hidden" if one else "text", one.name if one else "default", required=True),
            Field("zone", "Time zone", value=one.zone if one else "Europe/Berlin", required=True),
            *(
                Field(day, day.capitalize(), value=open_on(one, day), hint="08:00-12:00 13:00-18:00")
                for day in WEEKDAYS
            ),
            Field("holidays", "Holidays", "area", holidays, hint="One a line: 2026-12-25 Christmas"),
            Field("special_hours", "Days with other hours", "area", special, hint="One a line: 2026-12-24 08:00-12:00"),
            Field("country", "Public holidays of", hint="DE, GB ..."),
            Field("subdivision", "Its part", hint="BE, SCT ..."),
            Field("years", "Of the years", hint="2026 2027"),
        ]
        key = f"publish {one.name}" if one else "publish"
        return Form(key, "publish", "Change" if one else "Another calendar", fields, "Publish")

    things = [
        Thing(
            one.name,
            f"version {one.version}, {one.zone}",
            [(day, open_on(one, day) or "closed") for day in WEEKDAYS]
            + [("holidays", f"{len(one.holidays)} days"), ("other hours", f"{len(one.special_hours)} days")],
            [form(one)],
        )
        for one in now.calendars.values()
    ]
    return Shown(things, [form(None)])


def custom_fields(now: Workspace, _: bool) -> Shown:
    """What records have beyond the fields that all have."""
    things = []
    for (noun, field_id), one in now.custom_fields.items():
        is_retired = (noun, field_id) in now.retired_fields
        names = [Field("noun", "", "hidden", noun), Field("field_id", "", "hidden", field_id)]
        again = [
            *names,
            Field("label", "Label", value=one.label, required=True),
            Field("kind", "", "hidden", one.kind),
            *([Field("choices", "Choices", "area", "\n".join(one.choices), hint="One a line")] if one.choices else []),
            *([Field("refers_to", "", "hidden", one.refers_to)] if one.refers_to else []),
            *([Field("is_personal", "", "hidden", "yes")] if one.is_personal else []),
        ]
        said = [("id", field_id), ("holds", words(one.kind)), ("personal", "yes" if one.is_personal else "no")]
        said += [("choices", ", ".join(one.choices))] if one.choices else []
        said += [("refers to", one.refers_to)] if one.refers_to else []
        title = "Use again" if is_retired else "Change"
        forms = [Form(f"define {noun} {field_id}", "define", title, again, title)]
        if not is_retired:
            forms.append(Form(f"retire {noun} {field_id}", "retire", "Retire", names, "Retire", is_small=True))
        note = f"of {noun}s, version {one.version}" + (", retired" if is_retired else "")
        things.append(Thing(one.label, note, said, forms))
    new = [
        Field("noun", "Of", "choice", "customer", _NOUNS),
        Field("label", "Label", required=True),
        Field("field_id", "What programs call it", hint="contract_end", required=True),
        Field("kind", "Holds", "choice", "text", options(*FIELD_KINDS)),
        Field("choices", "Choices, if it is one", "area", hint="One a line"),
        Field(
            "refers_to",
            "Refers to, if it is a reference",
            "choice",
            "",
            [("", "–"), *options(*get_args(ReferenceNoun))],
        ),
        Field("is_personal", "May tell of a person, so it can be forgotten", "check", "yes"),
    ]
    return Shown(things, [Form("define", "define", "Another field", new, "Define")])


def exchange_rates(now: Workspace, _: bool) -> Shown:
    """The newest rates."""
    rates = sorted(
        chain(*now.exchange_rates.by_pair.values()), key=lambda one: (one.valid_on, one.from_currency), reverse=True
    )[:_RATES_SHOWN]
    things = [
        Thing(f"1 {one.from_currency} = {plain(one.rate)} {one.to_currency}", f"from {one.valid_on} on")
        for one in rates
    ]
    new = [
        Field("from_currency", "One", hint="USD", required=True),
        Field("rate", "Is", "number", required=True),
        Field("to_currency", "Of", value="EUR", required=True),
        Field("valid_on", "From this day on", "date", datetime.now(UTC).date().isoformat(), required=True),
    ]
    return Shown(things, [Form("publish", "publish", "Publish a rate", new, "Publish")])
