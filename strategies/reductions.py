"""Reductions with all the ways of naming the axes."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import DrawFn

from oracle.known_issues import present_issues
from oracle.known_operands import KnownOperand
from oracle.operations import OPERATIONS
from oracle.operations.reductions import group_size, reduced_axes
from oracle.program import Argument
from strategies.cases import RULES
from strategies.dice import endless_dice
from strategies.reuse import reused
from strategies.values import number_format

NAMES = ("sum", "mean", "prod", "amax", "amin", "var", "std")


@dataclass(frozen=True)
class Reduction:
    """A reduction of a tensor of a known shape.

    Attributes:
        operation: its name in the catalogue.
        arguments: ``dim``, ``keepdim`` and ``correction``, as far as they are passed.
        result_shape: the shape of the result.
        size: how many elements become one.
    """

    operation: str
    arguments: dict[str, Argument] = field(hash=False)
    result_shape: tuple[int, ...]
    size: int


@reused
@st.composite
def reductions(
    draw: DrawFn, *, dtype: str, shape: tuple[int, ...], names: tuple[str, ...] = NAMES, power_of_two: bool = False
) -> Reduction:
    """Reductions that torch accepts for a tensor of ``shape``, and that no known issue keeps out in ``dtype``.

    - ``names``: which reductions.
    - ``power_of_two``: let ``mean`` reduce groups of 1, 2, 4, 8 … elements only, so that it can be exact.

    ``dim`` is absent, None, one axis counted from either end, several axes, or ``()`` where torch takes it (it then
    means all axes). The mean, the extrema and the variances of nothing are not drawn: they are NaN or an error; where
    none of ``names`` is left, nothing is drawn. Shrinks towards ``sum`` without arguments.
    """
    if not names or any(name not in NAMES for name in names):
        raise InvalidArgument(f"{names=} must be some of {NAMES}")
    number_format(dtype)  # refuses what is none
    dies = endless_dice(draw)
    offered = [name for name in names if RULES[OPERATIONS[name].case].fits(shape)]
    if not offered and "sum" not in names:
        reject()
    # An empty tensor can be summed.
    name = dies.among(offered or ["sum"])
    arguments = RULES[OPERATIONS[name].case].draw(draw, dies, shape).arguments
    if any(issue.covers(name, arguments, dtype, (KnownOperand.plain(shape),)) for issue in present_issues()):
        # All axes, in the other way of saying so; ``keepdim`` has no meaning without ``dim``.
        arguments = {key: value for key, value in arguments.items() if key not in ("dim", "keepdim")}
    dim = arguments.get("dim")
    assert dim is None or isinstance(dim, int | tuple)
    axes = reduced_axes(dim, len(shape))
    size = group_size(shape, axes)
    if name == "mean" and power_of_two and size & (size - 1):
        if "sum" not in names:
            reject()
        # The sum over the same axes.
        name = "sum"
    keepdim = bool(arguments.get("keepdim"))
    kept = tuple(1 if axis in axes else side for axis, side in enumerate(shape) if axis not in axes or keepdim)
    return Reduction(name, arguments, kept, size)
