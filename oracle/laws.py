"""Laws of differentiation and of bookkeeping that hold whatever the program: no oracle is needed to state them.

A law is given three functions: ``inputs()`` makes new leaf tensors, ``program(*inputs)`` computes the output,
``cotangent()`` makes a new cotangent (or returns None for the implicit 1). It returns what is broken in words, or None.
Its source goes into reproducers as it stands, so it may use nothing but torch.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

Inputs = Callable[[], list[torch.Tensor]]
Function = Callable[..., torch.Tensor]
Cotangent = Callable[[], "torch.Tensor | None"]
Law = Callable[[Inputs, Function, Cotangent], "str | None"]


def gradients_fit_their_inputs(inputs: Inputs, program: Function, cotangent: Cotangent) -> str | None:
    """A gradient has the shape, dtype and device of its input; an input that requires no grad gets None."""
    x = inputs()
    program(*x).backward(gradient=cotangent())
    for index, each in enumerate(x):
        if not each.requires_grad:
            if each.grad is not None:
                return f"input {index} requires no grad and got one"
        elif each.grad is None:
            return f"input {index} requires grad and got none"
        elif (each.grad.shape, each.grad.dtype, each.grad.device) != (each.shape, each.dtype, each.device):
            return f"input {index} is {each.dtype} {each.shape}, its gradient {each.grad.dtype} {each.grad.shape}"
    return None


def nothing_is_overwritten(inputs: Inputs, program: Function, cotangent: Cotangent) -> str | None:
    """Backward leaves inputs, cotangent and output as they were, the gaps of their storages included."""
    x, gradient = inputs(), cotangent()
    output = program(*x)
    watched = [*x, output] if gradient is None else [*x, output, gradient]

    def contents() -> list[torch.Tensor]:
        return [
            torch.empty(0, dtype=torch.uint8, device=each.device).set_(each.untyped_storage()).clone()
            for each in watched
        ]

    before = contents()
    output.backward(gradient=gradient)
    for position, (old, new) in enumerate(zip(before, contents(), strict=True)):
        if not torch.equal(old, new):
            what = f"input {position}" if position < len(x) else ("the output", "the cotangent")[position - len(x)]
            return f"backward changed the storage of {what}"
    return None


def gradients_own_their_memory(inputs: Inputs, program: Function, cotangent: Cotangent) -> str | None:
    """After ``backward()`` no ``.grad`` shares memory with another, with an input or with the cotangent."""
    x, gradient = inputs(), cotangent()
    program(*x).backward(gradient=gradient)
    tensors = [(f"the gradient of input {index}", each.grad) for index, each in enumerate(x) if each.grad is not None]
    tensors += [(f"input {index}", each) for index, each in enumerate(x)]
    tensors += [("the cotangent", gradient)] if gradient is not None else []
    seen: dict[int, str] = {}
    for name, each in tensors:
        storage = each.untyped_storage()
        if storage.nbytes() and storage.data_ptr() in seen:
            return f"{name} shares memory with {seen[storage.data_ptr()]}"
        if storage.nbytes():
            seen[storage.data_ptr()] = name
    return None


def two_backward_passes_accumulate(inputs: Inputs, program: Function, cotangent: Cotangent) -> str | None:
    """A second backward pass adds to ``.grad``: it becomes the sum of the gradient and itself."""
    x = inputs()
    program(*x).backward(gradient=cotangent())
    once = [None if each.grad is None else each.grad.clone() for each in x]
    program(*x).backward(gradient=cotangent())
    for index, (each, first) in enumerate(zip(x, once, strict=True)):
        if first is None or each.grad is None:
            continue
        twice = first + first
        if ((each.grad != twice) & ~(each.grad.isnan() & twice.isnan())).any():
            return f"the gradient of input {index} is not twice its first value after two passes"
    return None


def saved_tensors_are_freed(inputs: Inputs, program: Function, cotangent: Cotangent) -> str | None:
    """If the graph saved a tensor, a second backward raises RuntimeError, unless ``retain_graph`` was given."""
    saved = []

    def pack(each: torch.Tensor) -> torch.Tensor:
        saved.append(each.shape)
        return each

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda each: each):
        output = program(*inputs())
    output.backward(gradient=cotangent(), retain_graph=True)
    output.backward(gradient=cotangent())
    try:
        output.backward(gradient=cotangent())
    except RuntimeError:
        return None
    return (
        f"a backward after the graph was freed did not raise, though {len(saved)} tensors were saved" if saved else None
    )


def routes_agree(inputs: Inputs, program: Function, cotangent: Cotangent) -> str | None:
    """``torch.autograd.grad`` and ``backward`` give the same bits."""
    x, y = inputs(), inputs()
    program(*x).backward(gradient=cotangent())
    wanted = [each for each in y if each.requires_grad]
    asked = torch.autograd.grad(program(*y), wanted, cotangent(), allow_unused=True)
    stored = [each.grad for each in x if each.requires_grad]
    for position, (one, other) in enumerate(zip(stored, asked, strict=True)):
        if (one is None) != (other is None):
            return f"differentiated input {position}: one route gives a gradient, the other none"
        if one is not None and ((one != other) & ~(one.isnan() & other.isnan())).any():
            return f"differentiated input {position}: the two routes differ"
    return None


def zero_cotangent_gives_zero(inputs: Inputs, program: Function, cotangent: Cotangent) -> str | None:
    """The VJP of a zero cotangent is zero."""
    x = inputs()
    output = program(*x)
    output.backward(gradient=torch.zeros_like(output))
    for index, each in enumerate(x):
        if each.grad is not None and torch.count_nonzero(each.grad):
            return f"input {index} has a gradient that is not zero"
    return None


def vjp_is_linear(inputs: Inputs, program: Function, cotangent: Cotangent) -> str | None:
    """vjp(2 g - 3 h) = 2 vjp(g) - 3 vjp(h), where h is g in reversed order; exact wherever nothing rounds."""
    x = inputs()
    output = program(*x)
    wanted = [each for each in x if each.requires_grad]
    given = cotangent()
    g = torch.ones_like(output) if given is None else given
    h = g.flatten().flip(0).reshape(g.shape)
    together = torch.autograd.grad(output, wanted, 2 * g - 3 * h, retain_graph=True)
    first = torch.autograd.grad(output, wanted, g, retain_graph=True)
    second = torch.autograd.grad(output, wanted, h)
    for position, (sum_, one, other) in enumerate(zip(together, first, second, strict=True)):
        if not torch.equal(sum_, 2 * one - 3 * other):
            return f"differentiated input {position}: {sum_.tolist()} is not {(2 * one - 3 * other).tolist()}"
    return None


def layout_of_the_cotangent_is_immaterial(inputs: Inputs, program: Function, cotangent: Cotangent) -> str | None:
    """A cotangent in any layout gives the same gradients as its contiguous copy; exact wherever nothing rounds."""
    gradient = cotangent()
    if gradient is None:
        return None
    first, second = inputs(), inputs()
    program(*first).backward(gradient=gradient)
    program(*second).backward(gradient=gradient.contiguous())
    asked = [(one.grad, other.grad) for one, other in zip(first, second, strict=True) if one.requires_grad]
    for position, (one, other) in enumerate(asked):
        if one is None or other is None or not torch.equal(one, other):
            return f"differentiated input {position}: {one} is not {other}"
    return None


BOOKKEEPING: tuple[Law, ...] = (
    gradients_fit_their_inputs,
    nothing_is_overwritten,
    gradients_own_their_memory,
    two_backward_passes_accumulate,
    saved_tensors_are_freed,
    routes_agree,
)
"""Laws of every program."""

LINEARITY: tuple[Law, ...] = (
    zero_cotangent_gives_zero,
    vjp_is_linear,
    layout_of_the_cotangent_is_immaterial,
)
"""Laws of programs in which nothing rounds, even under three times the cotangent."""
