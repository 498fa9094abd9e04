"""Scans along an axis, and what is normalised along one."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from oracle.array import Array, Elements, Floats
from oracle.formula import A, Branch, G, Smooth, ordered
from oracle.operations.functions import EXPONENTIAL, LOG_OF_SUM, LOGARITHM
from oracle.operations.operation import Operation
from oracle.operations.reductions import product, reduced_axes


def _prefixes(x: Array, dim: int, filler: float) -> Array:
    """For each element along ``dim`` all elements up to it, on a new last axis, and ``filler`` behind them."""
    axis = dim % x.rank
    size = x.shape[axis]
    reached = np.tri(size, dtype=bool)

    def prefixes(elements: Elements, other: Elements) -> Elements:
        moved = np.moveaxis(elements, axis, -1)[..., None, :]
        return np.moveaxis(np.where(reached, moved, other), -2, axis)

    return x.gather(prefixes, x.constant(filler))


def _scan(reduce: Callable[[Array, tuple[int, ...]], Array], filler: float) -> Callable[..., Array]:
    """A scan is a reduction of every prefix."""

    def definition(x: Array, dim: int) -> Array:
        if x.rank == 0:
            return x
        return reduce(_prefixes(x, dim, filler), (x.rank,))

    return definition


TIMES_ITSELF_AND_BACK = Smooth(A, (ordered(G, A, 1 / A),))
_FACTOR = Branch(0, 0.0, TIMES_ITSELF_AND_BACK, TIMES_ITSELF_AND_BACK, at=Smooth(A))


def _cumulative_product(x: Array, dim: int) -> Array:
    """The product of every prefix.

    PyTorch's gradient is (Σ cotangent · result) / element (``cumprod_backward``): the element's gradient times the
    element may overflow where the gradient does not.
    """
    return _scan(product, 1.0)(x.elementwise(_FACTOR), dim)


def _smallest(x: Array, axes: tuple[int, ...]) -> Array:
    return x.order_statistic(axes, 0)


def log_of_sum(x: Array, axes: tuple[int, ...], steps: int = 1) -> Array:
    """Log Σ exp(x), shifted by the largest element.

    PyTorch's gradient is cotangent · exp(x - result): besides the roundings of the difference and of its exponential,
    the error of the rounded result, u |result| for each of the ``steps`` in which it was computed, and that of the
    difference, u |x - result|, are relative ones of the exponential.
    """
    largest = x.largest(axes, keepdim=True).without_gradient()
    largest = largest.broadcast_to(x.shape)
    value = (x - largest).elementwise(EXPONENTIAL).sum(axes, keepdim=True).elementwise(LOGARITHM)
    result = value.broadcast_to(x.shape) + largest
    exponent = (x - result).without_gradient()
    shifted = x.with_gradient_roundings(_errors_of_exponent(exponent, (result * steps).without_gradient())) - largest
    kept = tuple(axis for axis in range(x.rank) if axis not in axes)
    logarithm = shifted.elementwise(EXPONENTIAL).sum(axes).elementwise(LOGARITHM)
    top = largest.gather(lambda elements: elements.transpose(*kept, *axes)[(..., *(0,) * len(axes))])
    return logarithm + top


def _errors_of_exponent(exponent: Array, result: Array) -> Array:
    magnitudes = exponent * exponent + result * result
    # |a| + |b| <= sqrt(2 (a² + b²)), and 6 for the roundings on the way.
    return (magnitudes * 2.0).square_root() + 6.0


def _logsumexp(x: Array, dim: int | tuple[int, ...], keepdim: bool = False) -> Array:
    axes = reduced_axes(dim, x.rank)
    if x.rank == 0:
        # The exponential of the difference 0 is 1.
        return x.with_gradient_roundings(2)
    return x.kept(log_of_sum(x, axes), axes, keepdim)


def _logcumsumexp(x: Array, dim: int) -> Array:
    """PyTorch's gradient goes through log|cotangent| and another logcumsumexp (``logcumsumexp_backward``).

    exp(log|g| - result + x): the errors of these three numbers are relative ones of the exponential.
    """
    if x.rank == 0:
        return x.with_gradient_roundings(_errors_of_logarithm(1))
    axis = dim % x.rank
    size = x.shape[axis]
    terms = _prefixes(x, dim, -math.inf)
    result = log_of_sum(terms.with_gradient_roundings(_errors_of_logarithm(size)), (x.rank,), size)
    # The value is a running logaddexp: every step rounds (aten/src/ATen/native/cpu/ReduceOpsKernel.cpp).
    rows = [x.gather(lambda elements, row=row: np.take(elements, row, axis)) for row in range(size)]
    running = [rows[0]]
    for row in rows[1:]:
        running.append(running[-1].elementwise(LOG_OF_SUM, row))
    return result.computed_as(running[0].gather(lambda *elements: np.stack(elements, axis), *running[1:]))


def _errors_of_logarithm(size: int) -> Callable[[Floats], Floats]:
    def count(cotangent: Floats) -> Floats:
        with np.errstate(divide="ignore"):
            logarithm = np.abs(np.log(cotangent))
        return np.where(np.isfinite(logarithm), 4 * logarithm, 0.0) + 4 * size + 8

    return count


def _softmax(x: Array, dim: int) -> Array:
    if x.rank == 0:
        return x * 0.0 + 1.0
    axes = (dim % x.rank,)
    largest = x.largest(axes, keepdim=True).without_gradient()
    exponentials = (x - largest).elementwise(EXPONENTIAL)
    return exponentials / exponentials.sum(axes, keepdim=True)


def _log_softmax(x: Array, dim: int) -> Array:
    """PyTorch's gradient is g - exp(result) Σg: the error u |result| is a relative one of the exponential."""
    if x.rank == 0:
        return x * 0.0
    axes = (dim % x.rank,)
    shifted = x - x.largest(axes, keepdim=True).without_gradient()
    result = shifted - shifted.elementwise(EXPONENTIAL).sum(axes, keepdim=True).elementwise(LOGARITHM)
    known = shifted.with_gradient_roundings((result * result).without_gradient().square_root() * 2.0 + 4.0)
    return shifted - known.elementwise(EXPONENTIAL).sum(axes, keepdim=True).elementwise(LOGARITHM)


def _scanning(name: str, definition: Callable[..., Array], *, ties: bool = False, values: bool = False) -> Operation:
    result = ".values" if values else ""
    spellings = (f"torch.{name}({{0}}, dim={{dim}}){result}", f"{{0}}.{name}({{dim}}){result}")
    return Operation(name, spellings, definition, "scan", ties=ties)


SCANS = (
    _scanning("cumsum", _scan(lambda x, axes: x.sum(axes), 0.0)),
    _scanning("cumprod", _cumulative_product),
    _scanning("cummax", _scan(lambda x, axes: x.largest(axes), -math.inf), ties=True, values=True),
    _scanning("cummin", _scan(_smallest, math.inf), ties=True, values=True),
    _scanning("logcumsumexp", _logcumsumexp),
    Operation("softmax", ("torch.softmax({0}, dim={dim})", "{0}.softmax({dim})"), _softmax, "scan"),
    Operation("log_softmax", ("torch.log_softmax({0}, dim={dim})", "{0}.log_softmax({dim})"), _log_softmax, "scan"),
    Operation(
        "logsumexp",
        ("torch.logsumexp({0}{arguments})", "{0}.logsumexp({bare_arguments})"),
        _logsumexp,
        "reduction with dim",
    ),
)
"""Each entry reads: name, definition."""
