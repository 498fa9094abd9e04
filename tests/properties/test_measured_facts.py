"""What a device is measured to do, where that loses more than rounding does."""

from __future__ import annotations

import pytest

from oracle.known_issues import issues_at
from strategies.vocabulary import Vocabulary
from tests.gate.expected import TOUCHED
from tests.gate.judge import Judge

LOSING = ("products_flush_subnormals",)
"""Facts of ``DeviceArithmetic`` that nobody asked for, and radii follow; ``test_long_sums`` says the same of sums."""


@pytest.mark.unreplayed
@pytest.mark.made_of(Vocabulary(one_of=tuple(name for fact in LOSING for name in TOUCHED[fact])))
def test_measured_facts(judge: Judge) -> None:
    """A known issue says so, wherever numbers are lost that the device keeps otherwise."""
    dtype = judge.record.dtype
    for fact in LOSING:
        judge.record.comparisons += 1
        if not getattr(judge.arithmetic, fact) or judge.arithmetic.flushes_subnormals:
            continue
        if not any(issue.names(fact, dtype) for issue in issues_at(judge.target)):
            pytest.fail(f"{fact} in {dtype} on {judge.target}, and no known issue says so", pytrace=False)
