"""After `crm forget` none of a customer's values is found: in a dump, in any file, in any answer of a process."""

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from rich.console import Console

from api.access import SCOPES, create_api_key
from api.forget import forget
from api.imports.run import import_file
from api.sealing import seals_file
from api.settings import Settings
from api.store import open_store
from domain.event import CustomerId
from eventstore import premises
from eventstore.database import Connection, connect
from eventstore.erasure import disk
from eventstore.erasure.disk import Step
from eventstore.sealing import verification
from eventstore.sealing.seals import seal_and_export
from projections.read_models import read_models
from replay.asof import known_at
from replay.follow import catch_up
from replay.verification import verify

ROOT = Path(__file__).resolve().parent.parent
NAME, TITLE, OTHER_TITLE = "Wilhelmina Zwaardvis", "Verandadak Zwaardvis", "Serre Zwaardvis-Öhm"
VALUES = {
    "name": NAME,
    "title": TITLE,
    "retitled": OTHER_TITLE,
    "form": "Overtoom 1017-quater",
    "external id": "w.zwaardvis@voorbeeld.example",
    "summary": "Houdt van oranjegele tegels",
    "outcome": "Belt terug na Pinksteren",
    "task": "Kleurstalen kobaltblauw sturen",
    "document": "offerte-zwaardvis-7.pdf",
    "reason": "Koopt bij haar schoonzus",
    "competitor": "Glasparadijs Schoonzus",
    "imported title": "Carport Wilhelmina bakboord",
}


def disguises(value: str) -> set[bytes]:
    """The value as it may stand in a file: as text, in UTF-16, in hex, and in base64 wherever that begins."""
    text = value.encode()
    found = {text, json.dumps(value)[1:-1].encode(), value.encode("utf-16-le"), value.encode("utf-16-be")}
    found |= {text.hex().encode(), text.hex().upper().encode()}
    for begin in range(3):
        encoded = base64.b64encode(b"\0" * begin + text)
        found.add(encoded[-(-begin * 8 // 6) : (begin + len(text)) * 8 // 6])  # without what its neighbours shape
    return found


WANTED = {name: disguises(value) for name, value in VALUES.items()}


def found_in(content: bytes) -> set[str]:
    """Names of the values that a text holds."""
    content = content.rstrip(b"\0")  # most of a segment of the write-ahead log
    return {name for name, looks in WANTED.items() if any(look in content for look in looks)}


@dataclass
class House:
    """An installation with a folder and a server of its own, durable as in production, and a running process."""

    data: Path
    port: int
    key: str = ""
    cookies: CookieJar = field(default_factory=CookieJar)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        return kept | {"PYTHONPATH": str(ROOT), "EVERFOLD_DATA": str(self.data), "EVERFOLD_SECRET": "test"}

    @property
    def settings(self) -> Settings:
        return Settings.model_validate({"data": self.data, "secret": "test", "DATABASE_URL": None})

    def crm(self, *arguments: str) -> str:
        ended = subprocess.run(
            [sys.executable, "-m", "api", *arguments], env=self.environment, capture_output=True, text=True, timeout=120
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def ask(self, path: str, body: object = None) -> bytes:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        with opener.open(request, timeout=30) as answer:
            content: bytes = answer.read()
        return content

    def answers(self, lead_ids: list[str], customer_id: str) -> set[str]:
        """Names of the values in everything that the running process tells about her."""
        pages = ["/console", "/console/leads", "/v1/leads?limit=200", "/v1/events?limit=1000", "/v1/members"]
        pages += [f"/v1/events?customer_id={customer_id}", "/v1/kpis/win_rate", "/v1/kpis/win_rate/events"]
        for lead_id in lead_ids:
            pages += [f"/v1/leads/{lead_id}", f"/v1/leads/{lead_id}/history", f"/console/leads/{lead_id}"]
        return set().union(*(found_in(self.ask(page)) for page in pages))

    def files(self) -> dict[str, set[str]]:
        """Names of the values in each file of the data folder and of the server's, wherever that lies."""
        cluster = (self.data / "postgres").resolve()
        paths = [path for top in {self.data, cluster} for path in top.rglob("*") if path.is_file()]
        found = {}
        for path in paths:
            try:
                found[str(path)] = found_in(path.read_bytes())
            except FileNotFoundError:  # the server has removed it meanwhile
                continue
        assert any("pg_wal" in path for path in found)
        return {path: names for path, names in found.items() if names}

    def dump(self) -> set[str]:
        """Names of the values in a full dump."""
        home = (self.data / "postgres").resolve()
        programs, _ = premises.programs(home, None)
        dumped = subprocess.run(
            [programs / "pg_dump", "-h", premises.sockets(home), "-U", "postgres", "everfold"],
            capture_output=True,
            check=True,
        )
        assert b"log.personal_data" in dumped.stdout
        return found_in(dumped.stdout)


@pytest.fixture
def house() -> Iterator[House]:
    data = Path(tempfile.mkdtemp(prefix="everfold-forgetting-"))
    data.chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        house = House(data, int(free.getsockname()[1]))
    try:
        with running(house):
            yield house
    finally:
        cluster = (data / "postgres").resolve()
        shutil.rmtree(cluster, ignore_errors=True)
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def running(house: House) -> Iterator[None]:
    log = house.data / "process.log"
    with open(log, "wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "api", "run", "--port", str(house.port), "--no-demo"],
            env=house.environment,
            stdout=subprocess.PIPE,
            stderr=said,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline().decode()
            assert "Open http" in line, log.read_text()
            house.ask(line.split("Open ")[1].split()[0].partition(str(house.port))[2])  # signs in
            with open_store(house.settings) as store:
                house.key = create_api_key(store, "tests", tuple(SCOPES))
            yield
        finally:
            process.terminate()
            process.wait(timeout=60)
            assert process.stdout is not None
            process.stdout.close()


@dataclass
class Known:
    """What the house knows of her."""

    customer_id: str
    lead_ids: list[str]


def live_through(house: House, tmp_path: Path) -> Known:
    """A customer with every kind of personal value, another one, an import whose error file names her, and her past."""

    def act(lead_id: str, command: str, **body: Any) -> dict[str, Any]:
        return dict(json.loads(house.ask(f"/v1/leads/{lead_id}/{command}", body)))

    first = json.loads(
        house.ask(
            "/v1/leads",
            {
                "title": TITLE,
                "customer_name": NAME,
                "form": {"street": VALUES["form"]},
                "external_ids": {"mail": VALUES["external id"]},
            },
        )
    )
    second = json.loads(house.ask("/v1/leads", {"title": OTHER_TITLE, "customer_id": first["customer_id"]}))
    lead_id = first["lead_id"]
    act(
        lead_id,
        "log-interaction",
        kind="call",
        direction="outbound",
        summary=VALUES["summary"],
        outcome=VALUES["outcome"],
    )
    act(lead_id, "schedule-follow-up", what=VALUES["task"], due_at="2030-01-01T00:00:00Z")
    act(lead_id, "send-proposal", document=VALUES["document"])
    act(lead_id, "retitle", title=OTHER_TITLE)
    act(lead_id, "lose", reason=VALUES["reason"], competitor=VALUES["competitor"])
    for number in range(20):
        house.ask("/v1/leads", {"title": f"Lead {number}", "customer_name": f"Customer {number}"})
    leads = tmp_path / "leads.csv"
    leads.write_text(
        "number,title,company,owner,state,first contact,decided on,worth\n"
        f"Z-1,{VALUES['imported title']},{NAME},Mara Lind,talking,soon,,100.00\n"
        f"Z-2,Dakraam,{NAME.upper()},Mara Lind,talking,soon,,100.00\n"
        "Z-3,Hill Bakery's roof,Hill Bakery,Mara Lind,talking,later,,100.00\n"
        "Z-4,Terras,Hill Bakery,Mara Lind,talking,2026-01-12,,100.00\n"
    )
    with open_store(house.settings) as store, store.following() as connection:
        import_file(store, "leads", leads, ROOT / "docs/examples/leads.toml", Console(quiet=True))
        known_at(connection, catch_up(connection), list(read_models().values()))
        seal_and_export(connection, seals_file(house.settings), force=True)
    return Known(first["customer_id"], [lead_id, second["lead_id"]])


def error_files(house: House) -> str:
    return "".join(path.read_text() for path in (house.data / "imports").glob("*.csv"))


def analyze(connection: Connection) -> None:
    """The statistics then quote her."""
    connection.execute("ANALYZE")
    quoted = connection.execute(
        "SELECT FROM pg_stats WHERE concat(histogram_bounds, most_common_vals) LIKE '%%' || %s || '%%'", [OTHER_TITLE]
    )
    assert quoted.fetchone() is not None


def test_nothing_is_found_of_who_was_forgotten(house: House, tmp_path: Path) -> None:
    known = live_through(house, tmp_path)
    with open_store(house.settings) as store, connect(store.conninfo) as connection:
        analyze(connection)
        connection.execute("CHECKPOINT")
        assert house.answers(known.lead_ids, known.customer_id) == VALUES.keys() - {"imported title"}
        assert house.dump() == VALUES.keys() - {"imported title"}
        assert set().union(*house.files().values()) == set(VALUES)

        done = json.loads(house.crm("forget", known.customer_id, "--reason", "Asked by letter of May", "--json"))
        assert done["left"] == []
        assert done["error_rows"] == 2
        assert done["customer_ids"] == [known.customer_id]

        assert house.files() == {}
        assert house.dump() == set()
        assert house.answers(known.lead_ids, known.customer_id) == set()
        assert "Hill Bakery's roof" in error_files(house)
        history = json.loads(house.ask(f"/v1/leads/{known.lead_ids[0]}/history"))["data"]
        assert [event["type"] for event in history][:2] == ["lead.captured", "lead.interaction_logged"]
        with store.following() as following:
            catch_up(following)
            assert [verify(following, model).differing for model in read_models().values()] == [0] * len(read_models())
        report = verification.verify(connection, seals_file(house.settings))
        assert (report.finding, report.sealed_to > 30) == (None, True)
        again = forget(store, CustomerId(UUID(known.customer_id)), reason="Once more")
        assert (again.was_forgotten, list(again.positions), again.left) == (True, done["positions"], ())


def no_vacuum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "_written_anew", lambda connection, table: Step("planted"))


def no_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "_wal_turned_over", lambda connection: Step("planted"))


def no_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(connection: Connection, table: tuple[str, str]) -> Step:
        if table[1] != "pg_statistic":
            connection.execute(f"VACUUM (FULL) {table[0]}.{table[1]}".encode())
        return Step("planted")

    monkeypatch.setattr(disk, "_written_anew", without)


def no_error_files(monkeypatch: pytest.MonkeyPatch) -> None:
    from api import forget as module
    from api.imports.error_files import Cleaned

    monkeypatch.setattr(module, "remove_rows", lambda *_: Cleaned(0, ()))


@pytest.mark.full
@pytest.mark.parametrize(
    ("omit", "place"),
    [(no_vacuum, "/base/"), (no_switch, "/pg_wal/"), (no_statistics, "/base/"), (no_error_files, "-errors.csv")],
)
def test_a_purge_that_leaves_a_step_out_is_noticed(
    house: House,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    omit: Callable[[pytest.MonkeyPatch], None],
    place: str,
) -> None:
    known = live_through(house, tmp_path)
    with open_store(house.settings) as store:
        with connect(store.conninfo) as connection:
            analyze(connection)
        omit(monkeypatch)
        forget(store, CustomerId(UUID(known.customer_id)), reason="Asked by letter")
        assert any(place in path for path in house.files())
