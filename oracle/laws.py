"""Laws of differentiation and of bookkeeping that hold whatever the program: no oracle is needed to state them.

A law is given three functions: ``inputs()`` makes new leaf tensors, ``program(*inputs)`` computes the list of outputs,
``cotangents()`` makes a new cotangent for each (None for the implicit 1). It returns what is broken in words, or None.
Its source goes into reproducers as it stands, so it may use nothing but torch and math.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

Inputs = Callable[[], list[torch.Tensor]]
Function = Callable[..., list[torch.Tensor]]
Cotangents = Callable[[], "list[torch.Tensor | None]"]
Law = Callable[[Inputs, Function, Cotangents], "str | None"]


def gradients_fit_their_inputs(inputs: Inputs, program: Function, cotangents: Cotangents) -> str | None:
    """A gradient has the shape, dtype and device of its input; an input that requires no grad gets None."""
    x = inputs()
    torch.autograd.backward(program(*x), cotangents())
    for index, each in enumerate(x):
        if not each.requires_grad:
            if each.grad is not None:
                return f"input {index} requires no grad and got one"
        elif each.grad is None:
            return f"input {index} requires grad and got none"
        elif (each.grad.shape, each.grad.dtype, each.grad.device) != (each.shape, each.dtype, each.device):
            return f"input {index} is {each.dtype} {each.shape}, its gradient {each.grad.dtype} {each.grad.shape}"
    return None


def nothing_is_overwritten(inputs: Inputs, program: Function, cotangents: Cotangents) -> str | None:
    """Backward leaves inputs, cotangents and outputs as they were, the gaps of their storages included."""
    x, gradients = inputs(), cotangents()
    outputs = program(*x)
    named = [(f"input {index}", each) for index, each in enumerate(x)]
    named += [(f"output {index}", each) for index, each in enumerate(outputs)]
    named += [(f"cotangent {index}", each) for index, each in enumerate(gradients) if each is not None]

    def contents() -> list[torch.Tensor]:
        return [
            torch.empty(0, dtype=torch.uint8, device=each.device).set_(each.untyped_storage()).clone()
            for _, each in named
        ]

    before = contents()
    torch.autograd.backward(outputs, gradients)
    for (name, _), old, new in zip(named, before, contents(), strict=True):
        if not torch.equal(old, new):
            return f"backward changed the storage of {name}"
    return None


def gradients_own_their_memory(inputs: Inputs, program: Function, cotangents: Cotangents) -> str | None:
    """After ``backward()`` no ``.grad`` shares memory with another, with an input or with a cotangent."""
    x, gradients = inputs(), cotangents()
    torch.autograd.backward(program(*x), gradients)
    tensors = [(f"the gradient of input {index}", each.grad) for index, each in enumerate(x) if each.grad is not None]
    tensors += [(f"input {index}", each) for index, each in enumerate(x)]
    tensors += [(f"cotangent {index}", each) for index, each in enumerate(gradients) if each is not None]
    seen: dict[int, str] = {}
    for name, each in tensors:
        storage = each.untyped_storage()
        if storage.nbytes() and storage.data_ptr() in seen:
            return f"{name} shares memory with {seen[storage.data_ptr()]}"
        if storage.nbytes():
            seen[storage.data_ptr()] = name
    return None


def two_backward_passes_accumulate(inputs: Inputs, program: Function, cotangents: Cotangents) -> str | None:
    """A second backward pass adds to ``.grad``: it becomes the sum of the gradient and itself."""
    x = inputs()
    torch.autograd.backward(program(*x), cotangents())
    once = [None if each.grad is None else each.grad.clone() for each in x]
    torch.autograd.backward(program(*x), cotangents())
    for index, (each, first) in enumerate(zip(x, once, strict=True)):
        if first is None or each.grad is None:
            continue
        twice = first + first
        if ((each.grad != twice) & ~(each.grad.isnan() & twice.isnan())).any():
            return f"the gradient of input {index} is not twice its first value after two passes"
    return None


def saved_tensors_are_freed(inputs: Inputs, program: Function, cotangents: Cotangents) -> str | None:
    """If the graph saved a tensor, a second backward raises RuntimeError, unless ``retain_graph`` was given."""
    saved = []

    def pack(each: torch.Tensor) -> torch.Tensor:
        saved.append(each.shape)
        return each

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda each: each):
        outputs = program(*inputs())
    torch.autograd.backward(outputs, cotangents(), retain_graph=True)
    torch.autograd.backward(outputs, cotangents())
    try:
        torch.autograd.backward(outputs, cotangents())
    except RuntimeError:
        return None
    return (
        f"a backward after the graph was freed did not raise, though {len(saved)} tensors were saved" if saved else None
    )


def routes_agree(inputs: Inputs, program: Function, cotangents: Cotangents) -> str | None:
    """``torch.autograd.grad`` and ``backward`` give the same bits."""
    x, y = inputs(), inputs()
    torch.autograd.backward(program(*x), cotangents())
    wanted = [each for each in y if each.requires_grad]
    asked = torch.autograd.grad(program(*y), wanted, cotangents(), allow_unused=True)
    stored = [each.grad for each in x if each.requires_grad]
    for position, (one, other) in enumerate(zip(stored, asked, strict=True)):
        if (one is None) != (other is None):
            return f"differentiated input {position}: one route gives a gradient, the other none"
        if one is not None and ((one != other) & ~(one.isnan() & other.isnan())).any():
            return f"differentiated input {position}: the two routes differ"
    return None


def zero_cotangent_gives_zero(inputs: Inputs, program: Function, cotangents: Cotangents) -> str | None:
    """The VJP of a zero cotangent is zero."""
    x = inputs()
    outputs = program(*x)
    torch.autograd.backward(outputs, [torch.zeros_like(output) for output in outputs])
    for index, each in enumerate(x):
        if each.grad is not None and torch.count_nonzero(each.grad):
            return f"input {index} has a gradient that is not zero"
    return None


def vjp_is_linear(inputs: Inputs, program: Function, cotangents: Cotangents) -> str | None:
    """vjp(2 g - 3 h) = 2 vjp(g) - 3 vjp(h), where h is g in reversed order; exact wherever nothing rounds."""
    x = inputs()
    outputs = program(*x)
    wanted = [each for each in x if each.requires_grad]
    g = [
        torch.ones_like(output) if given is None else given for output, given in zip(outputs, cotangents(), strict=True)
    ]
    h = [each.flatten().flip(0).reshape(each.shape) for each in g]
    mixed = [2 * one - 3 * other for one, other in zip(g, h, strict=True)]
    together = torch.autograd.grad(outputs, wanted, mixed, retain_graph=True)
    first = torch.autograd.grad(outputs, wanted, g, retain_graph=True)
    second = torch.autograd.grad(outputs, wanted, h)
    for position, (sum_, one, other) in enumerate(zip(together, first, second, strict=True)):
        if not torch.equal(sum_, 2 * one - 3 * other):
            return f"differentiated input {position}: {sum_.tolist()} is not {(2 * one - 3 * other).tolist()}"
    return None


def layout_of_the_cotangent_is_immaterial(inputs: Inputs, program: Function, cotangents: Cotangents) -> str | None:
    """A cotangent in any layout gives the same gradients as its contiguous copy; exact wherever nothing rounds."""
    first, second = inputs(), inputs()
    torch.autograd.backward(program(*first), cotangents())
    copies = [None if each is None else each.contiguous() for each in cotangents()]
    torch.autograd.backward(program(*second), copies)
    asked = [(one.grad, other.grad) for one, other in zip(first, second, strict=True) if one.requires_grad]
    for position, (one, other) in enumerate(asked):
        if one is None or other is None or not torch.equal(one, other):
            return f"differentiated input {position}: {one} is not {other}"
    return None


def ties_share_the_cotangent(inputs: Inputs, program: Function, cotangents: Cotangents) -> str | None:
    """The gradients add up to what the outputs gain when 1 is added to every input.

    For selections among elements, which commute with such a step: within a tie each element may get any share of the
    cotangent, but together they get all of it. On small integers nothing rounds but the shares, each by a unit
    roundoff, and by another where those of two outputs meet. Nothing is said where an input is frozen.
    """
    x, gradients = inputs(), cotangents()
    if not all(each.requires_grad for each in x):
        return None
    outputs = program(*x)
    torch.autograd.backward(outputs, gradients)
    moved = program(*(each.detach() + 1 for each in x))
    due = 0.0
    for before, after, gradient in zip(outputs, moved, gradients, strict=True):
        gain = (after - before).detach().double()
        due += float((gain if gradient is None else gain * gradient.double()).sum())
    shares = [share for each in x if each.grad is not None for share in each.grad.flatten().tolist()]
    rounding = torch.finfo(x[0].dtype).eps * math.fsum(map(abs, shares))
    if abs(math.fsum([*shares, -due])) <= rounding:
        return None
    return f"the gradients add up to {math.fsum(shares)!r}, and the outputs gain {due!r}"


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

NEED_STORAGE = frozenset({nothing_is_overwritten, gradients_own_their_memory})
"""Laws that look at storages, and are asked only where a device has some."""

TIES: tuple[Law, ...] = (ties_share_the_cotangent,)
"""Laws of selections among small integers."""
