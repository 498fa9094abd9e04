"""What an application of an operation needs besides its first operand, and how that is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis.strategies import DrawFn

from oracle.index import IndexTensor
from oracle.program import Argument, Value
from strategies.dice import Dice
from strategies.reuse import some_bytes
from strategies.shapes import Shape

MOST_ELEMENTS = 64
"""What a small program's tensors hold at most, as far as an operation can choose."""


@dataclass(frozen=True)
class Case:
    """One way to apply an operation to a first operand of a known shape.

    Attributes:
        others: the other operands: the shape that a tensor must have, a number, or a value that is there.
        arguments: keyword arguments.
        results: how many tensors come out.
    """

    others: tuple[Shape | float | Value, ...] = ()
    arguments: dict[str, Argument] = field(default_factory=dict, hash=False)
    results: int = 1


def anything(shape: Shape) -> bool:
    """Whether a rule fits ``shape``: it fits every shape."""
    return True


@dataclass(frozen=True)
class Rule:
    """How the applications of some operations are drawn.

    Attributes:
        draw: a case for a first operand of that shape, drawn or told by dice.
        fits: whether there is a case for that shape.
        ranks: the ranks of a first operand that is made for it.
        others: how many more tensors it may need at most.
        empty: whether a first operand that is made for it may be empty.
    """

    draw: Callable[[DrawFn, Dice, Shape], Case]
    fits: Callable[[Shape], bool] = anything
    # Rank 4 twice: kernels have ways of their own for channels_last. Rank 2 twice: so they have for matrices.
    ranks: tuple[int, ...] = (0, 1, 2, 2, 3, 4, 4, 5)
    others: int = 0
    empty: bool = True


def axis_of(dies: Dice, rank: int) -> int:
    """An axis, counted from either end; a tensor of rank 0 takes 0 and -1. Shrinks towards 0."""
    side = max(rank, 1)
    return dies.between(-side, side - 1)


def indices(draw: DrawFn, shape: Shape, size: int, *, distinct: bool = False) -> IndexTensor:
    """An index tensor of ``shape`` into an axis of ``size``, with duplicates unless ``distinct``.

    Shrinks towards zeros, or towards ascending indices.
    """
    count = math.prod(shape)
    drawn = some_bytes(draw, size=count)
    if not distinct:
        return IndexTensor(shape, tuple(byte % size for byte in drawn))
    left = list(range(size))
    return IndexTensor(shape, tuple(left.pop(byte % len(left)) for byte in drawn))


def mask(draw: DrawFn, shape: Shape) -> IndexTensor:
    """A mask of ``shape``. Shrinks towards one that is true everywhere."""
    count = math.prod(shape)
    drawn = some_bytes(draw, size=count)
    return IndexTensor(shape, tuple(byte % 2 == 0 for byte in drawn))


def broadcast_partner(dies: Dice, shape: Shape) -> Shape:
    """A shape that broadcasts with ``shape`` to ``shape`` itself, or with it to a larger one. Shrinks towards it."""
    kind = dies.between(0, 5)
    # A tensor with axes of size 1 is broadcast itself, half of the time.
    if kind <= (0 if 1 in shape else 1):
        return shape
    if kind <= (2 if 1 in shape else 3):
        keep = dies.between(0, 2 ** len(shape) - 1)
        partner = tuple(side if keep >> axis & 1 else 1 for axis, side in enumerate(shape))
        ones = next((axis for axis, side in enumerate(partner) if side != 1), len(partner))
        return partner[dies.between(0, ones) :]
    room = MOST_ELEMENTS // max(math.prod(shape), 1)
    if room < 2 or len(shape) > 4:
        return shape
    grown = []
    for side in shape:
        grown.append(_grown_side(dies, shape, room) if side == 1 else side)
        room //= grown[-1] if side == 1 else 1
    return tuple(grown) if tuple(grown) != shape else (_grown_side(dies, shape, room), *shape)


def _grown_side(dies: Dice, shape: Shape, room: int) -> int:
    """The side of another axis, half of the time, or 1 to 3; at most ``room``."""
    others = [side for side in shape if 1 < side <= room]
    return dies.among(others) if others and dies.perhaps() else dies.between(1, max(1, min(room, 3)))
