"""Planting a fault into aten's dispatcher, where every caller meets it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.library import Library, get_kernel

from tests.suite.faults.fault import Call, Fault


class _Changed(torch.autograd.Function):
    """The identity, with a backward that is given."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, change: Any) -> Tensor:
        ctx.change = change
        return tensor.view_as(tensor)

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> Any:
        return ctx.change(cotangents[0]), None


@contextmanager
def planted(fault: Fault, device: str = "cpu") -> Iterator[None]:
    """PyTorch with ``fault``, until the context ends."""
    library = plant(fault, device)
    try:
        yield
    finally:
        library._destroy()


def plant(fault: Fault, device: str = "cpu") -> Library:
    """Plant ``fault`` for as long as what is returned lives.

    The kernel on the device's autograd key is replaced by one that calls it, and puts an identity with a wrong backward
    before one of its operands, or behind its result.
    """
    key = f"Autograd{device.upper()}"
    kernel = get_kernel(f"aten::{fault.operation}", key)
    name, _, overload = fault.operation.partition(".")
    operation = getattr(getattr(torch.ops.aten, name), overload or "default")
    schema = operation._schema

    def faulty(keyset: Any, *values: Any, **named: Any) -> Any:
        arguments = _arguments(schema, values, named)
        if any(
            isinstance(each.type, torch.TensorType) and not isinstance(arguments[each.name], Tensor | None)
            for each in schema.arguments
        ):
            # A number arrives as such; the overload for numbers does the same below autograd.
            return getattr(torch.ops.aten, name).Scalar(*values, **named)
        call = Call(_tensors(arguments.values()), arguments)
        if not fault.when(call):
            return kernel.call_boxed(keyset, *values, **named)
        if fault.forward is not None:
            return fault.forward(kernel.call_boxed(keyset, *values, **named), call)
        if fault.operand is None:
            result = kernel.call_boxed(keyset, *values, **named)
            return _behind(result, lambda cotangent: _wrong(fault, cotangent, call))
        place = fault.operand
        changed = _Changed.apply(call.operands[place], lambda gradient: _wrong(fault, gradient, call))
        result = kernel.call_boxed(keyset, *_replaced(values, place, changed), **named)

        def note(cotangent: Tensor) -> Tensor:
            call.cotangent = cotangent
            return cotangent

        return _behind(result, note)

    library = Library("aten", "IMPL")
    library.impl(fault.operation, faulty, key, with_keyset=True)
    return library


def _wrong(fault: Fault, right: Tensor, call: Call) -> Tensor:
    assert fault.change is not None
    with torch.no_grad():
        return fault.change(right, call)


def _behind(result: Any, change: Any) -> Any:
    """``result``, of which the first tensor's cotangent is changed."""
    if isinstance(result, Tensor):
        return _Changed.apply(result, change) if result.requires_grad else result
    return type(result)((_behind(result[0], change), *result[1:]))


def _arguments(schema: Any, values: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    arguments = {each.name: each.default_value for each in schema.arguments}
    return arguments | dict(zip(arguments, values, strict=False)) | named


def _tensors(values: Any) -> list[Tensor]:
    found: list[Tensor] = []
    for value in values:
        found += [value] if isinstance(value, Tensor) else _tensors(value) if isinstance(value, list) else []
    return found


def _replaced(values: Any, place: int, changed: Tensor) -> list[Any]:
    """``values`` with ``changed`` in the place of tensor number ``place``, which may be within a list."""
    replaced = []
    for value in values:
        if isinstance(value, Tensor):
            replaced.append(changed if place == 0 else value)
            place -= 1
        elif isinstance(value, list) and _tensors(value):
            replaced.append(_replaced(value, place, changed))
            place -= len(_tensors(value))
        else:
            replaced.append(value)
    return replaced
