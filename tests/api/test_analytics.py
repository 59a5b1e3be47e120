"""The extra `analytics`: installed by the front door when a command first needs it, and asked for with a sentence."""

import os
import sys
from pathlib import Path

import pytest
import typer

from api.cli.common import with_analytics
from eventstore import analytics
from eventstore.analytics import AnalyticsMissing, must_have_analytics

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """Without one of the packages; the commands that take this one's place."""
    begun: list[list[str]] = []

    def begin(program: str, arguments: list[str]) -> None:
        assert program == arguments[0]
        begun.append(arguments)

    monkeypatch.setattr(analytics, "_PACKAGES", ("sys", "a_package_that_nobody_has"))
    monkeypatch.setattr(os, "execv", begin)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["api", "fit", "clv", "--json"])
    return begun


def test_what_is_installed_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "execv", lambda *_: pytest.fail("begun anew"))
    with_analytics()
    must_have_analytics()


def test_a_command_that_needs_it_begins_anew_with_it(lacking: list[list[str]]) -> None:
    with_analytics()
    assert lacking == [[sys.executable, str(ROOT / "crm"), "--with", "analytics", "fit", "clv", "--json"]]


def test_where_installing_did_not_help_the_command_ends(lacking: list[list[str]], tmp_path: Path) -> None:
    (tmp_path / "requirements-analytics.stamp").touch()
    with pytest.raises(typer.Exit) as ended:
        with_analytics()
    assert (ended.value.exit_code, lacking) == (2, [])


@pytest.mark.usefixtures("lacking")
def test_a_server_without_it_says_how_to_start_it() -> None:
    with pytest.raises(AnalyticsMissing, match="--with analytics run"):
        must_have_analytics()
