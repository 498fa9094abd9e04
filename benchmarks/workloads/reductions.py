"""Every reduction, over the whole of a matrix, along its rows and along its columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from benchmarks.workloads.workload import ClosedForm, Workload, matrix_shape, of_tensors, with_cotangent
from oracle.program import Argument, Program, ProgramBuilder, Value

AXES: dict[str, dict[str, Argument]] = {"whole": {}, "inner": {"dim": 1}, "outer": {"dim": 0}}
"""What is reduced: everything, the axis whose elements lie together, or the other one."""


def _near_one(builder: ProgramBuilder, x: Value, size: int) -> Value:
    """1 + x/2ᵏ with 2ᵏ of at least ``size``: the product of all of these is a moderate number."""
    return builder.apply("add", builder.apply("mul", x, 2.0 ** -(size.bit_length())), 1.0)


def _reduced(name: str, arguments: dict[str, Argument], size: int, dtype: str) -> Program:
    shape = matrix_shape(size)

    def steps(builder: ProgramBuilder, x: Value) -> Value:
        operand = _near_one(builder, x, size) if name == "prod" else x
        return builder.apply(name, operand, arguments=arguments)

    left = {"whole": (), "inner": shape[:1], "outer": shape[1:]}[_axis(arguments)]
    return with_cotangent(of_tensors(shape, dtype=dtype, steps=steps), left, dtype)


def _axis(arguments: dict[str, Argument]) -> str:
    return {None: "whole", 1: "inner", 0: "outer"}[arguments.get("dim")]  # type: ignore[index]


def _spread(inputs: Sequence[Tensor], cotangent: Tensor | None, axis: str, share: Callable[[Tensor], float]) -> list[Tensor]:
    """The cotangent for every element that was summed, written out, times ``share``."""
    (x,) = inputs
    assert cotangent is not None
    aligned = cotangent.unsqueeze(1) if axis == "inner" else cotangent
    return [torch.mul(aligned, share(x), out=torch.empty_like(x)) if False else (aligned * share(x)).expand_as(x).contiguous()]


def _closed_form(name: str, axis: str) -> ClosedForm | None:
    counts: dict[str, Callable[[Tensor], int]] = {
        "whole": lambda x: x.numel(), "inner": lambda x: x.shape[1], "outer": lambda x: x.shape[0]
    }
    shares: dict[str, Callable[[Tensor], float]] = {"sum": lambda x: 1.0, "mean": lambda x: 1 / counts[axis](x)}
    if name not in shares:
        return None
    return lambda inputs, cotangent: _spread(inputs, cotangent, axis, shares[name])
