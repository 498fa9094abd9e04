"""Cotangents: what is passed as ``gradient=``."""

from __future__ import annotations

import math

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from oracle.tensor import Layout, TensorSpec
from strategies.dice import Dice, dice
from strategies.numbers import Numbers
from strategies.reuse import reused
from strategies.tensors import tensor
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

    Two thirds are signed values in any layout (expanded and non-contiguous ones included); the others are absent (for
    scalars: the implicit 1), all 1, all 0, or 1 in one place. Shrinks towards the absent one or all ones.
    """
    number_format(dtype)
    return cotangent(draw, dice(draw, count=COTANGENT_DICE), dtype=dtype, shape=shape, numbers=numbers)


COTANGENT_DICE = 3
"""How many dice a cotangent takes."""


def cotangent(draw: DrawFn, dies: Dice, *, dtype: str, shape: tuple[int, ...], numbers: Numbers) -> TensorSpec | None:
    """One as ``cotangents`` draws it, with its kind told by dice."""
    kinds = ["ones", "zero", "one-hot", *["signed"] * 7]
    kind = dies.among((["absent", "absent"] if shape == () else []) + kinds)
    place = dies.below_many(max(math.prod(shape), 1))
    if kind == "absent":
        return None
    if kind == "signed":
        return tensor(draw, dtype=dtype, shape=shape, numbers=numbers)
    if kind in ("ones", "zero"):
        return tensor(draw, dtype=dtype, shape=shape, numbers=_ONES if kind == "ones" else _ZEROS)
    values = tuple(1.0 if each == place else 0.0 for each in range(math.prod(shape)))
    return TensorSpec(shape, Layout.contiguous(len(shape)), dtype, values)
