"""Gradients that are wrong for operands of some layout in memory."""

from __future__ import annotations

import torch
from torch import Tensor

from tests.suite.faults.fault import Call, Case, Fault, scaled


def _transposed(call: Call) -> bool:
    operand = call.operands[0]
    return operand.ndim == 2 and operand.stride()[0] < operand.stride()[1]


def _expanded(call: Call) -> bool:
    return any(0 in operand.stride() and operand.numel() > 1 for operand in call.operands)


def _channels_last(call: Call) -> bool:
    operand = call.operands[0]
    return (
        operand.ndim == 4 and not operand.is_contiguous() and operand.is_contiguous(memory_format=torch.channels_last)
    )


def _in_channels_first_order(gradient: Tensor, call: Call) -> Tensor:
    """The gradient's elements as they lie channel by channel, taken for those of channels_last."""
    batch, channels, rows, columns = gradient.shape
    return gradient.reshape(batch, rows, columns, channels).permute(0, 3, 1, 2)


def of_a_strided_matrix(call: Call) -> bool:
    """In calls on a matrix that is not contiguous."""
    return call.operands[0].ndim == 2 and not call.operands[0].is_contiguous()


def in_order_of_memory(gradient: Tensor, call: Call) -> Tensor:
    """That of a matrix whose columns lie together, taken row by row."""
    return gradient.t().reshape(gradient.shape)


LAYOUTS = (
    Fault(
        "matrix-product-of-transposed",
        "the second gradient of mm is doubled where the first operand is transposed in memory",
        "mm",
        Case("x.t() @ y", {"x": [[1.0, 2.0], [3.0, 5.0]], "y": [[1.0, 2.0], [3.0, 5.0]]}),
        1,
        scaled(2),
        when=_transposed,
        shapes={"x": (4, 4), "y": (4, 3)},
        opinfo="mm",
    ),
    Fault(
        "product-of-expanded",
        "the second gradient of mul is doubled where an operand has stride 0",
        "mul.Tensor",
        Case("x * y.expand(2)", {"x": [1.0, 2.0], "y": [3.0]}),
        1,
        scaled(2),
        when=_expanded,
        shapes={"y": (1,), "x": (2,)},
        opinfo="mul",
    ),
    Fault(
        "sum-of-offset",
        "the gradient of sum is doubled where the operand does not begin its storage",
        "sum.dim_IntList",
        Case("x[1:].sum(0)", {"x": [1.0, 2.0, 3.0]}),
        0,
        scaled(2),
        when=lambda call: call.operands[0].storage_offset() > 0,
        opinfo="sum",
    ),
    Fault(
        "rectifier-of-channels-last",
        "the gradient of relu is in channels-first order where the operand is channels_last",
        "relu",
        Case(
            "x.to(memory_format=torch.channels_last).relu()",
            {"x": [[[[1.0, -2.0]], [[3.0, 5.0]]]]},
            cotangent=[[[[1.0, 2.0]], [[4.0, 8.0]]]],
        ),
        0,
        _in_channels_first_order,
        when=_channels_last,
        shapes={"x": (1, 2, 2, 3)},
        opinfo="nn.functional.relu",
    ),
    Fault(
        "exponential-of-strided",
        "the gradient of exp is taken in the order of memory where the operand is no contiguous matrix",
        "exp",
        Case("x.t().exp()", {"x": [[1.0, 2.0], [3.0, 4.0]]}),
        0,
        in_order_of_memory,
        when=of_a_strided_matrix,
        opinfo="exp",
    ),
)
