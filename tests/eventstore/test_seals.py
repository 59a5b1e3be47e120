"""Finished parts of the log are sealed and exported once, in order, whatever happens to the process that does it."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from threading import Barrier, Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from psycopg.errors import InsufficientPrivilege

from eventstore import fence, roles
from eventstore.database import Connection, connect
from eventstore.sealing import merkle, seal_file, seals, verification
from eventstore.sealing.seal_file import SealsRefused
from tests.facts import captured, given

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

# the leaves of Certificate Transparency's reference tests, and the roots over the first 1, 2, ... 8 of them
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def events(connection: Connection, number: int) -> None:
    """Append that many events, each with a personal row."""
    for _ in range(number):
        given(connection, captured())


def known(connection: Connection) -> list[tuple[int, int, int, int]]:
    rows = connection.execute(
        "SELECT number, first_position, last_position, event_count FROM log.seal ORDER BY number"
    ).fetchall()
    return [(row["number"], row["first_position"], row["last_position"], row["event_count"]) for row in rows]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "FULL", 4)


def above(index: int, count: int, hashed: bytes, path: list[bytes]) -> bytes:
    """RFC 6962, 2.1.1, from the other side and recursively: the root by a leaf's hash and its audit path."""
    if count == 1:
        assert path == []
        return hashed
    split = 1 << (count - 1).bit_length() - 1
    if index < split:
        return sha256(b"\x01" + above(index, split, hashed, path[:-1]) + path[-1]).digest()
    return sha256(b"\x01" + path[-1] + above(index - split, count - split, hashed, path[:-1])).digest()


def test_the_tree_is_that_of_rfc_6962() -> None:
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert [merkle.root(LEAVES[:count]).hex() for count in range(1, 9)] == ROOTS


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13, 100])
def test_a_path_leads_from_every_leaf_to_the_root(count: int) -> None:
    digests = [bytes([number]) for number in range(count)]
    for index, digest in enumerate(digests):
        hashed = sha256(b"\x00" + digest).digest()
        assert above(index, count, hashed, merkle.path(digests, index)) == merkle.root(digests)


@pytest.mark.usefixtures("small")
def test_full_ranges_are_sealed_at_once_and_the_rest_when_it_is_old_or_when_asked(connection: Connection) -> None:
    start = fence.drawn(connection)
    events(connection, 10 - start)
    assert seals.seal_finished(connection) == 2
    assert known(connection) == [(1, 1, 4, 4), (2, 5, 8, 4)]
    assert seals.seal_finished(connection) == 0
    assert seals.seal_finished(connection, older_than=-1) == 1
    assert known(connection)[2:] == [(3, 9, 10, 2)]
    assert seals.seal_finished(connection, force=True) == 0
    events(connection, 1)
    assert seals.seal_finished(connection, force=True) == 1
    assert known(connection)[3:] == [(4, 11, 11, 1)]


@pytest.mark.usefixtures("small")
def test_a_call_makes_no_more_seals_than_it_may(connection: Connection) -> None:
    events(connection, 13)
    assert seals.seal_finished(connection, most=2) == 2
    assert seals.seal_finished(connection, most=2) == 1
    assert seals.seal_finished(connection, most=2) == 0


@pytest.mark.usefixtures("small")
def test_a_range_closes_the_gap_that_a_rolled_back_append_left(connection: Connection) -> None:
    start = fence.drawn(connection)
    with connection.transaction(force_rollback=True):
        events(connection, 3)
    events(connection, 2)
    seals.seal_finished(connection, force=True)
    assert known(connection) == [(1, 1, start + 5, start + 2)]


def test_an_event_that_may_still_come_is_waited_for(
    connection: Connection, conninfo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    horizon = fence.horizon
    monkeypatch.setattr(seals, "horizon", lambda opened: horizon(opened, patience=0.05))
    with connect(conninfo) as late:
        with late.transaction():
            given(late, captured())
            events(connection, 1)
            with pytest.raises(fence.StuckWriter):
                seals.seal_finished(connection, force=True)
            assert known(connection) == []
        seals.seal_finished(connection, force=True)
    assert [last for _, _, last, _ in known(connection)] == [fence.drawn(connection)]


@pytest.mark.usefixtures("small")
def test_several_sealers_make_one_chain_and_one_file(connection: Connection, conninfo: str, tmp_path: Path) -> None:
    file, together = tmp_path / "seals.ndjson", Barrier(4)
    events(connection, 40)
    failed: list[Exception] = []

    def follow(number: int) -> None:
        try:
            with connect(conninfo) as own:
                together.wait()
                for _ in range(10):
                    events(own, 2)
                    seals.seal_and_export(own, file, force=number == 0)
        except Exception as error:
            failed.append(error)

    threads = [Thread(target=follow, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    last = seals.seal_and_export(connection, file, force=True).last
    assert last is not None
    assert last.last_position == fence.drawn(connection)
    assert [line.seal.number for line in seal_file.read(file)] == list(range(1, last.number + 1))
    assert verification.verify(connection, file).finding is None


def test_an_exported_seal_says_all_and_is_signed(connection: Connection, tmp_path: Path) -> None:
    file = tmp_path / "new" / "seals.ndjson"
    events(connection, 3)
    sealed = seals.seal_and_export(connection, file, KEY, force=True)
    assert (sealed.made, sealed.exported) == (1, 1)
    (line,) = seal_file.read(file)
    assert line.seal == sealed.last
    assert seal_file.is_signed(line, seal_file.public_key(KEY))
    assert not seal_file.is_signed(line, bytes(32))
    numbers = (line.seal.number, line.seal.first_position, line.seal.last_position, line.seal.event_count)
    fields = b"".join(number.to_bytes(8, "big") for number in numbers) + line.seal.root + bytes(32)
    assert line.seal.seal == sha256(fields).digest()
    rows = connection.execute("SELECT position, digest FROM log.event ORDER BY position").fetchall()
    assert line.leaves == b"".join(row["position"].to_bytes(8, "big") + row["digest"][:8] for row in rows)
    assert seals.seal_and_export(connection, file, KEY, force=True).exported == 0


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("kept", [0, 1, 9, 40, 300])
@pytest.mark.parametrize("torn", [b"", b"\x00" * 100, b"\x00" * 90_000])
def test_a_torn_last_line_is_replaced(connection: Connection, tmp_path: Path, kept: int, torn: bytes) -> None:
    file = tmp_path / "seals.ndjson"
    events(connection, 12)
    seals.seal_and_export(connection, file)
    whole = file.read_bytes()
    lines = whole.splitlines(keepends=True)
    for before in (len(lines) - 1, 0):
        file.write_bytes(b"".join(lines[:before]) + lines[before][:kept] + torn)
        assert len(list(seal_file.read(file))) == before
        assert seals.seal_and_export(connection, file).exported == len(lines) - before
        assert file.read_bytes() == whole


@pytest.mark.parametrize("text", [b"an owner's own notes", b"notes\n", b"\n", b'{"number": 1}\n', b"x" * 3_000_000])
def test_a_file_of_something_else_is_left_as_it_is(connection: Connection, tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "seals.ndjson"
    file.write_bytes(text)
    events(connection, 1)
    with pytest.raises(SealsRefused, match="left as it is"):
        seals.seal_and_export(connection, file, force=True)
    assert file.read_bytes() == text


def test_seals_that_the_database_does_not_have_are_never_overwritten(connection: Connection, tmp_path: Path) -> None:
    file = tmp_path / "seals.ndjson"
    events(connection, 2)
    seals.seal_and_export(connection, file, force=True)
    before = file.read_bytes()
    connection.execute("SET session_replication_role = replica")
    connection.execute("DELETE FROM log.seal")
    events(connection, 2)
    with pytest.raises(SealsRefused, match="not in the database as it was exported"):
        seals.seal_and_export(connection, file, force=True)
    assert file.read_bytes() == before


def test_what_was_changed_between_sealing_and_exporting_is_not_exported(connection: Connection, tmp_path: Path) -> None:
    events(connection, 2)
    seals.seal_finished(connection, force=True)
    connection.execute("SET session_replication_role = replica")
    connection.execute("DELETE FROM log.event WHERE position = 2")
    with pytest.raises(SealsRefused, match="no longer as seal 1"):
        seals.export(connection, tmp_path / "seals.ndjson")


def test_a_seal_cannot_be_changed(connection: Connection) -> None:
    events(connection, 1)
    seals.seal_finished(connection, force=True)
    for statement in ("UPDATE log.seal SET number = 2", "DELETE FROM log.seal", "TRUNCATE log.seal"):
        with pytest.raises(Exception, match="append-only"):
            connection.execute(statement)


_SEALER = """
import sys
from pathlib import Path
from eventstore.sealing import seals
from eventstore.database import connect
seals.FULL = 2
with connect(sys.argv[1]) as connection:
    print("begun", flush=True)
    while True:
        seals.seal_and_export(connection, Path(sys.argv[2]), force=True)
        print("again", flush=True)
"""


@pytest.mark.parametrize("kills", [5, pytest.param(100, marks=pytest.mark.full)])
def test_a_killed_sealer_leaves_what_the_next_one_completes(
    connection: Connection, conninfo: str, tmp_path: Path, kills: int
) -> None:
    file = tmp_path / "seals.ndjson"
    for number in range(kills):
        sealer = subprocess.Popen(
            [sys.executable, "-c", _SEALER, conninfo, str(file)], stdout=subprocess.PIPE, text=True
        )
        assert sealer.stdout is not None
        assert sealer.stdout.readline() == "begun\n"
        events(connection, 5 + number % 20)  # it seals meanwhile
        os.kill(sealer.pid, signal.SIGKILL)
        sealer.wait()
        sealer.stdout.close()
    last = seals.seal_and_export(connection, file, force=True).last
    assert last is not None
    assert [line.seal.number for line in seal_file.read(file)] == list(range(1, last.number + 1))
    assert verification.verify(connection, file).finding is None


def test_a_key_is_a_pem_or_32_bytes_in_hex() -> None:
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for text in (pem, bytes(range(32)).hex() + "\n"):
        assert seal_file.public_key(seal_file.signing_key(text)) == seal_file.public_key(KEY)
    for text in ("", "00", "secret words", pem.replace("M", "N")):
        with pytest.raises(SealsRefused, match="Make one with") as refused:
            seal_file.signing_key(text)
        assert not text or text not in str(refused.value)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line | {"number": "1"},
        lambda line: line | {"number": True},
        lambda line: line | {"root": "xyz"},
        lambda line: line | {"leaves": "*"},
        lambda line: line | {"last_position": 1 << 70},
        lambda line: {"number": 1},
        lambda line: [line],
    ],
)
def test_a_line_that_is_no_seal_is_refused(connection: Connection, tmp_path: Path, spoil: object) -> None:
    file = tmp_path / "seals.ndjson"
    events(connection, 1)
    seals.seal_and_export(connection, file, force=True)
    assert callable(spoil)
    file.write_text(json.dumps(spoil(json.loads(file.read_text()))) + "\n")
    with pytest.raises(SealsRefused, match="Line 1 of"):
        list(seal_file.read(file))
    finding = verification.verify(connection, file).finding
    assert finding is not None
    assert finding.what == "seals file"


def test_the_follower_may_seal_and_the_application_may_not(connection: Connection, tmp_path: Path) -> None:
    events(connection, 1)
    with roles.acting_as(connection, roles.APP), pytest.raises(InsufficientPrivilege):
        seals.seal_finished(connection, force=True)
    with roles.acting_as(connection, roles.FOLLOWER):
        assert seals.seal_and_export(connection, tmp_path / "seals.ndjson", force=True).exported == 1


def test_one_process_at_a_time_writes_to_the_file(tmp_path: Path) -> None:
    file = tmp_path / "seals.ndjson"
    with seal_file.appending(file), file.open() as another, pytest.raises(BlockingIOError):
        fcntl.flock(another, fcntl.LOCK_EX | fcntl.LOCK_NB)
