"""Cases of reading and writing by index tensors and masks."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from hypothesis.strategies import DrawFn

from oracle.index import Index, IndexTensor, Slice
from strategies.cases.case import (
    MOST_ELEMENTS,
    Case,
    Rule,
    axis_of,
    broadcast_partner,
    indices,
    mask,
    one_of,
    perhaps,
    whole,
)
from strategies.cases.elementwise import SCALARS
from strategies.shapes import Shape


def _ranked(lowest: int, highest: int = 5) -> Callable[[Shape], bool]:
    return lambda shape: lowest <= len(shape) <= highest and 0 not in shape


def _index_shape(draw: DrawFn, room: int) -> Shape:
    first = whole(draw, 1, min(room, 4))
    kind = whole(draw, 0, 4)
    return (first,) if kind < 3 else () if kind == 3 else (first, whole(draw, 1, max(1, min(room // first, 3))))


def _keys(draw: DrawFn, shape: Shape) -> Index:
    """One or two index tensors that broadcast together, with slices before, between or behind, or a mask."""
    room = max(1, MOST_ELEMENTS // math.prod(shape)) * 2
    rank = len(shape)
    kind = whole(draw, 0, 3)
    if kind == 2:
        axes = whole(draw, 1, rank)
        return Index((mask(draw, shape[:axes]),))
    if kind == 3 and rank > 1:
        first = whole(draw, 0, rank - 2)
        second = whole(draw, first + 1, rank - 1)
        index_shape = _index_shape(draw, room)
        entries: list[int | None | Slice | IndexTensor] = [Slice(None, None, None)] * (second + 1)
        entries[first] = _signed(draw, index_shape, shape[first])
        entries[second] = _signed(draw, index_shape if perhaps(draw) else (1,) * len(index_shape), shape[second])
        return Index(tuple(entries))
    axis = whole(draw, 0, rank - 1)
    index = _signed(draw, _index_shape(draw, room), shape[axis])
    return Index((*(Slice(None, None, None),) * axis, index))


def _signed(draw: DrawFn, index_shape: Shape, size: int) -> IndexTensor:
    """Indices of which some are counted from the end."""
    chosen = indices(draw, index_shape, 2 * size)
    return IndexTensor(index_shape, tuple(each if each < size else each - 2 * size for each in chosen.values))


def _read(draw: DrawFn, shape: Shape) -> Case:
    return Case((), {"index": _keys(draw, shape)})


def _selected_shape(shape: Shape, index: Index) -> Shape:
    return tuple(np.empty(shape, dtype=np.int8)[index.key].shape)


def _leading_keys(draw: DrawFn, shape: Shape, *, distinct: bool) -> Case:
    """Index tensors for the first axis or two, or a mask: what ``torch.index_put`` takes."""
    kind = whole(draw, 0, 2)
    if kind == 2:
        index = Index((mask(draw, shape[: whole(draw, 1, len(shape))]),))
    elif kind == 1 and len(shape) > 1 and not distinct:
        index_shape = _index_shape(draw, 4)
        index = Index((_signed(draw, index_shape, shape[0]), _signed(draw, index_shape, shape[1])))
    elif distinct:
        index = Index((indices(draw, (whole(draw, 1, shape[0]),), shape[0], distinct=True),))
    else:
        index = Index((_signed(draw, _index_shape(draw, 4), shape[0]),))
    return Case((_selected_shape(shape, index),), {"index": index})


def _index_select(draw: DrawFn, shape: Shape) -> Case:
    axis = axis_of(draw, len(shape))
    size = shape[axis] if shape else 1
    most = max(1, min(5, MOST_ELEMENTS * size // math.prod(shape)))
    count = whole(draw, 1, most) if shape else 1
    return Case((), {"dim": axis, "index": indices(draw, (count,), size)})


def _smaller(draw: DrawFn, shape: Shape, axis: int, longest: int) -> Shape:
    """A shape that reaches no further than ``shape`` in any axis but ``axis``."""
    return tuple(
        whole(draw, 1, longest) if each == axis % len(shape) else side if perhaps(draw) else whole(draw, 1, side)
        for each, side in enumerate(shape)
    )


def _gather(draw: DrawFn, shape: Shape) -> Case:
    axis = axis_of(draw, len(shape))
    if not shape:
        return Case((), {"dim": axis, "index": indices(draw, (), 1)})
    index_shape = _smaller(draw, shape, axis, min(shape[axis] + 2, 6))
    return Case((), {"dim": axis, "index": indices(draw, index_shape, shape[axis])})


def _take_along_dim(draw: DrawFn, shape: Shape) -> Case:
    axis = axis_of(draw, len(shape))
    index_shape = (*shape[: axis % len(shape)], whole(draw, 1, 4), *shape[axis % len(shape) + 1 :])
    return Case((), {"indices": indices(draw, index_shape, shape[axis]), "dim": axis})


def _take(draw: DrawFn, shape: Shape) -> Case:
    return Case((), {"index": indices(draw, _index_shape(draw, 12), math.prod(shape))})


def _masked_select(draw: DrawFn, shape: Shape) -> Case:
    return Case((), {"mask": mask(draw, shape)})


def _where(draw: DrawFn, shape: Shape) -> Case:
    partner = broadcast_partner(draw, shape)
    return Case((partner,), {"mask": mask(draw, tuple(map(int, np.broadcast_shapes(shape, partner))))})


def _masked_fill(draw: DrawFn, shape: Shape) -> Case:
    return Case((() if perhaps(draw) else one_of(draw, SCALARS),), {"mask": mask(draw, shape)})


def _scatter(draw: DrawFn, shape: Shape) -> Case:
    """Different indices along the axis: the gradient of a place that is written twice is nobody's to say."""
    if not shape:
        return Case(((),), {"dim": axis_of(draw, 0), "index": indices(draw, (), 1)})
    axis = axis_of(draw, len(shape))
    size = shape[axis]
    index_shape = _smaller(draw, shape, axis, size)
    count = index_shape[axis]
    rows = math.prod(index_shape) // count
    columns = [indices(draw, (count,), size, distinct=True).values for _ in range(rows)]
    moved = np.array(columns, dtype=np.int64).reshape(
        *(side for each, side in enumerate(index_shape) if each != axis % len(shape)), count
    )
    placed = np.moveaxis(moved, -1, axis % len(shape))
    # PyTorch's backward is only for a source of the index's shape (documentation of ``torch.Tensor.scatter_``).
    return Case((index_shape,), {"dim": axis, "index": IndexTensor(index_shape, tuple(placed.ravel().tolist()))})


def _scatter_add(draw: DrawFn, shape: Shape) -> Case:
    if not shape:
        return Case(((),), {"dim": axis_of(draw, 0), "index": indices(draw, (), 1)})
    axis = axis_of(draw, len(shape))
    index_shape = _smaller(draw, shape, axis, min(shape[axis] + 2, 5))
    return Case((index_shape,), {"dim": axis, "index": indices(draw, index_shape, shape[axis])})


def _index_add(draw: DrawFn, shape: Shape) -> Case:
    axis = axis_of(draw, len(shape)) % len(shape)
    count = whole(draw, 1, 4)
    alpha = one_of(draw, (None, 2.0, -0.5))
    arguments = {"dim": axis, "index": indices(draw, (count,), shape[axis])}
    return Case(
        ((*shape[:axis], count, *shape[axis + 1 :]),), arguments if alpha is None else arguments | {"alpha": alpha}
    )


def _index_copy(draw: DrawFn, shape: Shape) -> Case:
    axis = axis_of(draw, len(shape)) % len(shape)
    count = whole(draw, 1, shape[axis])
    index = indices(draw, (count,), shape[axis], distinct=True)
    return Case(((*shape[:axis], count, *shape[axis + 1 :]),), {"dim": axis, "index": index})


def _index_fill(draw: DrawFn, shape: Shape) -> Case:
    axis = axis_of(draw, len(shape))
    index = indices(draw, (whole(draw, 1, 3),), shape[axis])
    return Case((() if perhaps(draw) else one_of(draw, SCALARS),), {"dim": axis, "index": index})


INDEXING: dict[str, Rule] = {
    "advanced_indexing": Rule(_read, _ranked(1), (1, 2, 3, 4), empty=False),
    "index_select": Rule(_index_select, _ranked(0), (0, 1, 2, 3), empty=False),
    "gather": Rule(_gather, _ranked(0), (0, 1, 2, 3), empty=False),
    "take_along_dim": Rule(_take_along_dim, _ranked(1), (1, 2, 3), empty=False),
    "take": Rule(_take, _ranked(0), (0, 1, 2, 3), empty=False),
    "masked_select": Rule(_masked_select, _ranked(0), (0, 1, 2, 3), empty=False),
    "where": Rule(_where, _ranked(0), others=1, empty=False),
    "masked_fill": Rule(_masked_fill, _ranked(0), others=1, empty=False),
    "scatter": Rule(_scatter, _ranked(0), (0, 1, 2, 3), others=1, empty=False),
    "scatter_add": Rule(_scatter_add, _ranked(0), (0, 1, 2, 3), others=1, empty=False),
    "index_add": Rule(_index_add, _ranked(1), (1, 2, 3), others=1, empty=False),
    "index_copy": Rule(_index_copy, _ranked(1), (1, 2, 3), others=1, empty=False),
    "index_fill": Rule(_index_fill, _ranked(1), (1, 2, 3), others=1, empty=False),
    "index_put": Rule(lambda draw, shape: _leading_keys(draw, shape, distinct=True), _ranked(1), (1, 2, 3), 1, False),
    "index_put_accumulate": Rule(
        lambda draw, shape: _leading_keys(draw, shape, distinct=False), _ranked(1), (1, 2, 3), 1, False
    ),
}
"""Every rule of indexing by the name that ``Operation.case`` gives it."""
