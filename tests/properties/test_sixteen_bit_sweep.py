"""Every number of a 16-bit format: the nightly profile asks for all of them, the others for some at equal distances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from oracle.operations import OPERATIONS
from oracle.sweep import SIXTEEN_BIT, swept_operations
from tests.gate.accuracy import judged_sweep
from tests.gate.judge import Judge


@pytest.mark.unreplayed
@pytest.mark.dtypes(*SIXTEEN_BIT)
@pytest.mark.operations(*(operation.name for operation in swept_operations()))
def test_sixteen_bit_sweep(judge: Judge, operation: str, stride: int, attach: Callable[[str, Any], None]) -> None:
    """Value and gradient of an elementwise operation of one operand are as near to the exact ones as they must be."""
    row, complaints = judged_sweep(judge, OPERATIONS[operation], stride)
    if row is not None:
        attach("gradcert-accuracy", row)
    if complaints:
        pytest.fail("\n".join(["Wrong values or gradients, the worst of each:", *complaints]), pytrace=False)
