"""An import can be taken back, once."""

from typing import get_args

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from domain.event import FORGOTTEN
from domain.imports import (
    Import,
    ImportAlreadyReverted,
    ImportCompleted,
    ImportEvent,
    ImportReverted,
    ImportStarted,
    RevertImport,
    evolve,
    revert,
)
from tests.domain.histories import examples_of, forgotten, patient

STARTED = ImportStarted(kind="leads", file_sha256="ab" * 32, mapping="{}")
COMPLETED = ImportCompleted(rows=9, created=4, changed=2, unchanged=2, refused=1)
REVERTED = ImportReverted(compensated=5, conflicting=1, reason="Wrong file")


def given(*events: ImportEvent) -> Import:
    taken_in = Import()
    for event in events:
        taken_in = evolve(taken_in, event)
    return taken_in


@pytest.mark.parametrize("history", [(STARTED,), (STARTED, COMPLETED)], ids=["broken off", "completed"])
def test_an_import_is_taken_back_with_its_counts(history: tuple[ImportEvent, ...]) -> None:
    assert revert(given(*history), RevertImport(reason="Wrong file"), compensated=5, conflicting=1) == REVERTED


def test_an_import_is_taken_back_once() -> None:
    with pytest.raises(ImportAlreadyReverted):
        revert(given(STARTED, COMPLETED, REVERTED), RevertImport(), compensated=0, conflicting=0)


def test_an_import_begins_with_any_of_its_events() -> None:
    assert evolve(None, STARTED) == Import()
    assert evolve(None, REVERTED) == Import(reverted=True)
    assert forgotten(REVERTED).reason == FORGOTTEN


@patient
@drawn(st.lists(st.one_of([examples_of(event) for event in get_args(ImportEvent)]), max_size=6))
def test_any_recorded_history_of_an_import_evolves(history: list[ImportEvent]) -> None:
    assert given(*history).reverted == any(isinstance(event, ImportReverted) for event in history)
