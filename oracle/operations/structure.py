"""Rearrangements: what NumPy does to the positions of elements, torch does to the elements.

Each entry names the NumPy function that moves the elements; there is nothing else to say about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from oracle.arithmetic import Accumulation
from oracle.array import Array, Elements
from oracle.index import Index, IndexTensor
from oracle.operations.operation import Operation


def rearrangement(
    name: str,
    function: Callable[..., Elements],
    case: str = "",
    *,
    spellings: tuple[str, ...] = (),
    methods_only: bool = False,
    accumulation: Accumulation = Accumulation.WIDE,
) -> Operation:
    """An operation that moves or repeats the elements of one tensor; ``function`` takes the arguments as keywords."""
    calls = (f"torch.{name}({{0}}{{arguments}})", f"{{0}}.{name}({{bare_arguments}})")

    def definition(x: Array, **arguments: Any) -> Array:
        return x.gather(lambda elements: function(elements, **arguments), accumulation=accumulation)

    return Operation(name, spellings or (calls[1:] if methods_only else calls), definition, case or name)


def filled(name: str, function: Callable[..., Elements], case: str, *, spellings: tuple[str, ...] = ()) -> Operation:
    """One that also puts zeros; ``function`` takes the elements, a zero, and the arguments as keywords."""

    def definition(x: Array, **arguments: Any) -> Array:
        return x.gather(lambda elements, zero: function(elements, zero, **arguments), x.constant(0.0))

    calls = (f"torch.{name}({{0}}{{arguments}})", f"{{0}}.{name}({{bare_arguments}})")
    return Operation(name, spellings or calls, definition, case)


def parts(name: str, function: Callable[..., list[Elements]], how: str) -> Operation:
    """One that cuts a tensor into several; ``how`` is its second argument."""

    def definition(x: Array, **arguments: Any) -> tuple[Array, ...]:
        return tuple(_parts_of(x, lambda elements: function(elements, **arguments)))

    calls = (f"torch.{name}({{0}}, {how}, dim={{dim}})", f"{{0}}.{name}({how}, dim={{dim}})")
    return Operation(name, calls, definition, name, several_results=True)


def joined(name: str, function: Callable[..., Elements], case: str) -> Operation:
    """One that puts several tensors together."""

    def definition(x: Array, *others: Array, **arguments: Any) -> Array:
        return x.gather(lambda *elements: function(elements, **arguments), *others)

    return Operation(name, (f"torch.{name}([{{operands}}]{{arguments}})",), definition, case)


def _expanded(x: Elements, size: tuple[int, ...]) -> Elements:
    missing = len(size) - x.ndim
    shape = tuple(x.shape[axis - missing] if side == -1 else side for axis, side in enumerate(size))
    return np.broadcast_to(x, shape)


def _flattened(x: Elements, start_dim: int = 0, end_dim: int = -1) -> Elements:
    if x.ndim == 0:
        return x.reshape(1)
    start, end = start_dim % x.ndim, end_dim % x.ndim
    return x.reshape(*x.shape[:start], -1 if x.size else int(np.prod(x.shape[start : end + 1])), *x.shape[end + 1 :])


def _flatten(x: Array, start_dim: int = 0, end_dim: int = -1) -> Array:
    """Where one axis is to be flattened, torch returns the operand itself: the cotangents of both then meet at once."""
    if x.rank and start_dim % x.rank == end_dim % x.rank:
        return x
    return x.gather(lambda elements: _flattened(elements, start_dim, end_dim))


def _unflattened(x: Elements, dim: int, sizes: tuple[int, ...]) -> Elements:
    axis = dim % x.ndim
    return x.reshape(*x.shape[:axis], *sizes, *x.shape[axis + 1 :])


def _rolled(x: Elements, shifts: int | tuple[int, ...], dims: int | tuple[int, ...] | None = None) -> Elements:
    return np.roll(x, shifts, dims)


def _windows(x: Elements, dimension: int, size: int, step: int) -> Elements:
    if x.ndim == 0:
        return np.repeat(x.reshape(1), size)
    windows = np.lib.stride_tricks.sliding_window_view(x, size, axis=dimension)
    taken = [slice(None)] * windows.ndim
    taken[dimension % x.ndim] = slice(None, None, step)
    return windows[tuple(taken)]


def _diagonal_matrix(x: Elements, zero: Elements, diagonal: int = 0) -> Elements:
    if x.ndim == 2:
        return np.diagonal(x, diagonal)
    side = len(x) + abs(diagonal)
    row = np.arange(side)[:, None] + min(diagonal, 0)
    column = np.arange(side)[None, :] - max(diagonal, 0)
    on_it = (row == column) & (row >= 0) & (row < len(x))
    if len(x) == 0:
        return np.broadcast_to(zero, (side, side))
    return np.where(on_it, x[np.clip(row + 0 * column, 0, len(x) - 1)], zero)


def _lower(x: Elements, zero: Elements, diagonal: int = 0) -> Elements:
    return np.where(np.tri(x.shape[-2], x.shape[-1], diagonal, dtype=bool), x, zero)


def _upper(x: Elements, zero: Elements, diagonal: int = 0) -> Elements:
    return np.where(np.tri(x.shape[-2], x.shape[-1], diagonal - 1, dtype=bool), zero, x)


def padding_widths(pad: tuple[int, ...], rank: int) -> list[tuple[int, int]]:
    """What ``torch.nn.functional.pad`` adds before and after each axis: ``pad`` begins with the last one."""
    pairs = list(zip(pad[::2], pad[1::2], strict=True))
    return [(0, 0)] * (rank - len(pairs)) + pairs[::-1]


def _padded(x: Elements, zero: Elements, pad: tuple[int, ...]) -> Elements:
    widths = padding_widths(pad, x.ndim)
    places = np.pad(np.arange(x.size).reshape(x.shape), [(max(a, 0), max(b, 0)) for a, b in widths], constant_values=-1)
    for axis, (before, after) in enumerate(widths):
        # Negative widths cut.
        places = places[(slice(None),) * axis + (slice(max(-before, 0), places.shape[axis] - max(-after, 0)),)]
    flat = x.ravel() if x.size else zero.reshape(1)
    return np.where(places < 0, zero, flat[np.maximum(places, 0)])


PaddingMode = Literal["reflect", "edge", "wrap"]
"""What NumPy calls it."""


def _padding(name: str, mode: PaddingMode) -> Operation:
    def definition(x: Array, pad: tuple[int, ...]) -> Array:
        widths = padding_widths(pad, x.rank)
        return x.gather(lambda elements: _around(elements, widths, mode), accumulation=Accumulation.SCATTERED)

    spelling = f"torch.nn.functional.pad({{0}}, {{pad}}, mode={name.removesuffix('_pad')!r})"
    return Operation(name, (spelling,), definition, name)


def _around(x: Elements, widths: list[tuple[int, int]], mode: PaddingMode) -> Elements:
    places = np.pad(np.arange(x.size).reshape(x.shape), widths, mode=mode)
    return np.asarray(x.ravel()[places])


def _tiled(x: Array, repeats: tuple[int, ...]) -> Array:
    """The gradients are summed over each new axis by itself, the outermost first, and then over all others at once.

    torch/csrc/autograd/FunctionsManual.cpp, repeat_backward.
    """
    new = max(len(repeats) - x.rank, 0)
    result = x.gather(lambda elements: np.tile(elements, repeats[new:]))
    for count in reversed(repeats[:new]):
        result = result.gather(lambda elements, count=count: np.stack([elements] * count))
    return result


def _repeated(x: Elements, repeats: int | IndexTensor, dim: int | None = None) -> Elements:
    return np.repeat(x, repeats.array if isinstance(repeats, IndexTensor) else repeats, dim)


def _lengths(x: Elements, sizes: int | tuple[int, ...], dim: int) -> list[Elements]:
    size = x.shape[dim]
    ends = range(sizes, size, sizes) if isinstance(sizes, int) else np.cumsum(sizes)[:-1].tolist()
    return np.split(x, list(ends), dim)


def _chunks(x: Elements, chunks: int, dim: int) -> list[Elements]:
    if x.shape[dim] == 0:
        return [x] * chunks
    return _lengths(x, max(1, -(-x.shape[dim] // chunks)), dim)


def _parts_of(x: Array, cut: Callable[[Elements], list[Elements]]) -> Iterator[Array]:
    for part in range(len(cut(np.empty(x.shape, dtype=np.int8)))):
        yield x.gather(lambda elements, part=part: cut(elements)[part])


def taken(x: Elements, index: Index) -> Elements:
    """What ``index`` selects."""
    return np.asarray(x[index.key])


STRUCTURE = (
    rearrangement("reshape", lambda x, shape: x.reshape(shape)),
    rearrangement("permute", lambda x, dims: x.transpose(dims)),
    rearrangement("transpose", lambda x, dim0, dim1: np.swapaxes(x, dim0, dim1) if x.ndim else x),
    rearrangement("movedim", lambda x, source, destination: np.moveaxis(x, source, destination)),
    rearrangement("expand", _expanded, spellings=("{0}.expand({size})", "torch.broadcast_to({0}, {size})")),
    Operation("repeat", ("{0}.repeat({repeats})", "torch.tile({0}, {repeats})"), _tiled, "repeat"),
    rearrangement("squeeze", lambda x, dim: np.squeeze(x, dim) if x.ndim and x.shape[dim] == 1 else x),
    rearrangement("unsqueeze", np.expand_dims, spellings=("torch.unsqueeze({0}, {axis})", "{0}.unsqueeze({axis})")),
    replace(rearrangement("flatten", _flattened), definition=_flatten),
    rearrangement("unflatten", _unflattened),
    rearrangement("select", lambda x, dim, index: np.take(x, index, dim)),
    rearrangement("narrow", lambda x, dim, start, length: np.take(x, np.arange(start, start + length), dim)),
    rearrangement("slicing", taken, spellings=("{0}[{index}]",)),
    rearrangement("diagonal", lambda x, offset=0, dim1=0, dim2=1: np.diagonal(x, offset, dim1, dim2)),
    rearrangement("flip", lambda x, dims: np.flip(x, dims)),
    rearrangement("roll", _rolled),
    rearrangement("rot90", lambda x, k, dims: np.rot90(x, k, dims)),
    rearrangement("unfold", _windows, methods_only=True, accumulation=Accumulation.SCATTERED),
    rearrangement("repeat_interleave", _repeated, accumulation=Accumulation.SCATTERED),
    rearrangement(
        "matrix_transpose", lambda x: np.swapaxes(x, -1, -2), "matrix", spellings=("{0}.mT", "torch.adjoint({0})")
    ),
    rearrangement("contiguous", lambda x: x, "unary", methods_only=True),
    rearrangement("clone", lambda x: x, "unary"),
    filled("diag", _diagonal_matrix, "diag"),
    filled("tril", _lower, "triangle"),
    filled("triu", _upper, "triangle"),
    filled("constant_pad", _padded, "constant_pad", spellings=("torch.nn.functional.pad({0}, {pad})",)),
    _padding("reflect_pad", "reflect"),
    _padding("replicate_pad", "edge"),
    _padding("circular_pad", "wrap"),
    parts("split", _lengths, "{sizes}"),
    parts("chunk", _chunks, "{chunks}"),
    Operation(
        "unbind",
        ("torch.unbind({0}{arguments})", "{0}.unbind({bare_arguments})"),
        lambda x, dim=0: tuple(_parts_of(x, lambda elements: list(np.moveaxis(elements, dim, 0)))),
        "unbind",
        several_results=True,
    ),
    parts("tensor_split", lambda x, sections, dim: np.array_split(x, sections, dim), "{sections}"),
    joined("cat", lambda elements, dim=0: np.concatenate(elements, dim), "cat"),
    joined("stack", lambda elements, dim=0: np.stack(elements, dim), "stack"),
)
"""Each entry reads: name, what NumPy calls it, how it is drawn."""
