"""What a gradient must be besides right: its kind, its memory, and what happens when it is asked for again."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from oracle.laws import BOOKKEEPING
from oracle.program import Program
from oracle.simpler import without_dead_code
from oracle.target import Target
from strategies.lattice_programs import LATTICE, lattice_programs
from strategies.programs import POLYNOMIALS, REDUCED, polynomial_programs, reduction_programs
from strategies.random_programs import ALL, random_programs
from tests.gate.judge import Judge, for_programs
from tests.gate.single_operation import over_operation


def small_programs(*, dtype: str, names: tuple[str, ...], target: Target) -> SearchStrategy[Program]:
    """Any small program of the operations ``names``."""
    kinds = []
    if not POLYNOMIALS.lacks(names):
        kinds.append(polynomial_programs(dtype=dtype))
    if not REDUCED.lacks(names):
        kinds.append(reduction_programs(dtype=dtype, names=REDUCED.within(names)))
    if not LATTICE.lacks(names):
        kinds.append(lattice_programs(dtype=dtype, names=LATTICE.within(names)))
    # Every input leads to an output, so that each gets a gradient.
    several = random_programs(dtype=dtype, names=names, max_operations=4, target=target)
    return st.one_of(*kinds, several.map(without_dead_code))


def _lawful(judge: Judge, program: Program) -> None:
    for law in BOOKKEEPING:
        judge.law(program, law)


@for_programs(small_programs, made_of=ALL, at_target=True)
def test_bookkeeping(judge: Judge, program: Program) -> None:
    """Every law of bookkeeping holds for every program."""
    _lawful(judge, program)


def test_bookkeeping_of_operations(judge: Judge, operation: str) -> None:
    """Every law of bookkeeping holds for the operation by itself, whose backward gets the very cotangent."""
    over_operation(judge, operation, _lawful, 1 / 75)
