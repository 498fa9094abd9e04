"""The floating-point formats whose gradients are judged, and their rounding constants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class NumberFormat:
    """A binary floating-point format with gradual underflow.

    A finite number of the format is ``m * 2**(e - precision + 1)`` with integers ``|m| < 2**precision``
    and ``minimum_exponent <= e <= maximum_exponent`` (Muller et al., *Handbook of Floating-Point
    Arithmetic*, 2nd ed., section 2.1).

    Attributes:
        name: PyTorch's name of the dtype, without the ``torch.`` in front.
        precision: number of bits of the significand, the hidden one included.
        minimum_exponent: exponent of the smallest normal number.
        maximum_exponent: exponent of the largest finite number.
        accumulation: name of the format in which PyTorch accumulates sums of this one, and in which its
            elementwise kernels compute (``at::opmath_type``: float32 for the 16-bit formats).
    """

    name: str
    precision: int
    minimum_exponent: int
    maximum_exponent: int
    accumulation: str

    @property
    def unit_roundoff(self) -> float:
        """u, the largest relative error of rounding to nearest (Higham, *Accuracy*, section 2.1)."""
        return 2.0**-self.precision

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return (2.0 - 2.0 ** (1 - self.precision)) * 2.0**self.maximum_exponent

    @property
    def smallest_normal(self) -> float:
        """The smallest positive number with full precision."""
        return 2.0**self.minimum_exponent

    @property
    def smallest_subnormal(self) -> float:
        """The smallest positive number; the spacing of all numbers below ``smallest_normal``."""
        return 2.0 ** (self.minimum_exponent - self.precision + 1)

    def spacing(self, magnitudes: NDArray[np.float64]) -> NDArray[np.float64]:
        """One ulp at each of ``magnitudes`` (any shape): the distance to the next number away from zero."""
        _, exponents = np.frexp(magnitudes)
        lowest = self.minimum_exponent - self.precision + 1
        return np.asarray(np.ldexp(1.0, np.maximum(exponents - self.precision, lowest)))

    def rounded(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """``values`` (any shape) rounded to nearest even in this format; overflow gives infinities."""
        if self.name == "float64":
            return values
        spacing = self.spacing(np.abs(values))
        with np.errstate(over="ignore"):
            nearest = np.rint(values / spacing) * spacing
        return np.where(np.abs(nearest) > self.largest, np.copysign(np.inf, values), nearest)

    def contains(self, values: NDArray[np.float64]) -> bool:
        """Whether every one of ``values`` is a finite number of this format."""
        if not np.isfinite(values).all():
            return False
        if self.name == "float64":
            return True
        # NumPy has float16 and float32; the bfloat16 numbers are those of float32 that end in 16 zeros.
        with np.errstate(over="ignore"):
            native = np.asarray(values, np.float16 if self.name == "float16" else np.float32)
        if not np.array_equal(native, values):
            return False
        return self.name != "bfloat16" or not (native.view(np.uint32) & 0xFFFF).any()


NUMBER_FORMATS = {
    number_format.name: number_format
    for number_format in (
        NumberFormat("float64", 53, -1022, 1023, accumulation="float64"),
        NumberFormat("float32", 24, -126, 127, accumulation="float32"),
        NumberFormat("bfloat16", 8, -126, 127, accumulation="float32"),
        NumberFormat("float16", 11, -14, 15, accumulation="float32"),
    )
}
"""Every judged format by its dtype name, in the order in which reports list them."""
