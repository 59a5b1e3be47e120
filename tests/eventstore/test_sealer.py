"""The sealer seals what is finished, goes on after trouble, and says each trouble once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from eventstore.database import Connection
from eventstore.fence import drawn
from eventstore.sealing import seals
from eventstore.sealing.sealer import Sealer
from eventstore.sealing.seals import sealed_position
from tests.facts import captured, given
from tests.waiting import comes


@contextmanager
def running(conninfo: str, file: Path) -> Iterator[Sealer]:
    sealer = Sealer(conninfo, file, None, pause=0.005)
    sealer.start()
    try:
        yield sealer
    finally:
        sealer.stop()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "FULL", 1)


def test_what_is_finished_is_sealed_and_exported(
    conninfo: str, connection: Connection, tmp_path: Path, at_once: None
) -> None:
    file = tmp_path / "seals.ndjson"
    with running(conninfo, file):
        for _ in range(3):
            given(connection, captured())
        assert comes(lambda: sealed_position(connection) == drawn(connection))
        assert comes(lambda: file.exists() and len(file.read_text().splitlines()) == drawn(connection))


def test_it_goes_on_after_trouble_and_says_it_once(
    conninfo: str, connection: Connection, tmp_path: Path, at_once: None, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "seals.ndjson"
    file.write_text("not a seal\n")
    given(connection, captured())
    with running(conninfo, file) as sealer:
        assert comes(lambda: sealer.problem is not None)
        assert comes(lambda: sealed_position(connection) == drawn(connection))
        file.unlink()
        assert comes(lambda: sealer.problem is None and file.exists())
    assert caplog.text.count("not being sealed") == 1
