"""Cotangents: what is passed as ``gradient=``."""

from __future__ import annotations

import math

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from oracle.tensor import Layout, TensorSpec
from strategies.numbers import Numbers
from strategies.reuse import reused
from strategies.tensors import tensors
from strategies.values import constants, number_format

KINDS = ("absent", "signed", "ones", "zero", "one-hot")
"""How the values of a cotangent are chosen; its layout is drawn apart from that."""

_ONES, _ZEROS = constants(1.0), constants(0.0)


@reused
@st.composite
def cotangents(draw: DrawFn, *, dtype: str, shape: tuple[int, ...], numbers: Numbers) -> TensorSpec | None:
    """Cotangents for an output of ``shape``.

    - ``dtype``: the output's.
    - ``numbers``: signed and scaled values, numbers of ``dtype``.

    Half are signed values in any layout (expanded and non-contiguous ones included); the others are absent (for
    scalars: the implicit 1), all 1, all 0, or 1 in one place. Shrinks towards the absent one or all ones.
    """
    number_format(dtype)
    kinds = ["ones", "zero", "one-hot", "signed", "signed", "signed", "signed"]
    kind = draw(st.sampled_from((["absent", "absent"] if shape == () else []) + kinds))
    if kind == "absent":
        return None
    if kind == "signed":
        return draw(tensors(dtype=dtype, shape=shape, numbers=numbers))
    if kind in ("ones", "zero"):
        return draw(tensors(dtype=dtype, shape=shape, numbers=_ONES if kind == "ones" else _ZEROS))
    count = math.prod(shape)
    hot = draw(st.integers(0, max(count - 1, 0)))
    values = tuple(1.0 if place == hot else 0.0 for place in range(count))
    return TensorSpec(shape, Layout.contiguous(len(shape)), dtype, values)
