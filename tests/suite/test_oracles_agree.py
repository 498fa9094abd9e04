"""The oracle's tiers against one another: sympy's rationals, enclosures, certificates and finite differences."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import assume, given
from hypothesis import strategies as st
from sympy import QQ

from oracle.arithmetic import DeviceArithmetic
from oracle.enclosure import certificate, enclosure
from oracle.exact import NotPolynomial, RationalArithmetic, exact
from oracle.finite_difference import element_direction, finite_difference, in_float64, signed_direction
from oracle.formula import A, B, Smooth, evaluated
from oracle.number_format import NUMBER_FORMATS
from oracle.operations import OPERATIONS
from oracle.operations.reductions import _sum
from oracle.program import Input, ProgramBuilder, Value
from oracle.verdict import fraction
from strategies.lattice_programs import lattice_programs
from strategies.programs import polynomial_programs, reduction_programs
from tests.suite.examples import contiguous, notebook_polynomial, reduction

dtypes = st.sampled_from(list(NUMBER_FORMATS))
float_programs = dtypes.flatmap(
    lambda dtype: st.one_of(polynomial_programs(dtype=dtype), reduction_programs(dtype=dtype))
)


def agreement(ball, fractions):
    """How many elements were compared; each midpoint must be sympy's value to the last bits of 128-bit arithmetic.

    The error of a midpoint obeys the same recursion as the radius, with 2^-113 in place of u.
    """
    unit = ball.rounding.number_format.unit_roundoff
    for midpoint, radius, due in zip(ball.midpoint.ravel(), ball.radius.ravel(), fractions.ravel(), strict=True):
        # Where several elements may be the selected one, the midpoint is that of a hull.
        if np.isfinite(radius) and abs(due) > Fraction(2) ** -900 and Fraction(float(radius)) <= abs(due) / 4:
            assert abs(fraction(midpoint) - due) <= Fraction(float(radius)) * Fraction(2) ** -100 / Fraction(unit)
    return fractions.size


@given(program=float_programs)
def test_midpoints_are_sympys_values(program):
    try:
        result = exact(program)
    except NotPolynomial:
        assume(False)
    enclosed = enclosure(program)
    agreement(enclosed.outputs[0], result.outputs[0])
    for index, values in result.gradients.items():
        agreement(enclosed.gradients[index], values)


@given(program=dtypes.flatmap(lambda dtype: lattice_programs(dtype=dtype)))
def test_lattice_programs_are_certified_and_their_midpoints_exact(program):
    result, certified = exact(program), certificate(program)
    assert not certified.outputs[0].radius.any()
    for index, values in result.gradients.items():
        assert not certified.gradients[index].radius.any()
        for midpoint, due in zip(certified.gradients[index].midpoint.ravel(), values.ravel(), strict=True):
            assert fraction(midpoint) == due


def test_the_certificate_is_refused_where_something_rounds():
    # 1/3 of anything, a sum that exceeds the precision, a power that the device does not compute exactly.
    assert certificate(reduction("mean", (1, 1, 2), (3,))).outputs[0].radius == np.inf
    assert certificate(reduction("sum", (256, 1), (2,), "bfloat16")).outputs[0].radius == np.inf
    assert certificate(reduction("sum", (255, 1), (2,), "bfloat16")).outputs[0].radius == 0
    assert certificate(notebook_polynomial(), DeviceArithmetic(powers_are_exact=False)).outputs[0].radius == np.inf
    assert (
        certificate(notebook_polynomial(form="horner"), DeviceArithmetic(powers_are_exact=False)).outputs[0].radius == 0
    )
    # The terms cancel, but an order exists in which a partial sum has too many digits.
    assert certificate(reduction("sum", (256, 1, -256), (3,), "bfloat16")).outputs[0].radius == np.inf
    # 17 squared has nine digits in binary.
    assert certificate(reduction("prod", (17, 17), (2,), "bfloat16")).outputs[0].radius == np.inf


@given(program=float_programs)
def test_finite_differences_agree_with_the_definitions(program):
    assert finite_difference(program, signed_direction(program)).agrees_with_definition


def test_finite_differences_are_accurate():
    program = notebook_polynomial()
    difference = finite_difference(program, element_direction(program, 0, ()))
    # The direction of an element at 2 has length 2.
    assert abs(difference.value - 186) <= difference.error <= 1e-8 * 186


@pytest.mark.parametrize("value", [2.0**-1074, 2.0**-1073, 2.0**-1060, 2.0**-1022])
def test_finite_differences_allow_for_steps_that_underflow(value):
    program = reduction("sum", (value,), ())
    assert finite_difference(program, signed_direction(program)).agrees_with_definition


def test_finite_differences_reach_beyond_the_range_of_float64():
    # Output and gradient are finite; the gradient times a direction as long as the input is not.
    builder = ProgramBuilder([Input(contiguous((2.0**512,), ()))])
    builder.apply("mul", builder.apply("mul", Value(0), 0.5), Value(0))
    difference = finite_difference(builder.program(), [np.array(2.0**512)])
    assert difference.enclosed == np.inf
    assert difference.gap <= difference.bound < np.inf


@pytest.mark.parametrize("value", [2.0**511.9, 2.0**512, -(2.0**511.99)])
def test_finite_differences_claim_nothing_where_the_forward_overflows(value):
    builder = ProgramBuilder([Input(contiguous((value,) * 3, (3,)))])
    builder.apply("mul", Value(0), Value(0))
    program = builder.program(contiguous((1.0, 1.0, 0.0), (3,)))
    assert finite_difference(program, signed_direction(program)).agrees_with_definition


@pytest.mark.parametrize(
    "wrong",
    [lambda x: _sum(x) * 2, lambda x: -_sum(x), lambda x: _sum(x * x), lambda x: _sum(x) * (1 + 2.0**-9)],
    ids=["scaled", "sign", "square", "half a percent"],
)
def test_finite_differences_notice_a_wrong_definition(monkeypatch, wrong):
    right = OPERATIONS["sum"]
    monkeypatch.setitem(OPERATIONS, "sum", replace(right, definition=wrong))
    program = reduction("sum", (1.0, 2.0, 4.0), (3,))
    assert not finite_difference(program, signed_direction(program)).agrees_with_definition


def test_finite_differences_are_taken_in_float64():
    program = in_float64(reduction("sum", (1.0, 2.0), (2,), "bfloat16"))
    assert program.dtype == "float64"
    assert program.inputs[0].tensor == contiguous((1.0, 2.0), (2,))


@pytest.mark.parametrize("expression", [A + B, A - B, A * B, A / B, A**5, 3 * A**2 / (2 * B**3), 1 / A, -A, A / 3])
def test_compiled_expressions_are_evaluated_with_the_operators_of_the_operands(expression):
    point = {A: sympy.Rational(3, 7), B: sympy.Rational(-5, 11)}
    for each in (expression, Smooth(expression).derivative(0), Smooth(expression).derivative(1)):
        came = evaluated(each, RationalArithmetic(), (QQ(3, 7), QQ(-5, 11)))
        assert Fraction(str(came)) == Fraction(str(each.subs(point)))
