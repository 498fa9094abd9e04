"""One run of the gate in a process of its own, as users run it, with a fault planted or with none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class GateRun:
    """What a run of the gate found.

    Attributes:
        verdict: ``red``, ``green``, or ``broken`` if it ended in another way.
        seconds: how long it took, shrinking included.
        property: the first one that failed.
        tier: which tier objected: exact, enclosure, law; empty where no finding was made.
        examples: how many programs were run before anything was wrong, over all properties.
        operations: the operations of the program that the finding was cut down to.
        elements: the elements of all its inputs.
        reproduced: whether its reproducer exits with 1 with the fault, and with 0 without; None if there is no fault.
        tail: the last lines of what was printed, where the run broke.
    """

    verdict: str
    seconds: float
    property: str = ""
    dtype: str = ""
    tier: str = ""
    examples: int = 0
    operations: int | None = None
    elements: int | None = None
    reproduced: bool | None = None
    tail: str = ""


def run_gate(*, seed: int, fault: str | None = None, arguments: tuple[str, ...] = ()) -> GateRun:
    """Run the gate until its first finding, with ``fault`` planted if one is named.

    Each process keeps to one thread, so that several can run side by side.
    """
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        planting = ["-p", "tests.suite.faults.plugin", "--fault", fault] if fault else []
        chosen = [f"--hypothesis-seed={seed}", f"--reports={folder}"]
        finished = _python(["-m", "pytest", "tests/properties", *planting, "--exitfirst", *chosen, *arguments])
        seconds = time.monotonic() - start
        report = Path(folder) / "gate.json"
        if finished.returncode not in (0, 1) or not report.exists():
            return GateRun("broken", seconds, tail="\n".join(finished.stdout.splitlines()[-15:]) + finished.stderr)
        return _read(json.loads(report.read_text(encoding="utf-8")), seconds, fault)


def _read(content: dict[str, Any], seconds: float, fault: str | None) -> GateRun:
    if content["verdict"] == "green":
        return GateRun("green", seconds)
    records = content["properties"]
    failed: dict[str, Any] = next((record for record in records if record["outcome"] == "failed"), {})
    before = sum(record["examples"] for record in records if record["outcome"] != "failed")
    run = GateRun(
        "red",
        seconds,
        failed.get("property", "known issues"),
        failed.get("dtype", ""),
        examples=before + (failed.get("found_after") or 0),
    )
    if not content["findings"]:
        return run
    finding = content["findings"][0]
    program = finding["program"]
    return GateRun(
        **vars(run)
        | {
            "tier": finding["tier"],
            "operations": len(program["applications"]),
            "elements": sum(_elements(each["tensor"]) for each in program["inputs"]),
            "reproduced": _reproduced(finding["reproducer"], fault) if fault else None,
        }
    )


def _elements(tensor: dict[str, Any]) -> int:
    count = 1
    for side in tensor["shape"]:
        count *= side
    return count


def _reproduced(script: str, fault: str) -> bool:
    present = _python(["-m", "tests.suite.faults", fault, script])
    return (present.returncode, _python([script]).returncode) == (1, 0)


def _python(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
