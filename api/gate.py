"""The gate: lint, types, import rules and tests, in one go; with the long tier, or with mistakes for them to notice."""

import os
import re
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_LISTED = _ROOT / "docs" / "mutants.md"
_LEAST_NOTICED = 0.9
_PACKAGES = ("domain", "eventstore", "projections", "replay", "bench", "api")

_COVERAGE = (
    # seeded, so that no branch is reached by luck
    [sys.executable, "-m", "coverage", "run", "-m", "pytest", "-q", "--hypothesis-seed=0", "tests/domain"],
    [sys.executable, "-m", "coverage", "report"],
)
"""Every branch of the rules is reached by their own tests; what is missing is named with its lines."""


def run_gate(*, full: bool, only: str | None = None) -> int:
    """Run every check, the quick ones first; returns the exit code of the first that fails, else 0."""
    module = [sys.executable, "-m"]
    tests = [
        "pytest",
        "-q",
        "-n",
        "2",
        "--dist",
        "loadfile",
        *(["--full"] if full else []),
        *(["-k", only] if only else []),
    ]
    checks = (
        [*module, "ruff", "check", "."],
        [*module, "ruff", "format", "--check", "."],
        [*module, "mypy", *_PACKAGES, "tests"],
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()"],
        [*module, *tests],
        *(_COVERAGE if full and not only else ()),
    )
    for check in checks:
        print(f"$ {' '.join(check[1:])}", file=sys.stderr, flush=True)
        if code := subprocess.run(check, cwd=_ROOT, env=os.environ | {"PYTHONPATH": str(_ROOT)}).returncode:
            return code
    return 0


def run_mutants() -> int:
    """Change the domain in every small way and see whether its tests notice.

    Returns 0 when at least nine changes in ten are noticed, and docs/mutants.md has a reason for each of the others.
    """
    if code := _mutmut("run", "--max-children", "2").returncode:
        return code
    results = _mutmut("results", "--all", "true", output=subprocess.PIPE).stdout
    seen = re.findall(r"^ *(\S+): (.+)$", results, re.MULTILINE)
    unnoticed = [name for name, status in seen if status not in ("killed", "timeout")]
    listed = set(re.findall(r"`(.+?)`", _LISTED.read_text()))
    unlisted = [change for change in map(_change, unnoticed) if not {change, change.partition(": ")[2]} & listed]
    noticed = 1 - len(unnoticed) / len(seen)
    print(f"{len(seen):,} changes, {noticed:.1%} noticed; {len(unlisted)} of the others are not in docs/mutants.md.")
    print(*unlisted, sep="\n")
    return int(noticed < _LEAST_NOTICED or bool(unlisted))


def _change(mutant: str) -> str:
    """Where and what, such as `domain.lead.life.win: must_be_open(None)`; after the word without, what is left out."""
    where = re.sub(r"(?<=\.)x[_ǁ]|__mutmut_\d+$", "", mutant).replace("ǁ", ".")
    diff = _mutmut("show", mutant, output=subprocess.PIPE).stdout
    added, removed = (" ".join(re.findall(rf"^[{sign}] +(.+)$", diff, re.MULTILINE)) for sign in "+-")
    return f"{where}: {added or f'without {removed}'}"


def _mutmut(*arguments: str, output: int | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "mutmut", *arguments], cwd=_ROOT, stdout=output, text=True)
