"""Every operation of the catalogue by itself: right in every element, and the function that its definition says."""

from __future__ import annotations

from oracle.known_issues import is_undrawable
from oracle.operations import OPERATIONS
from oracle.program import Program
from strategies.random_programs import random_programs
from tests.gate.judge import Check, Judge


def over_all_operations(judge: Judge, check: Check, share: float) -> None:
    """Run ``check`` on ``share`` of the profile's examples for each operation, and on one of each at least."""
    dtype = judge.record.dtype
    for name in OPERATIONS:
        if not is_undrawable(name, dtype):
            programs = random_programs(dtype=dtype, featured=name, max_operations=1)
            judge.over(programs, check, share, about=name)


def test_operations(judge: Judge) -> None:
    """Outputs and gradients of every operation lie in their enclosures."""

    def right(judge: Judge, program: Program) -> None:
        judge.enclosed(program, route="autograd.grad")

    over_all_operations(judge, right, 1 / 8)


def test_definitions(judge: Judge) -> None:
    """Finite differences bear witness that PyTorch computes the function which the definition differentiates."""
    over_all_operations(judge, Judge.witnessed, 1 / 50)
