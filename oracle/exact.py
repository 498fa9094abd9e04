"""The exact tier: sympy's own derivative, evaluated in rational arithmetic.

Every element of every differentiated input becomes a generator of a polynomial ring over the rationals, the definitions
build each output element as a polynomial, sympy differentiates it, and the value at the inputs is computed exactly.
Apart from the definitions nothing is shared with the enclosure tier.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import QQ
from sympy.polys.rings import PolyElement, ring

from oracle.array import Array, Domain, Rearrangement
from oracle.enclosure import define
from oracle.expression import compiled
from oracle.program import Program

Polynomials = NDArray[Any]
"""An object array of ``PolyElement``."""


class NotPolynomial(Exception):
    """The program is no polynomial near its inputs: it takes a root, divides by an input, or meets a tie."""


@dataclass(frozen=True)
class ExactResult:
    """What is true of one program.

    Attributes:
        output: object array of ``Fraction``, the output's exact values.
        gradients: object arrays of ``Fraction`` by number of the input, for every input that requires grad.
    """

    output: NDArray[Any]
    gradients: dict[int, NDArray[Any]]


def rational(value: float) -> Any:
    """``value`` as an element of sympy's field QQ, without rounding."""
    return QQ(*float(value).as_integer_ratio())


class PolynomialArray(Array):
    """An array of polynomials in the elements of the inputs, whose values are ``point``."""

    def __init__(self, polynomials: Polynomials, point: list[Any]) -> None:
        self.polynomials = polynomials
        self.point = point
        self.shape = polynomials.shape

    def constant(self, value: float) -> PolynomialArray:
        return self._with(np.array(rational(value), dtype=object))

    def elementwise(
        self, expression: sympy.Expr, *operands: PolynomialArray, in_result: sympy.Expr | None = None
    ) -> PolynomialArray:
        function = compiled(expression)
        columns = [array.polynomials.ravel().tolist() for array in (self, *operands)]
        unused = (None,) * (3 - len(columns))
        try:
            elements = [function(*row, *unused) for row in zip(*columns, strict=True)]
        except (AttributeError, ZeroDivisionError, sympy.polys.polyerrors.ExactQuotientFailed) as error:
            raise NotPolynomial(str(expression)) from error
        return self._with(_object_array(elements, self.shape))

    def gather(self, rearrangement: Rearrangement) -> PolynomialArray:
        return self._with(np.asarray(rearrangement(self.polynomials), dtype=object))

    def segment_sum(self, axes: tuple[int, ...]) -> PolynomialArray:
        return self._with(np.asarray(np.sum(self.polynomials, axis=axes, initial=QQ(0)), dtype=object))

    def selection(self, axes: tuple[int, ...]) -> PolynomialArray:
        kept = tuple(axis for axis in range(len(self.shape)) if axis not in axes)
        groups = self.polynomials.transpose(*kept, *axes)
        shape = tuple(self.shape[axis] for axis in kept)
        rows = groups.reshape(math.prod(shape), math.prod(self.shape[axis] for axis in axes))
        return self._with(_object_array([self._only_largest(row) for row in rows], shape))

    def _only_largest(self, group: Polynomials) -> Any:
        values = [value_at(polynomial, self.point) for polynomial in group]
        largest = max(values)
        if values.count(largest) > 1:
            raise NotPolynomial("a tie of the largest elements")
        return group[values.index(largest)]

    def within(self, domain: Domain) -> PolynomialArray:
        return self

    def with_gradient_roundings(self, count: int) -> PolynomialArray:
        return self

    def _with(self, polynomials: Polynomials) -> PolynomialArray:
        return PolynomialArray(polynomials, self.point)


def _object_array(elements: list[Any], shape: tuple[int, ...]) -> Polynomials:
    array = np.empty(len(elements), dtype=object)
    array[:] = elements
    return array.reshape(shape)


def value_at(polynomial: Any, point: list[Any]) -> Any:
    """The exact value of a ``PolyElement`` (or of a number of QQ) at ``point``, one number for each generator."""
    if not isinstance(polynomial, PolyElement):
        return polynomial
    total = QQ(0)
    for exponents, coefficient in polynomial.terms():
        for generator, exponent in enumerate(exponents):
            if exponent:
                coefficient *= point[generator] ** exponent
        total += coefficient
    return total


def exact(program: Program) -> ExactResult:
    """The exact output and gradients of ``program``.

    Raises:
        NotPolynomial: if the output is no polynomial in the inputs near their values.
    """
    # An input that requires no grad stays a constant: a smaller ring is a faster one.
    counts = [each.tensor.count if each.requires_grad else 0 for each in program.inputs]
    starts = np.cumsum([0, *counts])
    values = [[rational(value) for value in each.tensor.array.ravel().tolist()] for each in program.inputs]
    point = [
        value for each, column in zip(program.inputs, values, strict=True) if each.requires_grad for value in column
    ]
    generators = ring([f"x{number}" for number in range(len(point))], QQ)[1:]
    inputs = []
    for each, start, count, column in zip(program.inputs, starts, counts, values, strict=False):
        elements = list(generators[start : start + count]) if each.requires_grad else column
        inputs.append(PolynomialArray(_object_array(elements, each.tensor.shape), point))
    output = define(program, inputs)[-1]
    outputs = output.polynomials.ravel().tolist()
    cotangent = np.ones(output.shape) if program.cotangent is None else program.cotangent.array
    gradient = [QQ(0)] * len(point)
    for element, weight in zip(outputs, cotangent.ravel().tolist(), strict=True):
        if weight == 0 or not isinstance(element, PolyElement):
            continue
        factor = rational(weight)
        for generator in _generators(element):
            gradient[generator] += factor * value_at(element.diff(generators[generator]), point)
    fractions = [_fraction(each) for each in gradient]
    return ExactResult(
        _object_array([_fraction(value_at(element, point)) for element in outputs], output.shape),
        {
            index: _object_array(fractions[starts[index] : starts[index + 1]], program.inputs[index].tensor.shape)
            for index in program.differentiated
        },
    )


def _generators(polynomial: PolyElement) -> set[int]:
    return {place for exponents in polynomial.itermonoms() for place, exponent in enumerate(exponents) if exponent}


def _fraction(value: Any) -> Fraction:
    return Fraction(int(value.numerator), int(value.denominator))
