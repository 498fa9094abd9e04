"""Reductions: from a tensor to one value for each group of elements along some axes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from oracle.array import Array, Domain
from oracle.formula import A, Branch, G, Smooth, Y
from oracle.number_format import NumberFormat
from oracle.operations.operation import Operation

Dim = int | tuple[int, ...] | None


def reduced_axes(dim: Dim, rank: int) -> tuple[int, ...]:
    """The axes that torch reduces for ``dim``, counted from 0 and ascending.

    An absent, None or empty ``dim`` means every axis (torch documentation of ``torch.sum``; for ``()`` this differs
    from NumPy, pytorch issue 29137). A tensor of rank 0 takes 0 and -1 and is its own reduction.
    """
    if dim is None or dim == ():
        return tuple(range(rank))
    chosen = (dim,) if isinstance(dim, int) else dim
    return tuple(sorted({axis % rank for axis in chosen})) if rank else ()


def group_size(shape: tuple[int, ...], axes: tuple[int, ...]) -> int:
    """How many elements are reduced to one."""
    return math.prod(shape[axis] for axis in axes)


def _sum(x: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    return x.sum(reduced_axes(dim, len(x.shape)), keepdim)


def mean(x: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    """The sum over ``dim`` divided by the number of terms."""
    axes = reduced_axes(dim, len(x.shape))
    size = group_size(x.shape, axes)
    total = x.sum(axes, keepdim)
    # Division by 1 is exact in every implementation.
    return total if size == 1 else total / size


def squares_in_range(size: int) -> Domain:
    """Where no sum of ``size`` squared differences overflows, whichever running sums an algorithm keeps."""

    def domain(least: NDArray[np.float64], greatest: NDArray[np.float64], kind: NumberFormat) -> NDArray[np.bool_]:
        return np.asarray(greatest <= math.sqrt(kind.largest / max(size, 1)) / 2)

    return domain


def variance(x: Array, dim: Dim = None, correction: float = 1, keepdim: bool = False) -> Array:
    """The variance by its definition, in two passes.

    PyTorch's forward is Welford's one-pass algorithm. Its error bound is of the same order as that of two passes
    followed term by term, n u times the condition number (Chan, Golub & LeVeque, *Algorithms for computing the sample
    variance*, 1983, table 1).
    """
    axes = reduced_axes(dim, len(x.shape))
    size = group_size(x.shape, axes)
    x = x.within(squares_in_range(size))
    # A group of one is its own mean, to the last bit, however x itself was rounded.
    deviation = x * 0.0 if size == 1 else x - mean(x, axes, keepdim=True)
    return (deviation**2).sum(axes, keepdim) / (size - correction)


def _std(x: Array, dim: Dim = None, correction: float = 1, keepdim: bool = False) -> Array:
    return variance(x, dim, correction, keepdim).square_root()


def _amax(x: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    return x.largest(reduced_axes(dim, len(x.shape)), keepdim)


def _amin(x: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    return -_amax(-x, dim, keepdim)


def products_in_range(
    least: NDArray[np.float64], greatest: NDArray[np.float64], number_format: NumberFormat
) -> NDArray[np.bool_]:
    """Where no product of some elements along axis 0 overflows or loses digits to underflow, in whatever order.

    Every partial product of nonzero factors lies between the product of all factors below 1 and the product of all
    factors above 1. An exact 0 is harmless; an element that may or may not be 0 is outside.
    """
    exact_zero = greatest == 0
    with np.errstate(divide="ignore"):
        smallest = np.where(exact_zero, 0.0, np.minimum(np.log2(least), 0.0)).sum(axis=0)
        largest = np.where(exact_zero, 0.0, np.maximum(np.log2(greatest), 0.0)).sum(axis=0)
    inside = (smallest >= number_format.minimum_exponent) & (largest <= number_format.maximum_exponent)
    return np.broadcast_to(inside, least.shape)


_THERE_AND_BACK = Smooth(A, (G * Y / A,))
PRODUCT_OF_ITS_OWN = Branch(0, 0.0, _THERE_AND_BACK, _THERE_AND_BACK, at=Smooth(A))
"""The product itself; its cotangent is multiplied by it and divided by it again, unless it is 0."""


def product(x: Array, axes: tuple[int, ...]) -> Array:
    """The product over ``axes``, as a balanced tree of products.

    Any order of n - 1 multiplications has the relative error (1 + u)^(n - 1) - 1 (Higham, *Accuracy*, lemma 3.1), so
    the tree stands for all of them as long as no partial product leaves the range. PyTorch's gradient is (cotangent ·
    product) / element: two operations more than the product of the other elements, and the first may overflow.
    """
    if group_size(x.shape, axes) == 0:
        # The empty product is 1 and still depends on x, whose gradient is empty too.
        return x.sum(axes) + 1.0
    rows = x.columns(axes).within(products_in_range)
    shape = rows.shape[1:]
    unpaired = []
    while (count := rows.shape[0]) > 1:
        half = count // 2
        if count % 2:
            unpaired.append(_rows(rows, count - 1, count))
        rows = _rows(rows, 0, half) * _rows(rows, half, 2 * half)
    for row in unpaired:
        rows = rows * row
    return rows.reshape(shape).elementwise(PRODUCT_OF_ITS_OWN)


def _prod(x: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    axes = reduced_axes(dim, x.rank)
    return x.kept(product(x, axes), axes, keepdim)


def _rows(array: Array, start: int, stop: int) -> Array:
    return array.gather(lambda elements: elements[start:stop])


def _reduction(
    name: str, definition: Callable[..., Array], notation: str, case: str = "reduction", *, ties: bool = False
) -> Operation:
    spellings = (f"torch.{name}({{0}}{{arguments}})", f"{{0}}.{name}({{bare_arguments}})")
    return Operation(name, spellings, definition, case, notation=f"{notation}({{0}}{{arguments}})", ties=ties)


REDUCTIONS = (
    _reduction("sum", _sum, "sum", "sum"),
    _reduction("nansum", _sum, "nansum", "sum"),
    _reduction("mean", mean, "mean"),
    _reduction("prod", _prod, "product", "product"),
    _reduction("amax", _amax, "maximum", "extremum", ties=True),
    _reduction("amin", _amin, "minimum", "extremum", ties=True),
    _reduction("var", variance, "variance", "variance"),
    _reduction("std", _std, "standard deviation", "variance"),
)
"""Each entry reads: name, definition, notation, how it is drawn."""
