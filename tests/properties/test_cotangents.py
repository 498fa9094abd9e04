"""Laws of the cotangent, exact because nothing rounds."""

from __future__ import annotations

from functools import partial

from hypothesis.strategies import SearchStrategy

from oracle.laws import layout_of_the_cotangent_is_immaterial, vjp_is_linear, zero_cotangent_gives_zero
from oracle.program import Program
from strategies.lattice_programs import LATTICE, lattice_programs
from tests.gate.judge import Judge, for_programs

# 2 g - 3 h has up to five times the magnitude of g and h.
ROOM_FOR_LINEARITY = 5


def explicit_cotangents(*, dtype: str, names: tuple[str, ...]) -> SearchStrategy[Program]:
    """Programs with a cotangent that can be laid out."""
    return lattice_programs(dtype=dtype, names=names).filter(lambda program: program.outputs[0].cotangent is not None)


@for_programs(partial(lattice_programs, spare=ROOM_FOR_LINEARITY), made_of=LATTICE)
def test_linearity(judge: Judge, program: Program) -> None:
    """vjp(2 g - 3 h) = 2 vjp(g) - 3 vjp(h), in every bit."""
    judge.certificate(program)
    judge.law(program, vjp_is_linear)


@for_programs(lattice_programs, made_of=LATTICE)
def test_zero_cotangents(judge: Judge, program: Program) -> None:
    """The VJP of 0 is 0."""
    judge.law(program, zero_cotangent_gives_zero)


@for_programs(explicit_cotangents, made_of=LATTICE)
def test_cotangent_layouts(judge: Judge, program: Program) -> None:
    """Expanded, transposed and sliced cotangents give the bits of their contiguous copies."""
    judge.law(program, layout_of_the_cotangent_is_immaterial)
