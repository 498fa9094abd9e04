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
- the largest of a group is within the hull of [max(m - r), max(m + r)].

What the operation itself adds is the business of the ``Rounding`` model. Radii are computed in float64, with a relative
error far below the 2^-30 by which ``judged_radius`` inflates them in the end; the same margin covers the midpoints'
own rounding, which obeys the same recursion with 2^-113 for the unit roundoff.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from numpy_quaddtype import QuadPrecDType

from oracle.array import Domain, Rearrangement
from oracle.rounding import Rounding, Sums

Quads = NDArray[Any]
"""An array of 128-bit numbers."""

QUAD = QuadPrecDType()


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

    def judged_radius(self) -> NDArray[np.float64]:
        """The radius, inflated by 2^-30 for the roundings of this computation itself."""
        return self.radius * (1 + 2.0**-30)

    def _rounded(self, midpoint: Quads, propagated: NDArray[np.float64]) -> Ball:
        # A 0-dimensional NumPy result is a scalar; balls hold arrays.
        midpoint = np.asarray(midpoint)
        return Ball(midpoint, self.rounding.of_operation(midpoint, np.asarray(propagated)), self.rounding)

    def _scaled(self, factor: int) -> Ball:
        if factor == 1:
            return self
        if factor == -1:
            return -self
        return self._rounded(self.midpoint * factor, abs(factor) * self.radius)

    def __neg__(self) -> Ball:
        return Ball(-self.midpoint, self.radius, self.rounding)

    def __add__(self, other: Ball) -> Ball:
        return self._rounded(self.midpoint + other.midpoint, self.radius + other.radius)

    def __sub__(self, other: Ball) -> Ball:
        return self._rounded(self.midpoint - other.midpoint, self.radius + other.radius)

    def __mul__(self, other: Ball | int) -> Ball:
        if isinstance(other, int):
            return self._scaled(other)
        crossed = self.magnitude * other.radius + other.magnitude * self.radius + self.radius * other.radius
        return self._rounded(self.midpoint * other.midpoint, crossed)

    __rmul__ = __mul__

    def __truediv__(self, other: Ball) -> Ball:
        quotient = self.midpoint / other.midpoint
        numerator = self.radius + np.abs(quotient).astype(np.float64) * other.radius
        apart = other.magnitude > other.radius
        return self._rounded(quotient, np.where(apart, numerator / (other.magnitude - other.radius), np.inf))

    def __rtruediv__(self, numerator: int) -> Ball:
        return Ball.exact(np.full(self.shape, float(numerator)), self.rounding) / self

    def __pow__(self, exponent: int) -> Ball:
        midpoint = integer_power(self.midpoint, exponent)
        propagated = exponent * self.radius * (self.magnitude + self.radius) ** (exponent - 1)
        return Ball(midpoint, self.rounding.of_power(midpoint, propagated, exponent), self.rounding)

    def square_root(self) -> Ball:
        """The square roots; an interval that reaches below 0 stands for its nonnegative part."""
        midpoint = np.sqrt(self.midpoint)
        quotient = np.where(self.magnitude > 0, self.radius / np.sqrt(self.magnitude), np.inf)
        return self._rounded(midpoint, np.minimum(quotient, np.sqrt(self.radius)))

    def take(self, rearrangement: Rearrangement) -> Ball:
        """The intervals in another arrangement."""
        return Ball(np.asarray(rearrangement(self.midpoint)), np.asarray(rearrangement(self.radius)), self.rounding)

    def sum(self, axes: tuple[int, ...]) -> Ball:
        """The sums over ``axes``."""
        count = math.prod(self.shape[axis] for axis in axes)
        if count == 1:
            shape = tuple(size for axis, size in enumerate(self.shape) if axis not in axes)
            return self.take(lambda elements: elements.reshape(shape))
        if count == 0:
            return Ball.exact(np.sum(self.radius, axis=axes), self.rounding)
        midpoint = np.asarray(np.add.reduce(self.midpoint, axis=axes))
        sums = Sums(
            midpoint,
            np.asarray(np.sum(self.radius, axis=axes)),
            np.asarray(np.sum(self.magnitude + self.radius, axis=axes)),
            np.array(count),
            lambda quanta: np.min(quanta(self.magnitude), axis=axes, initial=np.inf),
        )
        return Ball(midpoint, self.rounding.of_sum(sums), self.rounding)

    def scatter_add(self, rearrangement: Rearrangement, shape: tuple[int, ...]) -> Ball:
        """The adjoint of ``take``: each interval is added to the place, in ``shape``, from which it was taken."""
        size = math.prod(shape)
        places = np.asarray(rearrangement(np.arange(size).reshape(shape))).ravel()
        count = np.bincount(places, minlength=size)
        midpoint = np.zeros(size, QUAD)
        if count.max(initial=0) <= 1:
            radius = np.zeros(size)
            midpoint[places], radius[places] = self.midpoint.ravel(), self.radius.ravel()
            return Ball(midpoint.reshape(shape), radius.reshape(shape), self.rounding)
        order = np.argsort(places, kind="stable")
        starts = np.concatenate(([0], np.cumsum(count[count > 0])[:-1]))
        midpoint[count > 0] = np.add.reduceat(self.midpoint.ravel()[order], starts)
        propagated = np.bincount(places, self.radius.ravel(), size).astype(np.float64)
        magnitudes = np.bincount(places, (self.magnitude + self.radius).ravel(), size).astype(np.float64)

        def smallest_quantum(quanta: Any) -> NDArray[np.float64]:
            smallest = np.full(size, np.inf)
            np.minimum.at(smallest, places, quanta(self.magnitude).ravel())
            return smallest

        radius = self.rounding.of_sum(Sums(midpoint, propagated, magnitudes, count, smallest_quantum))
        radius = np.where(count > 1, radius, propagated)
        return Ball(midpoint.reshape(shape), radius.reshape(shape), self.rounding)

    def largest(self, axes: tuple[int, ...]) -> Ball:
        """The largest along ``axes``, from the interval hull of all candidates."""
        midpoint = np.asarray(np.max(self.midpoint, axis=axes))
        top = np.asarray(np.max(self.midpoint + self.radius, axis=axes))
        bottom = np.asarray(np.max(self.midpoint - self.radius, axis=axes))
        radius = np.maximum((top - midpoint).astype(np.float64), (midpoint - bottom).astype(np.float64))
        return Ball(midpoint, radius, self.rounding)

    def candidates(self, axes: tuple[int, ...]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which elements may be the largest along ``axes``, and which of these have no rival; shape ``shape``."""
        bottom = np.max(self.midpoint - self.radius, axis=axes, keepdims=True)
        possible = np.asarray(self.midpoint + self.radius >= bottom)
        alone = possible & (possible.sum(axis=axes, keepdims=True) == 1)
        return possible, alone

    def selected(self, share: Ball) -> Ball:
        """The product with shares between 0 and 1 that only select, so that nothing is rounded."""
        radius = self.magnitude * share.radius + (share.magnitude + share.radius) * self.radius
        # 0 times infinity: an overflowed cotangent is not silenced by a share of 0.
        return Ball(self.midpoint * share.midpoint, np.where(np.isnan(radius), np.inf, radius), self.rounding)

    def rounded(self, count: int) -> Ball:
        """The same values after ``count`` more roundings."""
        return Ball(self.midpoint, self.rounding.of_operation(self.midpoint, self.radius, count), self.rounding)

    def within(self, domain: Domain) -> Ball:
        """The same intervals, infinite wherever ``domain`` does not hold."""
        least = np.maximum(self.magnitude - self.radius, 0.0)
        inside = domain(least, self.magnitude + self.radius, self.rounding.number_format)
        return Ball(self.midpoint, np.where(inside, self.radius, np.inf), self.rounding)


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
