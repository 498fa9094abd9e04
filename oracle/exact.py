"""The exact tier: sympy's own derivative, evaluated in rational arithmetic.

Every element of every differentiated input becomes a generator of a polynomial ring over the rationals, the definitions
build each output element as a polynomial, sympy differentiates it, and the value at the inputs is computed exactly.
Apart from the definitions nothing is shared with the enclosure tier.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import QQ
from sympy.polys.rings import PolyElement, ring

from oracle.arithmetic import Accumulation
from oracle.array import Array, Domain, Floats, Rearrangement
from oracle.enclosure import define
from oracle.formula import Formula, Smooth, evaluated
from oracle.program import Program

Polynomials = NDArray[Any]
"""An object array of ``PolyElement``."""


class NotPolynomial(Exception):
    """The program is no polynomial near its inputs: it takes a root, divides by an input, or meets a tie."""


@dataclass(frozen=True)
class ExactResult:
    """What is true of one program.

    Attributes:
        outputs: object arrays of ``Fraction``, the outputs' exact values.
        gradients: object arrays of ``Fraction`` by number of the input, for every input that requires grad.
    """

    outputs: tuple[NDArray[Any], ...]
    gradients: dict[int, NDArray[Any]]


def rational(value: float) -> Any:
    """``value`` as an element of sympy's field QQ, without rounding."""
    return QQ(*float(value).as_integer_ratio())


class RationalArithmetic:
    """The arithmetic that compiled expressions find their constants in: fractions; there are no functions."""

    def constant(self, text: str) -> Any:
        """A fraction.

        Raises:
            NotPolynomial: for any other number.
        """
        number = sympy.sympify(text)
        if not number.is_Rational:
            raise NotPolynomial(text)
        return QQ(int(number.p), int(number.q))

    def function(self, name: str, *arguments: Any) -> Any:
        """No function is polynomial."""
        raise NotPolynomial(name)

    def power(self, base: Any, exponent: Any) -> Any:
        """A power that is no whole number."""
        raise NotPolynomial(f"a power {exponent}")


def _infinity(polynomial: Any) -> int:
    """The sign of an infinity, and 0 for any polynomial or number."""
    return int(math.copysign(1, polynomial)) if isinstance(polynomial, float) else 0


class PolynomialArray(Array):
    """An array of polynomials in the elements of the inputs, whose values are ``point``."""

    def __init__(self, polynomials: Polynomials, point: list[Any]) -> None:
        self.polynomials = polynomials
        self.point = point
        self.shape = polynomials.shape

    def constant(self, value: float) -> PolynomialArray:
        # An infinity stays a float: a selection may pass it over, and whatever computes with it is no polynomial.
        return self._with(np.array(value if math.isinf(value) else rational(value), dtype=object))

    def smooth_or_kinked(self, formula: Formula, *operands: PolynomialArray) -> PolynomialArray:
        shape = np.broadcast_shapes(self.shape, *(array.shape for array in operands))
        columns = [np.broadcast_to(array.polynomials, shape).ravel().tolist() for array in (self, *operands)]
        return self._with(_object_array([self._element(formula, row) for row in zip(*columns, strict=True)], shape))

    def _element(self, formula: Formula, row: tuple[Any, ...]) -> Any:
        if isinstance(formula, Smooth):
            try:
                return evaluated(formula.expression, RationalArithmetic(), row)
            except (AttributeError, TypeError, ZeroDivisionError, sympy.polys.polyerrors.ExactQuotientFailed) as error:
                raise NotPolynomial(str(formula.expression)) from error
        other = formula.threshold_operand
        threshold = rational(float(formula.threshold)) if other is None else value_at(row[other], self.point)
        key = value_at(row[formula.operand], self.point)
        if key == threshold:
            if formula.at is None:
                raise NotPolynomial("a kink")
            return self._element(formula.at, row)
        return self._element(formula.below if key < threshold else formula.above, row)

    def gather(
        self,
        rearrangement: Rearrangement,
        *others: PolynomialArray,
        accumulation: Accumulation = Accumulation.WIDE,
    ) -> PolynomialArray:
        arrays = (self.polynomials, *(other.polynomials for other in others))
        return self._with(np.asarray(rearrangement(*arrays), dtype=object))

    def scatter_sum(self, rearrangement: Rearrangement, shape: tuple[int, ...]) -> PolynomialArray:
        sums = [QQ(0)] * math.prod(shape)
        places = rearrangement(np.arange(len(sums)).reshape(shape)).ravel().tolist()
        for place, polynomial in zip(places, self.polynomials.ravel().tolist(), strict=True):
            sums[place] = sums[place] + polynomial
        return self._with(_object_array(sums, shape))

    def segment_sum(self, axes: tuple[int, ...], accumulation: Accumulation = Accumulation.WIDE) -> PolynomialArray:
        return self._with(np.asarray(np.sum(self.polynomials, axis=axes, initial=QQ(0)), dtype=object))

    def selection(self, rank: int) -> PolynomialArray:
        count, *shape = self.shape
        columns = self.polynomials.reshape(count, math.prod(shape)).transpose()
        return self._with(_object_array([self._selected(column, rank) for column in columns], tuple(shape)))

    def _selected(self, group: Polynomials, rank: int) -> Any:
        values = [(_infinity(each), 0 if _infinity(each) else value_at(each, self.point)) for each in group]
        chosen = sorted(values)[rank]
        if chosen[0]:
            raise NotPolynomial("an infinity is selected")
        if values.count(chosen) > 1:
            raise NotPolynomial("a tie of the selected elements")
        return group[values.index(chosen)]

    def as_factor(self, uses: int) -> PolynomialArray:
        return self

    def as_products(self) -> PolynomialArray:
        return self

    def within(self, domain: Domain) -> PolynomialArray:
        return self

    def with_gradient_roundings(self, count: float | PolynomialArray | Callable[[Floats], Floats]) -> PolynomialArray:
        return self

    def computed_as(self, other: PolynomialArray) -> PolynomialArray:
        return self

    def keeping_to_range(self, keeps: bool) -> PolynomialArray:
        return self

    def without_gradient(self) -> PolynomialArray:
        values = [value_at(polynomial, self.point) for polynomial in self.polynomials.ravel()]
        return self._with(_object_array(values, self.shape))

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
    """The exact outputs and gradients of ``program``.

    Raises:
        NotPolynomial: if an output is no polynomial in the inputs near their values.
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
        elements: list[Any] = list(generators[start : start + count]) if each.requires_grad else column
        inputs.append(PolynomialArray(_object_array(elements, each.tensor.shape), point))
    values_of_program = define(program, inputs)
    gradient = [QQ(0)] * len(point)
    outputs = []
    for asked in program.outputs:
        output = values_of_program[asked.value.index]
        elements = output.polynomials.ravel().tolist()
        outputs.append(_object_array([_fraction(value_at(element, point)) for element in elements], output.shape))
        cotangent = np.ones(output.shape) if asked.cotangent is None else asked.cotangent.array
        for element, weight in zip(elements, cotangent.ravel().tolist(), strict=True):
            if weight == 0 or not isinstance(element, PolyElement):
                continue
            factor = rational(weight)
            for generator in _generators(element):
                gradient[generator] += factor * value_at(element.diff(generators[generator]), point)
    fractions = [_fraction(each) for each in gradient]
    return ExactResult(
        tuple(outputs),
        {
            index: _object_array(fractions[starts[index] : starts[index + 1]], program.inputs[index].tensor.shape)
            for index in program.differentiated
        },
    )


def _generators(polynomial: PolyElement) -> set[int]:
    return {place for exponents in polynomial.itermonoms() for place, exponent in enumerate(exponents) if exponent}


def _fraction(value: Any) -> Fraction:
    return Fraction(int(value.numerator), int(value.denominator))
