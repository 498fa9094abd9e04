"""``python -m benchmarks.store``: keep the last results in ``benchmarks/results``, under the name of the machine."""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.records import BrokenResults, Results, read

FOLDER = Path(__file__).with_name("results")

DIGITS = 4
"""Significant digits that are kept: timings have no more."""


def main() -> int:
    """Store what the command line names, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store", description=__doc__)
    parser.add_argument("--reports", type=Path, default=Path("reports"), metavar="DIR", help="where results are")
    options = parser.parse_args()
    try:
        found = read(options.reports / "benchmarks.json")
    except BrokenResults as error:
        print(error, file=sys.stderr)
        return 2
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name(found)}.json"
    path.write_text(text(found), encoding="utf-8")
    print(path)
    return 0


def name(results: Results) -> str:
    """The devices' names and the PyTorch, as a file may be called."""
    devices = [device["name"] for device in results.provenance["devices"].values()]
    words = " ".join([*devices, "torch", results.provenance["torch"]]).lower()
    return re.sub(r"[^a-z0-9.]+", "-", re.sub(r"\(r\)|\(tm\)", "", words)).strip("-")


def text(results: Results) -> str:
    """The results without the single rounds, a record on each line."""
    lines = ",\n".join(json.dumps(_rounded(asdict(record)), ensure_ascii=False) for record in results.records)
    about = json.dumps(_rounded(results.provenance), indent=1, ensure_ascii=False)
    return f'{{"gradcert": {about},\n"records": [\n{lines}\n]}}\n'


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value


if __name__ == "__main__":
    sys.exit(main())
