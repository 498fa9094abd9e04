"""Polynomials, as powers and nested, and the notebook's examples."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from benchmarks.workloads.workload import ClosedForm, Workload, filled, of_tensors, with_cotangent
from oracle.polynomial import Polynomial
from oracle.program import Program, ProgramBuilder, Value

DEGREES = (4, 16, 64)

_LARGEST = 4 * 10**7
"""Elements times degree: the oracle keeps 24 bytes for every element of the result of each operation."""


def coefficients(degree: int) -> tuple[int, ...]:
    """Small integers, from the highest power to the constant: 1, -2, 3, -4, 5, -1, 2 and so on."""
    return tuple((-1) ** power * (power % 5 + 1) for power in range(degree + 1))


def _polynomial(factors: Sequence[float], form: str, size: int, dtype: str) -> Program:
    def steps(builder: ProgramBuilder, x: Value) -> Value:
        return Polynomial.univariate(*factors, form=form).write(builder, (x,))

    return with_cotangent(of_tensors((size,), dtype=dtype, steps=steps), (size,), dtype)


def nested_derivative(factors: Sequence[float]) -> ClosedForm:
    """The derivative of the polynomial with these coefficients, by Horner's rule in place, times the cotangent.

    p(x) = Σ aₖxᵏ has p'(x) = Σ k·aₖxᵏ⁻¹ = (… (n·aₙ x + (n-1)·aₙ₋₁) x + …) x + a₁.
    """
    degree = len(factors) - 1
    slopes = [float(factor * (degree - place)) for place, factor in enumerate(factors[:-1])]

    def gradient(inputs: Sequence[Tensor], cotangent: Tensor | None) -> list[Tensor]:
        (x,) = inputs
        total = torch.full_like(x, slopes[0])
        for slope in slopes[1:]:
            total.mul_(x).add_(slope)
        assert cotangent is not None
        return [total.mul_(cotangent)]

    return gradient


def _of_degree(degree: int, form: str) -> Workload:
    factors = coefficients(degree)
    return Workload(
        f"polynomial-{form}-{degree}",
        "polynomials",
        f"a polynomial of degree {degree}, written in {'nested' if form == 'horner' else form} form",
        partial(_polynomial, factors, form),
        largest=_LARGEST // degree,
        closed_form=nested_derivative(factors),
    )


def _chain(size: int, dtype: str, *, mean: bool) -> Program:
    def steps(builder: ProgramBuilder, x: Value) -> Value:
        y = Polynomial.univariate(3, 2).write(builder, (x,))
        z = Polynomial.univariate(2, 0, 0).write(builder, (y,))
        return builder.apply("mean", z) if mean else z

    builder = of_tensors((size,), dtype=dtype, steps=steps)
    return builder.program(None if mean else filled((size,), dtype, 1))


def _chain_gradient(inputs: Sequence[Tensor], cotangent: Tensor | None) -> list[Tensor]:
    """12(3x + 2) = 36x + 24 times the cotangent; the mean's is that of 1/n."""
    (x,) = inputs
    if cotangent is None:
        return [x.mul(36 / x.numel()).add_(24 / x.numel())]
    return [x.mul(36).add_(24).mul_(cotangent)]


NOTEBOOK_FACTORS = (2, 1, 3, 5, 1)

POLYNOMIALS = (
    Workload(
        "notebook-polynomial",
        "notebook",
        "2x⁴ + x³ + 3x² + 5x + 1",
        partial(_polynomial, NOTEBOOK_FACTORS, "power"),
        closed_form=nested_derivative(NOTEBOOK_FACTORS),
    ),
    Workload(
        "notebook-chain",
        "notebook",
        "2y² with y = 3x + 2",
        partial(_chain, mean=False),
        closed_form=_chain_gradient,
    ),
    Workload(
        "notebook-mean",
        "notebook",
        "the mean of 2y² with y = 3x + 2",
        partial(_chain, mean=True),
        closed_form=_chain_gradient,
    ),
    *(_of_degree(degree, form) for form in ("power", "horner") for degree in DEGREES),
)
