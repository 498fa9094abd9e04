"""How a tensor lies in memory."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from oracle.tensor import Layout

KINDS = ("contiguous", "transposed", "sliced", "expanded", "channels_last")
"""Every kind of layout by its name, as ``Layout.kind`` tells it."""


@st.composite
def layouts(draw: DrawFn, *, shape: tuple[int, ...], expand: bool = True) -> Layout:
    """Layouts of a tensor of ``shape``: contiguous half of the time, else any other kind that the shape admits.

    - ``shape``: what torch will report.
    - ``expand``: whether axes may have stride 0, so that elements are one and the same.

    Shrinks towards the contiguous layout.
    """
    rank = len(shape)
    long_axes = [axis for axis, side in enumerate(shape) if side > 1]
    kinds = ["contiguous"]
    kinds += ["transposed"] if len(long_axes) > 1 else []
    kinds += ["sliced"] if rank else []
    kinds += ["expanded"] if expand and long_axes else []
    kinds += ["channels_last"] * 2 if rank in (4, 5) else []
    kind = draw(st.sampled_from(kinds)) if draw(st.booleans()) else "contiguous"
    if kind == "channels_last":
        return Layout.channels_last(rank)
    plain = Layout.contiguous(rank)
    if kind == "contiguous":
        return plain
    order = tuple(draw(st.permutations(range(rank))))
    if kind == "transposed":
        return Layout(order, plain.starts, plain.steps)
    if kind == "expanded":
        expanded = draw(st.sets(st.sampled_from(long_axes), min_size=1))
        return Layout(plain.order, plain.starts, plain.steps, tuple(sorted(expanded)))
    starts = draw(st.tuples(*[st.integers(0, 2)] * rank))
    steps = draw(st.tuples(*[st.integers(1, 3)] * rank))
    return Layout(draw(st.sampled_from((plain.order, order))), starts, steps)
