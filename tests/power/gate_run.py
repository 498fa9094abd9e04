"""One run of the gate in a process of its own, as users run it, with a fault planted or with none."""

from __future__ import annotations

import json
import math
import subprocess
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.suite.processes import python

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
        reproduced: whether its reproducer exits with 1 with the fault, and with 0 without; None if there is no fault,
            or no reproducer, as the answer depends on what ran before.
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


def run_gate(*, seed: int, fault: str | None = None) -> GateRun:
    """Run the gate until its first finding, with ``fault`` planted if one is named.

    Each process keeps to one thread, so that several can run side by side.
    """
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        planting = ["-p", "tests.suite.faults.plugin", "--fault", fault] if fault else []
        chosen = [f"--hypothesis-seed={seed}", f"--reports={folder}"]
        finished = _python("-m", "pytest", "tests/properties", *planting, "--exitfirst", *chosen)
        seconds = time.monotonic() - start
        report = Path(folder) / "gate.json"
        content = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {"verdict": "unfinished"}
        if finished.returncode not in (0, 1) or content["verdict"] == "unfinished":
            return GateRun("broken", seconds, tail="\n".join(finished.stdout.splitlines()[-15:]) + finished.stderr)
        return _read(content, seconds, fault)


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
    return replace(
        run,
        tier=finding["tier"],
        operations=len(program["applications"]),
        elements=sum(math.prod(each["tensor"]["shape"]) for each in program["inputs"]),
        reproduced=_reproduced(finding["reproducer"], fault) if fault and finding["reproducer"] else None,
    )


def _reproduced(script: str, fault: str) -> bool:
    present, absent = _python("-m", "tests.suite.faults", fault, script), _python(script)
    return (present.returncode, absent.returncode) == (1, 0)


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return python(*arguments, folder=ROOT, variables={"OMP_NUM_THREADS": "1"})
