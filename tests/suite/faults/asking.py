"""Asking for the gradients of a fault's case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from tests.suite.faults.fault import Case


def function(case: Case) -> Callable[..., Tensor]:
    """What the case computes, of its tensors in their order."""
    code = compile(case.source, "<case>", "eval")
    return lambda *tensors: eval(code, {"torch": torch}, dict(zip(case.tensors, tensors, strict=True)))


def gradients(case: Case) -> list[Any]:
    """The elements of the gradients of the tensors that are not frozen, as lists."""
    dtype = getattr(torch, case.dtype)
    inputs = {name: torch.tensor(elements, dtype=dtype) for name, elements in case.tensors.items()}
    differentiated = [tensor.requires_grad_() for name, tensor in inputs.items() if name not in case.frozen]
    result = function(case)(*inputs.values())
    cotangent = torch.ones_like(result) if case.cotangent is None else torch.tensor(case.cotangent, dtype=dtype)
    torch.autograd.backward([result], [cotangent])
    return [None if tensor.grad is None else tensor.grad.tolist() for tensor in differentiated]
