"""Right gradients that go to the wrong place, or come at the wrong time."""

from __future__ import annotations

from torch import Tensor

from tests.suite.faults.fault import Call, Case, Fault, zeroed


class _Stale:
    """Remembers the gradient of the last call of each shape, and returns that."""

    def __init__(self) -> None:
        self.last: dict[tuple[object, ...], Tensor] = {}

    def __call__(self, gradient: Tensor, call: Call) -> Tensor:
        key = (gradient.shape, gradient.dtype)
        last = self.last.get(key, gradient)
        self.last[key] = gradient.clone()
        return last


def _of_the_other(gradient: Tensor, call: Call) -> Tensor:
    assert call.cotangent is not None
    other = (call.cotangent * call.operands[0].detach()).sum_to_size(call.operands[1].shape)
    return other.reshape(gradient.shape) if other.numel() == gradient.numel() else gradient


BOOKKEEPING = (
    Fault(
        "product-with-a-frozen-operand",
        "the gradient of mul's first operand is the second one's where that is frozen",
        "mul.Tensor",
        Case("x * y", {"x": [3.0], "y": [2.0]}, frozen=("y",)),
        0,
        _of_the_other,
        when=lambda call: call.operands[0].requires_grad and not call.operands[1].requires_grad,
        opinfo="mul",
    ),
    Fault(
        "quotient-with-a-frozen-operand",
        "the gradient of div's second operand has the wrong sign where the first is frozen",
        "div.Tensor",
        Case("x / y", {"x": [3.0], "y": [2.0]}, frozen=("x",)),
        1,
        lambda gradient, call: -gradient,
        when=lambda call: not call.operands[0].requires_grad,
        opinfo="div",
    ),
    Fault(
        "addition-loses-a-second-use",
        "add of a tensor to itself gives it one gradient instead of two",
        "add.Tensor",
        Case("x + x", {"x": [3.0]}),
        1,
        zeroed,
        when=lambda call: call.operands[0] is call.operands[1],
        opinfo="add",
    ),
    Fault(
        "product-loses-a-second-use",
        "mul of a tensor with itself gives it one gradient instead of two",
        "mul.Tensor",
        Case("x * x", {"x": [3.0]}),
        1,
        zeroed,
        when=lambda call: call.operands[0] is call.operands[1],
        opinfo="mul",
    ),
    Fault(
        "cosine-returns-a-stale-gradient",
        "cos returns the gradient of the last call with the same shape",
        "cos",
        Case("x.cos() + (2 * x).cos()", {"x": [1.0]}),
        0,
        _Stale(),
        opinfo="cos",
    ),
)
