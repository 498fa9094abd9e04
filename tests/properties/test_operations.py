"""Every operation of the catalogue by itself: right in every element, and the function that its definition says."""

from __future__ import annotations

from functools import partial

from oracle.program import Program
from strategies.random_programs import random_programs
from tests.gate.judge import Judge, for_programs

single_operations = partial(random_programs, max_operations=1)


@for_programs(single_operations, share=6)
def test_operations(judge: Judge, program: Program) -> None:
    """Outputs and gradients of every operation lie in their enclosures."""
    judge.enclosed(program, route="autograd.grad")


@for_programs(single_operations, share=2)
def test_definitions(judge: Judge, program: Program) -> None:
    """Finite differences bear witness that PyTorch computes the function which the definition differentiates."""
    judge.witnessed(program)
