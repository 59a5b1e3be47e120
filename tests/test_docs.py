"""Every command that the documentation shows is run, in its order, and answers what the documentation says.

Blocks marked `console` hold commands after `$ ` and their output; `...` in an output stands for whatever varies.
The blocks of one page are one session: a shell, a data folder, and a server once `./crm run` was shown.

A page with blocks marked `diff` works on a copy of the project in which these changes were made. `--- ` names the file,
`@@` stands between its changes, and the lines that stay say where: enough of them for the place to be the only one.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.test_project import files

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(page for page in (ROOT / "README.md", *ROOT.glob("docs/**/*.md")) if "```console" in page.read_text())
TIERED = [pytest.param(page, marks=[] if page.name == "README.md" else pytest.mark.full) for page in PAGES]
"""The front page in the gate, the others in the long tier."""


def steps(page: Path) -> list[tuple[str, str]]:
    """Commands of a page with the outputs shown beneath them."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"^```console\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.startswith("> "):
                found[-1] = (f"{found[-1][0]}\n{line[2:]}", [])
            else:
                found[-1][1].append(line)
    return [(command, "\n".join(output)) for command, output in found]


def matches(shown: str, got: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in shown.strip().split("..."))
    return re.fullmatch(pattern, got.strip(), re.DOTALL) is not None


def changes(page: Path) -> list[tuple[str, str, str]]:
    """What a page's diffs change: the file, the text that is there, and the text in its place."""
    found = []
    for block in re.findall(r"^```diff\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL):
        for file, hunks in re.findall(r"^--- (.+)\n((?:(?!--- ).*\n)+)", block, re.MULTILINE):
            for hunk in hunks.split("@@\n"):
                lines = hunk.splitlines(keepends=True)
                before, after = ("".join(line[1:] for line in lines if line[0] != mark) for mark in "+-")
                found.append((file, before, after))
    return found


def changed_copy(page: Path, folder: Path) -> Path:
    """The project with the page's changes, and with the environment that runs the tests."""
    for path in files():
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    (folder / ".venv").unlink(missing_ok=True)
    (folder / ".venv").symlink_to(sys.prefix)
    for file, before, after in changes(page):
        text = (folder / file).read_text()
        assert text.count(before) == 1, f"{page.name}: {file} has {text.count(before)} times\n{before}"
        (folder / file).write_text(text.replace(before, after))
    return folder


@contextmanager
def served(command: str, place: Path, environment: dict[str, str]) -> Iterator[str]:
    process = subprocess.Popen(
        command.split(), cwd=place, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline()
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=30)


@pytest.mark.parametrize("page", TIERED, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_does_what_it_says(page: Path, new_database: Callable[[], str], tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    place = changed_copy(page, tmp_path / "project") if changes(page) else ROOT
    environment = os.environ | {
        "DATABASE_URL": new_database(),
        "EVERFOLD_DATA": str(tmp_path / "data"),
        "EVERFOLD_SECRET": "test",
        "COLUMNS": "120",
    }
    shell = subprocess.Popen(
        ["bash"], cwd=place, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    assert shell.stdin is not None
    assert shell.stdout is not None
    servers = []
    try:
        for command, shown in steps(page):
            here = command.replace("8000", port).replace("127.0.0.1:8000", f"127.0.0.1:{port}")
            if here.startswith("./crm run"):
                server = served(f"{here} --port {port}", place, environment)
                servers.append(server)
                got = server.__enter__().replace(port, "8000")
            elif here.startswith(("./crm test", "git clone")):
                continue
            else:
                shell.stdin.write(f"{here}\nprintf '\\n<end>\\n'\n")
                shell.stdin.flush()
                got = "".join(iter(partial(next, shell.stdout), "<end>\n")).replace(port, "8000")
            assert matches(shown, got), f"{page.name}: $ {command}\nshows\n{shown}\nbut answers\n{got}"
    finally:
        shell.kill()
        for server in servers:
            server.__exit__(None, None, None)


def test_an_event_takes_so_many_files_besides_its_tests() -> None:
    touched = {file for file, _, _ in changes(ROOT / "docs" / "guides" / "add-an-event.md")}
    assert {file for file in touched if not file.startswith("tests/")} == {
        "domain/lead/deal.py",
        "projections/lead/fold.sql",
        "api/commands/lead.py",
    }


def test_every_page_that_is_linked_is_there() -> None:
    for page in (ROOT / "README.md", *ROOT.glob("docs/**/*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"
