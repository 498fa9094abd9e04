"""Every operation of the catalogue by itself: right in every element, and the function that its definition says."""

from __future__ import annotations

import pytest

from oracle.program import Program
from tests.gate.judge import Judge
from tests.gate.single_operation import over_operation


def test_operations(judge: Judge, operation: str) -> None:
    """Outputs and gradients of the operation lie in their enclosures."""

    def right(judge: Judge, program: Program) -> None:
        judge.enclosed(program, route="autograd.grad")

    over_operation(judge, operation, right, 1 / 4)


@pytest.mark.unreplayed
def test_definitions(judge: Judge, operation: str) -> None:
    """Finite differences bear witness that PyTorch computes the function which the definition differentiates."""
    over_operation(judge, operation, Judge.witnessed, 1 / 50)
