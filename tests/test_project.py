"""What holds for the project's files as a whole."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from api import VERSION

ROOT = Path(__file__).resolve().parent.parent


def files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in files():
        try:
            found.append((path, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:  # a picture
            continue
    return found


@pytest.mark.parametrize("name", [f"requirements{of}.lock" for of in ("", "-analytics", "-oidc", "-dev")])
def test_the_locks_pin_by_hash_and_name_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    pins = re.findall(r"^([a-z0-9-]+(?:\[[a-z,]+\])?)==\S+", text, re.MULTILINE)
    assert len(pins) > 20
    assert text.count("--hash=sha256:") > len(pins)
    assert "://" not in text
    assert "--index" not in text


def test_the_program_says_the_version_that_it_has() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


def test_each_lock_pins_what_the_smaller_ones_do() -> None:
    def pins(name: str) -> set[tuple[str, str]]:
        return set(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==(\S+)", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.lock") < pins("requirements-analytics.lock") < pins("requirements-dev.lock")
    assert pins("requirements.lock") < pins("requirements-oidc.lock") < pins("requirements-dev.lock")


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lock = (ROOT / "requirements-dev.lock").read_text()
    extras = project["project"]["optional-dependencies"]
    wanted = [*project["project"]["dependencies"], *extras["analytics"], *extras["oidc"]]
    wanted += project["dependency-groups"]["dev"]
    for requirement in wanted:
        name = re.match(r"[a-zA-Z0-9-]+", requirement)
        assert name is not None
        assert re.search(rf"^{name[0].lower()}(\[.*\])?==", lock, re.MULTILINE), f"{name[0]} is not in the lock"


def test_no_file_names_a_package_registry_or_a_machines_path() -> None:
    registry = re.compile("|".join(["py" + "pi.org", "python" + "hosted", "npm" + "js", "/si" + "mple/"]))
    machine = re.compile(r"/(?:ro" + r"ot|ho" + r"me)/\w+/\w+")
    for path, text in texts():
        assert not registry.search(text), f"{path} names a package registry"
        assert not machine.search(text), f"{path} names a path of one machine"


def test_sql_is_written_in_sql_files() -> None:
    many_lines = re.compile(r'"""\s*\n?\s*(SELECT|INSERT|UPDATE|DELETE|WITH|CREATE)\b')
    for path, text in texts():
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] != "tests":
            assert not many_lines.search(text), f"{path} holds a longer statement; put it into a .sql file"
