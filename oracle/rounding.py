"""What one operation of a correct implementation may add to the radius of a ball."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oracle.number_format import NumberFormat

Radii = NDArray[np.float64]


@dataclass(frozen=True)
class Sums:
    """Sums that are about to be rounded; all arrays have the sums' shape.

    Attributes:
        midpoint: the exact sums, 128-bit.
        propagated: the sums of the terms' radii.
        magnitudes: the sums of the terms' magnitudes, radii included.
        count: the numbers of terms.
        smallest_quantum: given the function ``quantum``, returns the smallest quantum among the terms of each sum.
    """

    midpoint: NDArray[Any]
    propagated: Radii
    magnitudes: Radii
    count: NDArray[np.int64]
    smallest_quantum: Callable[[Callable[[Radii], Radii]], Radii]


POWER_ROUNDINGS = {"float64": 4, "float32": 8}
"""Error of ``pow`` in units of u (one ulp is at most 2u), by the format that it computes in.

The worst of the libraries that PyTorch calls: CUDA documents 2 ulp for ``pow`` and 4 ulp for ``powf`` (CUDA C++
Programming Guide, mathematical functions); SLEEF's ``pow_u10`` documents 1 ulp and glibc 1 ulp on x86-64.
"""

REPEATED_PRODUCTS = {1: 0, 2: 1, 3: 2}
"""Roundings of the exponents that PyTorch computes by multiplication (aten/src/ATen/native/cpu/PowKernel.cpp)."""


class Rounding(ABC):
    """A model of rounding in one number format."""

    def __init__(self, number_format: NumberFormat) -> None:
        self.number_format = number_format

    @abstractmethod
    def of_operation(self, midpoint: NDArray[Any], propagated: Radii, roundings: int = 1) -> Radii:
        """The radius of a result that is within ``propagated`` of ``midpoint`` before it is rounded."""

    @abstractmethod
    def of_power(self, midpoint: NDArray[Any], propagated: Radii, exponent: int) -> Radii:
        """The same for an integer power."""

    @abstractmethod
    def of_sum(self, sums: Sums) -> Radii:
        """The same for sums of several terms."""


class RunningError(Rounding):
    """Every operation rounds: the radius of the enclosure tier.

    With u the unit roundoff, and u' that of the format which PyTorch computes and accumulates in (float32 for 16-bit
    formats), a result v before rounding becomes v (1 + d) + e with |d| <= u and |e| <= the smallest subnormal number
    (Higham, *Accuracy*, eq. 2.4 and 2.8); a sum of n terms in any order adds (n - 1) u' times the sum of the terms'
    magnitudes to that, without terms of higher order (Jeannerod & Rump, *Improved error bounds for inner products in
    floating-point arithmetic*, SIAM J. Matrix Anal. Appl. 34, 2013). Beyond the largest number nothing is known. A
    device that flushes subnormal results to zero loses up to the smallest normal number instead of the smallest
    subnormal one.
    """

    def __init__(self, number_format: NumberFormat, flushes_subnormals: bool = False) -> None:
        super().__init__(number_format)
        self.underflow = number_format.smallest_normal if flushes_subnormals else number_format.smallest_subnormal

    def of_operation(self, midpoint: NDArray[Any], propagated: Radii, roundings: int = 1) -> Radii:
        return self._inflated(midpoint, propagated, roundings * self.number_format.unit_roundoff)

    def of_power(self, midpoint: NDArray[Any], propagated: Radii, exponent: int) -> Radii:
        computed = self.number_format.accumulation
        roundings = REPEATED_PRODUCTS.get(exponent, POWER_ROUNDINGS[computed])
        relative = roundings * self.number_format.accumulation_roundoff
        if computed != self.number_format.name:
            relative += self.number_format.unit_roundoff
        return self._inflated(midpoint, propagated, relative)

    def of_sum(self, sums: Sums) -> Radii:
        accumulated = sums.propagated + (sums.count - 1) * self.number_format.accumulation_roundoff * sums.magnitudes
        # An overflow on the way does not depend on how the terms cancel in the end.
        accumulated = np.where(sums.magnitudes <= self.number_format.largest, accumulated, np.inf)
        return self._inflated(sums.midpoint, accumulated, self.number_format.unit_roundoff)

    def _inflated(self, midpoint: NDArray[Any], propagated: Radii, relative: float) -> Radii:
        magnitude = np.abs(midpoint).astype(np.float64) + propagated
        radius = propagated + (relative * magnitude + self.underflow)
        # An exact 0 stays 0: there is nothing to round or to underflow. (Other midpoints may be too small for float64.)
        radius = np.where((midpoint == 0) & (propagated == 0), 0.0, radius)
        # The comparison is false for NaN too, which 0 times infinity leaves behind.
        return np.where(magnitude <= self.number_format.largest, radius, np.inf)


class NoRounding(Rounding):
    """Nothing may round: the certificate of the exact tier.

    A result keeps radius 0 where it is a number of the format, since a correctly rounded operation then returns it
    (IEEE 754-2019, section 4.3), and a sum where all terms are multiples of one power of two q and their magnitudes add
    up to at most 2^p q: then every partial sum in every order, with or without fused multiply-add, is a number of the
    format. Elsewhere the radius becomes infinite: nothing is certified.

    Powers beyond the third go through ``pow``. That libraries return a power exactly when it is representable is not
    promised by IEEE 754, so whether the device does is measured (``device.powers_are_exact``) and passed in.
    """

    def __init__(self, number_format: NumberFormat, powers_are_exact: bool) -> None:
        super().__init__(number_format)
        self.powers_are_exact = powers_are_exact

    def of_operation(self, midpoint: NDArray[Any], propagated: Radii, roundings: int = 1) -> Radii:
        return np.where((propagated == 0) & self._representable(midpoint), 0.0, np.inf)

    def of_power(self, midpoint: NDArray[Any], propagated: Radii, exponent: int) -> Radii:
        if exponent not in REPEATED_PRODUCTS and not self.powers_are_exact:
            return np.full(midpoint.shape, np.inf)
        return self.of_operation(midpoint, propagated)

    def of_sum(self, sums: Sums) -> Radii:
        room = 2.0**self.number_format.precision * sums.smallest_quantum(quantum)
        fits = (sums.propagated == 0) & (sums.magnitudes <= np.minimum(room, self.number_format.largest))
        return np.where(fits, 0.0, np.inf)

    def _representable(self, midpoint: NDArray[Any]) -> NDArray[np.bool_]:
        nearest = midpoint.astype(np.float64)
        rounded = self.number_format.rounded(nearest)
        return np.asarray((midpoint == nearest) & (rounded == nearest) & np.isfinite(rounded))


def quantum(values: NDArray[np.float64]) -> Radii:
    """For each of ``values`` (any shape) the largest power of two of which it is a multiple; infinite for 0."""
    fractions, exponents = np.frexp(values)
    significands = np.ldexp(fractions, 53).astype(np.int64)
    lowest_bits = (significands & -significands).astype(np.float64)
    return np.where(significands == 0, np.inf, np.ldexp(lowest_bits, exponents - 53))
