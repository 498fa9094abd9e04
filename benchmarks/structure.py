"""What is counted about a backward pass: nodes, saved bytes, dispatched operations, bytes that must move.

Nothing but torch is imported: other interpreters, which may have nothing else, count too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


@dataclass(frozen=True)
class Structure:
    """Counts of one program's graph.

    Attributes:
        nodes: of the graph that backward walks, one for each leaf included.
        saved_bytes: of the storages that the graph keeps for backward, each once; inputs and outputs among them.
        dispatched: operations that reach a device's kernels during backward.
        primal_bytes: that computing the outputs must read and write at least: inputs and outputs.
        backward_bytes: that backward must read and write at least: cotangents, what was saved, and gradients.
    """

    nodes: int
    saved_bytes: int
    dispatched: int
    primal_bytes: int
    backward_bytes: int


class _Dispatched(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), named: Any = None) -> Any:
        self.count += 1
        return function(*arguments, **(named or {}))


def structure(
    function: Callable[..., list[Tensor]], inputs: Sequence[Tensor], cotangents: Sequence[Tensor | None]
) -> Structure:
    """Count what one forward and one backward of ``function``, from ``inputs`` to outputs, do.

    - ``cotangents``: one for each output; None for the implicit 1.
    """
    saved: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        saved.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        outputs = function(*inputs)
    given = [
        torch.ones_like(output) if each is None else each for output, each in zip(outputs, cotangents, strict=True)
    ]
    wanted = [each for each in inputs if each.requires_grad]
    with _Dispatched() as dispatched:
        gradients = torch.autograd.grad(outputs, wanted, given, allow_unused=True)
    return Structure(
        nodes=_nodes(outputs),
        saved_bytes=_bytes(saved),
        dispatched=dispatched.count,
        primal_bytes=_bytes([*inputs, *outputs]),
        backward_bytes=_bytes([*given, *saved]) + _bytes(each for each in gradients if each is not None),
    )


def _nodes(outputs: Iterable[Tensor]) -> int:
    seen = set()
    waiting = [output.grad_fn for output in outputs]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [following for following, _ in node.next_functions]
    return len(seen)


def _bytes(tensors: Iterable[Tensor]) -> int:
    """What the elements of ``tensors`` take in memory, each storage once, by its largest part."""
    parts: dict[int, int] = {}
    for tensor in tensors:
        # Elements that are one and the same lie in one place.
        count = 1
        for side, stride in zip(tensor.shape, tensor.stride(), strict=True):
            count *= 1 if stride == 0 and side > 0 else side
        place = tensor.untyped_storage().data_ptr()
        parts[place] = max(parts.get(place, 0), count * tensor.element_size())
    return sum(parts.values())
