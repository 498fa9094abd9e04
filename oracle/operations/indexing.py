"""Reading and writing by index tensors and masks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oracle.array import Array
from oracle.index import Index, IndexTensor
from oracle.operations.operation import Operation
from oracle.operations.structure import rearrangement

Elements = NDArray[Any]


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
    rearrangement("advanced_indexing", lambda x, index: x[index.key], spellings=("{0}[{index}]",), indexed=True),
    rearrangement(
        "index_select",
        lambda x, dim, index: np.take(x, index.array, dim) if x.ndim else np.broadcast_to(x, ()),
        indexed=True,
    ),
    rearrangement("gather", _picked, indexed=True),
    rearrangement(
        "take_along_dim",
        lambda x, indices, dim: np.take_along_axis(x, indices.array, dim),
        indexed=True,
    ),
    rearrangement("take", lambda x, index: x.ravel()[index.array], indexed=True),
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
    Operation(
        "scatter_reduce_sum",
        (
            "torch.scatter_reduce({0}, {dim}, {index}, {1}, 'sum')",
            "{0}.scatter_reduce({dim}, {index}, {1}, reduce='sum')",
        ),
        _scatter_added,
        "scatter_add",
    ),
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
