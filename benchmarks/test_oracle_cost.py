"""What the oracle costs, tier by tier; each answer is compared with PyTorch's before it is timed."""

from __future__ import annotations

from typing import Any

import pytest

from oracle.exact import exact
from oracle.finite_difference import finite_difference, signed_direction
from oracle.number_format import NUMBER_FORMATS
from oracle.polynomial import Polynomial
from oracle.program import Input, Program, ProgramBuilder, Value
from oracle.route import read_answer
from oracle.target import CPU
from oracle.tensor import Fill, Layout, TensorSpec
from oracle.verdict import certified, enclosed, exact_values, exactly, judge
from strategies.lattice_programs import lattice_polynomial_programs
from strategies.samples import sample


def filled_polynomial(size: int, dtype: str, degree: int = 5) -> Program:
    """A polynomial of ``degree`` in power form, of one tensor of ``size`` elements."""
    bits = min(NUMBER_FORMATS[dtype].precision, 29)

    def filled(seed: int) -> TensorSpec:
        return TensorSpec((size,), Layout.contiguous(1), dtype, Fill(seed, bits, 1 - bits))

    builder = ProgramBuilder([Input(filled(1))])
    Polynomial.univariate(*range(degree + 1, 0, -1)).write(builder, (Value(0),))
    return builder.program(filled(2))


@pytest.mark.parametrize("dtype", NUMBER_FORMATS)
def test_exact_tier(benchmark: Any, dtype: str) -> None:
    """Seconds of sympy's exact gradients, for each gradient element of drawn programs."""
    programs = sample(lattice_polynomial_programs(dtype=dtype), count=100)
    elements = 0
    for program in programs:
        truths = exactly(exact_values(exact(program)), certified(program))
        verdict = judge(program, read_answer(program, CPU, "backward"), truths)
        assert verdict.wrong == ()
        elements += verdict.elements
    benchmark.extra_info["gradient elements"] = elements
    benchmark.pedantic(lambda: [exact(program) for program in programs], rounds=5, warmup_rounds=1)
    benchmark.extra_info["microseconds per element"] = round(benchmark.stats.stats.median / elements * 1e6, 1)


@pytest.mark.parametrize("size", [1, 10**3, 10**5])
def test_enclosure_tier(benchmark: Any, size: int) -> None:
    """Seconds of one enclosure of a polynomial of degree 5."""
    program = filled_polynomial(size, "float32")
    assert judge(program, read_answer(program, CPU, "backward"), enclosed(program)).wrong == ()
    benchmark.pedantic(lambda: enclosed(program), rounds=5, warmup_rounds=1)


def test_finite_differences(benchmark: Any) -> None:
    """Seconds of one directional derivative by finite differences, with its bound."""
    program = filled_polynomial(24, "float64")
    assert finite_difference(program, signed_direction(program)).agrees_with_definition
    benchmark(lambda: finite_difference(program, signed_direction(program)))
