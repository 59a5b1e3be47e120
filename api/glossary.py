"""The dictionary of the product, docs/glossary.md: made from what the code says of itself, so that both agree."""

import ast
import inspect
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import Literal, get_args, get_origin

import domain
from domain.catalogue import EVENT_TYPES
from domain.event import Command, Event, Frozen, snake_case
from projections.kpi import kpis
from projections.read_models import read_models

_NOT_OF_THE_BUSINESS = {"domain.event"}

_LOG_WORDS = {
    "event": "Something that happened, in business words. Events are added and never changed.",
    "fact": "An event that may be recorded late, such as a call; a change of state may not lie before the last one.",
    "command": "What somebody wants to happen. It becomes one or more events, or is refused with a sentence.",
    "refusal": "Why a command does not fit; nothing of it is done.",
    "stream": "All events of one lead, ticket, customer, campaign or import, or of the workspace, in their order.",
    "version": "The number of an event in its stream, from 1 on without gaps; a stream's version is that of its last.",
    "position": "The number of an event in the whole log; it grows, with gaps.",
    "horizon": "The position up to which a reader may read, because nothing can still appear below it.",
    "occurred": "When something happened in the world. On the occurred axis, a moment means what had happened by then.",
    "recorded": "When the log learned of it. On the recorded axis, a moment means what was known by then.",
    "as of": "The moment that an answer is given for, on one of the two axes.",
    "personal": "What can be forgotten: names, contact points and all free text. It lies beside the log, never in it.",
    "forgotten": "Erased for good. In its place stands that something was there.",
    "actor": "Who did it: a member, an API key, an automation, an import, or the system itself.",
    "correlation": "One id for all that belongs to one cause, such as an import or a bulk edit.",
    "fold": "The one SELECT over `history` that fills a read model.",
    "history": "What a fold reads: events of touched keys when following, all when replaying, up to a position as of.",
    "read model": "A table that answers one question. It can be thrown away and folded again.",
    "refold key": "What says which rows of a read model an event touches: they are deleted and folded again.",
    "past": "What was known at a moment: folded on the spot for one record, into a schema for lists and SQL.",
    "replay": "Folding a read model again from all events, beside the live one.",
    "verify": "Comparing the live read models with a replay, or the log with its digests and seals.",
    "digest": "A checksum of an event with its position, so that a change shows.",
    "seal": "A digest over a finished range of the log and the seal before; exported, it makes the log tamper-evident.",
    "epoch": "The log's own id. A restored log has a new one, and clients that follow it are told to start again.",
    "KPI": "A figure: one SQL file with its question, formula and edge cases, and the events behind it.",
}


@dataclass(slots=True)
class _Subject:
    """What one module or folder of the domain defines."""

    name: str
    meaning: str
    events: list[type[Event]] = field(default_factory=list)
    commands: list[type[Command]] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)


def markdown() -> str:
    """The page docs/glossary.md."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    yield from [
        "# Glossary",
        "",
        "The dictionary of Everfold: code, URLs, tables and pages use these words and no others. This page is made by",
        "`./crm glossary > docs/glossary.md`; a test fails while it is out of date. What the events hold is in",
        "[Events](events.md).",
    ]
    for subject in _subjects():
        yield from ["", f"## {subject.name}", "", subject.meaning]
        events = {_links(event): _first_sentence(event) for event in subject.events}
        commands = {f"`{command.__name__}`": _first_sentence(command) for command in subject.commands}
        yield from _table("what can happen", events)
        yield from _table("command", commands)
        yield from _table("word", subject.values)
    yield from ["", "## Read models"]
    yield from _table("table", {f"`{name}`": model.question for name, model in read_models().items()})
    yield from ["", "## Figures"]
    figures = {f"`{slug}`": f"{kpi.title}, in {kpi.unit}: {kpi.question}" for slug, kpi in kpis().items()}
    yield from _table("KPI", figures)
    yield from ["", "## The log"]
    yield from _table("word", _LOG_WORDS)


def _table(heading: str, rows: dict[str, str]) -> Iterable[str]:
    lines = [f"| {name} | {meaning} |" for name, meaning in rows.items()]
    return ["", f"| {heading} | meaning |", "| --- | --- |", *lines] if rows else []


def _subjects() -> list[_Subject]:
    """The nouns in the order of the catalogue, then what they share."""
    nouns = list(dict.fromkeys(name.partition(".")[0] for name in EVENT_TYPES))
    places = {name: place for place, name in enumerate(nouns)}
    found = [_subject(f"domain.{module.name}") for module in pkgutil.iter_modules(domain.__path__)]
    told = [subject for subject in found if subject.events or subject.commands or subject.values]
    return sorted(told, key=lambda subject: (places.get(subject.name, len(places)), subject.name))


def _subject(name: str) -> _Subject:
    front = import_module(name)
    word = name.removeprefix("domain.")
    subject = _Subject(_plain("import" if word == "imports" else word), _meaning(front))  # import is a word of Python's
    for module in [front, *_modules_behind(front)] if name not in _NOT_OF_THE_BUSINESS else ():
        notes = _notes(module)
        for thing, defined in vars(module).items():
            if inspect.isclass(defined) and defined.__module__ == module.__name__:
                _take(subject, defined)
            elif get_origin(defined) is Literal and thing in notes:
                choices = ", ".join(f"`{choice}`" for choice in get_args(defined))
                subject.values[_plain(thing)] = f"{notes[thing]} {choices}".strip()
    return subject


def _take(subject: _Subject, defined: type) -> None:
    if issubclass(defined, Event):
        if defined in EVENT_TYPES.values():  # others only hold what several events share
            subject.events.append(defined)
    elif issubclass(defined, Command):
        if not defined.__subclasses__():
            subject.commands.append(defined)
    elif issubclass(defined, Frozen):
        subject.values[_plain(defined.__name__)] = _first_sentence(defined)


def _modules_behind(front: ModuleType) -> list[ModuleType]:
    found = pkgutil.iter_modules(getattr(front, "__path__", []))
    return [import_module(f"{front.__name__}.{module.name}") for module in found]


def _notes(module: ModuleType) -> dict[str, str]:
    """What the module says beneath each of its own names, such as a list of choices; nothing beneath is empty."""
    body = ast.parse(inspect.getsource(module)).body
    notes: dict[str, str] = {}
    for node, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            match following:
                case ast.Expr(value=ast.Constant(value=str(note))):
                    notes[node.target.id] = " ".join(note.split())
                case _:
                    notes[node.target.id] = ""
    return notes


def _links(event: type[Event]) -> str:
    stored = [name for name, known in EVENT_TYPES.items() if known is event]
    return ", ".join(f"[{name}](events.md#{name.replace('.', '')})" for name in stored)


def _meaning(front: ModuleType) -> str:
    paragraph = " ".join((front.__doc__ or "").split("\n\n")[0].split())
    return paragraph.partition(" This is the front door")[0]


def _first_sentence(defined: type) -> str:
    sentence = " ".join((defined.__doc__ or "").split()).partition(". ")[0]
    return sentence.rstrip(".") + "."


def _plain(name: str) -> str:
    """`BusinessCalendar` as `business calendar`."""
    return snake_case(name).replace("_", " ")
