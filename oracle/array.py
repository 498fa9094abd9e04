"""The abstract array in which definitions are written, and the primitives that everything reduces to.

A definition is plain Python over ``Array``: arithmetic with broadcasting, NumPy-style rearrangement and sums.
Whatever it writes becomes one of a few primitives, and only these have a rule of differentiation:

- *elementwise*: a sympy expression applied to arrays of one shape (its partial derivatives come from sympy);
- *gather*: the elements of one array in another arrangement, named by a function that moves NumPy arrays;
- *segment sum*: the sum over some axes;
- *selection*: the largest element along some axes, which is a gather wherever there is no tie.

Each oracle supplies its own subclass: ``tape.RecordedArray`` and ``exact.PolynomialArray``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import sympy
from numpy.typing import NDArray

from oracle.number_format import NumberFormat

A, B, Y = SYMBOLS = sympy.symbols("a b y", real=True)
"""The two operands of an elementwise expression, and its result."""

Rearrangement = Callable[[NDArray[Any]], NDArray[Any]]
"""Moves or repeats the elements of a NumPy array of any dtype; never computes with them."""


Domain = Callable[[NDArray[np.float64], NDArray[np.float64], NumberFormat], NDArray[np.bool_]]
"""Tells, from the least and greatest possible magnitude of each element and the number format, where an analysis holds.
"""


class Array(ABC):
    """An array of shape ``shape`` that records or computes what definitions do to it."""

    shape: tuple[int, ...]

    @abstractmethod
    def constant(self, value: float) -> Self:
        """An array of shape ``()`` that holds the number ``value`` exactly; its gradient is never asked for."""

    @abstractmethod
    def elementwise(self, expression: sympy.Expr, *operands: Self, in_result: sympy.Expr | None = None) -> Self:
        """``expression`` in the symbols A, B of ``self`` and ``operands``, which all have one shape.

        Args:
            expression: what is computed; its partial derivatives are sympy's.
            operands: the value of B, if there is one.
            in_result: where PyTorch saves the rounded result and computes the derivative from it, that derivative,
                written in Y. It changes the radius only: a test proves it equal to sympy's derivative.
        """

    @abstractmethod
    def gather(self, rearrangement: Rearrangement) -> Self:
        """The elements of ``self`` as ``rearrangement`` arranges them."""

    @abstractmethod
    def segment_sum(self, axes: tuple[int, ...]) -> Self:
        """The sums over ``axes``, which are dropped from the shape."""

    @abstractmethod
    def selection(self, axes: tuple[int, ...]) -> Self:
        """The largest elements along ``axes``, which are dropped from the shape."""

    @abstractmethod
    def within(self, domain: Domain) -> Self:
        """``self``, of which nothing is claimed at the elements outside ``domain``."""

    @abstractmethod
    def with_gradient_roundings(self, count: int) -> Self:
        """``self``; on its way back, each gradient element may be rounded ``count`` times more than the primitives say.

        For implementations whose backward formula is mathematically the same as the definition's and longer.
        """

    def broadcast_to(self, shape: tuple[int, ...]) -> Self:
        """``self`` repeated to ``shape`` by NumPy's rules of broadcasting."""
        if shape == self.shape:
            return self
        return self.gather(lambda elements: np.broadcast_to(elements, shape))

    def sum(self, axes: tuple[int, ...], keepdim: bool) -> Self:
        """The sums over ``axes``; with ``keepdim`` these axes remain, with size 1."""
        return self._kept(self.segment_sum(axes), axes, keepdim)

    def largest(self, axes: tuple[int, ...], keepdim: bool) -> Self:
        """The largest elements along ``axes``; with ``keepdim`` these axes remain, with size 1."""
        return self._kept(self.selection(axes), axes, keepdim)

    def square_root(self) -> Self:
        """The square root of every element."""
        return self.elementwise(sympy.sqrt(A), in_result=1 / (2 * Y))

    def _kept(self, reduced: Self, axes: tuple[int, ...], keepdim: bool) -> Self:
        if not keepdim:
            return reduced
        shape = tuple(1 if axis in axes else size for axis, size in enumerate(self.shape))
        return reduced.gather(lambda elements: elements.reshape(shape))

    def _combined(self, expression: sympy.Expr, other: Self | float) -> Self:
        second = other if isinstance(other, Array) else self.constant(other)
        shape = np.broadcast_shapes(self.shape, second.shape)
        return self.broadcast_to(shape).elementwise(expression, second.broadcast_to(shape))

    def __add__(self, other: Self | float) -> Self:
        return self._combined(A + B, other)

    def __radd__(self, other: float) -> Self:
        return self.constant(other) + self

    def __sub__(self, other: Self | float) -> Self:
        return self._combined(A - B, other)

    def __rsub__(self, other: float) -> Self:
        return self.constant(other) - self

    def __mul__(self, other: Self | float) -> Self:
        return self._combined(A * B, other)

    def __rmul__(self, other: float) -> Self:
        return self.constant(other) * self

    def __truediv__(self, other: Self | float) -> Self:
        return self._combined(A / B, other)

    def __neg__(self) -> Self:
        return self.elementwise(-A)

    def __pow__(self, exponent: int) -> Self:
        return self.elementwise(A**exponent)
