"""A tensor's exact values and its place in memory, independent of torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from oracle.number_format import NUMBER_FORMATS, NumberFormat


@dataclass(frozen=True)
class Layout:
    """How a tensor lies in its storage.

    Attributes:
        order: the axes from the outermost to the innermost in storage.
        starts: per axis, how many storage places are left free before the first element.
        steps: per axis, how many storage places lie from one element to the next.
        expanded: axes of stride 0, along which all elements are one and the same.
    """

    order: tuple[int, ...]
    starts: tuple[int, ...]
    steps: tuple[int, ...]
    expanded: tuple[int, ...] = ()

    @classmethod
    def contiguous(cls, rank: int) -> Layout:
        """The layout that torch gives to a new tensor of ``rank`` axes."""
        return cls(tuple(range(rank)), (0,) * rank, (1,) * rank)

    @classmethod
    def channels_last(cls, rank: int) -> Layout:
        """``torch.channels_last`` (rank 4) or ``torch.channels_last_3d`` (rank 5): axis 1 innermost."""
        return cls((0, *range(2, rank), 1), (0,) * rank, (1,) * rank)

    @property
    def kind(self) -> str:
        """The plain name of the layout: the first that fits, from the most to the least special."""
        rank = len(self.order)
        if self.expanded:
            return "expanded"
        if any(self.starts) or any(step != 1 for step in self.steps):
            return "sliced"
        if rank in (4, 5) and self == Layout.channels_last(rank):
            return "channels_last"
        return "contiguous" if self == Layout.contiguous(rank) else "transposed"

    def stored_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """``shape`` with 1 for every expanded axis: one place for each element that is stored."""
        if not self.expanded:
            return shape
        return tuple(1 if axis in self.expanded else size for axis, size in enumerate(shape))

    def placement(self, shape: tuple[int, ...]) -> tuple[int, tuple[int, ...], int]:
        """Storage length, stride per axis and offset (all in elements) of a tensor of ``shape``."""
        strides = [0] * len(shape)
        offset, length = 0, 1
        for axis in reversed(self.order):
            size = 1 if axis in self.expanded else shape[axis]
            strides[axis] = 0 if axis in self.expanded else length * self.steps[axis]
            offset += length * self.starts[axis]
            length *= self.starts[axis] + size * self.steps[axis]
        return length, tuple(strides), offset


@dataclass(frozen=True)
class Fill:
    """Values made from a seed, for tensors too large to be listed.

    Element i of the stored tensor (in row-major order) is ``(k mod (2m - 1) - m + 1) * 2**exponent`` with
    ``m = 2**bits`` and ``k = (i + 1 + 65537 * seed)**2 mod (2**31 - 1)``: quadratic residues modulo a prime,
    which torch, NumPy and a reader can all compute exactly in 64-bit integers.

    Attributes:
        seed: any integer from 0 to 2**14 - 1; it shifts the sequence.
        bits: number of bits of the significands, 1 to 29.
        exponent: power of two by which all values are scaled.
    """

    seed: int
    bits: int
    exponent: int

    def values(self, count: int) -> NDArray[np.float64]:
        """The first ``count`` values, shape ``(count,)``."""
        index = np.arange(1, count + 1, dtype=np.int64) + 65537 * self.seed
        index %= 2**31 - 1
        residues = index * index % (2**31 - 1)
        largest = 2**self.bits
        return np.asarray((residues % (2 * largest - 1) - largest + 1) * 2.0**self.exponent)


@dataclass(frozen=True)
class TensorSpec:
    """One tensor: shape, layout, dtype and exact values.

    Attributes:
        shape: the shape that torch reports.
        layout: its place in storage.
        dtype: name of its number format.
        values: the stored elements in row-major order of ``layout.stored_shape(shape)``; each is a number
            of the dtype, written as a Python float, which holds it exactly.

    Raises:
        ValueError: if the layout does not fit the shape, the count of values does not fit both, or a value
            is not a number of the dtype.
    """

    shape: tuple[int, ...]
    layout: Layout
    dtype: str
    values: tuple[float, ...] | Fill

    def __post_init__(self) -> None:
        rank = len(self.shape)
        if sorted(self.layout.order) != list(range(rank)):
            raise ValueError(f"layout order {self.layout.order} is no permutation of the {rank} axes")
        if len(self.layout.starts) != rank or len(self.layout.steps) != rank:
            raise ValueError(f"layout needs one start and one step for each of the {rank} axes")
        if isinstance(self.values, tuple) and len(self.values) != self.stored_count:
            raise ValueError(f"{len(self.values)} values for {self.stored_count} stored elements")
        if not self.number_format.contains(self.stored_values):
            raise ValueError(f"a value is not a finite {self.dtype} number")

    @property
    def number_format(self) -> NumberFormat:
        """The number format that ``dtype`` names."""
        return NUMBER_FORMATS[self.dtype]

    @property
    def stored_shape(self) -> tuple[int, ...]:
        """The shape with 1 for every expanded axis."""
        return self.layout.stored_shape(self.shape)

    @property
    def stored_count(self) -> int:
        """Number of elements that have a place of their own in storage."""
        return math.prod(self.stored_shape)

    @property
    def count(self) -> int:
        """Number of elements that torch reports (``numel``)."""
        return math.prod(self.shape)

    @cached_property
    def stored_values(self) -> NDArray[np.float64]:
        """The stored elements, shape ``stored_shape``."""
        if isinstance(self.values, Fill):
            return self.values.values(self.stored_count).reshape(self.stored_shape)
        return np.array(self.values, dtype=np.float64).reshape(self.stored_shape)

    @cached_property
    def array(self) -> NDArray[np.float64]:
        """The elements as torch shows them, shape ``shape``."""
        return np.broadcast_to(self.stored_values, self.shape)

    @property
    def storage(self) -> NDArray[np.float64]:
        """The whole storage, shape ``(length,)``: places between the elements hold NaN.

        So an implementation that reads past a stride is seen at once.
        """
        length, strides, offset = self.layout.placement(self.shape)
        places = np.full(self.stored_shape, offset, dtype=np.int64)
        for axis, size in enumerate(self.stored_shape):
            column = np.arange(size).reshape(-1, *(1,) * (len(self.shape) - axis - 1))
            places = places + strides[axis] * column
        storage = np.full(length, np.nan)
        storage[places] = self.stored_values
        return storage

    def contiguous(self) -> TensorSpec:
        """The same elements, each with its own place, in a new tensor's layout."""
        return TensorSpec(
            self.shape, Layout.contiguous(len(self.shape)), self.dtype, tuple(self.array.ravel().tolist())
        )
