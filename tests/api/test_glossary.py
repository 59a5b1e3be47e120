"""The glossary: made from the code, complete, and each word with a meaning."""

import inspect
import re
from pathlib import Path

from typer.testing import CliRunner

from api.cli import app
from api.glossary import markdown
from domain import campaign, customer, lead, ticket, workspace
from domain.catalogue import EVENT_TYPES
from domain.event import Command
from projections.kpi import kpis
from projections.read_models import read_models

ROOT = Path(__file__).resolve().parents[2]


def rows(heading: str) -> dict[str, str]:
    """What the page's tables under such headings say, by the word."""
    tables = re.findall(rf"^\| {heading} \| meaning \|\n\| --- \| --- \|\n((?:\|.*\n)+)", markdown(), re.MULTILINE)
    told = [row for table in tables for row in re.findall(r"^\| (.+?) \| (.+) \|$", table, re.MULTILINE)]
    assert len(dict(told)) == len(told), "a word has two meanings"
    return dict(told)


def test_the_glossary_is_up_to_date() -> None:
    page = (ROOT / "docs" / "glossary.md").read_text()
    assert page == markdown(), "run: ./crm glossary > docs/glossary.md"
    assert page == CliRunner().invoke(app, ["glossary"]).stdout


def test_every_event_type_is_in_it_and_leads_on_to_its_schema() -> None:
    links = re.findall(r"\[([\w.]+)\]\(events\.md#(\w+)\)", " ".join(rows("what can happen")))
    headings = re.findall(r"^### (.+)$", (ROOT / "docs" / "events.md").read_text(), re.MULTILINE)
    assert sorted(name for name, _ in links) == sorted(EVENT_TYPES)
    assert {anchor for _, anchor in links} == {heading.replace(".", "") for heading in headings}


def test_every_command_is_in_it() -> None:
    nouns = (customer, lead, ticket, campaign, workspace)
    found = {thing for noun in nouns for _, thing in inspect.getmembers(noun, inspect.isclass)}
    commands = {thing.__name__ for thing in found if issubclass(thing, Command) and not thing.__subclasses__()}
    assert {word.strip("`") for word in rows("command")} >= commands


def test_every_read_model_and_figure_is_in_it() -> None:
    assert {word.strip("`") for word in rows("table")} == set(read_models())
    assert {word.strip("`") for word in rows("KPI")} == set(kpis())


def test_every_word_has_a_meaning() -> None:
    for heading in ("what can happen", "command", "table", "KPI"):
        for word, meaning in rows(heading).items():
            assert re.search(r"[\w`)][.?]$", meaning), f"{word} says {meaning!r}"
    words = rows("word")
    assert words["lead status"] == "`open`, `won`, `lost`, `disqualified`"
    assert words["priority"].startswith("How pressing a ticket is") and words["priority"].endswith("`urgent`")
    assert "seal" in words
