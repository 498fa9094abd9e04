"""What one operation of a correct implementation may add to the radius of a ball."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oracle.arithmetic import USUAL, Accumulation, DeviceArithmetic
from oracle.number_format import NUMBER_FORMATS, NumberFormat

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
        accumulation: what they are sums of, which may tell how they are accumulated.
        partial_sums: how many parts of each sum are added up by themselves first, in a wider format whatever becomes of
            the rest; None where each term is such a part.
    """

    midpoint: NDArray[Any]
    propagated: Radii
    magnitudes: Radii
    count: NDArray[np.int64]
    smallest_quantum: Callable[[Callable[[Radii], Radii]], Radii]
    accumulation: Accumulation = Accumulation.WIDE
    partial_sums: int | None = None


POWER_ULPS = (4.5, 2.5)
"""Error of ``pow`` in ulp of the exact value, in float32 and in float64, as in ``oracle.functions``: the worst is
CUDA's, whose tables say 4 and 2; SLEEF's ``pow_u10`` documents 1 and glibc 1."""

REPEATED_PRODUCTS = {1: 0, 2: 1, 3: 2}
"""Roundings of the exponents that PyTorch computes by multiplication (aten/src/ATen/native/cpu/PowKernel.cpp)."""


class Rounding(ABC):
    """A model of rounding in one number format."""

    def __init__(self, number_format: NumberFormat, arithmetic: DeviceArithmetic = USUAL) -> None:
        self.number_format = number_format
        self.arithmetic = arithmetic

    def of_input(self, values: NDArray[np.float64]) -> Radii:
        """The radius of what is handed over: ``values``, which are numbers of the format."""
        return np.zeros(np.shape(values))

    @abstractmethod
    def of_operation(self, midpoint: NDArray[Any], propagated: Radii, roundings: float | Radii = 1) -> Radii:
        """The radius of a result that is within ``propagated`` of ``midpoint`` before it is rounded."""

    @abstractmethod
    def of_power(self, midpoint: NDArray[Any], propagated: Radii, exponent: int) -> Radii:
        """The same for an integer power."""

    @abstractmethod
    def of_function(
        self, midpoint: NDArray[Any], propagated: Radii, ulps: tuple[float, float], scale: Radii | None = None
    ) -> Radii:
        """The same for a library's function with an error of ``ulps`` (in float32, in float64) of ``scale``.

        Without ``scale`` they are counted of the result.
        """

    @abstractmethod
    def of_sum(self, sums: Sums) -> Radii:
        """The same for sums of several terms."""

    @abstractmethod
    def of_factor(self, midpoint: NDArray[Any], propagated: Radii) -> Radii:
        """The radius of a factor of a product of matrices that is within ``propagated`` of ``midpoint``.

        It may be rounded to a coarser format before it is multiplied, or taken for 0 if it is subnormal.
        """

    @abstractmethod
    def of_products(self, midpoint: NDArray[Any], propagated: Radii, terms: int) -> Radii:
        """The same for products of such factors, or for sums of as many ``terms`` of them, that may be flushed to 0."""

    def within_formula(self, fused: bool) -> Rounding:
        """The model for what is computed on the way, within one elementwise formula."""
        return self

    def keeping_to_range(self) -> Rounding:
        """The model in which the steps of formulas that are not fused keep to the range of the format."""
        return self

    def stored(self, midpoint: NDArray[Any], radius: Radii, fused: bool) -> Radii:
        """The radius of the result of a formula, once it is stored as a number of the format."""
        return radius


class RunningError(Rounding):
    """Every operation rounds: the radius of the enclosure tier.

    With u the unit roundoff, and u' that of the format which PyTorch computes and accumulates in (float32 for 16-bit
    formats), a result v before rounding becomes v (1 + d) + e with |d| <= u and |e| <= the smallest subnormal number
    (Higham, *Accuracy*, eq. 2.4 and 2.8); a sum of n terms in any order adds (n - 1) u' times the sum of the terms'
    magnitudes to that, without terms of higher order (Jeannerod & Rump, *Improved error bounds for inner products in
    floating-point arithmetic*, SIAM J. Matrix Anal. Appl. 34, 2013). Beyond the largest number nothing is known.

    What is measured of the device changes that. One that flushes subnormal results to zero loses up to the smallest
    normal number instead of the smallest subnormal one; and it may take a subnormal input for 0. A sum of m parts that
    it keeps in the dtype adds (m - 1) u + (n - m) u' instead of (n - 1) u'. Where it rounds the factors of a product of
    matrices to a format with the unit roundoff w, each changes by w of it at most. Where products of matrices flush
    subnormal numbers to zero, a factor loses no more than itself and the smallest normal number, and each term twice
    that number of the format which is accumulated in: once when it is multiplied, once when it is added.

    Within a formula the range is that of the format which is computed in; every operation rounds to u' if one kernel
    computes them all, else to u. With ``keeps_to_range`` the steps of those that are not fused keep to the range of the
    format itself, as PyTorch's do: what leaves it on the way is not claimed.
    """

    def __init__(
        self,
        number_format: NumberFormat,
        arithmetic: DeviceArithmetic = USUAL,
        *,
        stage: str = "stored",
        keeps_to_range: bool = False,
    ) -> None:
        super().__init__(number_format, arithmetic)
        computed = NUMBER_FORMATS[number_format.accumulation]
        range_format = number_format if stage == "stored" or keeps_to_range else computed
        self.keeps_to_range = keeps_to_range
        self.unit_roundoff = computed.unit_roundoff if stage == "fused" else number_format.unit_roundoff
        if stage == "unfused" and number_format.minimum_exponent == computed.minimum_exponent:
            # Of the same range, but for the coarser numbers at its ends.
            range_format = number_format
        self.largest = range_format.largest
        self.underflow = (
            range_format.smallest_normal if arithmetic.flushes_subnormals else range_format.smallest_subnormal
        )
        self.computed = computed
        # A library's function errs in the format that it is computed in; what is not stored is not rounded again.
        self.rounding_of_functions = 0.0 if computed.unit_roundoff == self.unit_roundoff else self.unit_roundoff

    def of_input(self, values: NDArray[np.float64]) -> Radii:
        magnitudes = np.abs(values)
        lost = self.arithmetic.flushes_subnormals & (magnitudes < self.number_format.smallest_normal)
        return np.where(lost, magnitudes, 0.0)

    @cached_property
    def _stages(self) -> dict[bool, RunningError]:
        return {
            fused: RunningError(
                self.number_format,
                self.arithmetic,
                stage="fused" if fused else "unfused",
                keeps_to_range=self.keeps_to_range and not fused,
            )
            for fused in (False, True)
        }

    @cached_property
    def _kept_to_range(self) -> RunningError:
        return RunningError(self.number_format, self.arithmetic, keeps_to_range=True)

    def keeping_to_range(self) -> Rounding:
        return self if self.computed is self.number_format else self._kept_to_range

    def within_formula(self, fused: bool) -> Rounding:
        return self if self.computed is self.number_format else self._stages[fused]

    def stored(self, midpoint: NDArray[Any], radius: Radii, fused: bool) -> Radii:
        if self.computed is self.number_format:
            return radius
        return self._inflated(midpoint, radius, self.unit_roundoff if fused else 0.0)

    def of_operation(self, midpoint: NDArray[Any], propagated: Radii, roundings: float | Radii = 1) -> Radii:
        return self._inflated(midpoint, propagated, roundings * self.unit_roundoff)

    def of_power(self, midpoint: NDArray[Any], propagated: Radii, exponent: int) -> Radii:
        if exponent not in REPEATED_PRODUCTS:
            return self.of_function(midpoint, propagated, POWER_ULPS)
        return self._inflated(midpoint, propagated, REPEATED_PRODUCTS[exponent] * self.unit_roundoff)

    def of_function(
        self, midpoint: NDArray[Any], propagated: Radii, ulps: tuple[float, float], scale: Radii | None = None
    ) -> Radii:
        # One ulp is at most 2u times the magnitude.
        relative = 2 * ulps[self.computed.name == "float64"] * self.computed.unit_roundoff
        if scale is not None:
            propagated = propagated + relative * scale
            relative = 0.0
        return self._inflated(midpoint, propagated, relative + self.rounding_of_functions)

    def of_sum(self, sums: Sums) -> Radii:
        additions = np.maximum(sums.count - 1, 0)
        kept = np.zeros_like(additions)
        if sums.accumulation in self.arithmetic.kept_in_dtype:
            kept = additions if sums.partial_sums is None else np.minimum(additions, sums.partial_sums - 1)
        errors = kept * self.unit_roundoff + (additions - kept) * self.computed.unit_roundoff
        accumulated = sums.propagated + errors * sums.magnitudes
        # An overflow on the way does not depend on how the terms cancel in the end.
        accumulated = np.where(sums.magnitudes <= self.largest, accumulated, np.inf)
        return self._inflated(sums.midpoint, accumulated, self.unit_roundoff)

    def of_factor(self, midpoint: NDArray[Any], propagated: Radii) -> Radii:
        magnitude = np.asarray(np.abs(midpoint).astype(np.float64))
        radius = propagated + self.arithmetic.product_roundoff * (magnitude + propagated)
        if not self.arithmetic.products_flush_subnormals:
            return radius
        smallest = self.number_format.smallest_normal
        return np.where(magnitude - radius < smallest, radius + np.minimum(magnitude, smallest), radius)

    def of_products(self, midpoint: NDArray[Any], propagated: Radii, terms: int) -> Radii:
        if not self.arithmetic.products_flush_subnormals:
            return propagated
        lost = propagated + 2 * terms * self.computed.smallest_normal
        return np.where((midpoint == 0) & (propagated == 0), 0.0, lost)

    def _inflated(self, midpoint: NDArray[Any], propagated: Radii, relative: float | Radii) -> Radii:
        magnitude = np.abs(midpoint).astype(np.float64) + propagated
        radius = propagated + (relative * magnitude + self.underflow)
        # An exact 0 stays 0: there is nothing to round or to underflow. (Other midpoints may be too small for float64.)
        radius = np.where((midpoint == 0) & (propagated == 0), 0.0, radius)
        # The comparison is false for NaN too, which 0 times infinity leaves behind.
        return np.where(magnitude <= self.largest, radius, np.inf)


class NoRounding(Rounding):
    """Nothing may round: the certificate of the exact tier.

    A result keeps radius 0 where it is a number of the format, since a correctly rounded operation then returns it
    (IEEE 754-2019, section 4.3), and a sum where all terms are multiples of one power of two q and their magnitudes add
    up to at most 2^p q: then every partial sum in every order, with or without fused multiply-add, is a number of the
    format. Elsewhere the radius becomes infinite: nothing is certified.

    Powers beyond the third go through ``pow``. That libraries return a power exactly when it is representable is not
    promised by IEEE 754, so whether the device does is measured (``DeviceArithmetic.powers_are_exact``), and so is
    whether it rounds the factors of products of matrices.
    """

    def of_operation(self, midpoint: NDArray[Any], propagated: Radii, roundings: float | Radii = 1) -> Radii:
        return np.where((propagated == 0) & self._representable(midpoint), 0.0, np.inf)

    def of_power(self, midpoint: NDArray[Any], propagated: Radii, exponent: int) -> Radii:
        if exponent not in REPEATED_PRODUCTS and not self.arithmetic.powers_are_exact:
            return np.full(midpoint.shape, np.inf)
        return self.of_operation(midpoint, propagated)

    def of_function(
        self, midpoint: NDArray[Any], propagated: Radii, ulps: tuple[float, float], scale: Radii | None = None
    ) -> Radii:
        return np.full(np.shape(midpoint), np.inf)

    def of_sum(self, sums: Sums) -> Radii:
        room = 2.0**self.number_format.precision * sums.smallest_quantum(quantum)
        fits = (sums.propagated == 0) & (sums.magnitudes <= np.minimum(room, self.number_format.largest))
        return np.where(fits, 0.0, np.inf)

    def of_factor(self, midpoint: NDArray[Any], propagated: Radii) -> Radii:
        if self.arithmetic.product_roundoff:
            return np.full(np.shape(midpoint), np.inf)
        return self.of_products(midpoint, propagated, 1)

    def of_products(self, midpoint: NDArray[Any], propagated: Radii, terms: int) -> Radii:
        if not self.arithmetic.products_flush_subnormals:
            return propagated
        normal = (midpoint == 0) | (np.abs(midpoint) >= self.number_format.smallest_normal)
        return np.where(normal, propagated, np.inf)

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
