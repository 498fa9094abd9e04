"""The notebook that this project began as, literally: its three examples, and its ``x.grad == formula``."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from oracle.polynomial import Polynomial
from oracle.program import Input, Program, ProgramBuilder, Value
from oracle.route import tensor
from oracle.tensor import Layout, TensorSpec
from strategies.vocabulary import Vocabulary
from tests.gate.judge import Judge

POLYNOMIAL = Vocabulary(needs=("add", "mul", "pow"))

POINTS = (1.0, 2.0, 3.0, 3.0, 2.0, 1.0)


def _matrix(judge: Judge, values: tuple[float, ...]) -> TensorSpec:
    return TensorSpec((2, 3), Layout.contiguous(2), judge.record.dtype, values)


def _chain(judge: Judge, *, mean: bool) -> Program:
    """Y = 3x + 2 and z = 2y², with ``gradient=ones``, or the mean of z."""
    builder = ProgramBuilder([Input(_matrix(judge, POINTS))])
    y = Polynomial.univariate(3, 2).write(builder, (Value(0),))
    z = Polynomial.univariate(2, 0, 0).write(builder, (y,))
    if not mean:
        return builder.program(_matrix(judge, (1.0,) * 6))
    builder.apply("mean", z)
    return builder.program()


def _gradient(judge: Judge, program: Program, expected: Any) -> torch.Tensor:
    """The input, after its gradient has been compared with what the notebook printed."""
    with judge.target.applied():
        x = tensor(program.inputs[0].tensor, judge.target.device).requires_grad_()
        y = 3 * x + 2
        z = 2 * y**2
        if program.outputs[0].cotangent is None:
            z.mean().backward()
        else:
            z.backward(gradient=torch.ones_like(z))
    assert x.grad is not None
    assert x.grad.tolist() == expected
    return x


@pytest.mark.made_of(POLYNOMIAL)
def test_notebook_polynomial(judge: Judge) -> None:
    """Y = 2x⁴ + x³ + 3x² + 5x + 1 at 2 is 63, and its derivative 8x³ + 3x² + 6x + 5 is 93."""
    with judge.target.applied():
        x = torch.tensor(2.0, dtype=getattr(torch, judge.record.dtype), device=judge.target.device, requires_grad=True)
        y = 2 * x**4 + x**3 + 3 * x**2 + 5 * x + 1
        y.backward()
    assert y.item() == 63
    assert x.grad is not None
    assert x.grad.item() == 93
    assert x.grad == 8 * x**3 + 3 * x**2 + 6 * x + 5

    builder = ProgramBuilder([Input(TensorSpec((), Layout.contiguous(0), judge.record.dtype, (2.0,)))])
    Polynomial.univariate(2, 1, 3, 5, 1).write(builder, (Value(0),))
    judge.exact(builder.program())


@pytest.mark.made_of(POLYNOMIAL)
def test_notebook_chain(judge: Judge) -> None:
    """Z = 2(3x + 2)² with ``gradient=ones`` has the gradient 12(3x + 2)."""
    program = _chain(judge, mean=False)
    x = _gradient(judge, program, [[60, 96, 132], [132, 96, 60]])
    assert x.grad is not None
    assert (x.grad == 12 * (3 * x + 2)).all()
    # The notebook's formula line prints 136 for the third element; 12(3·3 + 2) is 132, as its own gradient says.
    assert 12 * (3 * 3 + 2) == 132 == x.grad[0, 2].item()
    judge.exact(program)


@pytest.mark.made_of(Vocabulary(needs=(*POLYNOMIAL.needs, "mean")))
def test_notebook_mean(judge: Judge) -> None:
    """The mean of z = 2(3x + 2)² has the gradient 2(3x + 2): a sixth of the chain's, since ∂zⱼ/∂xᵢ = 0 for j ≠ i."""
    program = _chain(judge, mean=True)
    x = _gradient(judge, program, [[10, 16, 22], [22, 16, 10]])
    assert x.grad is not None
    assert (x.grad == 2 * (3 * x + 2)).all()
    # The mean of six elements divides by 6: not exact in the forward, so it is enclosed.
    judge.enclosed(program)
