"""The events page, and the schemas that programs are given."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.event_types import event_types, markdown
from domain.catalogue import EVENT_TYPES
from domain.event import personal_fields

ROOT = Path(__file__).resolve().parents[2]


def told(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["events", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_events_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "events.md").read_text()
    assert page == markdown(), "run: ./crm events --markdown > docs/events.md"
    assert page == told("--markdown")


def test_the_page_has_every_type_under_its_noun() -> None:
    headings = re.findall(r"^(##|###) (.+)$", markdown(), re.MULTILINE)
    nouns = [name for mark, name in headings if mark == "##"]
    assert [name for mark, name in headings if mark == "###"] == list(EVENT_TYPES)
    assert nouns == list(dict.fromkeys(name.partition(".")[0] for name in EVENT_TYPES))


def test_data_and_personal_part_share_out_the_fields() -> None:
    for name, described in event_types().items():
        event = EVENT_TYPES[name]
        personal = set(described.personal["properties"]) if described.personal else set()
        assert personal == personal_fields(event)
        assert {*described.data["properties"], *personal} == set(event.model_fields)
        required = {*described.data["required"], *(described.personal or {"required": []})["required"]}
        assert required == {field.name for field in described.fields if field.is_needed}


def test_a_schema_holds_all_that_it_refers_to() -> None:
    for described in event_types().values():
        for part in (described.data, described.personal or {}):
            used = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(part)))
            assert used == part.get("$defs", {}).keys()


def test_programs_get_the_schemas_of_one_type_or_noun() -> None:
    (lost,) = json.loads(told("lead.lost", "--json"))
    assert lost["type"] == "lead.lost"
    assert lost["personal"]["properties"].keys() == {"reason", "competitor"}
    imports = [found["type"] for found in json.loads(told("import", "--json"))]
    assert imports == ["import.started", "import.completed", "import.reverted"]
    assert len(json.loads(told("--json"))) == len(EVENT_TYPES)


def test_people_get_the_meaning_and_the_fields() -> None:
    assert told("lead.moved_to_stage").splitlines() == [
        "lead.moved_to_stage  The lead went to another stage and takes that stage's chance of being won, "
        "also in place of one overridden.",
        "  from_stage: text up to 100",
        "  to_stage: text up to 100, always there",
        "  pipeline: text up to 100, always there",
        "  pipeline_version: whole number, always there",
        "  probability: decimal number, as text, always there",
    ]
    assert len(told().splitlines()) == len(EVENT_TYPES)


def test_a_type_that_is_not_there_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    result = CliRunner().invoke(app, ["events", "lead.sung"])
    assert result.exit_code == 2
    assert "There is no event type 'lead.sung'" in result.stderr
