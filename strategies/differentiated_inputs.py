"""The inputs of a program, and which of them require grad."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import DrawFn, SearchStrategy

from oracle.program import Input
from strategies.tensors import tensors


@st.composite
def differentiated_inputs(
    draw: DrawFn, *, dtype: str, shapes: tuple[tuple[int, ...], ...], elements: SearchStrategy[float]
) -> tuple[Input, ...]:
    """One input of each of ``shapes``, with values from ``elements``; any non-empty subset of them requires grad.

    Shrinks towards contiguous inputs that all require grad.
    """
    if not shapes:
        raise InvalidArgument(f"{shapes=} must name at least one input")
    frozen = draw(st.sets(st.integers(0, len(shapes) - 1), max_size=len(shapes) - 1)) if len(shapes) > 1 else set()
    return tuple(
        Input(draw(tensors(dtype=dtype, shape=shape, elements=elements)), requires_grad=index not in frozen)
        for index, shape in enumerate(shapes)
    )
