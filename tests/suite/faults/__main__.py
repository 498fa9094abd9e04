"""Run a script with a fault planted: ``python -m tests.suite.faults NAME SCRIPT``."""

from __future__ import annotations

import argparse
import runpy
from pathlib import Path

from tests.suite.faults import FAULTS
from tests.suite.faults.planting import planted

parser = argparse.ArgumentParser(prog="python -m tests.suite.faults", description="Run a script with a fault planted.")
parser.add_argument("name", choices=FAULTS, metavar="NAME", help=f"one of {', '.join(FAULTS)}")
parser.add_argument("script", type=Path, metavar="SCRIPT")
options = parser.parse_args()
if not options.script.is_file():
    parser.error(f"{options.script}: no such file")
with planted(FAULTS[options.name]):
    runpy.run_path(str(options.script), run_name="__main__")
