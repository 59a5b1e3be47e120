"""What docker-compose.yml and the Dockerfile promise, as far as it can be seen without an engine."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from api.settings import Settings, UnusableFile
from eventstore import server
from tests.api.test_cli import Crm
from tests.api.test_cli import crm as crm
from tests.api.test_cli import port as port

ROOT = Path(__file__).resolve().parent.parent
OURS = ("api", "follower")


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


def names_in_settings() -> set[str]:
    return {str(field.validation_alias or f"EVERFOLD_{name}".upper()) for name, field in Settings.model_fields.items()}


def test_images_are_pinned(compose: Any, dockerfile: str) -> None:
    images = [service["image"] for service in compose["services"].values()]
    images += re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)
    for image in images:
        assert re.search(r":\d+\.\d+", image), image
        assert "latest" not in image
    assert compose["services"]["postgres"]["image"].startswith("postgres:18.")
    from api import VERSION

    assert {compose["services"][name]["image"] for name in OURS} == {f"everfold:{VERSION}"}


def test_nobody_is_root_and_nothing_can_be_written_but_the_volumes(compose: Any, dockerfile: str) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in service
    assert compose["services"]["postgres"]["user"] == "postgres"
    user = re.findall(r"^USER (\S+)", dockerfile, re.MULTILINE)[-1]
    assert int(user) > 0
    assert dockerfile.index(f"USER {user}") < dockerfile.index("ENTRYPOINT")
    named = {volume.partition(":")[0] for service in compose["services"].values() for volume in service["volumes"]}
    assert named == set(compose["volumes"])
    data = compose["services"]["api"]["environment"]["EVERFOLD_DATA"]
    assert f"data:{data}" in compose["services"]["api"]["volumes"]
    assert f"VOLUME {data}" in dockerfile


def test_each_waits_for_those_it_needs_and_all_of_them_can_be_asked(compose: Any) -> None:
    services = compose["services"]
    waits = {name: set(service.get("depends_on", {})) for name, service in services.items()}
    assert waits == {"postgres": set(), "follower": {"postgres"}, "api": {"postgres", "follower"}}
    for service in services.values():
        assert {one["condition"] for one in service.get("depends_on", {}).values()} <= {"service_healthy"}
        assert service["healthcheck"]["test"][0] == "CMD"
        seconds = {name: int(service["healthcheck"][name].removesuffix("s")) for name in ("interval", "timeout")}
        assert seconds["timeout"] <= seconds["interval"]


def test_the_database_is_reached_from_inside_only(compose: Any) -> None:
    assert compose["networks"]["inside"] == {"internal": True}
    assert compose["services"]["postgres"]["networks"] == ["inside"]
    assert [name for name, service in compose["services"].items() if "ports" in service] == ["api"]
    assert compose["services"]["api"]["ports"] == ["127.0.0.1:8000:8000"]


def test_secrets_are_files_and_stand_nowhere_else(compose: Any) -> None:
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search("SECRET|PASSWORD|KEY", name):
                assert name.endswith("_FILE"), name
                assert str(value).removeprefix("/run/secrets/") in service["secrets"]
            assert not re.search(r"://[^@/]*:[^@/]*@", str(value)), f"{name} holds a password"
    for name, secret in compose["secrets"].items():
        assert secret == {"file": f"./secrets/{name}"}
    assert "secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    assert (ROOT / ".dockerignore").read_text().startswith("*\n")


def test_the_environment_is_one_that_the_program_reads(compose: Any) -> None:
    for name in OURS:
        assert set(compose["services"][name]["environment"]) <= names_in_settings()
    guide = (ROOT / "docs/guides/deploy.md").read_text()
    told = set(re.findall(r"`(EVERFOLD_[A-Z_]+)`", guide))
    assert len(told) > 8
    assert told <= names_in_settings()
    for name, default in re.findall(r"^\| `EVERFOLD_([A-Z_]+)` \| (\d+) \|", guide, re.MULTILINE):
        assert Settings.model_fields[name.lower()].default == int(default), name


def test_the_database_is_run_as_our_own_is(compose: Any) -> None:
    given = dict(option[2:].split("=", 1) for option in compose["services"]["postgres"]["command"][1:])
    about_logs = {name: value for name, value in server.SETTINGS.items() if name.startswith(("log_", "wal_"))}
    assert {name: given.get(name) for name in about_logs if name != "log_checkpoints"} == {
        name: value for name, value in about_logs.items() if name != "log_checkpoints"
    }
    assert given["log_min_duration_statement"] == "-1"


def test_the_image_holds_what_the_program_is_made_of(dockerfile: str) -> None:
    copied = set(re.findall(r"^COPY (\S+) ", dockerfile, re.MULTILINE))
    assert copied == {"requirements.lock", "domain", "eventstore", "projections", "replay", "bench", "api"}
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert kept == copied
    assert "--require-hashes" in dockerfile
    assert json.loads(re.findall(r"^ENTRYPOINT (.*)", dockerfile, re.MULTILINE)[0]) == ["python", "-m", "api"]


def commands(compose: Any) -> Iterator[list[str]]:
    for name in OURS:
        yield compose["services"][name]["command"]
        program = compose["services"][name]["healthcheck"]["test"][1:]
        assert program[:3] == ["python", "-m", "api"]
        yield program[3:]


def test_the_commands_are_ones_that_there_are(compose: Any) -> None:
    for verb, *options in commands(compose):
        told = subprocess.run(
            [sys.executable, "-m", "api", verb, "--help"],
            env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"},
            capture_output=True,
            text=True,
        )
        assert told.returncode == 0
        for option in options:
            assert not option.startswith("--") or option in told.stdout, (verb, option)


def test_a_follower_and_a_server_beside_it_are_healthy_until_they_end(crm: Crm, port: int) -> None:
    assert f"No server answers on port {port}" in crm("ready", "--port", str(port), code=1)
    follower = crm.start("follow")
    serving = crm.start("run", "--no-follow", "--no-demo", "--host", "127.0.0.1", "--port", str(port))
    try:
        for process in (follower, serving):
            assert process.stdout is not None and process.stdout.readline()
        assert crm("ready", "--port", str(port)) == "ready\n"
        assert crm("ready", "--follower") == "ready\n"
    finally:
        for process in (follower, serving):
            process.send_signal(signal.SIGTERM)
    for process in (follower, serving):
        process.communicate(timeout=30)
        assert process.returncode == 0
    assert f"No server answers on port {port}" in crm("ready", "--port", str(port), code=1)


def test_nobody_who_follows_is_noticed(crm: Crm, conninfo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from api import readiness
    from api.store import open_store
    from eventstore.database import connect
    from replay.follow import catch_up
    from tests.conftest import settings_for
    from tests.facts import captured, given

    monkeypatch.setattr(readiness, "_PATIENCE", 0.0)
    with connect(conninfo) as connection, open_store(settings_for(conninfo, Path("unused"))) as store:
        given(connection, captured())
        assert "./crm follow" in (readiness.follower_trouble(store) or "")
        catch_up(connection)
        assert readiness.follower_trouble(store) is None


def test_secrets_are_read_from_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    (tmp_path / "password").write_text("p@ss:w/rd%\n")
    found = Settings.model_validate(
        {
            "DATABASE_URL": "postgresql://everfold@postgres:5432/everfold?sslmode=disable",
            "database_password_file": tmp_path / "password",
            "secret_file": tmp_path / "secret",
        }
    )
    assert found.secret == SecretStr("s3cret")
    assert found.database_url == SecretStr(
        "postgresql://everfold:p%40ss%3Aw%2Frd%25@postgres:5432/everfold?sslmode=disable"
    )
    assert "s3cret" not in repr(found) and "p%40ss" not in repr(found)


@pytest.mark.parametrize("url", ["postgresql://everfold:x@postgres/everfold", "postgresql://postgres/x", "host=x"])
def test_a_password_goes_into_a_url_that_leaves_room_for_it(tmp_path: Path, url: str) -> None:
    (tmp_path / "password").write_text("secret")
    with pytest.raises(UnusableFile, match="write DATABASE_URL as postgresql://USER@HOST"):
        Settings.model_validate({"DATABASE_URL": url, "database_password_file": tmp_path / "password"})


def test_a_file_that_holds_no_secret_is_named(crm: Crm, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    crm.environment["EVERFOLD_SECRET_FILE"] = str(tmp_path / "empty")
    crm.environment["EVERFOLD_SECRET"] = ""
    assert f"{tmp_path / 'empty'} is empty" in crm("key", "list", code=2)
    crm.environment["EVERFOLD_SECRET_FILE"] = str(tmp_path / "gone")
    assert f"{tmp_path / 'gone'} cannot be read" in crm("key", "list", code=2)
