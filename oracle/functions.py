"""Elementary functions on intervals: values to 113 bits, how they spread, and what libraries document of their error.

The errors are, for each function, the worst that any library documents which PyTorch calls for it, in ulp of the exact
value: CUDA (C++ Programming Guide, "Mathematical Functions", tables of standard functions: figures plus 1/2, as they
count from the correctly rounded result), SLEEF (docs/purec, the variants that ATen/cpu/vec names: u10, u15, u35), and
glibc (sysdeps/x86_64/fpu/libm-test-ulps, plus 1/2). Where PyTorch computes a function itself, the entry says how its
error is bounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import flint
import numpy as np
import sympy
from numpy.typing import NDArray
from numpy_quaddtype import QuadPrecDType

Quads = NDArray[Any]
"""An array of 128-bit numbers."""

QUAD = QuadPrecDType()

Floats = NDArray[np.float64]


@cache
def quad_constant(text: str) -> Quads:
    """The number that sympy reads from ``text``, to 113 bits, shape ``()``."""
    rest = sympy.sympify(text).evalf(60)
    parts = []
    for _ in range(3):
        parts.append(float(rest))
        rest = (rest - sympy.Float(parts[-1], 60)).evalf(60)
    high, middle, low = (np.asarray(part).astype(QUAD) for part in parts)
    return np.asarray(high + (middle + low))


Spread = Callable[[Callable[..., Quads], Quads, Floats], Floats]
"""(function, midpoints, radii) -> how far the function's values over each interval may be from that at the midpoint;
infinite where the function is not defined on the whole interval."""


def monotone(function: Callable[..., Quads], midpoint: Quads, radius: Floats) -> Floats:
    """A monotone function is farthest away at an end of the interval."""
    return _farthest(function, midpoint, midpoint - radius, midpoint + radius)


def even(function: Callable[..., Quads], midpoint: Quads, radius: Floats) -> Floats:
    """An even function that is monotone on either side of 0."""
    magnitude = np.abs(midpoint)
    nearest = np.where(magnitude > radius, magnitude - radius, magnitude * 0.0)
    return _farthest(function, magnitude, nearest, magnitude + radius)


def _farthest(function: Callable[..., Quads], midpoint: Quads, first: Quads, second: Quads) -> Floats:
    """The greater distance of the values at two ends from the one at the midpoint; infinite where one is missing."""
    values = function(np.stack((midpoint, first, second)))
    away = np.maximum(np.abs(values[1] - values[0]), np.abs(values[2] - values[0])).astype(np.float64)
    return np.where(np.isnan(away), np.inf, away)


def circular(slope: Callable[[Quads], Quads]) -> Spread:
    """Sine and cosine: |f(m + d) - f(m)| <= |f'(m)| |d| + d²/2 (Taylor, |f''| <= 1), at most |d|, and at most 2."""

    def spread(function: Callable[..., Quads], midpoint: Quads, radius: Floats) -> Floats:
        tangent = np.abs(slope(midpoint)).astype(np.float64) * radius + radius**2 / 2
        return np.minimum(np.minimum(tangent, radius), 2.0)

    return spread


def between_poles_of_tan(function: Callable[..., Quads], midpoint: Quads, radius: Floats) -> Floats:
    """Monotone as long as no odd multiple of π/2 lies within."""
    ends = np.stack((midpoint - radius, midpoint + radius))
    branches = np.floor(ends / quad_constant("pi") + np.asarray(0.5).astype(QUAD))
    return np.where(branches[0] == branches[1], monotone(function, midpoint, radius), np.inf)


def by_slope(bound: Callable[[Floats], Floats], *, least: float = -np.inf) -> Spread:
    """By the mean value theorem, for operands above ``least``: the radius times the larger end's bound of the slope.

    ``bound`` must not be exceeded between the ends, as long as 0 is not between them; there it is taken at 0 too.
    """

    def spread(function: Callable[..., Quads], midpoint: Quads, radius: Floats) -> Floats:
        middle = midpoint.astype(np.float64)
        lowest, highest = middle - radius, middle + radius
        inside = lowest > least
        lowest = np.where(inside, lowest, highest)
        nearest = np.where((lowest < 0) & (highest > 0), 0.0, highest)
        slope = np.maximum(np.maximum(bound(lowest), bound(highest)), bound(nearest)) * (1 + 2.0**-40)
        return np.where(inside, slope * radius, np.inf)

    return spread


@dataclass(frozen=True)
class ElementaryFunction:
    """One function of one operand.

    Attributes:
        value: the function on 128-bit arrays of any shape, right to nearly 113 bits.
        spread: how its values spread over an interval.
        ulps: the documented error in ulp, in float32 and in float64.
        scale: what ulps are counted of, from operand and result; None for the result.
        reach: the magnitude of operands, in float32 and in float64, beyond which a library may overflow too early.
    """

    value: Callable[..., Quads]
    spread: Spread
    ulps: tuple[float, float]
    scale: Callable[[Quads, Quads], Floats] | None = None
    reach: tuple[float, float] = (np.inf, np.inf)


def _by_balls(function: Callable[[flint.arb], flint.arb]) -> Callable[[Quads], Quads]:
    """A function that 128-bit arithmetic lacks, from Arb (Johansson, *Arb*, IEEE Trans. Comput. 66, 2017).

    At 160 bits its balls are narrower than the 113th bit of the result, but next to a zero of the function, where more
    are taken; where these do not suffice either, or the function has no real value, the result is NaN.
    """

    def split(operand: flint.arb) -> tuple[float, float, float]:
        parts = _split(function(operand))
        if math.isnan(parts[0]):
            with flint.ctx.workprec(400):
                parts = _split(function(operand))
        return parts

    def value(operands: Quads) -> Quads:
        high = operands.astype(np.float64)
        low = (operands - high).astype(np.float64)
        results = [
            split(flint.arb(a) + flint.arb(b))
            for a, b in zip(high.ravel().tolist(), np.nan_to_num(low).ravel().tolist(), strict=True)
        ]
        parts = np.array(results, dtype=np.float64).reshape(*operands.shape, 3)
        return np.asarray(parts[..., 0].astype(QUAD) + parts[..., 1].astype(QUAD) + parts[..., 2].astype(QUAD))

    def within_precision(operands: Quads) -> Quads:
        with flint.ctx.workprec(160):
            return value(operands)

    return within_precision


def _split(ball: flint.arb) -> tuple[float, float, float]:
    if not ball.is_finite() or (ball.rel_accuracy_bits() < 110 and not ball.is_zero()):
        return (float("nan"), 0.0, 0.0)
    middle = ball.mid()
    high = float(middle)
    if high in (float("inf"), float("-inf")):
        return (high, 0.0, 0.0)
    middle -= high
    low = float(middle)
    return (high, low, float(middle - low))


_erf = _by_balls(lambda x: x.erf())
_erfc = _by_balls(lambda x: x.erfc())
_erfinv = _by_balls(lambda x: x.erfinv())
_log_gamma = _by_balls(lambda x: x.lgamma())
_digamma = _by_balls(lambda x: x.digamma())
_trigamma = _by_balls(lambda x: flint.arb(2).zeta(x))


def _slope_of_erf(x: Floats) -> Floats:
    return np.asarray(2 / np.sqrt(np.pi) * np.exp(-(x**2)))


# For x > 0: log x - 1/x < ψ(x) < log x; ψ'(x) and -ψ''(x) are the sums of (x + k)^-2 and 2 (x + k)^-3 over k = 0, 1, …,
# which are at most their first terms plus the integrals from x.
def _slope_of_log_gamma(x: Floats) -> Floats:
    return np.asarray(np.abs(np.log(x)) + 1 / x)


def _slope_of_digamma(x: Floats) -> Floats:
    return np.asarray(1 / x + 1 / x**2)


def _slope_of_trigamma(x: Floats) -> Floats:
    return np.asarray(1 / x**2 + 2 / x**3)


def _scale_of_digamma(operand: Quads, result: Quads) -> Floats:
    """ATen/native/Math.h adds 1/x + … + 1/(x+9) to an asymptotic series at x + 10: each of these terms may round."""
    x = operand.astype(np.float64)
    return np.asarray(np.abs(result).astype(np.float64) + 1 / np.abs(x) + np.log(10 + np.abs(x)))


def _absolute(least: float) -> Callable[[Quads, Quads], Floats]:
    """An error relative to the result, or to ``least`` where the result is below it."""
    return lambda operand, result: np.maximum(np.abs(result).astype(np.float64), least)


FUNCTIONS: dict[str, ElementaryFunction] = {
    "exp": ElementaryFunction(np.exp, monotone, (2.5, 1.5)),
    "exp2": ElementaryFunction(np.exp2, monotone, (2.5, 1.5)),
    "expm1": ElementaryFunction(np.expm1, monotone, (1.5, 1.5)),
    "log": ElementaryFunction(np.log, monotone, (1.5, 1.5)),
    "log2": ElementaryFunction(np.log2, monotone, (1.5, 2.5)),
    "log10": ElementaryFunction(np.log10, monotone, (2.5, 2.5)),
    "log1p": ElementaryFunction(np.log1p, monotone, (1.5, 1.5)),
    "sin": ElementaryFunction(np.sin, circular(np.cos), (3.5, 2.5)),
    "cos": ElementaryFunction(np.cos, circular(np.sin), (3.5, 2.5)),
    "tan": ElementaryFunction(np.tan, between_poles_of_tan, (4.5, 2.5)),
    "asin": ElementaryFunction(np.arcsin, monotone, (2.5, 2.5)),
    "acos": ElementaryFunction(np.arccos, monotone, (2.5, 2.5)),
    "atan": ElementaryFunction(np.arctan, monotone, (2.5, 2.5)),
    # SLEEF's sinh, cosh and lgamma may return infinity beyond these.
    "sinh": ElementaryFunction(np.sinh, monotone, (3.5, 2.5), reach=(88.5, 709.0)),
    "cosh": ElementaryFunction(np.cosh, even, (2.5, 2.5), reach=(88.5, 709.0)),
    "tanh": ElementaryFunction(np.tanh, monotone, (2.5, 2.5)),
    "asinh": ElementaryFunction(np.arcsinh, monotone, (3.5, 3.5)),
    "acosh": ElementaryFunction(np.arccosh, monotone, (4.5, 3.5)),
    "atanh": ElementaryFunction(np.arctanh, monotone, (3.5, 2.5)),
    "erf": ElementaryFunction(_erf, by_slope(_slope_of_erf), (2.5, 2.5)),
    "erfc": ElementaryFunction(_erfc, by_slope(_slope_of_erf), (4.5, 5.5)),
    "erfinv": ElementaryFunction(_erfinv, monotone, (2.5, 5.5)),
    "loggamma": ElementaryFunction(_log_gamma, by_slope(_slope_of_log_gamma, least=0), (7.5, 4.5), reach=(4e36, 2e305)),
    # PyTorch's own digamma adds ten reciprocals and a series.
    "polygamma0": ElementaryFunction(_digamma, by_slope(_slope_of_digamma, least=0), (6, 6), _scale_of_digamma),
    "polygamma1": ElementaryFunction(_trigamma, by_slope(_slope_of_trigamma, least=0), (6, 6)),
    # ATen/cpu/vec evaluates formula 7.1.26 of Abramowitz & Stegun in float32, whose absolute error is 1.5e-7, that is
    # 2.5 u, before the rounding of its seven operations on numbers of at most 1.
    "erf_by_polynomial": ElementaryFunction(_erf, by_slope(_slope_of_erf), (5, 2.5), _absolute(1.0)),
}
"""Every function of one operand by sympy's name, with the order of a polygamma function behind it."""


class erf_by_polynomial(sympy.Function):  # type: ignore[misc]  # noqa: N801  # sympy ships no types; it prints the class's name
    """The error function, where PyTorch's CPU kernels compute it by a polynomial in float32 (in ``gelu``)."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Sympy's derivative of erf."""
        return 2 / sympy.sqrt(sympy.pi) * sympy.exp(-(self.args[0] ** 2))


SpreadOfTwo = Callable[[Quads, Quads, Floats, Floats], Floats]
"""From two midpoints and two radii, as ``Spread``."""


@dataclass(frozen=True)
class FunctionOfTwo:
    """One function of two operands.

    Attributes:
        value: the function on 128-bit arrays.
        spread: how its values spread over a box.
        ulps: as in ``ElementaryFunction``.
    """

    value: Callable[[Quads, Quads], Quads]
    spread: SpreadOfTwo
    ulps: tuple[float, float]


def _spread_of_hypot(a: Quads, b: Quads, ra: Floats, rb: Floats) -> Floats:
    # Both slopes are at most 1.
    return np.asarray(ra + rb)


def _spread_of_atan2(a: Quads, b: Quads, ra: Floats, rb: Floats) -> Floats:
    # The slopes are b / (a² + b²) and -a / (a² + b²); the cut along the negative axis of b is left out.
    x, y = np.abs(a).astype(np.float64), np.abs(b).astype(np.float64)
    nearest = np.hypot(np.maximum(x - ra, 0.0), np.maximum(y - rb, 0.0))
    apart = (ra + rb == 0) | ((b > 0) & (y > rb)) | (x > ra)
    # Divided before it is multiplied: squares and products of small numbers would leave the range of float64.
    moved = (y + rb) / nearest * (ra / nearest) + (x + ra) / nearest * (rb / nearest)
    return np.where(ra + rb == 0, 0.0, np.where(apart, moved, np.inf))


FUNCTIONS_OF_TWO: dict[str, FunctionOfTwo] = {
    "hypot": FunctionOfTwo(np.hypot, _spread_of_hypot, (3.5, 2.5)),
    "atan2": FunctionOfTwo(np.arctan2, _spread_of_atan2, (3.5, 2.5)),
}
"""Every function of two operands by sympy's name."""
