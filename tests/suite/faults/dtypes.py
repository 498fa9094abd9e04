"""Gradients that are wrong in one dtype."""

from __future__ import annotations

import torch

from tests.suite.faults.fault import Case, Fault, of_dtype, scaled

DTYPES = (
    Fault(
        "tanh-in-float32",
        "the gradient of tanh is too large by 0.1 % in float32",
        "tanh",
        Case("x.tanh()", {"x": [1.0]}, "float32"),
        0,
        scaled(1.001),
        when=of_dtype(torch.float32),
        opinfo="tanh",
    ),
    Fault(
        "exponential-doubled-in-bfloat16",
        "the gradient of exp is doubled in bfloat16",
        "exp",
        Case("x.exp()", {"x": [1.0]}, "bfloat16"),
        0,
        scaled(2),
        when=of_dtype(torch.bfloat16),
        opinfo="exp",
    ),
    Fault(
        "logarithm-in-float16",
        "the gradient of log is too large by 2 % in float16",
        "log",
        Case("x.log()", {"x": [1.0]}, "float16"),
        0,
        scaled(1.02),
        when=of_dtype(torch.float16),
        opinfo="log",
    ),
    Fault(
        "matrix-product-in-bfloat16",
        "the first gradient of mm has the wrong sign in bfloat16",
        "mm",
        Case("x @ y", {"x": [[1.0]], "y": [[3.0]]}, "bfloat16"),
        0,
        scaled(-1),
        when=of_dtype(torch.bfloat16),
        shapes={"x": (3, 4), "y": (4, 3)},
        opinfo="mm",
    ),
    Fault(
        "mean-in-float16",
        "the gradient of mean is too small by 1 % in float16",
        "mean.dim",
        Case("x.mean(0)", {"x": [1.0, 3.0]}, "float16"),
        0,
        scaled(0.99),
        when=of_dtype(torch.float16),
        opinfo="mean",
    ),
)
