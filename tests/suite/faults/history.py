"""Wrong gradients that PyTorch once had, as issues of its tracker describe them."""

from __future__ import annotations

import torch
from torch import Tensor

from tests.suite.faults.fault import Call, Case, Fault, where, zeroed
from tests.suite.faults.layouts import in_order_of_memory, of_a_strided_matrix


def _zero_if_strided(cotangent: Tensor, call: Call) -> Tensor:
    return cotangent if cotangent.is_contiguous() else torch.zeros_like(cotangent)


def _counted_for_all(gradient: Tensor, call: Call) -> Tensor:
    """Where one element of the result is asked for: as if every copy had been."""
    assert call.cotangent is not None
    alone = int(call.cotangent.count_nonzero()) == 1
    return gradient * (call.cotangent.numel() // max(gradient.numel(), 1)) if alone else gradient


HISTORY = (
    Fault(
        "gelu-of-strided-cotangents",
        "gelu leaves its gradient at 0 where the cotangent is not contiguous",
        "gelu",
        Case(
            "torch.nn.functional.gelu(x).t()",
            {"x": [[1.0, 2.0], [3.0, 4.0]]},
            cotangent=[[1.0, 2.0], [4.0, 8.0]],
        ),
        None,
        _zero_if_strided,
        opinfo="nn.functional.gelu",
        modelled_on="https://github.com/pytorch/pytorch/issues/112006",
    ),
    Fault(
        "expansion-counts-what-is-not-used",
        "the gradient of one element of an expanded tensor counts for all its copies",
        "expand",
        Case("x.expand(100)[0]", {"x": [1.0]}),
        0,
        _counted_for_all,
        shapes={"x": (1,)},
        opinfo="expand",
        modelled_on="https://github.com/pytorch/pytorch/issues/9145",
    ),
    Fault(
        "reshape-of-expanded",
        "the gradient of reshape has its elements shifted where the operand has axes of stride 0",
        "reshape",
        Case("x.expand(2, 2).reshape(4)", {"x": [1.0, 2.0]}, cotangent=[1.0, 2.0, 4.0, 16.0]),
        0,
        lambda gradient, call: gradient.roll(1),
        when=lambda call: 0 in call.operands[0].stride() and call.operands[0].numel() > 1,
        shapes={"x": (2,)},
        opinfo="reshape",
        modelled_on="https://github.com/pytorch/pytorch/issues/30303",
    ),
    Fault(
        "cumulative-product-at-zeros",
        "cumprod gives no gradient to elements that are 0",
        "cumprod",
        Case("x.cumprod(0)", {"x": [2.0, 0.0]}),
        0,
        where(lambda call: call.operands[0] == 0, zeroed),
        opinfo="cumprod",
        modelled_on="https://github.com/pytorch/pytorch/issues/174016",
    ),
    Fault(
        "softmax-of-strided",
        "the gradient of softmax is read in the order of memory where the operand is a transposed matrix",
        "_softmax",
        Case("x.t().softmax(0)", {"x": [[1.0, 2.0], [3.0, 5.0]]}, cotangent=[[1.0, 2.0], [4.0, 8.0]]),
        0,
        in_order_of_memory,
        when=of_a_strided_matrix,
        opinfo="softmax",
        modelled_on="https://github.com/pytorch/pytorch/pull/139740",
    ),
)
