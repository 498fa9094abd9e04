"""Gradients that are wrong for tensors of some size."""

from __future__ import annotations

from collections.abc import Callable

from tests.suite.faults.fault import Call, Case, Fault, scaled, times

MANY = [1.0] * 40_000


def _more_than(count: int) -> Callable[[Call], bool]:
    return lambda call: call.operands[0].numel() > count


SIZES = (
    Fault(
        "sine-of-more-than-16",
        "the gradient of sin is doubled for tensors of more than 16 elements",
        "sin",
        Case("x.sin()", {"x": MANY[:20]}),
        0,
        scaled(2),
        when=_more_than(16),
        opinfo="sin",
    ),
    Fault(
        "product-at-the-vector-tail",
        "the last element of mul's second gradient is too large by 1 % where their number is no multiple of 8",
        "mul.Tensor",
        Case("x * y", {"x": MANY[:9], "y": MANY[:9]}),
        1,
        times(1.01, start=-1),
        when=lambda call: call.operands[1].numel() > 8 and call.operands[1].numel() % 8 != 0,
        opinfo="mul",
    ),
    Fault(
        "product-past-32768",
        "the gradient of mul's second operand is too large by 0.1 % past 32,768 elements",
        "mul.Tensor",
        Case("x * y", {"x": MANY, "y": MANY}),
        1,
        times(1.001, start=32_768),
        when=lambda call: call.operands[1].numel() > 32_768,
        opinfo="mul",
    ),
    Fault(
        "power-past-32768",
        "the gradient of powers is 0 past 32,768 elements",
        "pow.Tensor_Scalar",
        Case("x ** 2", {"x": MANY}),
        0,
        times(0.0, start=32_768),
        when=lambda call: call.operands[0].numel() > 32_768,
        opinfo="pow",
    ),
    Fault(
        "one-wrong-element-in-many",
        "one element of add's first gradient is too large by 1 % in tensors of more than 50,000",
        "add.Tensor",
        Case("x + y", {"x": MANY * 2, "y": MANY * 2}),
        0,
        times(1.01, start=12_345, stop=12_346),
        when=_more_than(50_000),
        opinfo="add",
    ),
    Fault(
        "sum-of-many",
        "the gradient of sum is too small by 0.1 % over more than 10,000 elements",
        "sum.dim_IntList",
        Case("x.sum(0)", {"x": MANY}),
        0,
        scaled(0.999),
        when=_more_than(10_000),
        opinfo="sum",
    ),
)
