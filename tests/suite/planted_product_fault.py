"""Plants a fault into aten: the second gradient of ``mul`` is too large by 1e-12. For ``pytest -p``, or to import."""

from __future__ import annotations

from typing import Any

import torch

RELATIVE_ERROR = 1e-12


class _FaultyProduct(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(first, second)
        with torch._C._AutoDispatchBelowAutograd():
            return torch.mul(first, second)

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor) -> Any:
        first, second = ctx.saved_tensors
        (cotangent,) = cotangents
        return (
            (cotangent * second).sum_to_size(first.shape),
            (cotangent * first).sum_to_size(second.shape) * (1 + RELATIVE_ERROR),
        )


def _product(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    # Numbers arrive as Python numbers; only products of two tensors have a second gradient.
    if not isinstance(second, torch.Tensor):
        second = torch.tensor(second, dtype=first.dtype, device=first.device)
    return _FaultyProduct.apply(first, second)


# The library must live as long as the fault.
LIBRARY = torch.library.Library("aten", "IMPL")
LIBRARY.impl("mul.Tensor", _product, "AutogradCPU")
