"""Sums of thousands of terms: as accurate as the wider format makes them, or a known issue says what is lost."""

from __future__ import annotations

from functools import partial

import pytest

from oracle.operations import OPERATIONS
from strategies.long_sums import long_sum_programs, saturating_sums, ways_of
from tests.gate.judge import Judge


@pytest.mark.operations(*filter(ways_of, OPERATIONS))
def test_long_sums(judge: Judge, operation: str) -> None:
    """Outputs and gradients of an operation that adds terms up, for up to 8,192 of them.

    In 16 bits every way to add is asked once for terms that no sum in 16 bits can hold: what the device loses there is
    in every report.
    """
    dtype, target = judge.record.dtype, judge.target
    if judge.arithmetic.kept_in_dtype:
        programs = partial(saturating_sums, dtype=dtype, operation=operation, target=target)
        judge.each(programs, Judge.accurate, about=f"{operation}, saturated")
    drawn = long_sum_programs(dtype=dtype, operation=operation, target=target)
    judge.over(drawn, Judge.accurate, 1 / 50, about=operation)
