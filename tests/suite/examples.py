"""A few programs that self-tests share, with their textbook gradients in the docstrings."""

from __future__ import annotations

from oracle.polynomial import Polynomial
from oracle.program import Argument, Input, Program, ProgramBuilder, Value
from oracle.tensor import Layout, TensorSpec


def contiguous(values: tuple[float, ...], shape: tuple[int, ...], dtype: str = "float64") -> TensorSpec:
    """A contiguous tensor."""
    return TensorSpec(shape, Layout.contiguous(len(shape)), dtype, tuple(map(float, values)))


def notebook_polynomial(dtype: str = "float64", form: str = "power") -> Program:
    """Y = 2x⁴ + x³ + 3x² + 5x + 1 at 2: 63, derivative 93."""
    builder = ProgramBuilder([Input(contiguous((2.0,), (), dtype))])
    Polynomial.univariate(2, 1, 3, 5, 1, form=form).write(builder, (Value(0),))
    return builder.program()


def broadcast_product(dtype: str = "float64") -> Program:
    """Z = x0·x1 for x0 of 2×3 and x1 of 3: ∂L/∂x0 = g·x1, ∂L/∂x1 = Σ over rows of g·x0; g has both signs."""
    builder = ProgramBuilder(
        [Input(contiguous((1, 2, 3, 4, 5, 6), (2, 3), dtype)), Input(contiguous((7, 8, 9), (3,), dtype))]
    )
    builder.apply("mul", Value(0), Value(1))
    return builder.program(contiguous((1, -2, 3, -1, 2, 2), (2, 3), dtype))


def square_product(dtype: str = "float64") -> Program:
    """Z = x0·x1 for two 2×2 matrices: a gradient that can be transposed without changing its shape."""
    builder = ProgramBuilder(
        [Input(contiguous((1, 2, 3, 4), (2, 2), dtype)), Input(contiguous((5, 6, 7, 8), (2, 2), dtype))]
    )
    builder.apply("mul", Value(0), Value(1))
    return builder.program(contiguous((1, -1, 2, 3), (2, 2), dtype))


def reduction(
    operation: str, values: tuple[float, ...], shape: tuple[int, ...], dtype: str = "float64", **arguments: Argument
) -> Program:
    """``operation`` of one tensor, with cotangent 1 for a scalar result."""
    builder = ProgramBuilder([Input(contiguous(values, shape, dtype))])
    builder.apply(operation, Value(0), arguments=dict(arguments))
    return builder.program()
