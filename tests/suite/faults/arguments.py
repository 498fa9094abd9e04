"""Gradients that are wrong for some arguments."""

from __future__ import annotations

import torch
from torch import Tensor

from tests.suite.faults.fault import Call, Case, Fault, scaled, zeroed

MATRIX = [[1.0, 2.0], [3.0, 5.0]]


def _negative_dim(call: Call) -> bool:
    dims = call.arguments["dim"]
    return any(dim < 0 for dim in (dims if isinstance(dims, list) else [dims]))


def _dims(call: Call) -> int:
    dims = call.arguments["dim"]
    return len(dims) if dims else call.operands[0].ndim


def _turned(gradient: Tensor, call: Call) -> Tensor:
    return gradient.flip(0)


ARGUMENTS = (
    Fault(
        "cumulative-sum-from-the-end",
        "the gradient of cumsum is reversed for a negative dim",
        "cumsum",
        Case("x.cumsum(-1)", {"x": [1.0, 2.0]}),
        0,
        _turned,
        when=_negative_dim,
        opinfo="cumsum",
    ),
    Fault(
        "sum-over-several-dims",
        "the gradient of sum is doubled where it is over several axes",
        "sum.dim_IntList",
        Case("x.sum((0, 1))", {"x": MATRIX}),
        0,
        scaled(2),
        when=lambda call: _dims(call) > 1,
        opinfo="sum",
    ),
    Fault(
        "mean-over-negative-dim",
        "the gradient of mean is doubled for a negative dim",
        "mean.dim",
        Case("x.mean(-1)", {"x": MATRIX}),
        0,
        scaled(2),
        when=lambda call: bool(call.arguments["dim"]) and _negative_dim(call),
        opinfo="mean",
    ),
    Fault(
        "mean-keeping-dims",
        "the gradient of mean is halved with keepdim",
        "mean.dim",
        Case("x.mean(0, keepdim=True)", {"x": MATRIX}),
        0,
        scaled(0.5),
        when=lambda call: bool(call.arguments["keepdim"]),
        opinfo="mean",
    ),
    Fault(
        "variance-ignores-correction",
        "the gradient of var is that for a correction of 1, whatever it is",
        "var.correction",
        Case("x.var(0, correction=0)", {"x": [1.0, 2.0, 4.0]}),
        0,
        scaled(1.5),
        when=lambda call: call.arguments["correction"] == 0,
        opinfo="var",
    ),
    Fault(
        "norm-of-order-3",
        "the gradient of vector_norm of order 3 lacks the division by the norm's square",
        "linalg_vector_norm",
        Case("torch.linalg.vector_norm(x, 3)", {"x": [1.0, 2.0]}),
        0,
        lambda gradient, call: gradient * torch.linalg.vector_norm(call.operands[0].detach(), 3) ** 2,
        when=lambda call: call.arguments["ord"] == 3,
        opinfo="linalg.vector_norm",
    ),
    Fault(
        "norm-of-order-1",
        "the gradient of vector_norm of order 1 is 1 for negative elements too",
        "linalg_vector_norm",
        Case("torch.linalg.vector_norm(x, 1)", {"x": [1.0, -2.0]}),
        0,
        lambda gradient, call: gradient.abs(),
        when=lambda call: call.arguments["ord"] == 1,
        opinfo="linalg.vector_norm",
    ),
    Fault(
        "addition-forgets-alpha",
        "the second gradient of add lacks the factor alpha",
        "add.Tensor",
        Case("torch.add(x, y, alpha=2)", {"x": [1.0], "y": [3.0]}),
        1,
        lambda gradient, call: gradient / call.arguments["alpha"],
        when=lambda call: call.arguments["alpha"] != 1,
        opinfo="add",
    ),
    Fault(
        "slice-with-steps",
        "the gradient of a slice with a step is shifted by one place",
        "slice.Tensor",
        Case("x[::2]", {"x": [1.0, 2.0, 3.0, 4.0]}),
        0,
        lambda gradient, call: gradient.roll(1, call.arguments["dim"]),
        when=lambda call: call.arguments["step"] > 1,
        opinfo="__getitem__",
    ),
    Fault(
        "select-from-the-end",
        "the gradient of select goes to the neighbour for a negative index",
        "select.int",
        Case("x[-1]", {"x": [1.0, 2.0, 3.0]}),
        0,
        lambda gradient, call: gradient.roll(1, call.arguments["dim"]),
        when=lambda call: call.arguments["index"] < 0,
        opinfo="select",
    ),
    Fault(
        "third-tensor-of-cat",
        "cat gives no gradient to its third tensor",
        "cat",
        Case("torch.cat([x, y, z])", {"x": [1.0], "y": [2.0], "z": [3.0]}),
        2,
        zeroed,
        when=lambda call: len(call.operands) > 2,
        opinfo="cat",
    ),
    Fault(
        "convolution-with-dilation",
        "the gradient of conv2d's weight is turned around where the kernel is dilated",
        "conv2d",
        Case(
            "torch.nn.functional.conv2d(x, y, dilation=2)",
            {"x": [[[[1.0, 2.0, 3.0]]]], "y": [[[[5.0, 7.0]]]]},
        ),
        1,
        lambda gradient, call: gradient.flip(3),
        when=lambda call: call.arguments["dilation"][-1] > 1,
        shapes={"x": (1, 1, 3, 5), "y": (1, 1, 1, 2)},
        opinfo="nn.functional.conv2d",
    ),
    Fault(
        "convolution-with-groups",
        "the gradient of conv1d's weight is that of the next group",
        "conv1d",
        Case("torch.nn.functional.conv1d(x, y, groups=2)", {"x": [[[1.0], [2.0]]], "y": [[[5.0]], [[7.0]]]}),
        1,
        lambda gradient, call: gradient.roll(1, 0),
        when=lambda call: call.arguments["groups"] > 1,
        shapes={"x": (1, 2, 4), "y": (2, 1, 2)},
        opinfo="nn.functional.conv1d",
    ),
    Fault(
        "roll-rolls-on",
        "the gradient of roll is rolled in the same direction as the operand",
        "roll",
        Case("x.roll(1)", {"x": [1.0, 2.0, 3.0]}, cotangent=[1.0, 2.0, 4.0]),
        0,
        lambda gradient, call: gradient.roll(call.arguments["shifts"], call.arguments["dims"]).roll(
            call.arguments["shifts"], call.arguments["dims"]
        ),
        opinfo="roll",
    ),
    Fault(
        "leaky-relu-ignores-its-slope",
        "the gradient of leaky_relu is that of the slope 0.01 for negative numbers",
        "leaky_relu",
        Case("torch.nn.functional.leaky_relu(x, 0.5)", {"x": [-1.0]}),
        0,
        lambda gradient, call: gradient.where(
            call.operands[0] > 0, gradient / float(call.arguments["negative_slope"]) * 0.01
        ),
        when=lambda call: call.arguments["negative_slope"] not in (0, 0.01),
        opinfo="nn.functional.leaky_relu",
    ),
)
