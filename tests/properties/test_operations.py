"""Every operation of the catalogue by itself: right in every element, and the function that its definition says."""

from __future__ import annotations

import pytest

from oracle.program import Program
from tests.gate.judge import Judge
from tests.gate.single_operations import over_operations


def test_operations(judge: Judge) -> None:
    """Outputs and gradients of every operation lie in their enclosures."""

    def right(judge: Judge, program: Program) -> None:
        judge.enclosed(program, route="autograd.grad")

    over_operations(judge, right, 1 / 4)


@pytest.mark.unreplayed
def test_definitions(judge: Judge) -> None:
    """Finite differences bear witness that PyTorch computes the function which the definition differentiates."""
    over_operations(judge, Judge.witnessed, 1 / 50)
