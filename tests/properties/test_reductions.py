"""Reductions, over every way of naming axes."""

from __future__ import annotations

from oracle.program import Program
from strategies.lattice_programs import LATTICE_REDUCTIONS, lattice_reduction_programs
from strategies.programs import REDUCED, reduction_programs
from tests.gate.judge import Judge, for_programs


@for_programs(reduction_programs, made_of=REDUCED)
def test_reductions(judge: Judge, program: Program) -> None:
    """Gradients of every reduction lie in their enclosures, and finite differences bear witness."""
    judge.enclosed(program)
    judge.witnessed(program)


@for_programs(lattice_reduction_programs, made_of=LATTICE_REDUCTIONS)
def test_exact_reductions(judge: Judge, program: Program) -> None:
    """On the lattice they equal sympy's; where extrema tie, each gradient lies between 0 and the whole cotangent."""
    judge.exact(program)
