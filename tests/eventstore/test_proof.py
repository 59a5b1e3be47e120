"""A stranger with a proof, the exported seals and a short script can tell a true event from a false one."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from eventstore.database import Connection
from eventstore.sealing import seal_file, seals
from eventstore.sealing.proof import NoProof, proof
from tests.eventstore.test_seals import KEY, events

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "guides" / "check_proof.py"
PUBLIC = seal_file.public_key(KEY).hex()
Proof = dict[str, Any]  # Any: JSON


def check(tmp_path: Path, given: Proof, file: Path, *more: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "proof.json").write_text(json.dumps(given))
    command = [sys.executable, "-I", str(SCRIPT), str(tmp_path / "proof.json"), str(file), *more]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture
def exported(connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(seals, "FULL", 5)
    with connection.transaction(force_rollback=True):
        events(connection, 1)
    events(connection, 13)
    seals.seal_and_export(connection, file := tmp_path / "seals.ndjson", KEY, force=True)
    return file


def test_every_event_can_be_proven(connection: Connection, exported: Path, tmp_path: Path) -> None:
    rows = connection.execute("SELECT * FROM log.event ORDER BY position").fetchall()
    for row in rows:
        answer = check(tmp_path, proof(connection, exported, row["position"]), exported, "--public-key", PUBLIC)
        assert answer.returncode == 0, answer.stderr
        printed = json.loads(answer.stdout)
        assert printed["position"] == row["position"]
        assert printed["data"] == row["data"]
        assert printed["stream_id"] == str(row["stream_id"])
        assert printed["recorded_at"] == row["recorded_at"].isoformat()
        assert printed["personal_digest"] == (row["personal_digest"] and row["personal_digest"].hex())
        assert printed["part_id"] == (row["part_id"] and str(row["part_id"]))


def test_what_is_not_sealed_or_not_there_has_no_proof(connection: Connection, exported: Path) -> None:
    with pytest.raises(NoProof, match="crm seal"):
        proof(connection, exported, 10_000)
    there = {row["position"] for row in connection.execute("SELECT position FROM log.event")}
    (gap,) = set(range(1, max(there))) - there
    with pytest.raises(NoProof, match="No event has position"):
        proof(connection, exported, gap)
    connection.execute("SET session_replication_role = replica")
    connection.execute("""UPDATE log.event SET data = '{"forged": true}' WHERE position = 1""")
    with pytest.raises(NoProof, match="not as they were sealed"):
        proof(connection, exported, 2)


def flipped(text: str) -> str:
    """Hex with its last digit changed."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")


FALSIFIED: dict[str, Any] = {  # Any: functions of a proof
    "the event": lambda given: given | {"preimage": flipped(given["preimage"])},
    "a cut event": lambda given: given | {"preimage": given["preimage"][:-2]},
    "a longer event": lambda given: given | {"preimage": given["preimage"] + "00"},
    "an empty event": lambda given: given | {"preimage": ""},
    "the position": lambda given: given | {"position": given["position"] + 1},
    "the index": lambda given: given | {"index": given["index"] - 1},
    "the index beyond": lambda given: given | {"index": given["count"]},
    "the count": lambda given: given | {"count": given["count"] + 1},
    "a hash of the path": lambda given: given | {"path": [*given["path"][:-1], flipped(given["path"][-1])]},
    "a short path": lambda given: given | {"path": given["path"][:-1]},
    "a long path": lambda given: given | {"path": [*given["path"], given["path"][0]]},
    "no path": lambda given: given | {"path": None},
    "the seal": lambda given: given | {"seal": given["seal"] | {"seal": flipped(given["seal"]["seal"])}},
    "the root": lambda given: given | {"seal": given["seal"] | {"root": flipped(given["seal"]["root"])}},
    "the range": lambda given: given | {"seal": given["seal"] | {"last_position": given["seal"]["last_position"] + 1}},
    "the seal's number": lambda given: given | {"seal": given["seal"] | {"number": 2}},
}


@pytest.mark.parametrize("what", FALSIFIED)
def test_a_falsified_proof_is_refused(connection: Connection, exported: Path, tmp_path: Path, what: str) -> None:
    true = proof(connection, exported, 4)
    assert true["index"] > 0
    assert check(tmp_path, true, exported).returncode == 0
    answer = check(tmp_path, FALSIFIED[what](true), exported)
    assert answer.returncode == 1
    assert answer.stderr.startswith("NOT PROVEN: ")
    assert answer.stdout == ""


def test_a_seal_of_the_forgers_own_is_not_among_the_exported_ones(
    connection: Connection, exported: Path, tmp_path: Path
) -> None:
    true = proof(connection, exported, 1)
    kept = exported.rename(tmp_path / "kept.ndjson")
    connection.execute("SET session_replication_role = replica")
    connection.execute("""UPDATE log.event SET data = '{"forged": true}' WHERE position = 1""")
    connection.execute("UPDATE log.event AS e SET digest = log.digest(e)")
    connection.execute("DELETE FROM log.seal")
    seals.seal_and_export(connection, exported, force=True)
    forged = proof(connection, exported, 1)
    assert check(tmp_path, forged, exported).returncode == 0
    assert "not among the exported ones" in check(tmp_path, forged, kept).stderr
    assert check(tmp_path, true, kept).returncode == 0
    assert "not signed by this key" in check(tmp_path, forged, exported, "--public-key", PUBLIC).stderr


def test_exported_seals_that_were_changed_prove_nothing(connection: Connection, exported: Path, tmp_path: Path) -> None:
    true = proof(connection, exported, 1)
    lines = exported.read_text().splitlines(keepends=True)
    first = json.loads(lines[0])
    for changed, reason in (
        ([json.dumps(first | {"root": flipped(first["root"])}) + "\n", *lines[1:]], "fields amount to"),
        (lines[1:], "does not continue"),
        ([lines[0], *lines[2:]], "does not continue"),
        (["{}\n"], "cannot be read"),
    ):
        exported.write_text("".join(changed))
        answer = check(tmp_path, true, exported)
        assert answer.returncode == 1
        assert reason in answer.stderr
    exported.write_text("".join(lines)[:-5])  # the last line torn: those before still count
    assert check(tmp_path, true, exported).returncode == 0
    assert check(tmp_path, true, tmp_path / "nowhere").returncode == 1
