"""The sweep's judge and its report, ``accuracy.json``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from oracle.operations.operation import Operation
from oracle.route import NoAnswer, read_answer
from oracle.sweep import Swept, swept
from oracle.verdict import Mismatch, WrongKind, judge
from tests.gate.attachments import attachments
from tests.gate.judge import Judge
from tests.gate.report import environment, write_whole


def judged_sweep(by: Judge, operation: Operation, stride: int) -> tuple[dict[str, Any] | None, list[str]]:
    """Sweep ``operation`` and keep the judge's record.

    Returns:
        the operation's row of ``accuracy.json``, None if it gave no gradient; and a line for each of value and gradient
        that is not within the enclosure tier's radius of the exact one at some input.
    """
    record = by.record
    at = swept(operation, record.dtype, stride, by.arithmetic, by.target)
    record.examples += 1
    try:
        answer = read_answer(at.program, by.target, "backward")
    except NoAnswer as none:
        waived = by.is_waived(at.program, "raises", str(none.error))
        return None, [] if waived else [f"  {operation.name}: raised {none}"]
    verdict = judge(at.program, answer, at.truths)
    record.count(verdict)
    complaints = [
        f"  {operation.name}: {_said(wrong, at)}" for wrong in verdict.wrong if not by.is_waived(at.program, "wrong")
    ]
    if any(isinstance(wrong, WrongKind) for wrong in verdict.wrong):
        return None, complaints
    forward, gradient = at.accuracies(answer)
    row = {
        "operation": operation.name,
        "dtype": record.dtype,
        "device": record.device,
        "stride": stride,
        "inputs": len(at.points),
        "forward": asdict(forward),
        "gradient": asdict(gradient),
    }
    return row, complaints


def _said(wrong: Mismatch | WrongKind, at: Swept) -> str:
    """One line about a wrong value or gradient: where, what came, and what was due."""
    what = "value" if wrong.source is None else "gradient"
    if isinstance(wrong, WrongKind):
        return f"{what}: came {wrong.came}, due {wrong.due}"
    point = float(at.points[wrong.element[0]])
    due = f"{float(wrong.due)!r} ± {wrong.radius:.3g}"
    return f"{what} at {point!r}: came {wrong.came!r}, due {due}; 1 ulp is {wrong.ulp:.3g}"


class AccuracyReport:
    """Collects the rows of the sweep, from however many processes."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what the sweep attached to its report, in this process or in another (pytest calls this)."""
        if report.when == "call":
            self.rows += [content for name, content in attachments(report) if name == "gradcert-accuracy"]

    def write(self, folder: Path) -> Path:
        """Write ``accuracy.json`` into ``folder``, whole or not at all, and return its path."""
        content = environment() | {"operations": self.rows}
        return write_whole(folder / "accuracy.json", content)
