"""Broadcasting: the gradient of a repeated element is the sum over its repetitions."""

from __future__ import annotations

from oracle.program import Program
from strategies.lattice_programs import LATTICE_POLYNOMIALS, broadcast_lattice_programs
from strategies.programs import POLYNOMIALS, broadcast_programs
from tests.gate.judge import Judge, for_programs


@for_programs(broadcast_programs, made_of=POLYNOMIALS)
def test_broadcasting(judge: Judge, program: Program) -> None:
    """Gradients of 2 to 4 broadcast inputs lie in their enclosures."""
    judge.enclosed(program, route="autograd.grad")


@for_programs(broadcast_lattice_programs, made_of=LATTICE_POLYNOMIALS)
def test_exact_broadcasting(judge: Judge, program: Program) -> None:
    """On the lattice they equal sympy's, in whatever order the repetitions are summed."""
    judge.exact(program, route="autograd.grad")
