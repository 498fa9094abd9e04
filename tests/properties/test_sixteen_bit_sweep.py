"""Every number of a 16-bit format: the nightly profile asks for all of them, the others for some at equal distances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from oracle.known_issues import is_undrawable
from oracle.sweep import SIXTEEN_BIT, swept_operations
from tests.gate.accuracy import judged_sweep
from tests.gate.judge import Judge


@pytest.mark.unreplayed
@pytest.mark.dtypes(*SIXTEEN_BIT)
def test_sixteen_bit_sweep(judge: Judge, stride: int, record_property: Callable[[str, Any], None]) -> None:
    """Values and gradients of elementwise operations of one operand are as near to the exact ones as they must be."""
    complaints = []
    for operation in swept_operations():
        row, wrong = judged_sweep(judge, operation, stride)
        if row is not None:
            record_property("gradcert-accuracy", row)
        if not is_undrawable(operation.name, judge.record.dtype, judge.target):
            complaints += wrong
    if complaints:
        pytest.fail("\n".join(["Wrong values or gradients, the worst of each operation:", *complaints]), pytrace=False)
