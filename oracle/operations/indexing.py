"""Reading and writing by index tensors and masks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oracle.arithmetic import Accumulation
from oracle.array import Array, Elements
from oracle.index import Index, IndexTensor
from oracle.operations.operation import Operation
from oracle.operations.reductions import product
from oracle.operations.structure import rearrangement, taken


def _written(put: Callable[..., None]) -> Callable[..., Array]:
    """A definition that overwrites places of the first operand by elements of the second; ``put`` does it to a copy."""

    def definition(x: Array, source: Array | float, **arguments: Any) -> Array:
        def overwritten(elements: Elements, other: Elements) -> Elements:
            copy = elements.copy()
            put(copy, other, **arguments)
            return copy

        return x.gather(overwritten, source if isinstance(source, Array) else x.constant(source))

    return definition


def _along(dim: int, index: Elements, rank: int) -> tuple[Any, ...]:
    """The key that selects ``index`` along ``dim``, and everything along other axes."""
    return (*(slice(None),) * (dim % rank), index)


def _put_along(copy: Elements, source: Elements, dim: int, index: IndexTensor) -> None:
    if copy.ndim == 0:
        copy[...] = source
        return
    places = tuple(np.indices(index.shape))
    axis = dim % copy.ndim
    copy[(*places[:axis], index.array, *places[axis + 1 :])] = source[tuple(slice(side) for side in index.shape)]


def _picked(x: Elements, dim: int, index: IndexTensor) -> Elements:
    if x.ndim == 0:
        return np.asarray(np.broadcast_to(x, index.shape))
    places = tuple(np.indices(index.shape))
    axis = dim % x.ndim
    return np.asarray(x[(*places[:axis], index.array, *places[axis + 1 :])])


def _copied(copy: Elements, source: Elements, dim: int, index: IndexTensor) -> None:
    copy[_along(dim, index.array, copy.ndim)] = source


def _filled(copy: Elements, value: Elements, dim: int, index: IndexTensor) -> None:
    copy[_along(dim, index.array, copy.ndim)] = value


def _put(copy: Elements, values: Elements, index: Index) -> None:
    copy[index.key] = values


def _masked(copy: Elements, value: Elements, mask: IndexTensor) -> None:
    np.copyto(copy, value, where=mask.array)


def _added(x: Array, source: Array, picked: Callable[[Elements], Elements]) -> Array:
    """``x`` with each element of ``source`` added to the place that ``picked`` takes for it.

    The element of ``x`` is one of the terms: the others are added to it one by one.
    """
    terms = x.gather(lambda own, others: np.concatenate((own.ravel(), others.ravel())), source)
    return terms.scatter_sum(lambda places: np.concatenate((places.ravel(), picked(places).ravel())), x.shape)


def _scatter_added(x: Array, source: Array, dim: int, index: IndexTensor) -> Array:
    taken = tuple(slice(side) for side in index.shape)
    used = source.gather(lambda elements: elements[taken])
    return _added(x, used, lambda places: _picked(places, dim, index))


def _places(x: Array, dim: int, index: IndexTensor) -> NDArray[np.int64]:
    """The place of ``x``, counted in row-major order, to which ``index`` sends each element, on one axis."""
    return _picked(np.arange(math.prod(x.shape)).reshape(x.shape), dim, index).ravel()


def _numbers_of_sources(x: Array, dim: int, index: IndexTensor) -> NDArray[np.int64]:
    """How many elements ``index`` sends to each place of ``x``, shape ``x.shape``."""
    return np.bincount(_places(x, dim, index), minlength=math.prod(x.shape)).reshape(x.shape)


def _scatter_summed(x: Array, source: Array, dim: int, index: IndexTensor, include_self: bool = True) -> Array:
    if include_self:
        return _scatter_added(x, source, dim, index)
    written = _numbers_of_sources(x, dim, index) > 0
    own = x.gather(lambda elements, zero: np.asarray(np.where(written, zero, elements)), x.constant(0.0))
    return _scatter_added(own, source, dim, index)


def _scatter_averaged(x: Array, source: Array, dim: int, index: IndexTensor, include_self: bool = True) -> Array:
    count = _numbers_of_sources(x, dim, index) + include_self
    divisors = [x.constant(float(each)) for each in range(1, count.max() + 1)]
    # A place to which nothing is sent keeps its element, whether that is included or not.
    divisor = divisors[0].gather(lambda *each: np.stack(each)[np.maximum(count, 1) - 1], *divisors[1:])
    return _scatter_summed(x, source, dim, index, include_self) / divisor


def _groups(x: Array, source: Array, dim: int, index: IndexTensor, include_self: bool, filler: float) -> Array:
    """For each place of ``x``, along a new first axis: its element and those of ``source`` that are sent there.

    ``filler`` makes all groups equally long, and stands for the elements of ``x`` that are not included.
    """
    size = math.prod(x.shape)
    places = _places(x, dim, index)
    count = np.bincount(places, minlength=size)
    # Among ``x``, then ``source``, then the filler.
    members = np.full((1 + count.max(), size), size + len(places))
    members[0] = np.where((count > 0) & (not include_self), members[0], np.arange(size))
    by_place = np.argsort(places, kind="stable")
    number = np.arange(len(places)) - (np.cumsum(count) - count)[places[by_place]]
    members[1 + number, places[by_place]] = size + by_place
    members = members.reshape(-1, *x.shape)
    return x.gather(
        lambda *elements: np.concatenate([each.ravel() for each in elements])[members], source, x.constant(filler)
    )


def _scatter_multiplied(x: Array, source: Array, dim: int, index: IndexTensor, include_self: bool = True) -> Array:
    return product(_groups(x, source, dim, index, include_self, 1.0), (0,))


def _scatter_largest(x: Array, source: Array, dim: int, index: IndexTensor, include_self: bool = True) -> Array:
    return _groups(x, source, dim, index, include_self, -math.inf).selection(-1)


def _scatter_smallest(x: Array, source: Array, dim: int, index: IndexTensor, include_self: bool = True) -> Array:
    return _groups(x, source, dim, index, include_self, math.inf).selection(0)


def _scatter_reduction(mode: str, definition: Callable[..., Array], *, ties: bool = False) -> Operation:
    return Operation(
        f"scatter_reduce_{mode}",
        (
            f"torch.scatter_reduce({{0}}, {{dim}}, {{index}}, {{1}}, {mode!r}{{arguments}})",
            f"{{0}}.scatter_reduce({{dim}}, {{index}}, {{1}}, {mode!r}{{arguments}})",
        ),
        definition,
        "scatter_reduce",
        in_place=(f"{{0}}.clone().scatter_reduce_({{dim}}, {{index}}, {{1}}, {mode!r}{{arguments}})",),
        ties=ties,
    )


def _index_added(x: Array, source: Array, dim: int, index: IndexTensor, alpha: float = 1) -> Array:
    key = _along(dim, index.array, x.rank)
    return _added(x, source if alpha == 1 else source * alpha, lambda places: np.asarray(places[key]))


def _put_added(x: Array, values: Array, index: Index) -> Array:
    shape = np.empty(x.shape, dtype=np.int8)[index.key].shape
    return _added(x, values.broadcast_to(shape), lambda places: np.asarray(places[index.key]))


def _where(a: Array, b: Array | float, mask: IndexTensor) -> Array:
    other = b if isinstance(b, Array) else a.constant(b)
    return a.gather(lambda first, second: np.asarray(np.where(mask.array, first, second)), other)


INDEXING = (
    rearrangement("advanced_indexing", taken, spellings=("{0}[{index}]",), accumulation=Accumulation.SCATTERED),
    rearrangement(
        "index_select",
        lambda x, dim, index: np.take(x, index.array, dim) if x.ndim else np.broadcast_to(x, ()),
        accumulation=Accumulation.SCATTERED,
    ),
    rearrangement("gather", _picked, accumulation=Accumulation.SCATTERED),
    rearrangement(
        "take_along_dim",
        lambda x, indices, dim: np.take_along_axis(x, indices.array, dim),
        accumulation=Accumulation.SCATTERED,
    ),
    rearrangement("take", lambda x, index: x.ravel()[index.array], accumulation=Accumulation.SCATTERED),
    rearrangement("masked_select", lambda x, mask: x[mask.array]),
    Operation("where", ("torch.where({mask}, {0}, {1})", "{0}.where({mask}, {1})"), _where, "where"),
    Operation(
        "masked_fill",
        ("torch.masked_fill({0}, {mask}, {1})", "{0}.masked_fill({mask}, {1})"),
        _written(_masked),
        "masked_fill",
        in_place=("{0}.clone().masked_fill_({mask}, {1})",),
    ),
    Operation(
        "scatter",
        ("torch.scatter({0}, {dim}, {index}, {1})", "{0}.scatter({dim}, {index}, {1})"),
        _written(_put_along),
        "scatter",
        in_place=("{0}.clone().scatter_({dim}, {index}, {1})",),
    ),
    Operation(
        "scatter_add",
        ("torch.scatter_add({0}, {dim}, {index}, {1})", "{0}.scatter_add({dim}, {index}, {1})"),
        _scatter_added,
        "scatter_add",
        in_place=("{0}.clone().scatter_add_({dim}, {index}, {1})",),
    ),
    _scatter_reduction("sum", _scatter_summed),
    _scatter_reduction("mean", _scatter_averaged),
    _scatter_reduction("prod", _scatter_multiplied),
    _scatter_reduction("amax", _scatter_largest, ties=True),
    _scatter_reduction("amin", _scatter_smallest, ties=True),
    Operation(
        "index_add",
        ("torch.index_add({0}, {dim}, {index}, {1}{arguments})", "{0}.index_add({dim}, {index}, {1}{arguments})"),
        _index_added,
        "index_add",
        in_place=("{0}.clone().index_add_({dim}, {index}, {1}{arguments})",),
    ),
    Operation(
        "index_copy",
        ("torch.index_copy({0}, {dim}, {index}, {1})", "{0}.index_copy({dim}, {index}, {1})"),
        _written(_copied),
        "index_copy",
        in_place=("{0}.clone().index_copy_({dim}, {index}, {1})",),
    ),
    Operation(
        "index_fill",
        ("torch.index_fill({0}, {dim}, {index}, {1})", "{0}.index_fill({dim}, {index}, {1})"),
        _written(_filled),
        "index_fill",
        in_place=("{0}.clone().index_fill_({dim}, {index}, {1})",),
    ),
    Operation(
        "index_put",
        ("torch.index_put({0}, [{index}], {1})", "{0}.index_put([{index}], {1})"),
        _written(_put),
        "index_put",
        in_place=("{0}.clone().index_put_([{index}], {1})",),
    ),
    Operation(
        "index_put_accumulate",
        ("torch.index_put({0}, [{index}], {1}, accumulate=True)",),
        _put_added,
        "index_put_accumulate",
    ),
)
"""Each entry reads: name, spellings, definition, how it is drawn."""
