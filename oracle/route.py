"""The ways in which PyTorch is asked for a derivative."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from oracle.program import Program
from oracle.tensor import TensorSpec
from oracle.torch_source import function_source

TorchFunction = Callable[..., torch.Tensor]


@dataclass(frozen=True)
class Answer:
    """What PyTorch said.

    Attributes:
        output: the value that was differentiated.
        gradients: by number of the input, for every input that requires grad; None where PyTorch gave none.
    """

    output: torch.Tensor
    gradients: dict[int, torch.Tensor | None]


def tensor(spec: TensorSpec, device: str) -> torch.Tensor:
    """The tensor that ``spec`` describes: exact values, strides, offset; NaN in the gaps of its storage."""
    _, strides, offset = spec.layout.placement(spec.shape)
    storage = torch.from_numpy(spec.storage).to(dtype=getattr(torch, spec.dtype)).to(device)
    return storage.as_strided(spec.shape, strides, offset)


def leaves(program: Program, device: str) -> list[torch.Tensor]:
    """New input tensors; ``requires_grad_`` comes last, so each is a leaf."""
    return [tensor(each.tensor, device).requires_grad_(each.requires_grad) for each in program.inputs]


def cotangent(program: Program, device: str) -> torch.Tensor | None:
    """A new cotangent tensor, or None for the implicit 1."""
    return None if program.cotangent is None else tensor(program.cotangent, device)


def torch_function(program: Program) -> TorchFunction:
    """The program as a function of its input tensors."""
    return _compiled(function_source(program))


@lru_cache(maxsize=4096)
def _compiled(source: str) -> TorchFunction:
    namespace: dict[str, TorchFunction] = {}
    exec(source, {"torch": torch}, namespace)  # the text comes from the catalogue, never from outside
    return namespace["program"]


def by_backward(program: Program, device: str) -> Answer:
    """``output.backward(gradient=cotangent)``, read from ``.grad``."""
    inputs = leaves(program, device)
    output = torch_function(program)(*inputs)
    output.backward(gradient=cotangent(program, device))
    return Answer(output.detach(), {index: inputs[index].grad for index in program.differentiated})


def by_grad(program: Program, device: str) -> Answer:
    """``torch.autograd.grad(output, inputs, cotangent)``."""
    inputs = leaves(program, device)
    output = torch_function(program)(*inputs)
    wanted = [inputs[index] for index in program.differentiated]
    gradients = torch.autograd.grad(output, wanted, cotangent(program, device), allow_unused=True)
    return Answer(output.detach(), dict(zip(program.differentiated, gradients, strict=True)))


ROUTES: dict[str, Callable[[Program, str], Answer]] = {"backward": by_backward, "autograd.grad": by_grad}
"""Every route by the name that verdicts give it."""


def to_numpy(result: torch.Tensor) -> NDArray[np.float64]:
    """The values of ``result`` in float64, which holds those of every judged format exactly."""
    return np.asarray(result.detach().to("cpu", torch.float64).numpy())
