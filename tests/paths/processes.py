"""Python in processes that take one code path each."""

from __future__ import annotations

import subprocess
from pathlib import Path

from oracle.target import SETTINGS, Target
from tests.suite.processes import python

ROOT = Path(__file__).parents[2]

VARIABLES = ("DNNL_MAX_CPU_ISA", *(setting.variable for setting in SETTINGS.values() if setting.variable))
"""What chooses a path, if it is set in this environment: each process gets what its own path says, and no more."""


def path_process(
    target: Target, *arguments: object, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Python with ``arguments`` where ``target`` is, in one thread unless it says otherwise."""
    chosen = {"OMP_NUM_THREADS": "1"} | target.environment | (variables or {})
    return python(*arguments, folder=ROOT, variables=chosen, without=VARIABLES)
