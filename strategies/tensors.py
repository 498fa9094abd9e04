"""Tensors: a shape, a layout and exact values."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from oracle.tensor import TensorSpec
from strategies.layouts import layouts
from strategies.values import number_format, number_lists


@st.composite
def tensors(
    draw: DrawFn, *, dtype: str, shape: tuple[int, ...], elements: SearchStrategy[float], expand: bool = True
) -> TensorSpec:
    """Tensors of ``dtype`` and ``shape`` in any layout, with values from ``elements``.

    - ``elements``: must draw numbers of ``dtype`` only.
    - ``expand``: whether the layout may have axes of stride 0.

    Shrinks towards a contiguous tensor.
    """
    number_format(dtype)
    layout = draw(layouts(shape=shape, expand=expand))
    count = 1
    for side in layout.stored_shape(shape):
        count *= side
    return TensorSpec(shape, layout, dtype, draw(number_lists(elements=elements, count=count)))
