"""Gradients with too few right digits."""

from __future__ import annotations

import torch

from tests.suite.faults.fault import Case, Fault, computed_in, of_dtype, scaled

PRECISION = (
    Fault(
        "product-off-by-1e-12",
        "the second gradient of a product is too large by one part in 10^12",
        "mul.Tensor",
        Case("x * y", {"x": [3.0], "y": [2.0]}),
        operand=1,
        change=scaled(1 + 1e-12),
        opinfo="mul",
    ),
    Fault(
        "sine-off-by-1e-9",
        "the gradient of sin is too large by one part in 10^9",
        "sin",
        Case("x.sin()", {"x": [1.0]}),
        change=scaled(1 + 1e-9),
        opinfo="sin",
    ),
    Fault(
        "sine-off-by-9e-4",
        "the gradient of sin is too large by nine parts in 10^4",
        "sin",
        Case("x.sin()", {"x": [1.0]}),
        change=scaled(1 + 9e-4),
        opinfo="sin",
    ),
    Fault(
        "softmax-off-by-1e-9",
        "the gradient of softmax is too large by one part in 10^9",
        "_softmax",
        Case("x.softmax(0)", {"x": [1.0, 2.0]}, cotangent=[1.0, 0.0]),
        change=scaled(1 + 1e-9),
        opinfo="softmax",
    ),
    Fault(
        "matrix-product-in-float32",
        "the second gradient of mm in float64 is computed in float32",
        "mm",
        Case("x @ y", {"x": [[0.1]], "y": [[0.3]]}),
        operand=1,
        change=computed_in(torch.float32),
        when=of_dtype(torch.float64),
        shapes={"x": (3, 4), "y": (4, 3)},
        opinfo="mm",
    ),
    Fault(
        "variance-in-float32",
        "the gradient of var in float64 is computed in float32",
        "var.correction",
        Case("x.var()", {"x": [0.1, 0.3]}),
        change=computed_in(torch.float32),
        when=of_dtype(torch.float64),
        opinfo="var",
    ),
    Fault(
        "exponential-in-bfloat16",
        "the gradient of exp in float32 is rounded to bfloat16",
        "exp",
        Case("x.exp()", {"x": [1.0]}, "float32"),
        change=computed_in(torch.bfloat16),
        when=of_dtype(torch.float32),
        opinfo="exp",
    ),
    Fault(
        "sine-in-float16",
        "the gradient of sin in float64 is rounded to float16",
        "sin",
        Case("x.sin()", {"x": [1.0]}),
        change=computed_in(torch.float16),
        when=of_dtype(torch.float64),
        opinfo="sin",
    ),
    Fault(
        "sigmoid-in-bfloat16",
        "the gradient of sigmoid in float64 is rounded to bfloat16",
        "sigmoid",
        Case("x.sigmoid()", {"x": [1.0]}),
        change=computed_in(torch.bfloat16),
        when=of_dtype(torch.float64),
        opinfo="sigmoid",
    ),
    Fault(
        "logarithm-off-by-1e-12",
        "the gradient of log in float64 is too small by one part in 10^12",
        "log",
        Case("x.log()", {"x": [3.0]}),
        change=scaled(1 - 1e-12),
        when=of_dtype(torch.float64),
        opinfo="log",
    ),
)
