"""Whatever is done to the log with all rights and the triggers off shows, and its first position is named exactly.

Before the last exported seal nothing helps the forger: not digests recomputed to fit, not seals made anew.
"""

import random
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from api.settings import Settings
from eventstore import log, premises
from eventstore.database import Connection, connect, migrate, query
from eventstore.sealing import merkle, seal_file, seals, verification
from eventstore.sealing.seal_file import Line
from tests.eventstore.roles import logged_in, refused
from tests.eventstore.test_seals import KEY
from tests.facts import NOBODY

CUSTOMERS = [uuid4() for _ in range(11)]
PERSON = uuid4()


def append(connection: Connection, number: int, customer_id: UUID) -> int:
    """One event, every other with a personal row; some rolled back before, so that positions are missing."""
    row = log.new_row(
        NOBODY,
        customer_id=customer_id,
        stream_type="lead",
        stream_id=UUID(int=customer_id.int ^ number % 2),
        version=None,
        type_="lead.noted",
        data={"number": number},
        personal={"text": f"words {number}"} if number % 2 else None,
        part_id=None,
        occurred_at=None,
        subject_id=PERSON if number % 3 == 0 else None,
    )
    if number % 7 == 0:
        with connection.transaction(force_rollback=True):
            log.append_rows(connection, [row], None)
    (position,) = log.append_rows(connection, [row], None)
    return position


def forget(connection: Connection, customer_id: UUID, subject_id: UUID) -> None:
    """As forgetting leaves the log: an event, the mark, and no personal rows before."""
    is_all = customer_id == subject_id
    row = log.new_row(
        NOBODY,
        customer_id=customer_id,
        stream_type="customer",
        stream_id=customer_id,
        version=None,
        type_="customer.forgotten" if is_all else "customer.person_forgotten",
        data={} if is_all else {"person_id": str(subject_id)},
        personal=None,
        part_id=None,
        occurred_at=None,
    )
    (position,) = log.append_rows(connection, [row], None)
    connection.execute(
        "DELETE FROM log.personal_data WHERE customer_id = %s AND (%s OR subject_id = %s)",
        [customer_id, is_all, subject_id],
    )
    connection.execute("INSERT INTO log.forgotten VALUES (%s, %s, %s)", [customer_id, subject_id, position])


@dataclass(frozen=True)
class Log:
    """A sealed log to tamper with: its exported seals, and positions by what stands there."""

    connection: Connection
    file: Path
    sealed: Sequence[int]
    missing: Sequence[int]
    """Positions within the sealed part that no event has."""
    personal: Sequence[int]
    """Positions with a personal row that must be there: before a person is forgotten, any of that customer may go."""
    plain: Sequence[int]
    """Positions of events that never had a personal row."""
    forgotten: Sequence[int]
    """Positions whose personal row was forgotten."""
    tail: Sequence[int]


def positions(connection: Connection, condition: str) -> list[int]:
    rows = connection.execute(
        f"SELECT e.position FROM log.event AS e LEFT JOIN log.personal_data AS p USING (customer_id, position)"
        f" WHERE {condition} ORDER BY e.position".encode()
    )
    return [row["position"] for row in rows]


def fill(connection: Connection, file: Path) -> Log:
    """360 events with personal rows, gaps and two erasures, seven seals of 50 exported, and a tail of 20."""
    for number in range(150):
        append(connection, number, CUSTOMERS[number % 11])
    connection.execute("CREATE TABLE kept AS SELECT * FROM log.personal_data")
    forget(connection, CUSTOMERS[0], CUSTOMERS[0])
    forget(connection, CUSTOMERS[5], PERSON)
    for number in range(150, 340):
        append(connection, number, CUSTOMERS[6 + number % 5])
    for number in (341, 343, 347):
        append(connection, number, CUSTOMERS[5])
    seals.seal_and_export(connection, file, KEY, force=True)
    end = positions(connection, "true")[-1]
    for number in range(340, 360):
        append(connection, number, CUSTOMERS[6 + number % 5])
    sealed = positions(connection, f"e.position <= {end}")
    (mark,) = positions(connection, "e.type = 'customer.person_forgotten'")
    must_be = f"(e.position > {mark} OR customer_id <> '{CUSTOMERS[5]}')"
    return Log(
        connection,
        file,
        sealed,
        sorted(set(range(1, end)) - set(sealed)),
        positions(connection, f"p.data IS NOT NULL AND e.position <= {end} AND {must_be}"),
        positions(connection, f"e.personal_digest IS NULL AND e.position <= {end}"),
        positions(connection, f"e.personal_digest IS NOT NULL AND p.data IS NULL AND e.position <= {end}"),
        positions(connection, f"e.position > {end}"),
    )


@pytest.fixture
def sealed(connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Log:
    monkeypatch.setattr(seals, "FULL", 50)
    return fill(connection, tmp_path / "seals.ndjson")


@contextmanager
def tampered(connection: Connection, *statements: str, **parameters: object) -> Iterator[None]:
    """The log with these statements carried out, without triggers; all is undone at the end."""
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            connection.execute(statement.encode(), parameters)
        yield


FORGED = (
    "SELECT %(gap)s, customer_id, stream_id, stream_type,"
    " (SELECT max(o.version) + 1 FROM log.event AS o WHERE o.stream_id = e.stream_id), gen_random_uuid(), type,"
    " schema_version, data, personal_digest, actor, command_id, correlation_id, causation_id, metadata, part_id,"
    " occurred_at, recorded_at, digest FROM log.event AS e WHERE position = %(a)s"
)
EDITS = {
    "customer_id": "gen_random_uuid()",
    "stream_id": "gen_random_uuid()",
    "stream_type": "'forged'",
    "version": "version + 1000",
    "event_id": "gen_random_uuid()",
    "type": "type || '.forged'",
    "schema_version": "schema_version + 1",
    "data": """data || '{"forged": true}'""",
    "personal_digest": "sha256('forged')",
    "actor": """actor || '{"id": "forged"}'""",
    "command_id": "gen_random_uuid()",
    "correlation_id": "gen_random_uuid()",
    "causation_id": "gen_random_uuid()",
    "metadata": """metadata || '{"channel": "forged"}'""",
    "part_id": "gen_random_uuid()",
    "occurred_at": "occurred_at - interval '1 microsecond'",
    "recorded_at": "recorded_at + interval '1 day'",
}
SWAPPED = ["data", "event_id", "type || data::text || event_id::text", "recorded_at"]
RECOMPUTE = "UPDATE log.event AS e SET digest = log.digest(e) WHERE digest <> log.digest(e)"
FIT_PERSONAL = (
    "UPDATE log.event AS e SET personal_digest = log.personal_digest(p.data, p.salt)"
    " FROM log.personal_data AS p WHERE p.customer_id = e.customer_id AND p.position = e.position"
    " AND e.personal_digest <> log.personal_digest(p.data, p.salt)"
)


@dataclass(frozen=True)
class Tampering:
    """Statements, their parameters, and the first position that they make wrong."""

    statements: Sequence[str]
    parameters: Mapping[str, object]
    first: int
    kinds: frozenset[str]


def edit(chance: random.Random, log_: Log) -> Tampering:
    a, column = chance.choice(log_.sealed), chance.choice(list(EDITS))
    statement = f"UPDATE log.event SET {column} = {EDITS[column]} WHERE position = %(a)s"
    return Tampering([statement], {"a": a}, a, frozenset({"changed"}))


def delete(chance: random.Random, log_: Log) -> Tampering:
    index = chance.randrange(len(log_.sealed))
    a, b = log_.sealed[index], log_.sealed[min(index + chance.choice([0, 0, 1, 9]), len(log_.sealed) - 1)]
    statements = ["DELETE FROM log.event WHERE position BETWEEN %(a)s AND %(b)s"]
    if chance.random() < 0.5:
        statements.append("DELETE FROM log.personal_data WHERE position BETWEEN %(a)s AND %(b)s")
    return Tampering(statements, {"a": a, "b": b}, a, frozenset({"removed"}))


def insert(chance: random.Random, log_: Log) -> Tampering:
    gap = chance.choice([*log_.missing, *log_.missing, 0, -7])
    parameters = {"a": chance.choice(log_.plain), "gap": gap}
    return Tampering([f"INSERT INTO log.event {FORGED}"], parameters, gap, frozenset({"slipped in"}))


def swap(chance: random.Random, log_: Log) -> Tampering:
    """Two events change places; or an event moves to a position that none has."""
    a, b = sorted(chance.sample(log_.sealed, 2))
    if chance.random() < 0.3:
        b = chance.choice(log_.missing)
        statement = "UPDATE log.event SET position = %(b)s WHERE position = %(a)s"
        return Tampering([statement], {"a": a, "b": b}, min(a, b), frozenset({"removed", "slipped in"}))
    if chance.random() < 0.5:
        columns = "data = o.data, event_id = o.event_id, type = o.type, occurred_at = o.occurred_at"
        condition = "ARRAY[e.position, o.position] <@ ARRAY[%(a)s, %(b)s]::bigint[] AND e.position <> o.position"
        statements = [f"UPDATE log.event AS e SET {columns} FROM log.event AS o WHERE {condition}"]
    else:
        move = "UPDATE log.event SET position = {} WHERE position = {}"
        statements = [move.format(*pair) for pair in (("-99", "%(a)s"), ("%(a)s", "%(b)s"), ("%(b)s", "-99"))]
    return Tampering(statements, {"a": a, "b": b}, a, frozenset({"changed"}))


def personal(chance: random.Random, log_: Log) -> Tampering:
    a, b = sorted(chance.sample(log_.personal, 2))
    plain, gap, gone = chance.choice(log_.plain), chance.choice(log_.missing), chance.choice(log_.forgotten)
    change = """UPDATE log.personal_data SET data = '{"text": "forged"}' WHERE position = %(a)s"""
    add = (
        "INSERT INTO log.personal_data SELECT customer_id, %(to)s, customer_id, '{}', 'salt' FROM log.event"
        " WHERE position = %(of)s"
    )
    drop = "DELETE FROM log.personal_data WHERE position = %(a)s"
    claim = (
        "INSERT INTO log.forgotten SELECT customer_id, {}, (SELECT max(position) FROM log.event AS o"
        " WHERE o.customer_id = e.customer_id) FROM log.event AS e WHERE position = %(a)s"
    )
    bring_back = "INSERT INTO log.personal_data SELECT * FROM kept WHERE position = %(a)s"
    exchange = (
        "UPDATE log.personal_data AS p SET data = o.data, salt = o.salt FROM log.personal_data AS o"
        " WHERE ARRAY[p.position, o.position] <@ ARRAY[%(a)s, %(b)s]::bigint[] AND p.position <> o.position"
    )
    unmark = "DELETE FROM log.forgotten WHERE customer_id = (SELECT customer_id FROM log.event WHERE position = %(a)s)"
    some = {"a": a, "b": b}
    missing, changed, added = (f"personal row {what}" for what in ("missing", "changed", "slipped in"))
    return chance.choice(
        [
            Tampering([change], some, a, frozenset({changed})),
            Tampering([change, FIT_PERSONAL], some, a, frozenset({"changed"})),
            Tampering(["UPDATE log.personal_data SET salt = '' WHERE position = %(a)s"], some, a, frozenset({changed})),
            Tampering([drop], some, a, frozenset({missing})),
            Tampering([drop, claim.format("customer_id")], some, a, frozenset({missing})),
            Tampering([drop, claim.format("gen_random_uuid()")], some, a, frozenset({missing})),
            Tampering([bring_back], {"a": gone}, gone, frozenset({added})),
            Tampering([exchange], some, a, frozenset({changed})),
            Tampering([add], {"of": plain, "to": plain}, plain, frozenset({added})),
            Tampering([add], {"of": plain, "to": gap}, gap, frozenset({added})),
            Tampering([add], {"of": gone, "to": gone}, gone, frozenset({changed, added})),
            Tampering([unmark], {"a": gone}, mark_of(log_, gone), frozenset({"mark missing"})),
            Tampering([unmark, bring_back], {"a": gone}, gone, frozenset({added})),
        ]
    )


def mark_of(log_: Log, position: int) -> int:
    """Where the log says that this customer, or one of her persons, was forgotten."""
    (mark,) = positions(log_.connection, f"e.type LIKE '%forgotten' AND customer_id = '{customer_of(log_, position)}'")
    return mark


def customer_of(log_: Log, position: int) -> UUID:
    row = log_.connection.execute("SELECT customer_id FROM log.event WHERE position = %s", [position]).fetchone()
    assert row is not None
    customer_id: UUID = row["customer_id"]
    return customer_id


def seal_anew(connection: Connection) -> None:
    """What a forger who knows everything but has not the exported file does to the seals."""
    previous = bytes(32)
    for seal in verification_seals(connection):
        rows = connection.execute(
            "SELECT digest FROM log.event WHERE position BETWEEN %s AND %s ORDER BY position",
            [seal.first_position, seal.last_position],
        ).fetchall()
        forged = seal_file.Seal(
            seal.number,
            seal.first_position,
            seal.last_position,
            len(rows),
            merkle.root(row["digest"] for row in rows),
            previous,
            b"",
            seal.sealed_at,
        )
        previous = forged.computed()
        connection.execute(
            "UPDATE log.seal SET event_count = %s, root = %s, previous = %s, seal = %s WHERE number = %s",
            [forged.event_count, forged.root, forged.previous, previous, seal.number],
        )


def verification_seals(connection: Connection) -> list[seal_file.Seal]:
    rows = connection.execute(query("eventstore.sealing", "seal_list"), {"from_number": 1, "limit": None}).fetchall()
    return [seal_file.Seal(**row) for row in rows]


def attack(log_: Log, seed: int) -> None:
    """One random tampering; half of them with digests that fit, half of those with seals that fit. It is found."""
    chance = random.Random(seed)
    tampering = chance.choice([edit, delete, insert, swap, personal])(chance, log_)
    recomputed, sealed_anew = chance.choice([(False, False), (False, False), (True, False), (True, True)])
    statements = [*tampering.statements, *([RECOMPUTE] if recomputed else [])]
    with tampered(log_.connection, *statements, **tampering.parameters):
        if sealed_anew:
            seal_anew(log_.connection)
        finding = verification.verify(log_.connection, log_.file, seal_file.public_key(KEY)).finding
    assert finding is not None, (seed, statements, tampering.parameters)
    assert finding.position == tampering.first, (seed, statements, tampering.parameters, finding)
    assert finding.what in tampering.kinds, (seed, statements, tampering.parameters, finding)


def is_in_order(log_: Log) -> None:
    report = verification.verify(log_.connection, log_.file, seal_file.public_key(KEY))
    assert report.finding is None
    assert (report.events, report.behind) == (len(log_.sealed) + len(log_.tail), len(log_.tail))
    assert report.sealed_to == log_.sealed[-1]
    assert report.is_signed


@pytest.mark.parametrize("tries", [100, pytest.param(1_000, marks=pytest.mark.full)])
def test_every_tampering_is_found_where_it_begins(sealed: Log, tries: int) -> None:
    is_in_order(sealed)
    for seed in range(tries):
        attack(sealed, seed)
    is_in_order(sealed)


def programs(data: Path) -> Path:
    data.mkdir()
    folder, _ = premises.programs(data, Settings().pg_bin)
    return folder


def test_a_dump_restored_under_another_time_zone_is_in_order_and_guarded_as_before(
    sealed: Log, conninfo: str, tmp_path: Path
) -> None:
    folder, name = programs(tmp_path / "home"), f"restored_{uuid4().hex[:12]}"
    with psycopg.connect(conninfo, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        admin.execute(sql.SQL("ALTER DATABASE {} SET timezone = 'Asia/Kathmandu'").format(sql.Identifier(name)))
        admin.execute(sql.SQL("ALTER DATABASE {} SET datestyle = 'German'").format(sql.Identifier(name)))
        try:
            there = make_conninfo(conninfo, dbname=name)
            dump = subprocess.run([folder / "pg_dump", "--dbname", conninfo], check=True, capture_output=True)
            restore = [str(folder / "psql"), "-q", "-v", "ON_ERROR_STOP=1", "--dbname", there]
            subprocess.run(restore, check=True, input=dump.stdout, stdout=subprocess.DEVNULL)
            with connect(there) as connection:
                assert connection.execute("SHOW timezone").fetchone() == {"TimeZone": "Asia/Kathmandu"}
                restored = replace(sealed, connection=connection)
                is_in_order(restored)
                for seed in range(2_000, 2_030):
                    attack(restored, seed)
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def found(
    log_: Log, *statements: str, file: Path | None = None, key: bytes | None = None
) -> verification.Finding | None:
    with tampered(log_.connection, *statements):
        return verification.verify(log_.connection, file or log_.file, key).finding


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE log.seal SET root = sha256('') WHERE number = 3", "seal changed"),
        ("UPDATE log.seal SET seal = sha256('') WHERE number = 3", "seal changed"),
        ("UPDATE log.seal SET event_count = 51 WHERE number = 3", "seal changed"),
        ("UPDATE log.seal SET sealed_at = 'infinity' WHERE number = 3", "seal changed"),
        ("UPDATE log.seal SET first_position = first_position - 1 WHERE number = 3", "seal changed"),
        ("DELETE FROM log.seal WHERE number = 3", "seal changed"),
        ("DELETE FROM log.seal WHERE number >= 3", "seal missing"),
    ],
)
def test_a_seal_that_is_not_as_it_was_exported_is_named(sealed: Log, statement: str, what: str) -> None:
    finding = found(sealed, statement)
    assert finding is not None
    assert (finding.what, finding.seal, finding.position) == (what, 3, None)


def test_seals_made_anew_do_not_hide_that_the_exported_ones_were_others(sealed: Log) -> None:
    remade = "UPDATE log.seal SET root = sha256(root), seal = sha256(seal), previous = sha256(previous)"
    finding = found(sealed, remade)
    assert finding is not None
    assert (finding.what, finding.seal) == ("seal changed", 1)


def rewritten(log_: Log, tmp_path: Path, change: Callable[[list[Line]], list[Line]]) -> Path:
    file = tmp_path / "rewritten.ndjson"
    file.write_bytes(b"".join(line.text() for line in change(list(seal_file.read(log_.file)))))
    return file


def forged_leaves(line: Line) -> Line:
    return replace(line, leaves=line.leaves[:-1] + bytes([line.leaves[-1] ^ 1]))


def test_an_exported_file_that_was_changed_convicts_itself(sealed: Log, tmp_path: Path) -> None:
    public = seal_file.public_key(KEY)
    other = seal_file.signing_key("11" * 32)

    def change_seal(line: Line, **fields: object) -> Line:
        seal = replace(line.seal, **fields)  # type: ignore[arg-type]  # whatever fields the test names
        return replace(line, seal=replace(seal, seal=seal.computed()))

    cases: list[tuple[Callable[[list[Line]], list[Line]], str, int | None]] = [
        (lambda lines: [*lines[:2], forged_leaves(lines[2]), *lines[3:]], "seals file", 3),
        (lambda lines: [*lines[:2], *lines[3:]], "seals file", None),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "seals file", None),
        (lambda lines: [*lines[:2], change_seal(lines[2], root=bytes(32)), *lines[3:]], "bad signature", None),
        (lambda lines: [*lines[:2], replace(lines[2], signature=bytes(64)), *lines[3:]], "bad signature", None),
        (lambda lines: [*lines[:-1], replace(lines[-1], signature=None)], "bad signature", None),
        (lambda lines: [replace(line, signature=other.sign(line.seal.seal)) for line in lines], "bad signature", None),
    ]
    for change, what, number in cases:
        finding = verification.verify(sealed.connection, rewritten(sealed, tmp_path, change), public).finding
        assert finding is not None
        assert (finding.what, finding.seal, finding.position) == (what, number, None)
    without_key = verification.verify(sealed.connection, rewritten(sealed, tmp_path, cases[3][0])).finding
    assert without_key is not None
    assert without_key.what == "seal changed"
    once = rewritten(
        sealed, tmp_path, lambda lines: [*(replace(line, signature=None) for line in lines[:-1]), lines[-1]]
    )
    assert verification.verify(sealed.connection, once, public).finding is None  # the last vouches for all


def test_leaves_made_to_fit_do_not_help_a_forger(sealed: Log, tmp_path: Path) -> None:
    """The root is what counts: here even the exported leaves tell of the forged event."""
    position = sealed.sealed[60]
    statements = [f"UPDATE log.event SET type = 'forged' WHERE position = {position}", RECOMPUTE]
    with tampered(sealed.connection, *statements):
        row = sealed.connection.execute("SELECT digest FROM log.event WHERE position = %s", [position]).fetchone()
        assert row is not None
        begin = 16 * 10

        def fit(lines: list[Line]) -> list[Line]:
            leaves = lines[1].leaves
            assert int.from_bytes(leaves[begin : begin + 8]) == position
            return [lines[0], replace(lines[1], leaves=leaves[: begin + 8] + row["digest"][:8] + leaves[begin + 16 :])]

        finding = verification.verify(sealed.connection, rewritten(sealed, tmp_path, fit)).finding
    assert finding is not None
    assert (finding.what, finding.seal, finding.position) == ("changed", 2, None)


def test_a_sealed_log_without_its_exported_seals_is_not_in_order(sealed: Log, tmp_path: Path) -> None:
    emptied = tmp_path / "emptied"
    emptied.touch()
    for file in (tmp_path / "nowhere", emptied):
        finding = verification.verify(sealed.connection, file).finding
        assert finding is not None
        assert finding.what == "seals missing"
    report = verification.verify(sealed.connection, None)
    assert (report.finding, report.sealed_to, report.behind) == (None, 0, report.events)


def test_the_tail_since_the_last_exported_seal_only_agrees_with_itself(sealed: Log) -> None:
    position = sealed.tail[2]
    forged = f"UPDATE log.event SET type = 'forged' WHERE position = {position}"
    finding = found(sealed, forged)
    assert finding is not None
    assert (finding.what, finding.position) == ("digest", position)
    assert found(sealed, forged, RECOMPUTE) is None
    stream = f"(SELECT stream_id FROM log.event WHERE position = {position})"
    (following, *_) = positions(sealed.connection, f"stream_id = {stream} AND e.position > {position}")
    finding = found(sealed, f"DELETE FROM log.event WHERE position = {position}", "DELETE FROM log.personal_data AS p"
                    f" WHERE position = {position}")  # fmt: skip
    assert finding is not None
    assert (finding.what, finding.position) == ("version gap", following)
    renumber = "UPDATE log.event SET version = {} WHERE position = {}"
    row = sealed.connection.execute("SELECT version FROM log.event WHERE position = %s", [position]).fetchone()
    assert row is not None
    version = row["version"]
    finding = found(
        sealed,
        renumber.format(10_000, position),
        renumber.format(version, following),
        renumber.format(version + 1, position),
        RECOMPUTE,
    )
    assert finding is not None
    assert (finding.what, finding.position) == ("version gap", position)


def test_seals_that_were_not_exported_yet_are_checked_too(sealed: Log) -> None:
    seals.seal_finished(sealed.connection, force=True)
    assert verification.verify(sealed.connection, sealed.file).finding is None
    position, number = sealed.tail[10], verification_seals(sealed.connection)[-1].number
    forged = f"UPDATE log.event SET type = 'forged' WHERE position = {position}"
    finding = found(sealed, forged)
    assert finding is not None
    assert (finding.what, finding.position) == ("digest", position)
    finding = found(sealed, forged, RECOMPUTE)
    assert finding is not None
    assert (finding.what, finding.position, finding.seal) == ("changed", None, number)
    finding = found(sealed, f"UPDATE log.seal SET previous = sha256('') WHERE number = {number}")
    assert finding is not None
    assert (finding.what, finding.seal) == ("seal changed", number)


@pytest.mark.parametrize(
    ("statements", "what"),
    [
        (["ALTER TABLE log.event DROP CONSTRAINT event_pkey", "ALTER TABLE log.event ALTER position DROP NOT NULL",
          "UPDATE log.event SET position = NULL WHERE position = 100"], "removed"),
        (["ALTER TABLE log.event DROP CONSTRAINT event_pkey", "DROP INDEX log.event_in_order",
          "ALTER TABLE log.event DROP CONSTRAINT event_version",
          "INSERT INTO log.event SELECT * FROM log.event WHERE position = 100"], "slipped in"),
        (["ALTER TABLE log.event ALTER digest DROP NOT NULL",
          "UPDATE log.event SET digest = NULL WHERE position = 100"], "digest"),
        (["CREATE OR REPLACE FUNCTION log.digest(event log.event) RETURNS bytea LANGUAGE sql AS 'SELECT event.digest'",
          "UPDATE log.event SET type = 'forged' WHERE position = 100"], "changed"),
        (["UPDATE log.event SET occurred_at = 'infinity', digest = '' WHERE position = 100"], "changed"),
        (["ALTER TABLE log.event ALTER version DROP NOT NULL",
          "UPDATE log.event SET version = NULL WHERE position = 100"], "changed"),
    ],
)  # fmt: skip
def test_a_log_whose_very_tables_were_damaged_can_be_examined(sealed: Log, statements: list[str], what: str) -> None:
    assert 100 in sealed.sealed
    finding = found(sealed, *statements)
    assert finding is not None
    following = sealed.sealed[sealed.sealed.index(100) + 1]
    assert (finding.what, finding.position) in ((what, 100), (what, following))
    is_in_order(sealed)


def test_events_that_come_while_a_log_is_verified_do_no_harm(
    sealed: Log, conninfo: str, connection: Connection
) -> None:
    done = Event()

    def write() -> None:
        with connect(conninfo) as own:
            for number in range(400, 1_200):
                append(own, number, CUSTOMERS[6 + number % 5])
                if number % 40 == 0:
                    seals.seal_and_export(own, sealed.file, KEY, force=True)
            done.set()

    writer = Thread(target=write)
    writer.start()
    seen = set()
    while not done.is_set():
        report = verification.verify(connection, sealed.file, seal_file.public_key(KEY))
        assert report.finding is None
        seen.add(report.sealed_to)
    writer.join()
    assert len(seen) > 2


@pytest.mark.parametrize("type_", ["customer.forgotten", "customer.person_forgotten"])
@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE log.event SET type = 'customer.renamed' WHERE position = {}", "changed"),
        ("DELETE FROM log.event WHERE position = {}", "removed"),
        ("UPDATE log.event SET position = 1000000 WHERE position = {}", "removed"),
    ],
)
def test_who_takes_away_the_event_that_somebody_was_forgotten_is_found_there(
    sealed: Log, type_: str, statement: str, what: str
) -> None:
    """Not at the personal rows before it, which are rightly gone."""
    (mark,) = positions(sealed.connection, f"e.type = '{type_}'")
    assert any(position < mark for position in sealed.forgotten)
    finding = found(sealed, statement.format(mark), RECOMPUTE)
    assert finding is not None
    assert (finding.what, finding.position) == (what, mark)


def test_a_personal_row_that_came_after_a_person_was_forgotten_may_not_be_gone(sealed: Log) -> None:
    (mark,) = positions(sealed.connection, "e.type = 'customer.person_forgotten'")
    after = next(position for position in sealed.personal if customer_of(sealed, position) == CUSTOMERS[5])
    assert after > mark
    finding = found(sealed, f"DELETE FROM log.personal_data WHERE position = {after}")
    assert finding is not None
    assert (finding.what, finding.position) == ("personal row missing", after)


@pytest.mark.parametrize("type_", ["customer.forgotten", "customer.person_forgotten"])
def test_a_mark_that_the_event_does_not_speak_of_is_false(sealed: Log, type_: str) -> None:
    (mark,) = positions(sealed.connection, f"e.type = '{type_}'")
    invented = "SELECT customer_id, gen_random_uuid(), position FROM log.event"
    finding = found(sealed, f"INSERT INTO log.forgotten {invented} WHERE position = {mark}")
    assert finding is not None
    assert (finding.what, finding.position) == ("false mark", mark)


@pytest.mark.parametrize("customer_id", [CUSTOMERS[0], CUSTOMERS[5]])
def test_an_erasure_that_was_undone_with_its_mark_is_found(sealed: Log, customer_id: UUID) -> None:
    gone = [position for position in sealed.forgotten if customer_of(sealed, position) == customer_id]
    unmark = f"DELETE FROM log.forgotten WHERE customer_id = '{customer_id}'"
    again = f"INSERT INTO log.personal_data SELECT * FROM kept WHERE position IN ({', '.join(map(str, gone))})"
    finding = found(sealed, unmark, again)
    assert finding is not None
    assert (finding.what, finding.position) == ("personal row slipped in", gone[0])


def test_a_row_that_was_recorded_of_a_forgotten_customer_behind_the_mark_is_found(sealed: Log) -> None:
    sealed.connection.execute("CREATE TABLE marks AS SELECT * FROM log.forgotten")
    with tampered(sealed.connection, "DELETE FROM log.forgotten"):
        position = append(sealed.connection, 999, CUSTOMERS[0])
        sealed.connection.execute("INSERT INTO log.forgotten SELECT * FROM marks")
        finding = verification.verify(sealed.connection, sealed.file).finding
    assert finding is not None
    assert (finding.what, finding.position) == ("personal row slipped in", position)


def test_why_somebody_was_forgotten_may_stay_beside_the_event_that_says_so(
    connection: Connection, tmp_path: Path
) -> None:
    append(connection, 1, CUSTOMERS[1])
    row = log.new_row(
        NOBODY,
        customer_id=CUSTOMERS[1],
        stream_type="customer",
        stream_id=CUSTOMERS[1],
        version=None,
        type_="customer.forgotten",
        data={},
        personal={"reason": "Asked by letter"},
        part_id=None,
        occurred_at=None,
    )
    (position,) = log.append_rows(connection, [row], None)
    connection.execute("DELETE FROM log.personal_data WHERE position < %s", [position])
    connection.execute("INSERT INTO log.forgotten VALUES (%s, %s, %s)", [CUSTOMERS[1], CUSTOMERS[1], position])
    assert verification.verify(connection, tmp_path / "seals.ndjson").finding is None


def test_who_may_read_nothing_personal_finds_the_same(sealed: Log, conninfo: str) -> None:
    """With the roles as an opened database has them, and a login that has nothing but the auditor's."""
    migrate(sealed.connection)
    position = sealed.personal[3]
    with logged_in(conninfo, "everfold_auditor") as auditor:
        assert verification.verify(auditor, sealed.file, seal_file.public_key(KEY)).finding is None
        sealed.connection.execute("SET session_replication_role = replica")
        sealed.connection.execute("UPDATE log.personal_data SET data = '{}' WHERE position = %s", [position])
        finding = verification.verify(auditor, sealed.file, seal_file.public_key(KEY)).finding
        assert finding is not None
        assert (finding.what, finding.position) == ("personal row changed", position)
        assert refused(auditor, "SELECT FROM log.personal_data")
