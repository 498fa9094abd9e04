"""Python in processes that take one code path each."""

from __future__ import annotations

import subprocess
from pathlib import Path

from oracle.target import VARIABLES, Target
from tests.suite.processes import python

ROOT = Path(__file__).parents[2]


def path_process(
    target: Target, *arguments: object, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Python with ``arguments`` where ``target`` is, in one thread unless it says otherwise.

    What chooses a path in this environment counts for nothing: each process gets what its own target says.
    """
    chosen = {"OMP_NUM_THREADS": "1"} | target.environment | (variables or {})
    return python(*arguments, folder=ROOT, variables=chosen, without=VARIABLES)
