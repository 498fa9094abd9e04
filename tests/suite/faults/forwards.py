"""Wrong functions with the gradients of these wrong functions."""

from __future__ import annotations

import torch

from tests.suite.faults.fault import Case, Fault

FORWARDS = (
    Fault(
        "sine-too-large",
        "sin is too large by 1 %, and so is its gradient",
        "sin",
        Case("x.sin()", {"x": [1.0]}),
        forward=lambda result, call: result * 1.01,
        opinfo="sin",
    ),
    Fault(
        "exponential-off-by-1e-9",
        "exp in float64 is too large by one part in 10^9, and so is its gradient",
        "exp",
        Case("x.exp()", {"x": [1.0]}),
        forward=lambda result, call: result * (1 + 1e-9),
        when=lambda call: call.operands[0].dtype == torch.float64,
        opinfo="exp",
    ),
    Fault(
        "gelu-by-its-approximation",
        "gelu is computed by its tanh approximation, differentiated rightly",
        "gelu",
        Case("torch.nn.functional.gelu(x)", {"x": [1.0]}),
        forward=lambda result, call: (
            0.5
            * call.operands[0]
            * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (call.operands[0] + 0.044715 * call.operands[0] ** 3)))
        ),
        when=lambda call: call.arguments["approximate"] == "none",
        opinfo="nn.functional.gelu",
    ),
    Fault(
        "softplus-ignores-beta",
        "softplus takes any beta for 1, in its gradient too",
        "softplus",
        Case("torch.nn.functional.softplus(x, 2)", {"x": [0.5]}),
        forward=lambda result, call: torch.log1p(torch.exp(call.operands[0])),
        when=lambda call: call.arguments["beta"] != 1,
        opinfo="nn.functional.softplus",
    ),
    Fault(
        "minimum-is-maximum-of-negatives",
        "minimum of two negative numbers is their maximum, with its gradient",
        "minimum",
        Case("torch.minimum(x, y)", {"x": [-1.0], "y": [-2.0]}),
        forward=lambda result, call: torch.where(
            (call.operands[0] < 0) & (call.operands[1] < 0),
            call.operands[0] + call.operands[1] - result,
            result,
        ),
        opinfo="minimum",
    ),
)
