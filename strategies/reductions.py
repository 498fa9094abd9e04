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
from strategies.dice import Dice, dice
from strategies.reuse import reused

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
    dies = dice(draw, count=_DIES + 2 * len(shape))
    dim, passed = _dim(len(shape), dies)
    axes = reduced_axes(dim, len(shape))
    size = group_size(shape, axes)
    named: dict[str, Argument] = {"dim": dim} if passed else {}
    offered = [
        name
        for name in names
        if _applies(name, shape, dim, passed, size, power_of_two)
        and not any(issue.covers(name, named, "", ()) for issue in present_issues())
    ]
    if not offered:
        # Every reduction but one of these takes the whole of a non-empty tensor; an empty one can be summed.
        name, dim, passed, axes, size = "sum", None, False, reduced_axes(None, len(shape)), math.prod(shape)
    else:
        name = dies.among(offered)
    arguments: dict[str, Argument] = {"dim": dim} if passed else {}
    if name in ("var", "std"):
        corrections = [each for each in (0, 1, 2) if each < size]
        correction = dies.among([None, *corrections] if size > 1 else corrections)
        if correction is not None:
            arguments["correction"] = correction
    # ``keepdim`` has no meaning without ``dim`` for most spellings; amax and amin take it alone.
    keepdim = dies.among((None, False, True)) if passed or name in ("amax", "amin") else None
    if keepdim is not None:
        arguments["keepdim"] = keepdim
    kept = tuple(1 if axis in axes else side for axis, side in enumerate(shape) if axis not in axes or bool(keepdim))
    return Reduction(name, arguments, kept, size)


_DIES = 6
"""For a reduction of a scalar; every axis takes two more."""


def _dim(rank: int, dies: Dice) -> tuple[Dim, bool]:
    """A ``dim`` and whether it is passed at all."""
    kinds = ["absent", "one", "one", "None", "empty"] + (["several"] * 2 if rank else [])
    kind = dies.among(kinds)
    if kind == "absent":
        return None, False
    if kind == "one":
        return dies.below(2 * max(rank, 1)) - max(rank, 1), True
    if kind == "None":
        return None, True
    if kind == "empty":
        return (), True
    chosen = dies.permutation(rank)[: 1 + dies.below(rank)]
    return tuple(axis - rank * dies.below(2) for axis in chosen), True


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
