"""Gradients that are wrong at some values of the operands."""

from __future__ import annotations

import torch
from torch import Tensor

from tests.suite.faults.fault import Call, Case, Fault, scaled, where, zeroed


def _tied(gradient: Tensor, call: Call) -> Tensor:
    """The whole cotangent for each of several largest elements."""
    return torch.where(gradient != 0, gradient * (gradient != 0).sum(), gradient)


def _zeros(call: Call) -> int:
    return int((call.operands[0] == 0).sum())


VALUES = (
    Fault(
        "sine-wrong-at-0",
        "the gradient of sin is 0 at 0",
        "sin",
        Case("x.sin()", {"x": [0.0]}),
        0,
        where(lambda call: call.operands[0] == 0, zeroed),
        opinfo="sin",
    ),
    Fault(
        "power-wrong-at-0",
        "the gradient of x¹ … x⁶ is 1 at 0",
        "pow.Tensor_Scalar",
        Case("x ** 2", {"x": [0.0]}),
        0,
        where(lambda call: call.operands[0] == 0, lambda gradient, call: torch.ones_like(gradient)),
        opinfo="pow",
    ),
    Fault(
        "product-wrong-at-1",
        "the second gradient of mul is 0 where that operand is 1",
        "mul.Tensor",
        Case("x * y", {"x": [3.0], "y": [1.0]}),
        1,
        where(lambda call: call.operands[1] == 1, zeroed),
        opinfo="mul",
    ),
    Fault(
        "logarithm-wrong-at-1",
        "the gradient of log is 0 at 1",
        "log",
        Case("x.log()", {"x": [1.0]}),
        0,
        where(lambda call: call.operands[0] == 1, zeroed),
        opinfo="log",
    ),
    Fault(
        "amax-does-not-share",
        "each of several largest elements gets the whole cotangent from amax",
        "amax",
        Case("x.amax(0)", {"x": [2.0, 2.0]}),
        0,
        _tied,
        when=lambda call: call.operands[0].ndim == 1,
        opinfo="amax",
    ),
    Fault(
        "maximum-wrong-at-ties",
        "maximum gives its first operand a gradient of the wrong sign where both are equal",
        "maximum",
        Case("torch.maximum(x, y)", {"x": [2.0], "y": [2.0]}),
        0,
        where(lambda call: call.operands[0] == call.operands[1], lambda gradient, call: gradient * -1),
        opinfo="maximum",
    ),
    Fault(
        "cosine-of-negative-numbers",
        "the gradient of cos has the wrong sign for negative numbers",
        "cos",
        Case("x.cos()", {"x": [-1.0]}),
        0,
        where(lambda call: call.operands[0] < 0, scaled(-1)),
        opinfo="cos",
    ),
    Fault(
        "sine-of-large-numbers",
        "the gradient of sin is 0 beyond 100",
        "sin",
        Case("x.sin()", {"x": [101.0]}),
        0,
        where(lambda call: call.operands[0].abs() > 100, zeroed),
        opinfo="sin",
    ),
    Fault(
        "tanh-saturates",
        "the gradient of tanh is 0 beyond 7",
        "tanh",
        Case("x.tanh()", {"x": [8.0]}),
        0,
        where(lambda call: call.operands[0].abs() > 7, zeroed),
        opinfo="tanh",
    ),
    Fault(
        "square-near-overflow",
        "the gradient of x² and higher powers is infinite where x² is within a factor of 4 of the largest number",
        "pow.Tensor_Scalar",
        Case("x ** 2", {"x": [1.0e154]}),
        0,
        where(
            lambda call: call.operands[0].double().square() >= torch.finfo(call.operands[0].dtype).max / 4,
            lambda gradient, call: torch.full_like(gradient, torch.inf),
        ),
        when=lambda call: call.arguments["exponent"] == 2,
        opinfo="pow",
    ),
    Fault(
        "product-with-one-zero",
        "prod gives no gradient to the only zero among its elements",
        "prod",
        Case("x.prod()", {"x": [0.0, 3.0]}),
        0,
        zeroed,
        when=lambda call: _zeros(call) == 1,
        opinfo="prod",
    ),
    Fault(
        "product-with-two-zeros",
        "prod gives a gradient of 1 to all elements where two are 0",
        "prod",
        Case("x.prod()", {"x": [0.0, 0.0, 3.0]}),
        0,
        lambda gradient, call: torch.ones_like(gradient),
        when=lambda call: _zeros(call) == 2,
        opinfo="prod",
    ),
)
