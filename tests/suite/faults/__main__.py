"""Run a script with a fault planted: ``python -m tests.suite.faults NAME SCRIPT``."""

from __future__ import annotations

import runpy
import sys

from tests.suite.faults import FAULTS
from tests.suite.faults.planting import planted

name, script = sys.argv[1:]
with planted(FAULTS[name]):
    runpy.run_path(script, run_name="__main__")
