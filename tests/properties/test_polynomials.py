"""Random polynomials: equal to sympy where nothing rounds, enclosed everywhere else."""

from __future__ import annotations

from oracle.program import Program
from strategies.lattice_programs import LATTICE_POLYNOMIALS, lattice_polynomial_programs
from strategies.programs import POLYNOMIALS, polynomial_programs
from tests.gate.judge import Judge, for_programs


@for_programs(lattice_polynomial_programs, made_of=LATTICE_POLYNOMIALS)
def test_exact_polynomials(judge: Judge, program: Program) -> None:
    """On the lattice, output and gradients have the very bits of sympy's rational answer."""
    judge.exact(program)


@for_programs(polynomial_programs, made_of=POLYNOMIALS)
def test_polynomials_and_chains(judge: Judge, program: Program) -> None:
    """For arbitrary floats, output and gradients lie in their enclosures, and finite differences bear witness."""
    judge.enclosed(program)
    judge.witnessed(program)
