"""Elementwise formulas and their derivatives to more bits than anybody asks for, proven: Arb's ball arithmetic.

Every step of a ball computation encloses what is exact (Johansson, *Arb: Efficient Arbitrary-Precision Midpoint-Radius
Interval Arithmetic*, IEEE Transactions on Computers 66, 2017). So the width of the last ball says how many bits are
right, however much has cancelled on the way; where they are too few, the computation is done again with more. The
derivative is sympy's, never the form in which a backward writes it: nothing is shared with what is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import flint
import numpy as np
import sympy
from numpy.typing import NDArray

from oracle.formula import OPERANDS, A, Formula, G, Smooth, Y, compiled
from oracle.functions import QUAD, Floats, Quads

PRECISIONS = (256, 1024, 4096, 16384)
"""Working precisions in bits, tried one after the other."""

RIGHT_BITS = 110
"""A ball is narrow enough if so many bits of it are right: nearly all that a 128-bit number holds."""

NEGLIGIBLE = 2.0**-200
"""It is narrow enough, too, if its radius is below this: 2^-51 times the smallest number of float32, and less than that
of the 16-bit formats."""


class NotResolved(ArithmeticError):
    """A value is not known to enough bits even with the highest precision, or there is no real value."""


@dataclass(frozen=True)
class Span:
    """The exact numbers: one for each input, or all from the least to the greatest where the input is at a kink.

    Attributes:
        least, greatest: 128-bit arrays; beyond float64's range infinite, or 0.
    """

    least: Quads
    greatest: Quads

    @property
    def midpoint(self) -> Quads:
        """The middles, which are the numbers themselves where there is one."""
        with np.errstate(invalid="ignore"):
            middle = (self.least + self.greatest) / 2
        return np.asarray(np.where(self.least == self.greatest, self.least, middle))

    def nearest(self, came: Floats) -> Quads:
        """The exact number that is nearest to each number that came, NaN for NaN."""
        return np.asarray(np.minimum(np.maximum(came.astype(QUAD), self.least), self.greatest))


class ArbArithmetic:
    """The arithmetic that compiled expressions find their constants and functions in (``formula.Arithmetic``)."""

    def constant(self, text: str) -> flint.arb:
        """The number that sympy reads from ``text``, to the working precision."""
        return _constant(text, flint.ctx.prec)

    def function(self, name: str, *arguments: flint.arb | int) -> flint.arb:
        """The elementary function of that name."""
        return FUNCTIONS[name](*(flint.arb(each) for each in arguments))

    def power(self, base: flint.arb | int, exponent: flint.arb) -> flint.arb:
        """``base`` to any power."""
        return flint.arb(base) ** exponent


FUNCTIONS: dict[str, Callable[..., flint.arb]] = {
    "exp": flint.arb.exp,
    "exp2": lambda x: (x * flint.arb.const_log2()).exp(),
    "expm1": flint.arb.expm1,
    "log": flint.arb.log,
    "log2": lambda x: x.log() / flint.arb.const_log2(),
    "log10": lambda x: x.log() / flint.arb.const_log10(),
    "log1p": flint.arb.log1p,
    "sqrt": flint.arb.sqrt,
    "sin": flint.arb.sin,
    "cos": flint.arb.cos,
    "tan": flint.arb.tan,
    "asin": flint.arb.asin,
    "acos": flint.arb.acos,
    "atan": flint.arb.atan,
    "sinh": flint.arb.sinh,
    "cosh": flint.arb.cosh,
    "tanh": flint.arb.tanh,
    "asinh": flint.arb.asinh,
    "acosh": flint.arb.acosh,
    "atanh": flint.arb.atanh,
    "erf": flint.arb.erf,
    "erfc": flint.arb.erfc,
    "erfinv": flint.arb.erfinv,
    "erf_by_polynomial": flint.arb.erf,
    "loggamma": flint.arb.lgamma,
    "polygamma0": flint.arb.digamma,
    # ψ'(x) is the sum of (x + k)^-2 over k = 0, 1, …, which is Hurwitz' zeta function at 2.
    "polygamma1": lambda x: flint.arb(2).zeta(x),
}
"""Every function of one operand by sympy's name, with the order of a polygamma function behind it."""


def values(formula: Formula, points: Floats) -> Span:
    """What ``formula`` of one operand is at ``points``, shape ``(n,)``."""
    return _spanned(formula, points, lambda part: part.expression)


def slopes(formula: Formula, points: Floats) -> Span:
    """Its derivative at ``points``; at kinks all numbers between the slopes of the two sides (Clarke)."""
    return _spanned(formula, points, lambda part: sympy.diff(part.expression, A))


def resolved(function: Callable[[flint.arb], flint.arb | int], points: list[float]) -> Quads:
    """``function`` at ``points``, each with the first precision that resolves it.

    Raises:
        NotResolved: if none does.
    """
    parts = np.array([_resolved(function, point) for point in points], dtype=np.float64).reshape(len(points), 3)
    with np.errstate(invalid="ignore"):  # an infinite 128-bit number plus 0 is said to be invalid, and comes out right
        return np.asarray(parts[:, 0].astype(QUAD) + parts[:, 1].astype(QUAD) + parts[:, 2].astype(QUAD))


def _resolved(function: Callable[[flint.arb], flint.arb | int], point: float) -> tuple[float, float, float]:
    for precision in PRECISIONS:
        with flint.ctx.workprec(precision):
            ball = flint.arb(function(flint.arb(point)))
            if ball.rel_accuracy_bits() >= RIGHT_BITS or ball.rad() < NEGLIGIBLE:
                return _in_three_parts(ball.mid())
    raise NotResolved(f"at {point!r}: {ball}")


def _in_three_parts(number: flint.arb) -> tuple[float, float, float]:
    high = float(number)
    if not np.isfinite(high):
        return (high, 0.0, 0.0)
    number -= high
    middle = float(number)
    return (high, middle, float(number - middle))


def _spanned(formula: Formula, points: Floats, wanted: Callable[[Smooth], sympy.Expr]) -> Span:
    least = np.full(points.shape, np.inf).astype(QUAD)
    greatest = np.full(points.shape, -np.inf).astype(QUAD)
    for part, places in pieces(formula, points, np.ones(points.shape, dtype=np.bool_)):
        if places.any():
            found = resolved(_of_one_operand(wanted(part)), points[places].tolist())
            least[places] = np.minimum(least[places], found)
            greatest[places] = np.maximum(greatest[places], found)
    return Span(least, greatest)


def _of_one_operand(expression: sympy.Expr) -> Callable[[flint.arb], flint.arb | int]:
    function, arithmetic = compiled(expression), ArbArithmetic()
    absent: tuple[Any, ...] = (None,) * len((*OPERANDS[1:], Y, G))
    return lambda operand: function(arithmetic, operand, *absent)


def pieces(formula: Formula, points: Floats, places: NDArray[np.bool_]) -> Iterator[tuple[Smooth, NDArray[np.bool_]]]:
    """The smooth parts of ``formula``, each with those of ``places`` where it holds: both of two sides at a kink."""
    if isinstance(formula, Smooth):
        yield formula, places
        return
    threshold = float(formula.threshold)
    below, above = points <= threshold, points >= threshold
    if formula.at is not None:
        at = below & above
        yield from pieces(formula.at, points, places & at)
        below, above = below & ~at, above & ~at
    yield from pieces(formula.below, points, places & below)
    yield from pieces(formula.above, points, places & above)


@cache
def _constant(text: str, precision: int) -> flint.arb:
    # The precision is only the key of the cache: it is that of the context.
    return _number(sympy.sympify(text))


def _number(expression: sympy.Expr) -> flint.arb:
    if expression.is_Rational:
        return flint.arb(flint.fmpq(int(expression.p), int(expression.q)))
    if expression is sympy.pi:
        return flint.arb.pi()
    operands = [_number(each) for each in expression.args]
    if expression.is_Add:
        return sum(operands, flint.arb(0))
    if expression.is_Mul:
        product = flint.arb(1)
        for each in operands:
            product *= each
        return product
    if expression.is_Pow:
        return operands[0] ** operands[1]
    return FUNCTIONS[type(expression).__name__](*operands)
