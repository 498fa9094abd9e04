"""Reductions with all the ways of naming the axes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import DrawFn

from oracle.known_issues import present_issues
from oracle.operations.reductions import Dim, group_size, reduced_axes
from oracle.program import Argument

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


@st.composite
def reductions(
    draw: DrawFn, *, shape: tuple[int, ...], names: tuple[str, ...] = NAMES, power_of_two: bool = False
) -> Reduction:
    """Reductions that torch accepts for a tensor of ``shape``.

    - ``names``: which reductions.
    - ``power_of_two``: let ``mean`` reduce groups of 1, 2, 4, 8 … elements only, so that it can be exact.

    ``dim`` is absent, None, one axis counted from either end, several axes, or ``()`` where torch takes it (it then
    means all axes). The mean, the extrema and the variances of nothing are not drawn: they are NaN or an error. Shrinks
    towards ``sum`` without arguments.
    """
    if not names or any(name not in NAMES for name in names):
        raise InvalidArgument(f"{names=} must be some of {NAMES}")
    dim, passed = draw(_dims(shape))
    axes = reduced_axes(dim, len(shape))
    size = group_size(shape, axes)
    named: dict[str, Argument] = {"dim": dim} if passed else {}
    offered = [
        name
        for name in names
        if _applies(name, shape, dim, passed, size, power_of_two)
        and not any(issue.covers(name, named) for issue in present_issues())
    ]
    if not offered:
        # Every reduction but one of these takes the whole of a non-empty tensor; an empty one can be summed.
        name, dim, passed, axes, size = "sum", None, False, reduced_axes(None, len(shape)), math.prod(shape)
    else:
        name = draw(st.sampled_from(offered))
    arguments: dict[str, Argument] = {"dim": dim} if passed else {}
    if name in ("var", "std"):
        corrections = [each for each in (0, 1, 2) if each < size]
        correction = draw(st.sampled_from([None, *corrections] if size > 1 else corrections))
        if correction is not None:
            arguments["correction"] = correction
    # ``keepdim`` has no meaning without ``dim`` for most spellings; amax and amin take it alone.
    keepdim = draw(st.sampled_from((None, False, True))) if passed or name in ("amax", "amin") else None
    if keepdim is not None:
        arguments["keepdim"] = keepdim
    kept = tuple(1 if axis in axes else side for axis, side in enumerate(shape) if axis not in axes or bool(keepdim))
    return Reduction(name, arguments, kept, size)


@st.composite
def _dims(draw: DrawFn, shape: tuple[int, ...]) -> tuple[Dim, bool]:
    """A ``dim`` and whether it is passed at all."""
    rank = len(shape)
    axis = st.integers(-max(rank, 1), max(rank, 1) - 1)
    kinds = ["absent", "one", "one", "None", "empty"] + (["several"] * 2 if rank else [])
    kind = draw(st.sampled_from(kinds))
    if kind == "absent":
        return None, False
    if kind == "one":
        return draw(axis), True
    if kind == "None":
        return None, True
    if kind == "empty":
        return (), True
    chosen = draw(st.lists(axis, min_size=1, max_size=rank, unique_by=lambda each: each % rank))
    return tuple(chosen), True


def _applies(name: str, shape: tuple[int, ...], dim: Dim, passed: bool, size: int, power_of_two: bool) -> bool:
    if name == "prod":
        return not passed or isinstance(dim, int)
    if name in ("amax", "amin"):
        # Their ``dim`` takes no None.
        return size > 0 and not (passed and dim is None)
    if name in ("var", "std"):
        # torch warns of too few degrees of freedom for every empty tensor, even one whose reduced axes are long.
        return size > 0 and 0 not in shape
    if name == "mean" and power_of_two:
        return size > 0 and size & (size - 1) == 0
    return name == "sum" or size > 0
