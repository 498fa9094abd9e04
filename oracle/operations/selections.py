"""Reductions that select an element, norms, and reductions of several operands or with several results."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sympy import Rational

from oracle.array import Array
from oracle.formula import A, Smooth
from oracle.operations.activations import ABSOLUTE
from oracle.operations.arithmetic import QUOTIENT
from oracle.operations.operation import Operation
from oracle.operations.reductions import Dim, group_size, mean, reduced_axes, variance


def _order_statistic(rank: Callable[[int], int]) -> Callable[..., Array]:
    def definition(x: Array, dim: Dim = None, keepdim: bool = False) -> Array:
        axes = reduced_axes(dim, x.rank)
        return x.order_statistic(axes, rank(group_size(x.shape, axes)), keepdim)

    return definition


def _kth_value(x: Array, k: int, dim: int, keepdim: bool = False) -> Array:
    axes = reduced_axes(dim, x.rank)
    return x.order_statistic(axes, k - 1, keepdim)


def _sorted(x: Array, dim: int, descending: bool = False) -> Array:
    """Every order statistic, put together."""
    if x.rank == 0:
        return x
    axis = dim % x.rank
    ranks = range(x.shape[axis])
    each = [x.order_statistic((axis,), rank) for rank in (reversed(ranks) if descending else ranks)]
    return each[0].gather(lambda *elements: np.stack(elements, axis), *each[1:])


def _vector_norm(x: Array, ord: float = 2, dim: Dim = None, keepdim: bool = False) -> Array:  # noqa: A002  # torch's own name
    """(Σ|x|^p)^(1/p), the largest |x| for p = ∞, and the number of nonzero elements is not drawn."""
    axes = reduced_axes(dim, x.rank)
    if ord == np.inf:
        return x.elementwise(ABSOLUTE).largest(axes, keepdim)
    if ord == 1:
        return x.elementwise(ABSOLUTE).sum(axes, keepdim)
    p = Rational(ord)
    norm = _root_of_powers(x, p, axes)
    saved = x.kept(norm, axes, keepdim=True).without_gradient()
    return x.kept(_parts_of_norm(x, saved, p).sum(axes).computed_as(norm), axes, keepdim)


def _root_of_powers(x: Array, p: Rational, axes: tuple[int, ...]) -> Array:
    if p == 2:
        # A norm of one element is its magnitude in exact arithmetic only.
        return (x * x).sum(axes).square_root()
    return x.elementwise(ABSOLUTE).elementwise(Smooth(A**p)).sum(axes).elementwise(Smooth(A ** (1 / p)))


def _parts_of_norm(x: Array, norm: Array, p: Rational) -> Array:
    """For each element x ∂norm/∂x. They add up to the ``norm``, a homogeneous function (Euler's theorem).

    The derivative consists of constants. The cotangent meets them from the last to the first, in the order in which
    PyTorch multiplies and divides it (``norm_backward``): what leaves the range on the way is not claimed.
    """
    magnitudes = x.elementwise(ABSOLUTE)
    if p < 1:
        # sgn(self) * |self|^(p - 1) * grad * norm^(1 - p)
        return magnitudes * _constant_power(norm, 1 - p) * _constant_power(magnitudes, p - 1)
    if p == 2:
        # grad * (self / norm)
        return x * (x / norm).without_gradient()
    if p < 2:
        # sgn(self) * |self|^(p - 1) * (grad / norm^(p - 1))
        scaled = magnitudes * _constant_power(magnitudes, p - 1)
    else:
        # self * |self|^(p - 2) * (grad / norm^(p - 1))
        scaled = x * (x * _constant_power(magnitudes, p - 2)).without_gradient()
    return scaled.elementwise(QUOTIENT, _constant_power(norm, p - 1))


def _constant_power(x: Array, exponent: Rational) -> Array:
    # 1/2, -1/2 and 2 are computed by square roots, a reciprocal and a product in the dtype (PowKernel.cpp).
    return x.elementwise(Smooth(A**exponent, stepwise=True)).without_gradient()


def _distance(a: Array, b: Array, p: float = 2) -> Array:
    return _vector_norm(a - b, p)


def _trace(x: Array) -> Array:
    return x.gather(np.diagonal).sum((0,))


def _variance_and_mean(x: Array, dim: Dim = None, correction: float = 1, keepdim: bool = False) -> tuple[Array, Array]:
    return variance(x, dim, correction, keepdim), mean(x, dim, keepdim)


def _extrema(x: Array, dim: int | None = None, keepdim: bool = False) -> tuple[Array, Array]:
    axes = reduced_axes(dim, x.rank)
    return x.order_statistic(axes, 0, keepdim), x.largest(axes, keepdim)


def _with_indices(name: str, definition: Callable[..., Array]) -> Operation:
    spellings = (f"torch.{name}({{0}}{{arguments}}).values", f"{{0}}.{name}({{bare_arguments}}).values")
    return Operation(f"{name}_with_indices", spellings, definition, "selecting reduction", ties=True)


def _whole(name: str, definition: Callable[..., Array]) -> Operation:
    return Operation(f"whole_{name}", (f"torch.{name}({{0}})", f"{{0}}.{name}()"), definition, "not empty", ties=True)


_largest, _smallest = _order_statistic(lambda count: count - 1), _order_statistic(lambda count: 0)
_median = _order_statistic(lambda count: (count - 1) // 2)

SELECTIONS = (
    _with_indices("max", _largest),
    _with_indices("min", _smallest),
    _with_indices("median", _median),
    _whole("max", _largest),
    _whole("min", _smallest),
    _whole("median", _median),
    Operation(
        "kthvalue",
        ("torch.kthvalue({0}, {k}, {dim}).values", "{0}.kthvalue({k}, {dim}).values"),
        _kth_value,
        "kthvalue",
        ties=True,
    ),
    Operation(
        "sort",
        ("torch.sort({0}{arguments}).values", "{0}.sort({bare_arguments}).values"),
        _sorted,
        "sort",
        ties=True,
    ),
    Operation("aminmax", ("torch.aminmax({0}{arguments})",), _extrema, "aminmax", ties=True, several_results=True),
    Operation(
        "var_mean",
        ("torch.var_mean({0}{arguments})",),
        _variance_and_mean,
        "variance and mean",
        several_results=True,
    ),
    Operation("vector_norm", ("torch.linalg.vector_norm({0}{arguments})",), _vector_norm, "norm", ties=True),
    Operation("dist", ("torch.dist({0}, {1}, {p})", "{0}.dist({1}, {p})"), _distance, "dist"),
    Operation("trace", ("torch.trace({0})", "{0}.trace()"), _trace, "square or not matrix"),
)
"""Each entry reads: name, spellings, definition, how it is drawn."""
