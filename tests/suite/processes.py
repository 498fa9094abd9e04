"""Python in a process of its own, as users run it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FAULT = "product-off-by-1e-12"
"""The fault that self-tests plant."""

WITH_PLANTED_FAULT = ("-m", "tests.suite.faults", FAULT)
"""Arguments of Python that plant the fault before they run the script that follows."""


def environment(variables: dict[str, str] | None = None, without: tuple[str, ...] = ()) -> dict[str, str]:
    """The environment of this process, with ``variables`` and without those that are named.

    It loses what pytest tells its own processes, too: a pytest that is run is nobody's worker.
    """
    kept = {name: value for name, value in os.environ.items() if name not in without and not name.startswith("PYTEST_")}
    return kept | (variables or {})


def python(
    *arguments: object, folder: Path, variables: dict[str, str] | None = None, without: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run Python with ``arguments`` in ``folder``; the environment gets ``variables`` and loses ``without``."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        env=environment(variables, without),
        capture_output=True,
        text=True,
        check=False,
    )
