"""Matrix products, and what is normalised along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import Tensor

from benchmarks.workloads.workload import Workload, matrix_shape, of_tensors, with_cotangent
from oracle.program import Program, ProgramBuilder, Value

_LARGEST_PRODUCT = 10**4
"""Elements of a square factor: the oracle sums each of its n³ products in 128 bits."""


def _matmul(size: int, dtype: str) -> Program:
    side = round(size**0.5)

    def steps(builder: ProgramBuilder, x: Value, y: Value) -> Value:
        return builder.apply("matmul", x, y)

    return with_cotangent(of_tensors((side, side), (side, side), dtype=dtype, steps=steps), (side, side), dtype)


def _matmul_gradient(inputs: Sequence[Tensor], cotangent: Tensor | None) -> list[Tensor]:
    """From Z = XY: the gradients are GYᵀ and XᵀG."""
    x, y = inputs
    assert cotangent is not None
    return [cotangent @ y.T, x.T @ cotangent]


def _linear(size: int, dtype: str) -> Program:
    side = round(size**0.5)

    def steps(builder: ProgramBuilder, x: Value, weight: Value, bias: Value) -> Value:
        return builder.apply("relu", builder.apply("linear", x, weight, bias))

    builder = of_tensors((side, side), (side, side), (side,), dtype=dtype, steps=steps)
    return with_cotangent(builder, (side, side), dtype)


def _normalised(name: str, dim: int, size: int, dtype: str) -> Program:
    shape = matrix_shape(size)

    def steps(builder: ProgramBuilder, x: Value) -> Value:
        return builder.apply(name, x, arguments={"dim": dim})

    return with_cotangent(of_tensors(shape, dtype=dtype, steps=steps), shape, dtype)


_SQUARES = (1, 100, 10**4)

PRODUCTS = (
    Workload(
        "matmul",
        "products",
        "the product of two square matrices",
        _matmul,
        largest=_LARGEST_PRODUCT,
        closed_form=_matmul_gradient,
        sizes=_SQUARES,
    ),
    Workload(
        "linear-relu",
        "products",
        "relu(x Wᵀ + b) with square x and W",
        _linear,
        largest=_LARGEST_PRODUCT,
        sizes=_SQUARES,
    ),
    *(
        Workload(
            f"{name.replace('_', '-')}-{axis}",
            "products",
            f"{name} along the {axis} axis of a matrix",
            partial(_normalised, name, dim),
            largest=10**6,
        )
        for name in ("softmax", "log_softmax")
        for axis, dim in (("inner", 1), ("outer", 0))
    ),
)
