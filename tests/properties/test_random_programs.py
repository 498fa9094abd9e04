"""Programs of several operations, drawn from the whole catalogue: faults hide in how operations compose."""

from __future__ import annotations

from functools import partial

from oracle.operations import FAMILIES
from oracle.program import Program
from strategies.random_programs import ALL, random_programs
from strategies.vocabulary import Vocabulary
from tests.gate.judge import Judge, for_programs

RATIONAL = Vocabulary(
    one_of=(
        *(operation.name for family in ("structure", "indexing", "products") for operation in FAMILIES[family]),
        *[
            "add",
            "sub",
            "mul",
            "neg",
            "square",
            "scaled_add",
            "scaled_sub",
            "rsub",
            "addcmul",
            "pow",
            "sum",
            "mean",
            "amax",
            "amin",
            "cumsum",
            "cummax",
            "cummin",
        ],
        "trace",
        *[
            "abs",
            "relu",
            "relu6",
            "hardtanh",
            "clamp",
            "clamp_min",
            "tensor_clamp",
            "maximum",
            "minimum",
            "fmax",
            "fmin",
            "softshrink",
        ],
    )
)
"""Operations that give rational results for rational operands, most of them without rounding."""

integer_programs = partial(random_programs, max_operations=4, max_elements=12, lattice=True)


@for_programs(random_programs, made_of=ALL, share=4, at_target=True)
def test_random_programs(judge: Judge, program: Program) -> None:
    """Outputs and gradients of 1 to 8 operations lie in their enclosures."""
    judge.enclosed(program)


@for_programs(integer_programs, made_of=RATIONAL, share=2, at_target=True)
def test_exact_programs(judge: Judge, program: Program) -> None:
    """On small integers they have the bits of sympy's rational answer, wherever nothing rounds."""
    judge.exact_where_nothing_rounds(program)
