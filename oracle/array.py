"""The abstract array in which definitions are written, and the primitives that everything reduces to.

A definition is plain Python over ``Array``: arithmetic with broadcasting, NumPy-style rearrangement and sums.
Whatever it writes becomes one of a few primitives, and only these have a rule of differentiation:

- *elementwise*: a formula applied to arrays of one shape (its partial derivatives come from sympy);
- *gather*: the elements of some arrays in another arrangement, named by a function that moves NumPy arrays; its
  adjoint, *scatter sum*, adds elements up at the places from which a gather would take them;
- *segment sum*: the sum over some axes;
- *selection*: the k-th element in ascending order along some axes, which is a gather wherever there is no tie.

Each oracle supplies its own subclass: ``tape.RecordedArray`` and ``exact.PolynomialArray``.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import sympy
from numpy.typing import NDArray

from oracle.arithmetic import Accumulation
from oracle.formula import A, B, Formula, Smooth, Y
from oracle.number_format import NumberFormat

Elements = NDArray[Any]
"""The elements of an array while they are moved: numbers, polynomials, or only their places."""

Rearrangement = Callable[..., Elements]
"""Moves or repeats the elements of NumPy arrays, whatever they are; never computes with them."""


Floats = NDArray[np.float64]

Domain = Callable[[NDArray[np.float64], NDArray[np.float64], NumberFormat], NDArray[np.bool_]]
"""Tells, from the least and greatest possible magnitude of each element and the number format, where an analysis holds.
"""

SUM = Smooth(A + B)
DIFFERENCE = Smooth(A - B)
PRODUCT = Smooth(A * B)
QUOTIENT = Smooth(A / B)
NEGATIVE = Smooth(-A)
SQUARE_ROOT = Smooth(sympy.sqrt(A), (1 / (2 * Y),))


class Array(ABC):
    """An array of shape ``shape`` that records or computes what definitions do to it."""

    shape: tuple[int, ...]

    @abstractmethod
    def constant(self, value: float) -> Self:
        """An array of shape ``()`` that holds the number ``value`` exactly; its gradient is never asked for."""

    @abstractmethod
    def smooth_or_kinked(self, formula: Formula, *operands: Self) -> Self:
        """``formula`` of ``self`` and ``operands``, which all have one shape, or ``()`` for constants."""

    @abstractmethod
    def gather(
        self, rearrangement: Rearrangement, *others: Self, accumulation: Accumulation = Accumulation.WIDE
    ) -> Self:
        """The elements of ``self`` and ``others`` as ``rearrangement`` arranges them, given as many NumPy arrays.

        ``accumulation`` says of what the gradients of an element are sums that is taken several times.
        """

    @abstractmethod
    def scatter_sum(self, rearrangement: Rearrangement, shape: tuple[int, ...]) -> Self:
        """An array of ``shape`` that has, at each place, the sum of the elements for which a gather would take it.

        The elements are added to their places one by one (``Accumulation.SCATTERED``).
        """

    @abstractmethod
    def segment_sum(self, axes: tuple[int, ...], accumulation: Accumulation = Accumulation.WIDE) -> Self:
        """The sums over ``axes``, which are dropped from the shape; ``accumulation`` says of what."""

    @abstractmethod
    def as_factor(self, uses: int) -> Self:
        """``self``, each element of which is a factor in as many ``uses`` of a product of matrices.

        A device may round factors to a coarser format, or take those that are subnormal for 0.
        """

    @abstractmethod
    def as_products(self) -> Self:
        """``self``, the products of such factors, which a device may flush to 0."""

    @abstractmethod
    def selection(self, rank: int) -> Self:
        """Along axis 0, which is dropped, the element number ``rank`` in ascending order."""

    @abstractmethod
    def within(self, domain: Domain) -> Self:
        """``self``, of which nothing is claimed at the elements outside ``domain``."""

    @abstractmethod
    def with_gradient_roundings(self, count: float | Self | Callable[[Floats], Floats]) -> Self:
        """``self``; on its way back, each gradient element may be rounded ``count`` times more than the primitives say.

        For implementations whose backward formula is mathematically the same as the definition's and errs differently.
        ``count`` may be an array of the same shape, of which the magnitudes count, or a function of the magnitudes of
        the cotangent.
        """

    @abstractmethod
    def keeping_to_range(self, keeps: bool) -> Self:
        """``self``, to be computed with so that the steps of formulas keep to the range of the dtype, or no longer so.

        For operations whose backward is known to lose in 16 bits what leaves that range on the way.
        """

    @abstractmethod
    def without_gradient(self) -> Self:
        """``self`` as a constant: for shifts that cancel."""

    @abstractmethod
    def computed_as(self, other: Self) -> Self:
        """``self``, differentiated as written, but with the value and the roundings of ``other``, which is equal to it.

        For implementations that compute the value in one way and the gradient in another.
        """

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def elementwise(self, formula: Formula | sympy.Expr, *operands: Self | float) -> Self:
        """``formula`` of ``self`` as A and ``operands`` as B, C, D, broadcast by NumPy's rules."""
        arrays = [each if isinstance(each, Array) else self.constant(each) for each in operands]
        shape = np.broadcast_shapes(self.shape, *(each.shape for each in arrays))
        first = self.broadcast_to(shape)
        # Constants stay scalars.
        spread = [
            array.broadcast_to(shape) if isinstance(each, Array) else array
            for each, array in zip(operands, arrays, strict=True)
        ]
        return first.smooth_or_kinked(formula if isinstance(formula, Formula) else Smooth(formula), *spread)

    def broadcast_to(
        self,
        shape: tuple[int, ...],
        accumulation: Accumulation = Accumulation.WIDE,
        partial_sums: int | None = None,
    ) -> Self:
        """``self`` repeated to ``shape`` by NumPy's rules of broadcasting.

        ``accumulation`` says of what the gradients of a repeated element are sums, and ``partial_sums`` of how many
        parts that have several terms each.
        """
        if shape == self.shape:
            return self
        return self.gather(lambda elements: np.broadcast_to(elements, shape), accumulation=accumulation)

    def reshape(self, shape: tuple[int, ...]) -> Self:
        """The elements in row-major order in another shape."""
        if shape == self.shape:
            return self
        return self.gather(lambda elements: elements.reshape(shape))

    def sum(self, axes: tuple[int, ...], keepdim: bool = False) -> Self:
        """The sums over ``axes``; with ``keepdim`` these axes remain, with size 1."""
        return self.kept(self.segment_sum(axes), axes, keepdim)

    def order_statistic(self, axes: tuple[int, ...], rank: int, keepdim: bool = False) -> Self:
        """The element number ``rank`` (from the end, if negative) in ascending order along ``axes``."""
        columns = self.columns(axes)
        return self.kept(columns.selection(rank % columns.shape[0]), axes, keepdim)

    def largest(self, axes: tuple[int, ...], keepdim: bool = False) -> Self:
        """The largest elements along ``axes``."""
        return self.order_statistic(axes, -1, keepdim)

    def square_root(self) -> Self:
        """The square root of every element."""
        return self.elementwise(SQUARE_ROOT)

    def columns(self, axes: tuple[int, ...]) -> Self:
        """The elements along ``axes``, in row-major order, on a new first axis, with the other axes behind it."""
        kept = tuple(axis for axis in range(self.rank) if axis not in axes)
        shape = (math.prod(self.shape[axis] for axis in axes), *(self.shape[axis] for axis in kept))
        return self.gather(lambda elements: elements.transpose(*axes, *kept).reshape(shape))

    def kept(self, reduced: Self, axes: tuple[int, ...], keepdim: bool) -> Self:
        """``reduced``, which has lost ``axes`` of ``self``; with ``keepdim`` they remain, with size 1."""
        if not keepdim:
            return reduced
        return reduced.reshape(tuple(1 if axis in axes else size for axis, size in enumerate(self.shape)))

    def __add__(self, other: Self | float) -> Self:
        return self.elementwise(SUM, other)

    def __radd__(self, other: float) -> Self:
        return self.elementwise(SUM, other)

    def __sub__(self, other: Self | float) -> Self:
        return self.elementwise(DIFFERENCE, other)

    def __rsub__(self, other: float) -> Self:
        return self.constant(other).elementwise(DIFFERENCE, self)

    def __mul__(self, other: Self | float) -> Self:
        return self.elementwise(PRODUCT, other)

    def __rmul__(self, other: float) -> Self:
        return self.elementwise(PRODUCT, other)

    def __truediv__(self, other: Self | float) -> Self:
        return self.elementwise(QUOTIENT, other)

    def __neg__(self) -> Self:
        return self.elementwise(NEGATIVE)

    def __pow__(self, exponent: int) -> Self:
        # PyTorch multiplies repeatedly, in the dtype.
        return self.elementwise(Smooth(A**exponent, stepwise=True))
