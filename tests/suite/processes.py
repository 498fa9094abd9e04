"""Python in a process of its own, as users run it."""

from __future__ import annotations

import os
import subprocess
import sys

WITH_PLANTED_FAULT = (
    "-c",
    "import tests.suite.planted_product_fault, runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__')",
)
"""Arguments of Python that plant the fault before they run the script that follows."""


def python(*arguments, folder, variables=None, without=()):
    """Run Python with ``arguments`` in ``folder``; the environment gets ``variables`` and loses ``without``."""
    environment = {name: value for name, value in os.environ.items() if name not in without} | (variables or {})
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
