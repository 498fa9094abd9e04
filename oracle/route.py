"""The ways in which PyTorch is asked for a derivative."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from oracle.program import Program
from oracle.target import Target
from oracle.tensor import TensorSpec
from oracle.torch_source import function_source

TorchFunction = Callable[..., list[torch.Tensor]]


@dataclass(frozen=True)
class Answer:
    """What PyTorch said.

    Attributes:
        outputs: the values that were differentiated.
        gradients: by number of the input, for every input that requires grad; None where PyTorch gave none.
    """

    outputs: list[torch.Tensor]
    gradients: dict[int, torch.Tensor | None]


def tensor(spec: TensorSpec, device: str) -> torch.Tensor:
    """The tensor that ``spec`` describes: exact values, strides, offset; NaN in the gaps of its storage."""
    _, strides, offset = spec.layout.placement(spec.shape)
    storage = torch.from_numpy(spec.storage).to(dtype=getattr(torch, spec.dtype)).to(device)
    return storage.as_strided(spec.shape, strides, offset)


def leaves(program: Program, device: str) -> list[torch.Tensor]:
    """New input tensors; ``requires_grad_`` comes last, so each is a leaf."""
    return [tensor(each.tensor, device).requires_grad_(each.requires_grad) for each in program.inputs]


def cotangents(program: Program, device: str) -> list[torch.Tensor | None]:
    """New cotangent tensors, one for each output; None for the implicit 1."""
    return [None if each.cotangent is None else tensor(each.cotangent, device) for each in program.outputs]


def torch_function(program: Program, device: str) -> TorchFunction:
    """The program as a function of its input tensors on ``device``."""
    return _compiled(function_source(program), device)


@lru_cache(maxsize=4096)
def _compiled(source: str, device: str) -> TorchFunction:
    namespace: dict[str, TorchFunction] = {}
    exec(
        source, {"torch": torch, "math": math, "device": device}, namespace
    )  # the text comes from the catalogue, never from outside
    return namespace["program"]


def by_backward(program: Program, device: str) -> Answer:
    """``torch.autograd.backward(outputs, cotangents)``, read from ``.grad``."""
    inputs = leaves(program, device)
    outputs = torch_function(program, device)(*inputs)
    torch.autograd.backward(outputs, cotangents(program, device))
    return Answer(_detached(outputs), {index: inputs[index].grad for index in program.differentiated})


def by_grad(program: Program, device: str) -> Answer:
    """``torch.autograd.grad(outputs, inputs, cotangents)``."""
    inputs = leaves(program, device)
    outputs = torch_function(program, device)(*inputs)
    wanted = [inputs[index] for index in program.differentiated]
    gradients = torch.autograd.grad(outputs, wanted, cotangents(program, device), allow_unused=True)
    return Answer(_detached(outputs), dict(zip(program.differentiated, gradients, strict=True)))


def _detached(outputs: list[torch.Tensor]) -> list[torch.Tensor]:
    return [output.detach() for output in outputs]


ROUTES: dict[str, Callable[[Program, str], Answer]] = {"backward": by_backward, "autograd.grad": by_grad}
"""Every route by the name that verdicts give it."""


def ask(target: Target, route: str, program: Program) -> Answer:
    """What PyTorch says by ``route``, which is one of ``ROUTES``, at ``target``.

    Only the asking is done as the target says. Whoever reads the answer does so afterwards: where subnormal numbers are
    flushed, a conversion loses them, and so does all arithmetic of the oracles.
    """
    with target.applied():
        return ROUTES[route](program, target.device)


def to_numpy(result: torch.Tensor) -> NDArray[np.float64]:
    """The values of ``result`` in float64, which holds those of every judged format exactly."""
    return np.asarray(result.detach().to("cpu", torch.float64).numpy())
