"""The gate: lint, types, import rules and tests, in one go; `--full` adds the long tier."""

import os
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = ("domain", "eventstore", "projections", "replay", "bench", "api")


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
    )
    for check in checks:
        print(f"$ {' '.join(check[1:])}", file=sys.stderr, flush=True)
        if code := subprocess.run(check, cwd=_ROOT, env=os.environ | {"PYTHONPATH": str(_ROOT)}).returncode:
            return code
    return 0
