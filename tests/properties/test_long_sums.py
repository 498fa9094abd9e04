"""Sums of thousands of terms: as accurate as the wider format makes them, or a known issue says what is lost."""

from __future__ import annotations

from oracle.known_issues import is_undrawable
from oracle.operations import OPERATIONS
from strategies.long_sums import long_sum_programs, saturating_sums, ways_of
from tests.gate.judge import Judge


def test_long_sums(judge: Judge) -> None:
    """Outputs and gradients of every operation that adds terms up, for up to 8,192 of them.

    In 16 bits every way to add is asked once for terms that no sum in 16 bits can hold: what the device loses there is
    in every report.
    """
    dtype, target = judge.record.dtype, judge.target
    for name in OPERATIONS:
        if not ways_of(name) or is_undrawable(name, dtype, target):
            continue
        if judge.arithmetic.kept_in_dtype:
            programs = saturating_sums(dtype=dtype, operation=name, target=target)
            judge.each(programs, Judge.accurate, about=f"{name}, saturated")
        drawn = long_sum_programs(dtype=dtype, operation=name, target=target)
        judge.over(drawn, Judge.accurate, 1 / 50, about=name)
