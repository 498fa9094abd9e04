"""Shapes of rank 0 to 5, and groups of shapes that broadcast together."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import DrawFn

from strategies.dice import Dice, dice
from strategies.reuse import reused

Shape = tuple[int, ...]


@reused
@st.composite
def shapes(draw: DrawFn, *, max_rank: int = 5, max_elements: int = 24, min_side: int = 0) -> Shape:
    """Shapes with at most ``max_elements`` elements.

    - ``max_rank``: 0 to 5.
    - ``max_elements``: at least 1; it bounds the product of the sides, not each of them.
    - ``min_side``: 0 allows empty tensors, about one draw in ten; 1 forbids them.

    Shrinks towards the scalar shape ``()``.
    """
    if not 0 <= max_rank <= 5:
        raise InvalidArgument(f"{max_rank=} must be from 0 to 5")
    if max_elements < 1:
        raise InvalidArgument(f"{max_elements=} must be at least 1")
    if min_side not in (0, 1):
        raise InvalidArgument(f"{min_side=} must be 0 or 1")
    dies = dice(draw, count=1 + max_rank + 3)
    # There is but one scalar: a third of the share of any other rank is enough for it.
    return _shape(dies, (dies.below(3 * max_rank + 1) + 2) // 3, max_elements, min_side)


def shape_of_rank(dies: Dice, *, ranks: tuple[int, ...], max_elements: int = 24, min_side: int = 0) -> Shape:
    """A shape of one of ``ranks``, with sides of up to 5, told by dice.

    - ``max_elements``, ``min_side``: as in ``shapes``.

    Shrinks towards the first of ``ranks`` and sides of 1.
    """
    if not ranks or not all(0 <= rank <= 5 for rank in ranks):
        raise InvalidArgument(f"{ranks=} must be some from 0 to 5")
    dies = dies.next(1 + max(ranks) + 3)
    return _shape(dies, dies.among(ranks), max_elements, min_side)


def _shape(dies: Dice, rank: int, max_elements: int, min_side: int) -> Shape:
    """A shape of ``rank``, told by up to ``rank + 3`` dice."""
    if rank == 0:
        return ()
    room = max_elements
    sides: list[int] = []
    for _ in range(rank):
        longest = min(room, 5)
        repeated, side = divmod(dies.below(2 * longest), longest)
        # What is done along the wrong axis has the right shape only where sides are equal.
        sides.append(sides[-1] if sides and repeated and sides[-1] <= room else 1 + side)
        room //= sides[-1]
    # The first sides take most of the room: any axis may be the first.
    first = dies.below(rank)
    sides = sides[first:] + sides[:first]
    # One axis at most is emptied: more would only repeat the case, and a free choice of 0 for every axis would empty
    # most of the tensors of high rank.
    if min_side == 0 and dies.below(10) == 9:
        sides[dies.below(rank)] = 0
    return tuple(sides)


class BroadcastGroup(NamedTuple):
    """Shapes that broadcast together, and the shape of the result."""

    shapes: tuple[Shape, ...]
    result_shape: Shape


@reused
@st.composite
def broadcast_groups(
    draw: DrawFn, *, count: int, max_rank: int = 5, max_elements: int = 24, min_side: int = 0
) -> BroadcastGroup:
    """Groups of ``count`` mutually broadcastable shapes.

    - ``count``: number of shapes, at least 1.
    - ``max_rank``, ``max_elements``, ``min_side``: of the result, as in ``shapes``.

    One shape of the group, at a drawn place, is the result's own; the others have axes reduced to size 1 and leading
    axes left out. Shrinks towards equal scalar shapes.
    """
    if count < 1:
        raise InvalidArgument(f"{count=} must be at least 1")
    result = draw(shapes(max_rank=max_rank, max_elements=max_elements, min_side=min_side))
    dies = dice(draw, count=1 + count * (2 + max_rank))
    whole = dies.below(count)
    narrowed = [_narrowed(result, dies, max_rank) for _ in range(count)]
    return BroadcastGroup(tuple(result if each == whole else narrowed[each] for each in range(count)), result)


def _narrowed(shape: Shape, dies: Dice, max_rank: int) -> Shape:
    """``shape`` itself, half of the time, or what broadcasts to it; takes ``2 + max_rank`` of ``dies``."""
    same, left_out, reduced = dies.below(2) == 0, dies.below(max_rank + 1), [dies.below(2) for _ in range(max_rank)]
    if same:
        return shape
    narrowed = tuple(1 if flag else side for side, flag in zip(shape, reduced, strict=False))
    # Leading axes of size 1 may be left out.
    ones = next((axis for axis, side in enumerate(narrowed) if side != 1), len(narrowed))
    return narrowed[left_out % (ones + 1) :]
