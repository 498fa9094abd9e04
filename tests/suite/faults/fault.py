"""What a fault is: one operation of aten whose gradient, or whose function, is wrong in one way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor


@dataclass
class Call:
    """One call of the operation.

    Attributes:
        operands: its tensors, those within lists too, in the order of its signature.
        arguments: everything that it was called with, by the names of its signature, defaults included.
        cotangent: that of its result, once the backward pass has come there.
    """

    operands: list[Tensor]
    arguments: dict[str, Any]
    cotangent: Tensor | None = None


Change = Callable[[Tensor, Call], Tensor]
"""(right tensor, call) -> wrong tensor of the same shape."""


def always(call: Call) -> bool:
    """In every call."""
    return True


@dataclass(frozen=True)
class Case:
    """A place where a fault shows.

    Attributes:
        source: an expression of the tensors below and of ``torch``.
        tensors: their elements, by name; they are differentiated, but for those that are ``frozen``.
        dtype: of all tensors.
        cotangent: elements of what is passed as ``gradient=``; ones by default.
    """

    source: str
    tensors: dict[str, Any]
    dtype: str = "float64"
    cotangent: Any = None
    frozen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fault:
    """One wrong gradient.

    Attributes:
        name: unique, in kebab case.
        says: what is wrong, in one line.
        operation: the operation of aten with its overload, such as ``mul.Tensor``.
        case: a place where it shows.
        operand: the number of the operand whose gradient is changed; None to change the cotangent, before the right
            backward makes gradients of it, or if ``forward`` is changed.
        change: what becomes of the right gradient, or of the cotangent.
        forward: what becomes of the right result, differentiably: so gradient and result are consistently wrong.
        when: in which calls.
        shapes: of the random tensors on which ``gradcheck`` is asked for the expression of the case, by name; (3, 4)
            for those that are not named.
        opinfo: the name of PyTorch's own test case for the operation.
        modelled_on: the issue of PyTorch that described such a gradient.
    """

    name: str
    says: str
    operation: str
    case: Case
    operand: int | None = 0
    change: Change | None = None
    forward: Change | None = None
    when: Callable[[Call], bool] = always
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    opinfo: str = ""
    modelled_on: str = ""

    def __post_init__(self) -> None:
        if (self.change is None) == (self.forward is None):
            raise ValueError(f"the fault {self.name} must change either a gradient or the forward")


def scaled(factor: float) -> Change:
    """The right one times ``factor``."""
    return lambda gradient, call: gradient * factor


def zeroed(right: Tensor, call: Call) -> Tensor:
    """0 instead of the right one."""
    return torch.zeros_like(right)


def computed_in(dtype: Any) -> Change:
    """The right one, rounded to a coarser format."""
    return lambda gradient, call: gradient.to(dtype).to(gradient.dtype)


def where(condition: Callable[[Call], Tensor], wrong: Change) -> Change:
    """``wrong`` at the elements that meet ``condition``, a mask in the shape of the gradient."""

    def change(gradient: Tensor, call: Call) -> Tensor:
        return gradient.where(~condition(call).expand(gradient.shape), wrong(gradient, call))

    return change


def times(factor: float, *, start: int, stop: int | None = None) -> Change:
    """The right one times ``factor`` at the elements from number ``start`` to before ``stop``, in row-major order."""

    def change(gradient: Tensor, call: Call) -> Tensor:
        wrong = gradient.clone(memory_format=torch.contiguous_format)
        wrong.view(-1)[start:stop] *= factor
        return wrong

    return change


def of_dtype(dtype: Any) -> Callable[[Call], bool]:
    """In calls on tensors of ``dtype``."""
    return lambda call: call.operands[0].dtype == dtype
