"""Every reduction: of the whole of a matrix, along its rows and along its columns."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import Tensor

from benchmarks.workloads.workload import ClosedForm, Workload, matrix_shape, of_tensors, with_cotangent
from oracle.program import Argument, Program, ProgramBuilder, Value

AXES: dict[str, tuple[int, ...]] = {"whole": (0, 1), "inner": (1,), "outer": (0,)}
"""What is reduced: everything, the axis whose elements lie together, or the other one."""


def _near_one(builder: ProgramBuilder, x: Value, size: int) -> Value:
    """1 + x/2ᵏ with 2ᵏ beyond ``size``, so that the product of as many is a moderate number."""
    return builder.apply("add", builder.apply("mul", x, 2.0 ** -size.bit_length()), 1.0)


def _reduced(name: str, axis: str, arguments: dict[str, Argument], size: int, dtype: str) -> Program:
    shape = matrix_shape(size)

    def steps(builder: ProgramBuilder, x: Value) -> Value:
        return builder.apply(name, _near_one(builder, x, size) if name == "prod" else x, arguments=arguments)

    left = tuple(side for place, side in enumerate(shape) if place not in AXES[axis])
    return with_cotangent(of_tensors(shape, dtype=dtype, steps=steps), left, dtype)


def _arguments(name: str, axis: str) -> dict[str, Argument]:
    if name == "logsumexp" or (name in ("amax", "amin") and axis == "whole"):
        return {"dim": AXES[axis]}
    return {} if axis == "whole" else {"dim": AXES[axis][0]}


def _spread(axis: str, *, averaged: bool) -> ClosedForm:
    """The cotangent for every element that was summed; divided by their number, if it was a mean."""

    def gradient(inputs: Sequence[Tensor], cotangent: Tensor | None) -> list[Tensor]:
        (x,) = inputs
        assert cotangent is not None
        count = 1
        for place in AXES[axis]:
            cotangent = cotangent.unsqueeze(place)
            count *= x.shape[place]
        return [(cotangent / count if averaged else cotangent).expand_as(x).contiguous()]

    return gradient


_SAYS = {
    "sum": "sum",
    "mean": "mean",
    "prod": "product of 1 + x/2ᵏ",
    "amax": "largest element",
    "amin": "smallest element",
    "var": "variance",
    "std": "standard deviation",
    "vector_norm": "Euclidean norm",
    "logsumexp": "logarithm of the sum of exponentials",
}

REDUCTIONS = tuple(
    Workload(
        f"{name.replace('_', '-')}-{axis}",
        "reductions",
        f"the {says} of {'a matrix' if axis == 'whole' else 'each of its rows' if axis == 'inner' else 'its columns'}",
        partial(_reduced, name, axis, _arguments(name, axis)),
        closed_form=_spread(axis, averaged=name == "mean") if name in ("sum", "mean") else None,
        # A variance needs two elements.
        sizes=tuple(10**power for power in range(4 if name in ("var", "std") else 0, 8)),
    )
    for name, says in _SAYS.items()
    for axis in AXES
)
