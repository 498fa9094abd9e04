"""Tensors: a shape, a layout and exact values."""

from __future__ import annotations

import math

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from oracle.tensor import TensorSpec
from strategies.layouts import layouts
from strategies.values import number_format, number_lists


@st.composite
def tensors(
    draw: DrawFn, *, dtype: str, shape: tuple[int, ...], elements: SearchStrategy[float], distinct: bool = False
) -> TensorSpec:
    """Tensors of ``dtype`` and ``shape`` in any layout, with values from ``elements``.

    - ``elements``: must draw numbers of ``dtype`` only.
    - ``distinct``: whether all values must differ; then the layout has no axes of stride 0.

    Shrinks towards a contiguous tensor.
    """
    number_format(dtype)
    layout = draw(layouts(shape=shape, expand=not distinct))
    count = math.prod(layout.stored_shape(shape))
    return TensorSpec(shape, layout, dtype, draw(number_lists(elements=elements, count=count, distinct=distinct)))
