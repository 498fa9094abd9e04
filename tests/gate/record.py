"""What one property did, as reports keep it."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import Any

import pytest

from oracle.program import Program
from oracle.verdict import Verdict


@dataclass
class Record:
    """What one property did on one device with one dtype.

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
        unclaimed: how often nothing was compared, as a known issue covers part of the program.
        found_after: after how many of these programs something was wrong, before Hypothesis looked for simpler ones.
        drawn: how often each operation was applied in a program that was compared.
        judged: how often in one with an informative gradient element.
        met: how many programs were in the region of each entry of users' lists of known issues, by name.
        waived: how many findings each of them waived.
        losses: what sums lost that are kept in the dtype, as ``losses.Loss``.
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
    found_after: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    drawn: dict[str, int] = field(default_factory=dict)
    judged: dict[str, int] = field(default_factory=dict)
    met: dict[str, int] = field(default_factory=dict)
    waived: dict[str, int] = field(default_factory=dict)
    losses: list[dict[str, Any]] = field(default_factory=list)

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


def run_and_record(item: pytest.Function, record: Record) -> Any:
    """Wrap the call of a property (as a generator around it): time it, keep its record, refuse an empty one."""
    start = time.perf_counter()
    try:
        result = yield
    finally:
        record.seconds = time.perf_counter() - start
        # A copy: while a finding is cut down, the record goes on counting.
        item.user_properties.append(("gradcert", asdict(record)))
    if record.comparisons == 0:
        pytest.fail(f"{record.property} compared nothing on {record.device} in {record.dtype}", pytrace=False)
    return result
