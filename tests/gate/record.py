"""What one property did, as reports keep it."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import Any

import pytest

from oracle.program import Program
from oracle.verdict import Verdict
from tests.gate.attachments import attach


@dataclass
class Record:
    """What one item of a property did: on one device with one dtype, for one operation if it is one of operations.

    Attributes:
        device: the target, as text.
        examples: programs that were run.
        comparisons: everything that was compared: elements of gradients and outputs, laws, finite differences.
        elements: gradient elements among them.
        informative: those whose radius is small enough to tell something.
        worst: the largest error in radii.
        facts: what was measured of the arithmetic there.
        seconds: time for drawing, running and judging.
        left_out: how often a law was not asked, as the device has no storages to look at.
        unclaimed: how often nothing was compared, as a known issue covers part of the program or excuses a law.
        passed_over: programs of which nothing at all was compared, for one of these reasons or as a list waives it.
        found_after: after how many of these programs something was wrong, before Hypothesis looked for simpler ones.
        drawn: how often each operation was applied in a program that was compared.
        judged: how often in one with an informative gradient element.
        met: how many programs were in the region of each entry of users' lists of known issues, by name.
        waived: how many findings each of them waived.
        losses: what sums lost that are kept in the dtype, as ``losses.Loss``.
        operation: the one that the item is about; empty if it is about programs of several.
    """

    property: str
    device: str
    dtype: str
    examples: int = 0
    comparisons: int = 0
    elements: int = 0
    informative: int = 0
    worst: float = 0.0
    seconds: float = 0.0
    left_out: int = 0
    unclaimed: int = 0
    passed_over: int = 0
    found_after: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    drawn: dict[str, int] = field(default_factory=dict)
    judged: dict[str, int] = field(default_factory=dict)
    met: dict[str, int] = field(default_factory=dict)
    waived: dict[str, int] = field(default_factory=dict)
    losses: list[dict[str, Any]] = field(default_factory=list)
    operation: str = ""

    def reasons(self) -> int:
        """How often something was not compared, or not counted as right, for a reason that is stated."""
        return self.unclaimed + self.left_out + sum(self.waived.values())

    def count(self, verdict: Verdict) -> None:
        """Count what was compared for ``verdict``, and its largest error unless something is wrong."""
        self.comparisons += verdict.elements + verdict.outputs
        self.elements += verdict.elements
        self.informative += verdict.informative
        if not verdict.wrong:
            self.worst = max(self.worst, verdict.worst)

    def count_operations(self, program: Program, judged: bool) -> None:
        """Count the operations of ``program``, which has been compared."""
        for application in program.applications:
            for counts in (self.drawn, self.judged) if judged else (self.drawn,):
                counts[application.operation] = counts.get(application.operation, 0) + 1


def run_and_record(item: pytest.Function, record: Record, *, replayed: bool = False) -> Any:
    """Wrap the call of a property (as a generator around it): time it, keep its record, refuse an empty one.

    What compared nothing fails; but an item of one operation is skipped if there is a reason for it. (Where nothing was
    compared for any operation, the report is red.)
    """
    start = time.perf_counter()
    try:
        result = yield
    finally:
        record.seconds = time.perf_counter() - start
        # A copy: while a finding is cut down, the record goes on counting.
        attach(item, "gradcert", asdict(record))
    if record.comparisons == 0:
        reason = _reason(record, replayed)
        if record.operation and reason:
            pytest.skip(reason)
        pytest.fail(f"{record.property} compared nothing on {record.device} in {record.dtype}", pytrace=False)
    return result


def _reason(record: Record, replayed: bool) -> str:
    """Why nothing was compared, if that is known of every program."""
    if not record.examples:
        return "nothing of this operation is stored" if replayed else ""
    if record.passed_over < record.examples:
        return ""
    return "known issues, lists of your own or a device without storages leave out all that was drawn"
