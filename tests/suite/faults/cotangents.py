"""Cotangents that the backward does not take as they are."""

from __future__ import annotations

import torch
from torch import Tensor

from tests.suite.faults.fault import Call, Case, Fault


def _as_if_contiguous(cotangent: Tensor, call: Call) -> Tensor:
    """The storage from the first element on, in order, and again from its start where it is too short."""
    storage = cotangent.as_strided((cotangent.untyped_storage().nbytes() // cotangent.element_size(),), (1,), 0)
    places = torch.arange(cotangent.numel()) + cotangent.storage_offset()
    return storage[places % max(len(storage), 1)].reshape(cotangent.shape)


def _overwritten(cotangent: Tensor, call: Call) -> Tensor:
    kept = cotangent.clone()
    if cotangent.is_contiguous():
        cotangent.zero_()
    return kept


def _doubled_if_expanded(cotangent: Tensor, call: Call) -> Tensor:
    expanded = any(size > 1 and stride == 0 for size, stride in zip(cotangent.shape, cotangent.stride(), strict=True))
    return cotangent * 2 if expanded else cotangent


COTANGENTS = (
    Fault(
        "sine-drops-the-sign",
        "the backward of sin takes the cotangent's magnitude",
        "sin",
        Case("x.sin()", {"x": [1.0]}, cotangent=[-1.0]),
        None,
        lambda cotangent, call: cotangent.abs(),
        opinfo="sin",
    ),
    Fault(
        "tanh-of-positive-cotangents",
        "the backward of tanh takes negative cotangents for 0",
        "tanh",
        Case("x.tanh()", {"x": [1.0]}, cotangent=[-1.0]),
        None,
        lambda cotangent, call: cotangent.relu(),
        opinfo="tanh",
    ),
    Fault(
        "exponential-clips",
        "the backward of exp clips cotangents to [-1, 1]",
        "exp",
        Case("x.exp()", {"x": [1.0]}, cotangent=[2.0]),
        None,
        lambda cotangent, call: cotangent.clamp(-1, 1),
        opinfo="exp",
    ),
    Fault(
        "cosine-squares",
        "the backward of cos squares the cotangent",
        "cos",
        Case("x.cos()", {"x": [1.0]}, cotangent=[2.0]),
        None,
        lambda cotangent, call: cotangent * cotangent,
        opinfo="cos",
    ),
    Fault(
        "product-flushes-small-cotangents",
        "the backward of mul takes cotangents below 1/4 for 0",
        "mul.Tensor",
        Case("x * y", {"x": [3.0], "y": [2.0]}, cotangent=[0.125]),
        None,
        lambda cotangent, call: cotangent.where(cotangent.abs() >= 0.25, torch.zeros_like(cotangent)),
        opinfo="mul",
    ),
    Fault(
        "sigmoid-overwrites",
        "the backward of sigmoid sets the cotangent to 0 in place, after it has read it",
        "sigmoid",
        Case("x.sigmoid() + x.clone()", {"x": [1.0]}),
        None,
        _overwritten,
        opinfo="sigmoid",
    ),
    Fault(
        "sine-reads-as-contiguous",
        "the backward of sin reads the cotangent's storage in order, whatever its strides",
        "sin",
        Case("x.sin().transpose(0, 1)", {"x": [[1.0, 2.0], [3.0, 4.0]]}, cotangent=[[1.0, 2.0], [3.0, 4.0]]),
        None,
        _as_if_contiguous,
        opinfo="sin",
    ),
    Fault(
        "addition-reads-as-contiguous",
        "the backward of add reads the cotangent's storage in order, whatever its strides",
        "add.Tensor",
        Case("(x + 1 * x).t()", {"x": [[1.0, 2.0], [3.0, 4.0]]}, cotangent=[[1.0, 2.0], [3.0, 4.0]]),
        None,
        _as_if_contiguous,
        opinfo="add",
    ),
    Fault(
        "square-root-doubles-expanded",
        "the backward of sqrt doubles cotangents of stride 0",
        "sqrt",
        Case("x.sqrt().sum()", {"x": [1.0, 4.0]}),
        None,
        _doubled_if_expanded,
        opinfo="sqrt",
    ),
    Fault(
        "maximum-drops-the-sign",
        "the backward of maximum takes the cotangent's magnitude",
        "maximum",
        Case("torch.maximum(x, y)", {"x": [3.0], "y": [2.0]}, cotangent=[-1.0]),
        None,
        lambda cotangent, call: cotangent.abs(),
        opinfo="maximum",
    ),
)
