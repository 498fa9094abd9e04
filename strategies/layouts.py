"""How a tensor lies in memory."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from oracle.tensor import Layout
from strategies.dice import Dice, dice
from strategies.reuse import reused

KINDS = ("contiguous", "transposed", "sliced", "expanded", "channels_last")
"""Every kind of layout by its name, as ``Layout.kind`` tells it."""


@reused
@st.composite
def layouts(draw: DrawFn, *, shape: tuple[int, ...], expand: bool = True) -> Layout:
    """Layouts of a tensor of ``shape``: contiguous half of the time, else any other kind that the shape admits.

    - ``shape``: what torch will report.
    - ``expand``: whether axes may have stride 0, so that elements are one and the same.

    Shrinks towards the contiguous layout.
    """
    return layout(dice(draw, count=layout_dice(len(shape))), shape, expand)


def layout_dice(rank: int) -> int:
    """How many dice the layout of a tensor of ``rank`` axes may take."""
    return 3 + 3 * rank


def layout(dies: Dice, shape: tuple[int, ...], expand: bool) -> Layout:
    """The layout that ``dies`` tell, as ``layouts`` draws it."""
    rank = len(shape)
    long_axes = [axis for axis, side in enumerate(shape) if side > 1]
    kinds = ["transposed"] if len(long_axes) > 1 else []
    kinds += ["sliced"] if rank else []
    kinds += ["expanded"] if expand and long_axes else []
    # As many as all others together: most of these tensors have too few axes longer than 1 to tell the difference.
    kinds += ["channels_last"] * 4 if rank in (4, 5) else []
    plain = Layout.contiguous(rank)
    if not kinds or not dies.perhaps():
        return plain
    kind = dies.among(kinds)
    if kind == "channels_last":
        return Layout.channels_last(rank)
    order = dies.permutation(rank)
    if order == plain.order:
        order = order[::-1]
    if kind == "transposed":
        return Layout(order, plain.starts, plain.steps)
    if kind == "expanded":
        # A bit for each axis that is expanded: one of them at least.
        chosen = 1 + dies.below(2 ** len(long_axes) - 1)
        expanded = tuple(axis for place, axis in enumerate(long_axes) if chosen >> place & 1)
        return Layout(plain.order, plain.starts, plain.steps, expanded)
    starts = tuple(dies.below(3) for _ in range(rank))
    steps = tuple(1 + dies.below(3) for _ in range(rank))
    return Layout(dies.among((plain.order, order)), starts, steps)
