"""What may differ between devices and code paths in how they compute, as far as it changes what a right answer is.

Nothing here is looked up for a device: ``measured_arithmetic`` asks it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Accumulation(StrEnum):
    """Sums of which PyTorch may store every partial sum as a number of the dtype, instead of in a wider format.

    That makes no difference but in 16 bits, where most sums are accumulated in float32.
    """

    WIDE = "all others"
    """Always accumulated in the wider format (``NumberFormat.accumulation``)."""
    SCATTERED = "elements that are added to their places one by one"
    """index_add, scatter_add and their like, and the gradients of what is indexed, padded or unfolded
    (aten/src/ATen/native/cpu/ScatterGatherKernel.cpp, PaddingKernel.cpp)."""
    USES = "gradients of a value that is used several times"
    """The engine adds them up in the dtype (torch/csrc/autograd/input_buffer.cpp)."""
    CONVOLUTION_WEIGHTS = "gradients of a convolution's weight over the samples"
    """One sample after the other is added to the result (aten/src/ATen/native/ConvolutionMM2d.cpp)."""
    DILATED_BIASES = "gradients of a dilated convolution's bias over the samples"
    """The same loop (aten/src/ATen/native/NaiveDilatedConvolution.cpp)."""
    WINDOWS = "gradients of a convolution's operand over its overlapping windows"
    """aten/src/ATen/native/im2col.h: col2im adds them up in place."""
    PRODUCTS = "terms of a product of matrices"
    """Split products may be added up in the dtype where that is allowed (``allow_…_reduced_precision_reduction``)."""


@dataclass(frozen=True)
class DeviceArithmetic:
    """Facts about one dtype on one target.

    Attributes:
        powers_are_exact: ``pow`` returned every representable power, from the 4th to the 16th, of the multiples of 1/4
            up to 16 exactly.
        flushes_subnormals: halving the smallest normal number gave 0.
        kept_in_dtype: sums that lost terms which are small against the sum, as a sum does whose partial sums are
            numbers of the dtype.
        composite: elementwise functions whose gradient is computed step by step, each rounded to the dtype, because
            the device has no kernel for it.
        product_roundoff: the unit roundoff of the format to which factors of a product of matrices are rounded before
            they are multiplied; 0 if they are not.
        products_flush_subnormals: whether a product of matrices, or a convolution, took a subnormal factor for 0, or
            gave 0 for a subnormal result.
    """

    powers_are_exact: bool = True
    flushes_subnormals: bool = False
    kept_in_dtype: frozenset[Accumulation] = frozenset({Accumulation.SCATTERED, Accumulation.USES})
    composite: frozenset[str] = frozenset()
    product_roundoff: float = 0.0
    products_flush_subnormals: bool = False

    @property
    def is_usual_in_products(self) -> bool:
        """Whether products of matrices are computed as products and sums of numbers are."""
        return not self.product_roundoff and not self.products_flush_subnormals

    def to_json(self) -> dict[str, Any]:
        """The facts as plain data, with names in alphabetical order."""
        return {
            name: sorted(map(str, value)) if isinstance(value, frozenset) else value
            for name, value in vars(self).items()
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> DeviceArithmetic:
        """What ``to_json`` wrote.

        Raises:
            TypeError, ValueError: if a name is missing or unknown.
        """
        kept = frozenset(map(Accumulation, data["kept_in_dtype"]))
        return cls(**data | {"kept_in_dtype": kept, "composite": frozenset(data["composite"])})


USUAL = DeviceArithmetic()
"""The CPU with oneDNN in the formats that it has kernels for; what the oracle takes if it is not told otherwise."""
