"""The inputs of a program, and which of them require grad."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import DrawFn

from oracle.program import Input
from strategies.numbers import Numbers
from strategies.reuse import reused
from strategies.tensors import tensors


@reused
@st.composite
def differentiated_inputs(
    draw: DrawFn, *, dtype: str, shapes: tuple[tuple[int, ...], ...], numbers: Numbers
) -> tuple[Input, ...]:
    """One input of each of ``shapes``, with values from ``numbers``; any non-empty subset of them requires grad.

    Shrinks towards contiguous inputs that all require grad.
    """
    if not shapes:
        raise InvalidArgument(f"{shapes=} must name at least one input")
    # A bit for each input that is frozen: any but all.
    frozen = draw(st.integers(0, 2 ** len(shapes) - 2)) if len(shapes) > 1 else 0
    return tuple(
        Input(draw(tensors(dtype=dtype, shape=shape, numbers=numbers)), requires_grad=not frozen >> index & 1)
        for index, shape in enumerate(shapes)
    )
