"""Where gradients are not unique, and which of them PyTorch chooses.

At a kink, and where operands or elements tie, every number of an interval is a right gradient (Clarke's generalized
gradient). What PyTorch returns there is its choice: 0, 1/2, 1, 1/k …
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from oracle.enclosure import value_shapes
from oracle.index import IndexTensor
from oracle.operations import OPERATIONS
from oracle.operations.operation import Operation
from oracle.program import Argument, Input, Program, ProgramBuilder, Value
from oracle.tensor import Layout, TensorSpec

_ARGUMENTS: dict[str, dict[str, Argument]] = {
    "clamp": {"min": -1.0, "max": 1.0},
    "clamp_min": {"min": 0.0},
    "selecting reduction": {"dim": 0},
    "scan": {"dim": 0},
    "kthvalue": {"k": 1, "dim": 0},
    "sort": {"dim": 0},
    "norm": {"ord": float("inf")},
    "scatter_reduce": {"dim": 0, "index": IndexTensor((1,), (0,))},
}
"""Arguments with which each case is asked, where it needs some."""

KINKED = tuple(name for name, operation in OPERATIONS.items() if operation.kinks or operation.ties)
"""The operations that have kinks or ties."""

_OPERANDS = {"binary": 2, "ternary": 3, "scatter_reduce": 2}


@dataclass(frozen=True)
class Kink:
    """One place where the gradient is any of an interval.

    Attributes:
        operation: the operation's name.
        place: where that is, in words.
        program: asks for the gradient there.
    """

    operation: str
    place: str
    program: Program


def kinks(name: str, dtype: str) -> list[Kink]:
    """Every kink and tie of the operation called ``name``, for a cotangent of ones."""
    operation = OPERATIONS[name]
    found = [Kink(name, f"at {each:g}", _at(operation, dtype, each)) for each in operation.kinks]
    return [*found, Kink(name, "tie", _tie(operation, dtype))] if operation.ties else found


def _at(operation: Operation, dtype: str, point: float) -> Program:
    return _program(operation, [TensorSpec((1,), Layout.contiguous(1), dtype, (point,))])


def _tie(operation: Operation, dtype: str) -> Program:
    count = _OPERANDS.get(operation.case, 1)
    shape, values = ((1,), (1.5,)) if count > 1 else ((5,), (2.0, 2.0, 1.0, 1.0, 1.0))
    return _program(operation, [TensorSpec(shape, Layout.contiguous(1), dtype, values)] * count)


def _program(operation: Operation, tensors: list[TensorSpec]) -> Program:
    builder = ProgramBuilder([Input(tensor) for tensor in tensors])
    operands = tuple(Value(index) for index in range(len(tensors)))
    # The last result alone is an output.
    results = 2 if operation.several_results else 1
    arguments = _ARGUMENTS.get(operation.case, {})
    builder.apply_all(operation.name, *operands, arguments=arguments, results=results)
    program = builder.program()
    shape = value_shapes(program)[-1]
    ones = TensorSpec(shape, Layout.contiguous(len(shape)), tensors[0].dtype, (1.0,) * math.prod(shape))
    return program.with_cotangents(ones)
