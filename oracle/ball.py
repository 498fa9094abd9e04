"""Ball arithmetic: arrays of intervals, each given by a midpoint and a radius.

The midpoint is the exact value, computed with 113 bits; the radius bounds how far a correct implementation may be from
it. Rules (running error analysis: Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., section 3.3). Let
x = m + d with |d| <= r be what the implementation holds. Then, before its own rounding,

- a + b            is within  ra + rb                                     of ma + mb;
- a * b            is within  |ma| rb + |mb| ra + ra rb                   of ma mb;
- a / b            is within  (ra + |ma / mb| rb) / (|mb| - rb)           of ma / mb, if rb < |mb|;
- a ** n           is within  n ra (|ma| + ra)^(n - 1)                    of ma^n (mean value theorem);
- sqrt(a), a >= 0, is within  min(ra / sqrt(ma), sqrt(ra))                of sqrt(ma), because
  |sqrt(m + d) - sqrt(m)| = |d| / (sqrt(m + d) + sqrt(m)), and this is at most |d| / sqrt(m) and at most sqrt(|d|);
- the k-th of a group in ascending order is within [k-th of m - r, k-th of m + r].

What the operation itself adds is the business of the ``Rounding`` model. Radii are computed in float64, with a relative
error far below the 2^-30 by which ``judged_radius`` inflates them in the end; the same margin covers the midpoints'
own rounding, which obeys the same recursion with 2^-113 for the unit roundoff.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oracle.arithmetic import Accumulation
from oracle.array import Domain
from oracle.functions import QUAD, Quads
from oracle.rounding import Rounding, Sums

SQUARE_ROOT_ULPS = (1.0, 1.0)
"""Intel MKL's vector square root, which PyTorch's CPU wheels call, is not correctly rounded: its high-accuracy mode
promises an error below 1 ulp."""


class Ball:
    """Intervals ``midpoint`` ± ``radius``, two arrays of one shape.

    Attributes:
        midpoint: the exact values, 128-bit.
        radius: float64; infinite where nothing is known, 0 where every implementation has the same bits.
        rounding: what each operation on the ball may add.
    """

    def __init__(self, midpoint: Quads, radius: NDArray[np.float64], rounding: Rounding) -> None:
        self.midpoint = midpoint
        self.radius = radius
        self.rounding = rounding

    @classmethod
    def exact(cls, values: NDArray[np.float64], rounding: Rounding) -> Ball:
        """``values`` (any shape) themselves, with radius 0."""
        return cls(np.asarray(values).astype(QUAD), np.zeros(np.shape(values)), rounding)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of midpoint and radius."""
        return self.midpoint.shape

    @cached_property
    def magnitude(self) -> NDArray[np.float64]:
        """The midpoints' magnitudes in float64, which is never below one that is too small for it."""
        smallest = np.where(self.midpoint == 0, 0.0, 2.0**-1074)
        return np.asarray(np.abs(self.midpoint).astype(np.float64) + smallest)

    @cached_property
    def least_magnitude(self) -> NDArray[np.float64]:
        """No more than the magnitude of any number in the interval, in float64; negative where 0 is one of them."""
        return np.asarray((np.abs(self.midpoint) - self.radius).astype(np.float64) - 2.0**-1074)

    def judged_radius(self) -> NDArray[np.float64]:
        """The radius, inflated by 2^-30 for the roundings of this computation itself."""
        return self.radius * (1 + 2.0**-30)

    def _rounded(self, midpoint: Quads, propagated: NDArray[np.float64]) -> Ball:
        # A 0-dimensional NumPy result is a scalar; balls hold arrays.
        midpoint = np.asarray(midpoint)
        return Ball(midpoint, self.rounding.of_operation(midpoint, np.asarray(propagated)), self.rounding)

    def __neg__(self) -> Ball:
        return Ball(-self.midpoint, self.radius, self.rounding)

    def __add__(self, other: Ball | int) -> Ball:
        other = as_ball(other, self.rounding)
        return self._rounded(self.midpoint + other.midpoint, self.radius + other.radius)

    __radd__ = __add__

    def __sub__(self, other: Ball | int) -> Ball:
        other = as_ball(other, self.rounding)
        return self._rounded(self.midpoint - other.midpoint, self.radius + other.radius)

    def __rsub__(self, other: int) -> Ball:
        return as_ball(other, self.rounding) - self

    def __mul__(self, other: Ball | int) -> Ball:
        if isinstance(other, int):
            # Nothing is rounded by a sign.
            return self if other == 1 else -self if other == -1 else self * as_ball(other, self.rounding)
        crossed = self.magnitude * other.radius + other.magnitude * self.radius + self.radius * other.radius
        return self._rounded(self.midpoint * other.midpoint, crossed)

    __rmul__ = __mul__

    def __truediv__(self, other: Ball | int) -> Ball:
        other = as_ball(other, self.rounding)
        quotient = self.midpoint / other.midpoint
        least = other.least_magnitude
        # Both are divided before they are multiplied: a product of small numbers would leave the range of float64.
        propagated = self.radius / least + np.abs(quotient).astype(np.float64) * (other.radius / least)
        return self._rounded(quotient, np.where(least > 0, propagated, np.inf))

    def __rtruediv__(self, numerator: int) -> Ball:
        return as_ball(numerator, self.rounding) / self

    def __pow__(self, exponent: int) -> Ball:
        midpoint = integer_power(self.midpoint, exponent)
        propagated = exponent * self.radius * (self.magnitude + self.radius) ** (exponent - 1)
        return Ball(midpoint, self.rounding.of_power(midpoint, propagated, exponent), self.rounding)

    def square_root(self) -> Ball:
        """The square roots; an interval that reaches below 0 stands for its nonnegative part."""
        midpoint = np.sqrt(self.midpoint)
        root = np.asarray(midpoint.astype(np.float64))
        quotient = np.where(root > 0, self.radius / root, np.inf)
        propagated = np.minimum(quotient, np.sqrt(self.radius))
        return Ball(midpoint, self.rounding.of_function(midpoint, propagated, SQUARE_ROOT_ULPS), self.rounding)

    def rearranged(self, view: Callable[[NDArray[Any]], NDArray[Any]]) -> Ball:
        """The intervals as ``view`` reshapes, transposes or broadcasts them."""
        return Ball(np.asarray(view(self.midpoint)), np.asarray(view(self.radius)), self.rounding)

    def take(self, places: NDArray[np.int64], *others: Ball) -> Ball:
        """The intervals at ``places``, counted through all elements of ``self`` and then those of ``others``."""
        balls = (self, *others)
        if not others:
            return Ball(self.midpoint.ravel()[places], self.radius.ravel()[places], self.rounding)
        midpoint = np.concatenate([ball.midpoint.ravel() for ball in balls])
        return Ball(midpoint[places], np.concatenate([ball.radius.ravel() for ball in balls])[places], self.rounding)

    def under(self, rounding: Rounding) -> Ball:
        """The same intervals, to be computed with under another model of rounding."""
        return Ball(self.midpoint, self.radius, rounding)

    def flattened(self) -> Ball:
        """The intervals in row-major order, on one axis."""
        return Ball(self.midpoint.ravel(), self.radius.ravel(), self.rounding)

    def stacked(self, others: list[Ball]) -> Ball:
        """``self`` and ``others``, all of one shape, on a new first axis."""
        balls = [self, *others]
        midpoint = np.stack([ball.midpoint for ball in balls])
        return Ball(midpoint, np.stack([ball.radius for ball in balls]), self.rounding)

    def sum(
        self,
        axes: tuple[int, ...],
        accumulation: Accumulation = Accumulation.WIDE,
        partial_sums: int | None = None,
    ) -> Ball:
        """The sums over ``axes``; ``accumulation`` says of what, and ``partial_sums`` of how many parts."""
        count = math.prod(self.shape[axis] for axis in axes)
        if count == 1:
            shape = tuple(size for axis, size in enumerate(self.shape) if axis not in axes)
            return self.rearranged(lambda elements: elements.reshape(shape))
        if count == 0:
            return Ball.exact(np.sum(self.radius, axis=axes), self.rounding)
        midpoint = np.asarray(np.add.reduce(self.midpoint, axis=axes))
        sums = Sums(
            midpoint,
            np.asarray(np.sum(self.radius, axis=axes)),
            np.asarray(np.sum(self.magnitude + self.radius, axis=axes)),
            # To add an exact 0 rounds nothing.
            np.asarray(np.sum((self.magnitude > 0) | (self.radius > 0), axis=axes)),
            lambda quanta: np.min(quanta(self.magnitude), axis=axes, initial=np.inf),
            accumulation,
            partial_sums,
        )
        return Ball(midpoint, self.rounding.of_sum(sums), self.rounding)

    def scatter_add(self, places: NDArray[np.int64], shape: tuple[int, ...], accumulation: Accumulation) -> Ball:
        """Each interval is added to its place, counted in row-major order, in ``shape``; places below 0 are dropped.

        ``accumulation`` says of what the sums are.
        """
        size = math.prod(shape)
        kept = places >= 0
        places, added, radii = places[kept], self.midpoint[kept], self.radius[kept]
        count = np.bincount(places, minlength=size)
        midpoint = np.zeros(size, QUAD)
        if count.max(initial=0) <= 1:
            radius = np.zeros(size)
            midpoint[places], radius[places] = added, radii
            return Ball(midpoint.reshape(shape), radius.reshape(shape), self.rounding)
        magnitude = self.magnitude[kept]
        order = np.argsort(places, kind="stable")
        starts = np.concatenate(([0], np.cumsum(count[count > 0])[:-1]))
        midpoint[count > 0] = np.add.reduceat(added[order], starts)
        propagated = np.bincount(places, radii, size).astype(np.float64)
        magnitudes = np.bincount(places, magnitude + radii, size).astype(np.float64)

        def smallest_quantum(quanta: Any) -> NDArray[np.float64]:
            smallest = np.full(size, np.inf)
            np.minimum.at(smallest, places, quanta(magnitude))
            return smallest

        sums = Sums(midpoint, propagated, magnitudes, count, smallest_quantum, accumulation)
        radius = np.where(count > 1, self.rounding.of_sum(sums), propagated)
        return Ball(midpoint.reshape(shape), radius.reshape(shape), self.rounding)

    def _ends(self) -> tuple[Quads, Quads]:
        """The least and the greatest number of each interval; infinities where nothing is known."""
        # Infinity minus infinity is NaN, which would be compared with nothing.
        known = np.isfinite(self.radius)
        return (
            np.where(known, self.midpoint - self.radius, np.asarray(-np.inf).astype(QUAD)),
            np.where(known, self.midpoint + self.radius, np.asarray(np.inf).astype(QUAD)),
        )

    def order_statistic(self, rank: int) -> Ball:
        """Along axis 0 the element number ``rank`` in ascending order, from the hull of all candidates."""

        def chosen(elements: Quads) -> Quads:
            return np.asarray(np.sort(elements, axis=0)[rank])

        lowest, highest = self._ends()
        midpoint, bottom, top = chosen(self.midpoint), chosen(lowest), chosen(highest)
        radius = np.maximum((top - midpoint).astype(np.float64), (midpoint - bottom).astype(np.float64))
        # An element that may be anything may be NaN, which is both the largest and the smallest.
        known = np.isfinite(self.radius).all(axis=0)
        return Ball(midpoint, np.where(known, radius, np.inf), self.rounding)

    def candidates(self, rank: int) -> Ball:
        """How much each element along axis 0 may be the one of number ``rank``: 0, 1, or from 0 to 1."""
        lowest, highest = self._ends()
        bottom, top = np.sort(lowest, axis=0)[rank], np.sort(highest, axis=0)[rank]
        possible = np.asarray((highest >= bottom) & (lowest <= top))
        alone = possible & (possible.sum(axis=0, keepdims=True) == 1)
        share = Ball.exact(np.where(alone, 1.0, np.where(possible, 0.5, 0.0)), self.rounding)
        share.radius = np.where(possible & ~alone, 0.5, 0.0)
        return share

    def selected(self, share: Ball) -> Ball:
        """The product with shares between 0 and 1 that only select, so that nothing is rounded."""
        radius = self.magnitude * share.radius + (share.magnitude + share.radius) * self.radius
        # 0 times infinity: an overflowed cotangent is not silenced by a share of 0.
        return Ball(self.midpoint * share.midpoint, np.where(np.isnan(radius), np.inf, radius), self.rounding)

    def weighted(self, factor: Ball | int) -> Ball:
        """The product with ``factor``; factors 0, 1 and -1 round nothing."""
        if isinstance(factor, int):
            return self * factor if factor else Ball.exact(np.zeros(self.shape), self.rounding)
        exact = self.selected(factor)
        selects = (factor.radius == 0) & ((factor.midpoint == 0) | (np.abs(factor.midpoint) == 1))
        if selects.all():
            return exact
        rounded = self.rounding.of_operation(exact.midpoint, exact.radius)
        return Ball(exact.midpoint, np.where(selects, exact.radius, rounded), self.rounding)

    def rounded(self, count: float | NDArray[np.float64]) -> Ball:
        """The same values after ``count`` more roundings, a number or one for each element.

        n roundings change a number by at most (1 + u)^n - 1 <= exp(nu) - 1 of it; so does, exactly, an error of nu in
        the argument of an exponential.
        """
        unit = self.rounding.number_format.unit_roundoff
        roundings = np.expm1(np.asarray(count) * unit) / unit
        return Ball(self.midpoint, self.rounding.of_operation(self.midpoint, self.radius, roundings), self.rounding)

    def as_factor(self) -> Ball:
        """Factors of a product of matrices, as the device takes them: perhaps rounded, perhaps 0."""
        return Ball(self.midpoint, self.rounding.of_factor(self.midpoint, self.radius), self.rounding)

    def as_products(self, terms: int = 1) -> Ball:
        """Products of such factors, or sums of as many ``terms`` of them: perhaps flushed to 0."""
        return Ball(self.midpoint, self.rounding.of_products(self.midpoint, self.radius, terms), self.rounding)

    def within(self, domain: Domain) -> Ball:
        """The same intervals, infinite wherever ``domain`` does not hold."""
        inside = domain(
            np.maximum(self.least_magnitude, 0.0), self.magnitude + self.radius, self.rounding.number_format
        )
        return Ball(self.midpoint, np.where(inside, self.radius, np.inf), self.rounding)


def as_ball(number: Ball | int, rounding: Rounding) -> Ball:
    """``number`` itself, or the whole number with radius 0 and shape ``()``."""
    return number if isinstance(number, Ball) else Ball.exact(np.array(float(number)), rounding)


def integer_power(base: Quads, exponent: int) -> Quads:
    """``base ** exponent`` for ``exponent >= 1`` by repeated squaring: ten times faster than the 128-bit ``pow``."""
    result = None
    while True:
        if exponent & 1:
            result = base if result is None else result * base
        exponent >>= 1
        if not exponent:
            return np.asarray(result)
        base = base * base
