"""Tensors: a shape, a layout and exact values."""

from __future__ import annotations

import math

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from oracle.tensor import TensorSpec
from strategies.dice import Dice
from strategies.layouts import layout, layout_dice
from strategies.numbers import Numbers, list_size, listed
from strategies.reuse import reused, some_bytes
from strategies.values import number_format


def tensor(
    draw: DrawFn,
    *,
    dtype: str,
    shape: tuple[int, ...],
    numbers: Numbers,
    distinct: bool = False,
    expand: bool = True,
) -> TensorSpec:
    """A tensor of ``dtype`` and ``shape`` in any layout, with values from ``numbers``.

    - ``numbers``: numbers of ``dtype`` only.
    - ``distinct``: whether all values must differ; then the layout has no axes of stride 0.
    - ``expand``: whether it may have any otherwise.

    Shrinks towards a contiguous tensor of the simplest numbers.
    """
    number_format(dtype)
    # One draw for everything. Shapes are of rank 5 at most; the same bytes tell the numbers at every rank, so that the
    # numbers stay when an axis goes.
    first = layout_dice(max(len(shape), 5))
    drawn = some_bytes(draw, size=first + list_size(numbers, math.prod(shape)))
    place = layout(Dice(iter(drawn[:first])), shape, expand=expand and not distinct)
    count = math.prod(place.stored_shape(shape))
    return TensorSpec(shape, place, dtype, listed(drawn[first:], numbers, count, distinct))


tensors = reused(st.composite(tensor))
"""What ``tensor`` draws, as a strategy; those who draw many call that itself, which is faster."""
