"""The ways in which PyTorch is asked for a derivative, and how its answer is read."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

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


@dataclass(frozen=True)
class ReadTensor:
    """What was read of one tensor: its values in float64, and its own dtype and device."""

    values: NDArray[np.float64]
    dtype: str
    device: str

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the tensor."""
        return self.values.shape


@dataclass(frozen=True)
class ReadAnswer:
    """An ``Answer`` that has been read: nothing of it is left to the device."""

    outputs: list[ReadTensor]
    gradients: dict[int, ReadTensor | None]


Moment = Literal["asked", "read"]
"""When PyTorch may raise: while it is asked, or while its answer is read, as a device may compute late."""


class NoAnswer(Exception):
    """PyTorch raised ``error`` instead of an answer."""

    def __init__(self, error: Exception, moment: Moment) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.error = error
        self.moment = moment


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


def read_answer(program: Program, target: Target, route: str) -> ReadAnswer:
    """What PyTorch answers when it is asked for ``program`` at ``target`` by ``route``.

    Only the asking is done as the target says: where subnormal numbers are flushed, reading would lose them, and so
    would all arithmetic of the oracles.

    Raises:
        NoAnswer: if PyTorch raises, whatever it is: every program has a gradient.
    """
    try:
        with target.applied():
            answer = ROUTES[route](program, target.device)
    except Exception as error:  # whatever it is, the judge makes a finding of it
        raise NoAnswer(error, "asked") from error
    try:
        return read(answer)
    except Exception as error:  # as above: a device may compute late
        raise NoAnswer(error, "read") from error


def read(answer: Answer) -> ReadAnswer:
    """``answer``, with everything in it fetched from its device."""
    return ReadAnswer(
        [_read_tensor(output) for output in answer.outputs],
        {index: None if each is None else _read_tensor(each) for index, each in answer.gradients.items()},
    )


def _read_tensor(tensor: torch.Tensor) -> ReadTensor:
    return ReadTensor(to_numpy(tensor), str(tensor.dtype).removeprefix("torch."), str(tensor.device))


def to_numpy(result: torch.Tensor) -> NDArray[np.float64]:
    """The values of ``result`` in float64, which holds those of every judged format exactly."""
    return np.asarray(result.detach().to("cpu", torch.float64).numpy())
