"""Cases of reading and writing by index tensors and masks."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from hypothesis.strategies import DrawFn

from oracle.index import Index, IndexTensor, Slice
from oracle.program import Argument
from strategies.cases.case import MOST_ELEMENTS, Case, Rule, axis_of, broadcast_partner, indices, mask
from strategies.cases.elementwise import SCALARS
from strategies.dice import Dice
from strategies.shapes import Shape


def _ranked(lowest: int, highest: int = 5) -> Callable[[Shape], bool]:
    return lambda shape: lowest <= len(shape) <= highest and 0 not in shape


def _index_shape(dies: Dice, room: int) -> Shape:
    first = dies.between(1, min(room, 4))
    kind = dies.between(0, 4)
    return (first,) if kind < 3 else () if kind == 3 else (first, dies.between(1, max(1, min(room // first, 3))))


def _keys(draw: DrawFn, dies: Dice, shape: Shape) -> Index:
    """One or two index tensors that broadcast together, with slices before, between or behind, or a mask."""
    room = max(1, MOST_ELEMENTS // math.prod(shape)) * 2
    rank = len(shape)
    kind = dies.between(0, 3)
    if kind == 2:
        axes = dies.between(1, rank)
        return Index((mask(draw, shape[:axes]),))
    if kind == 3 and rank > 1:
        first = dies.between(0, rank - 2)
        second = dies.between(first + 1, rank - 1)
        index_shape = _index_shape(dies, room)
        entries: list[int | Slice | IndexTensor | None] = [Slice(None, None, None)] * (second + 1)
        entries[first] = _signed(draw, index_shape, shape[first])
        entries[second] = _signed(draw, index_shape if dies.perhaps() else (1,) * len(index_shape), shape[second])
        return Index(tuple(entries))
    axis = dies.between(0, rank - 1)
    index = _signed(draw, _index_shape(dies, room), shape[axis])
    return Index((*(Slice(None, None, None),) * axis, index))


def _signed(draw: DrawFn, index_shape: Shape, size: int) -> IndexTensor:
    """Indices of which some are counted from the end."""
    chosen = indices(draw, index_shape, 2 * size)
    return IndexTensor(index_shape, tuple(each if each < size else each - 2 * size for each in chosen.values))


def _read(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case((), {"index": _keys(draw, dies, shape)})


def _selected_shape(shape: Shape, index: Index) -> Shape:
    return tuple(np.empty(shape, dtype=np.int8)[index.key].shape)


def _leading_keys(draw: DrawFn, dies: Dice, shape: Shape, *, distinct: bool) -> Case:
    """Index tensors for the first axis or two, or a mask: what ``torch.index_put`` takes."""
    kind = dies.between(0, 2)
    if kind == 2:
        index = Index((mask(draw, shape[: dies.between(1, len(shape))]),))
    elif kind == 1 and len(shape) > 1 and not distinct:
        index_shape = _index_shape(dies, 4)
        index = Index((_signed(draw, index_shape, shape[0]), _signed(draw, index_shape, shape[1])))
    elif distinct:
        index = Index((indices(draw, (dies.between(1, shape[0]),), shape[0], distinct=True),))
    else:
        index = Index((_signed(draw, _index_shape(dies, 4), shape[0]),))
    return Case((_selected_shape(shape, index),), {"index": index})


def _index_select(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    axis = axis_of(dies, len(shape))
    size = shape[axis] if shape else 1
    most = max(1, min(5, MOST_ELEMENTS * size // math.prod(shape)))
    count = dies.between(1, most) if shape else 1
    return Case((), {"dim": axis, "index": indices(draw, (count,), size)})


def _smaller(dies: Dice, shape: Shape, axis: int, longest: int) -> Shape:
    """A shape that reaches no further than ``shape`` in any axis but ``axis``."""
    return tuple(
        dies.between(1, longest) if each == axis % len(shape) else side if dies.perhaps() else dies.between(1, side)
        for each, side in enumerate(shape)
    )


def _gather(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    axis = axis_of(dies, len(shape))
    if not shape:
        return Case((), {"dim": axis, "index": indices(draw, (), 1)})
    index_shape = _smaller(dies, shape, axis, min(shape[axis] + 2, 6))
    return Case((), {"dim": axis, "index": indices(draw, index_shape, shape[axis])})


def _take_along_dim(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    axis = axis_of(dies, len(shape))
    index_shape = (*shape[: axis % len(shape)], dies.between(1, 4), *shape[axis % len(shape) + 1 :])
    return Case((), {"indices": indices(draw, index_shape, shape[axis]), "dim": axis})


def _take(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case((), {"index": indices(draw, _index_shape(dies, 12), math.prod(shape))})


def _masked_select(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case((), {"mask": mask(draw, shape)})


def _where(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    partner = broadcast_partner(dies, shape)
    return Case((partner,), {"mask": mask(draw, tuple(map(int, np.broadcast_shapes(shape, partner))))})


def _masked_fill(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case((() if dies.perhaps() else dies.among(SCALARS),), {"mask": mask(draw, shape)})


def _scatter(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    """Different indices along the axis: the gradient of a place that is written twice is nobody's to say."""
    if not shape:
        return Case(((),), {"dim": axis_of(dies, 0), "index": indices(draw, (), 1)})
    axis = axis_of(dies, len(shape))
    size = shape[axis]
    index_shape = _smaller(dies, shape, axis, size)
    count = index_shape[axis]
    rows = math.prod(index_shape) // count
    columns = [indices(draw, (count,), size, distinct=True).values for _ in range(rows)]
    moved = np.array(columns, dtype=np.int64).reshape(
        *(side for each, side in enumerate(index_shape) if each != axis % len(shape)), count
    )
    placed = np.moveaxis(moved, -1, axis % len(shape))
    # PyTorch's backward is only for a source of the index's shape (documentation of ``torch.Tensor.scatter_``).
    return Case((index_shape,), {"dim": axis, "index": IndexTensor(index_shape, tuple(placed.ravel().tolist()))})


def _scatter_add(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    if not shape:
        return Case(((),), {"dim": axis_of(dies, 0), "index": indices(draw, (), 1)})
    axis = axis_of(dies, len(shape))
    index_shape = _smaller(dies, shape, axis, min(shape[axis] + 2, 5))
    return Case((index_shape,), {"dim": axis, "index": indices(draw, index_shape, shape[axis])})


def _scatter_reduce(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    case = _scatter_add(draw, dies, shape)
    include_self = dies.among((None, True, False))
    return case if include_self is None else Case(case.others, case.arguments | {"include_self": include_self})


def _index_add(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    axis = axis_of(dies, len(shape)) % len(shape)
    count = dies.between(1, 4)
    alpha = dies.among((None, 2.0, -0.5))
    arguments: dict[str, Argument] = {"dim": axis, "index": indices(draw, (count,), shape[axis])}
    return Case(
        ((*shape[:axis], count, *shape[axis + 1 :]),), arguments if alpha is None else arguments | {"alpha": alpha}
    )


def _index_copy(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    axis = axis_of(dies, len(shape)) % len(shape)
    count = dies.between(1, shape[axis])
    index = indices(draw, (count,), shape[axis], distinct=True)
    return Case(((*shape[:axis], count, *shape[axis + 1 :]),), {"dim": axis, "index": index})


def _index_fill(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    axis = axis_of(dies, len(shape))
    index = indices(draw, (dies.between(1, 3),), shape[axis])
    return Case((() if dies.perhaps() else dies.among(SCALARS),), {"dim": axis, "index": index})


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
    "scatter_reduce": Rule(_scatter_reduce, _ranked(0), (0, 1, 2, 3), others=1, empty=False),
    "index_add": Rule(_index_add, _ranked(1), (1, 2, 3), others=1, empty=False),
    "index_copy": Rule(_index_copy, _ranked(1), (1, 2, 3), others=1, empty=False),
    "index_fill": Rule(_index_fill, _ranked(1), (1, 2, 3), others=1, empty=False),
    "index_put": Rule(
        lambda draw, dies, shape: _leading_keys(draw, dies, shape, distinct=True), _ranked(1), (1, 2, 3), 1, False
    ),
    "index_put_accumulate": Rule(
        lambda draw, dies, shape: _leading_keys(draw, dies, shape, distinct=False), _ranked(1), (1, 2, 3), 1, False
    ),
}
"""Every rule of indexing by the name that ``Operation.case`` gives it."""
