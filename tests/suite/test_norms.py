"""Norms: the derivative is the textbook's, and nothing is claimed of what PyTorch loses on the way to it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy

from oracle.enclosure import enclosure
from oracle.program import Input, ProgramBuilder, Value
from oracle.route import read_answer
from oracle.target import CPU
from oracle.verdict import enclosed, fraction, judge
from tests.suite.examples import contiguous

ORDERS = (0.5, 1.5, 2, 3)


def norm_program(values, cotangent, order, dtype="float64"):
    builder = ProgramBuilder([Input(contiguous(values, (len(values),), dtype))])
    builder.apply("vector_norm", Value(0), arguments={"ord": order})
    return builder.program(contiguous((cotangent,), (), dtype))


def reciprocal_of_norms(small):
    """1 / (Σ√|x|)² for x of 1×3×4, all of it 1 but for one element."""
    values = (*(1.0,) * 10, small, 1.0)
    builder = ProgramBuilder([Input(contiguous(values, (1, 3, 4)))])
    norms = builder.apply("vector_norm", Value(0), arguments={"ord": 0.5, "dim": 0, "keepdim": True})
    builder.apply("reciprocal", norms)
    return builder.program(contiguous((1.0,) * 12, (1, 3, 4)))


SMALL = (0, 2, 2)


def judged(program, element=None, factor=1.0):
    """The verdict on PyTorch's answer, one gradient ``element`` of which is multiplied by ``factor``."""
    answer = read_answer(program, CPU, "backward")
    if element is not None:
        values = answer.gradients[0].values.copy()
        values[element] *= factor
        answer = replace(answer, gradients={0: replace(answer.gradients[0], values=values)})
    return judge(program, answer, enclosed(program))


@pytest.mark.parametrize("order", ORDERS)
def test_the_derivative_is_sympys(order):
    values, cotangent, p = (3.0, -1.25, 0.375, -(2.0**-20)), -0.75, sympy.Rational(order)
    point = dict(zip(sympy.symbols("x:4", real=True), map(sympy.Rational, values), strict=True))
    norm = sum(abs(each) ** p for each in point) ** (1 / p)
    result = enclosure(norm_program(values, cotangent, order))
    pairs = [(result.outputs[0].midpoint, norm)]
    for midpoint, symbol in zip(result.gradients[0].midpoint, point, strict=True):
        pairs.append((midpoint, sympy.Rational(cotangent) * sympy.diff(norm, symbol)))
    for midpoint, due in pairs:
        value = Fraction(str(due.subs(point).evalf(50)))
        assert abs(fraction(midpoint) - value) <= abs(value) * Fraction(2) ** -100


@pytest.mark.parametrize("order", ORDERS)
def test_radii_of_the_derivative_are_a_few_roundings(order):
    gradient = enclosure(norm_program((3.0, -1.25, 0.375, 1.0), -0.75, order)).gradients[0]
    assert (gradient.radius <= 32 * 2.0**-53 * gradient.magnitude).all()


def test_nothing_is_claimed_where_an_intermediate_product_overflows():
    # |x|^(-1/2) times the cotangent -(1/x)² is beyond float64; times √|x| again, the norm's power, it is not.
    program = reciprocal_of_norms(2.308244654446434e-128)
    radius = enclosed(program).gradients[0].radius
    assert np.argwhere(np.isinf(radius)).tolist() == [list(SMALL)]
    assert not judged(program).wrong


@pytest.mark.parametrize(("small", "element"), [(2.308244654446434e-128, (0, 0, 0)), (2.3e-100, SMALL)])
def test_a_wrong_gradient_of_a_norm_is_noticed_where_all_products_are_in_range(small, element):
    program = reciprocal_of_norms(small)
    assert not judged(program, element).wrong
    (wrong,) = judged(program, element, 1 + 1e-12).wrong
    assert wrong.element == element


LOSSES = {
    # |x|^(-1/2) · g
    "overflow, 0.5": ((2.0**-20,), 2.0**14, 0.5, "float16"),
    "underflow, 0.5": ((2.0**100, 1.0), 2.0**-130, 0.5, "bfloat16"),
    # g / √norm
    "overflow, 1.5": ((2.0**-14,), 640.0, 1.5, "float16"),
    # x / norm
    "underflow, 2": ((2.0**-700, 2.0**400), 2.0**900, 2, "float64"),
    "underflow to a coarser number, 2": ((2.0**-23, 0.75), 768.0, 2, "float16"),
    # g / norm²
    "overflow, 3": ((2.0**-5,), 2.0**7, 3, "float16"),
    "overflow in 8 bits, 3": ((2.0**-16,), 2.0**97, 3, "bfloat16"),
}
"""What leaves the range on the way to a gradient that is within it: values, cotangent, order and dtype."""


@pytest.mark.parametrize("name", LOSSES)
def test_what_leaves_the_range_on_the_way_is_allowed_for(name):
    assert not judged(norm_program(*LOSSES[name])).wrong


@pytest.mark.parametrize("order", ORDERS)
def test_at_zeros_the_gradient_is_0_or_not_claimed(order):
    gradient = enclosure(norm_program((0.0, 3.0), 1.0, order)).gradients[0]
    # The derivative of a root is infinite there.
    assert gradient.radius[0] == (np.inf if order < 1 else 0)
    assert order < 1 or gradient.midpoint[0] == 0
    assert gradient.radius[1] < 1e-14
    # A norm of 0 has a kink.
    assert np.isinf(enclosure(norm_program((0.0, 0.0), 1.0, order)).gradients[0].radius).all()
