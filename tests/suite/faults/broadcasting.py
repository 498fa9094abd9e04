"""Gradients of operands that were broadcast, summed in the wrong way."""

from __future__ import annotations

from torch import Tensor

from tests.suite.faults.fault import Call, Case, Change, Fault


def _factor(call: Call, operand: int) -> float:
    """How many elements of the result one element of the operand made."""
    assert call.cotangent is not None
    return call.cotangent.numel() / max(call.operands[operand].numel(), 1)


def _averaged(operand: int) -> Change:
    return lambda gradient, call: gradient / max(_factor(call, operand), 1)


def _over_the_wrong_axis(gradient: Tensor, call: Call) -> Tensor:
    """Of a column that met a square: the sums over columns instead of those over rows."""
    cotangent = call.cotangent
    column = gradient.ndim == 2 and gradient.shape[1] == 1 and gradient.shape[0] > 1
    if cotangent is None or not column or cotangent.shape != (gradient.shape[0],) * 2:
        return gradient
    return cotangent.sum(0).reshape(gradient.shape)


def _leading_axes_only(gradient: Tensor, call: Call) -> Tensor:
    """Where an axis of size 1 was broadcast, only its first element is taken."""
    cotangent = call.cotangent
    if cotangent is None or cotangent.ndim != gradient.ndim:
        return gradient
    for axis, side in enumerate(gradient.shape):
        if side == 1 and cotangent.shape[axis] > 1:
            cotangent = cotangent.narrow(axis, 0, 1)
    return cotangent.clone() if cotangent.shape == gradient.shape else gradient


BROADCASTING = (
    Fault(
        "addition-over-the-wrong-axis",
        "the gradient of a column that was added to a square is summed over the other axis",
        "add.Tensor",
        Case("x + y", {"x": [[1.0], [2.0]], "y": [[1.0, 2.0], [3.0, 4.0]]}, cotangent=[[1.0, 2.0], [4.0, 8.0]]),
        0,
        _over_the_wrong_axis,
        shapes={"x": (3, 1), "y": (3, 3)},
        opinfo="add",
    ),
    Fault(
        "product-averages",
        "the second gradient of mul is averaged, not summed, over what it was broadcast to",
        "mul.Tensor",
        Case("x * y", {"x": [3.0, 5.0], "y": [2.0]}),
        1,
        _averaged(1),
        shapes={"y": (1,)},
        opinfo="mul",
    ),
    Fault(
        "difference-averages",
        "the second gradient of sub is averaged, not summed, over what it was broadcast to",
        "sub.Tensor",
        Case("x - y", {"x": [3.0, 5.0], "y": [2.0]}),
        1,
        _averaged(1),
        shapes={"y": (1,)},
        opinfo="sub",
    ),
    Fault(
        "addition-sums-leading-axes-only",
        "the first gradient of add is not summed over an axis of size 1 that was broadcast",
        "add.Tensor",
        Case("x + y", {"x": [1.0], "y": [1.0, 2.0]}),
        0,
        _leading_axes_only,
        shapes={"x": (3, 1)},
        opinfo="add",
    ),
    Fault(
        "quotient-averages",
        "the second gradient of div is averaged, not summed, over what it was broadcast to",
        "div.Tensor",
        Case("x / y", {"x": [3.0, 5.0], "y": [2.0]}),
        1,
        _averaged(1),
        shapes={"y": (1,)},
        opinfo="div",
    ),
    Fault(
        "expansion-averages",
        "the gradient of expand is averaged, not summed",
        "expand",
        Case("x.expand(3)", {"x": [2.0]}),
        0,
        _averaged(0),
        shapes={"x": (1,)},
        opinfo="expand",
    ),
)
