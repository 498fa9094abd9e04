"""Enclosures contain what correct floating-point arithmetic computes, and little more."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.arithmetic import DeviceArithmetic
from oracle.ball import QUAD, Ball, integer_power
from oracle.enclosure import enclosure
from oracle.number_format import NUMBER_FORMATS
from oracle.program import Input, Output, ProgramBuilder, Value
from oracle.rounding import RunningError
from oracle.route import read_answer
from oracle.target import CPU
from oracle.verdict import enclosed, fraction, judge
from strategies.values import floats
from tests.suite.examples import contiguous, notebook_polynomial, reduction

FORMAT = NUMBER_FORMATS["float32"]
ROUNDING = RunningError(FORMAT)
numbers = floats(dtype="float32", min_exponent=-8, max_exponent=8, specials=False).singles()
perturbations = st.floats(-1, 1)


def ball(midpoint, radius):
    return Ball(np.array([midpoint]).astype(QUAD), np.array([abs(radius)]), ROUNDING)


@pytest.mark.parametrize(
    "operation",
    [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / b, lambda a, b: a**5],
    ids=["sum", "difference", "product", "quotient", "power"],
)
@given(
    a=numbers, b=numbers, radii=st.tuples(perturbations, perturbations), shifts=st.tuples(perturbations, perturbations)
)
def test_arithmetic_contains_every_point_and_its_rounding(operation, a, b, radii, shifts):
    radii = [abs(value * radius) * 2.0**-10 for value, radius in zip((a, b), radii, strict=True)]
    x, y = (Fraction(value) + Fraction(r) * Fraction(s) for value, r, s in zip((a, b), radii, shifts, strict=True))
    if y == 0 or b == 0:
        y, b, radii[1] = Fraction(1), 1.0, 0.0
    with np.errstate(all="ignore"):
        result = operation(ball(a, radii[0]), ball(b, radii[1]))
    exact_value = operation(x, y)
    rounded = Fraction(float(np.float32(float(exact_value))))
    for value in (exact_value, rounded):
        assert abs(value - fraction(result.midpoint[0])) <= Fraction(float(result.judged_radius()[0]))


@given(a=floats(dtype="float32", min_exponent=-20, max_exponent=20, specials=False).singles(), share=st.floats(0, 1))
def test_square_roots_contain_every_point(a, share):
    a = abs(a)
    radius = a * share
    with np.errstate(all="ignore"):
        result = ball(a, radius).square_root()
    for point in (a - radius, a + radius, a):
        assert abs(np.sqrt(point) - float(result.midpoint[0])) <= result.judged_radius()[0] * (1 + 1e-9)


def test_division_by_an_interval_around_zero_claims_nothing():
    with np.errstate(all="ignore"):
        assert (ball(1.0, 0.0) / ball(1.0, 1.0)).radius == np.inf


@pytest.mark.parametrize(("numerator", "divisor"), [(4e-319, 1e-318), (2.0**-1074, 2.0**-1060), (2.0**-60, 2.0**-1070)])
def test_quotients_by_subnormal_numbers_spread_as_far_as_they_do(numerator, divisor):
    rounding, step = RunningError(NUMBER_FORMATS["float64"]), 2.0**-1074
    exact = Ball.exact(np.array([numerator]), rounding)
    with np.errstate(all="ignore"):
        result = exact / Ball(np.array([divisor]).astype(QUAD), np.array([step]), rounding)
    farthest = Fraction(numerator) / (Fraction(divisor) - Fraction(step))
    assert abs(farthest - Fraction(numerator) / Fraction(divisor)) <= Fraction(float(result.judged_radius()[0]))


def test_an_angle_between_an_underflow_and_a_small_number():
    # x³ underflows, and is as far from 0 as one step of subnormal numbers is wide: seen from y that is no small angle.
    builder = ProgramBuilder([Input(contiguous((1.3e-116,), (1,))), Input(contiguous((1.3e-116,), (1,)))])
    builder.apply("atan2", builder.apply("pow", Value(0), arguments={"exponent": 3}), Value(1))
    program = builder.program(contiguous((1.0,), (1,)))
    assert not judge(program, read_answer(program, CPU, "backward"), enclosed(program)).wrong


def test_overflow_claims_nothing():
    assert enclosure(reduction("sum", (FORMAT.largest, FORMAT.largest), (2,), "float32")).outputs[0].radius == np.inf
    # Terms that cancel may overflow on the way.
    cancelling = (FORMAT.largest, FORMAT.largest, -FORMAT.largest, -FORMAT.largest)
    assert enclosure(reduction("sum", cancelling, (4,), "float32")).outputs[0].radius == np.inf


def test_the_notebook_is_enclosed_tightly():
    result = enclosure(notebook_polynomial())
    assert result.outputs[0].midpoint == 63
    assert result.gradients[0].midpoint == 93
    # A handful of roundings of terms whose magnitudes add up to 93.
    assert 0 < result.gradients[0].radius <= 10 * 2.0**-53 * 93


def test_exact_zeros_stay_exact():
    result = enclosure(reduction("prod", (0.0, 2.0, 3.0), (3,)))
    assert result.outputs[0].radius == 0
    assert result.gradients[0].radius.tolist()[1:] == [0, 0]


def test_an_underflow_that_is_multiplied_up_again_is_allowed_for():
    # x³ is far below float64's range, and x³·y is not: PyTorch gives 0, and so may any implementation.
    tiny, huge = 2.0**-511, 2.0**512
    builder = ProgramBuilder([Input(contiguous((tiny,), ())), Input(contiguous((huge,), ()))])
    cube = builder.apply("mul", builder.apply("mul", Value(0), Value(0)), Value(0))
    builder.apply("mul", cube, Value(1))
    program = builder.program()
    assert enclosure(program).outputs[0].radius >= 2.0**-1074 * huge
    assert judge(program, read_answer(program, CPU, "backward"), enclosed(program)).wrong == ()


def test_products_outside_the_range_claim_nothing():
    tiny = reduction("prod", (1e-30, 1e-30, 1e30), (3,), "float64")
    assert np.isfinite(enclosure(tiny).outputs[0].radius)
    values = tuple(float(np.float32(each)) for each in (1e-30, 1e-30, 1e30))
    assert enclosure(reduction("prod", values, (3,), "float32")).outputs[0].radius == np.inf


@given(base=st.integers(-9, 9), exponent=st.integers(1, 20))
def test_integer_powers_by_repeated_squaring(base, exponent):
    assert fraction(integer_power(np.array(float(base)).astype(QUAD), exponent)) == base**exponent


def test_a_device_that_flushes_subnormals_gets_a_larger_underflow_unit():
    gradual, flushed = RunningError(FORMAT), RunningError(FORMAT, DeviceArithmetic(flushes_subnormals=True))
    tiny = np.array([FORMAT.smallest_normal / 2]).astype(QUAD)
    assert gradual.of_operation(tiny, np.zeros(1))[0] < FORMAT.smallest_normal / 2
    assert flushed.of_operation(tiny, np.zeros(1))[0] >= FORMAT.smallest_normal / 2


@pytest.mark.parametrize("operation", ["sin", "tanh", "atan", "erf", "sigmoid", "hardtanh", "whole_max", "sort"])
def test_nothing_bounds_again_what_may_be_anything(operation):
    # The exponential overflows, and a correct implementation may have made a NaN of it on the way.
    builder = ProgramBuilder([Input(contiguous((2.0**20, 1.0), (2,), "float32"))])
    value = builder.apply("exp", Value(0))
    builder.apply(operation, value, arguments={"dim": 0} if operation == "sort" else {})
    radius = enclosure(builder.program(contiguous((1.0,) * 2, (2,), "float32"))).outputs[0].radius
    assert np.isinf(radius.ravel()[0])


def test_what_may_be_anything_may_be_selected():
    # An overflow has the midpoint of an infinity; a computation may have made it something else.
    rounding = RunningError(NUMBER_FORMATS["float32"])
    with np.errstate(all="ignore"):
        shares = [
            Ball(np.array([-np.inf, 1.0]).astype(QUAD), np.array([radius, 0.0]), rounding).candidates(-1)
            for radius in (np.inf, 0.0)
        ]
    assert [(share.midpoint.tolist(), share.radius.tolist()) for share in shares] == [
        ([0.5, 0.5], [0.5, 0.5]),
        ([0.0, 1.0], [0.0, 0.0]),
    ]


def test_what_fans_in_may_be_added_in_any_order():
    # 1 + 2^-53 + 2^-53 is 1 or 1 + 2^-52, by the order of the three.
    builder = ProgramBuilder([Input(contiguous((1.0,), ()))])
    small = builder.apply("mul", Value(0), 2.0**-53)
    other = builder.apply("mul", Value(0), 2.0**-53)
    builder.apply("add", builder.apply("add", small, other), Value(0))
    (gradient,) = enclosure(builder.program(contiguous((1.0,), ()))).gradients.values()
    for came in (1.0, 1.0 + 2.0**-52):
        assert abs(Fraction(came) - fraction(gradient.midpoint)) <= float(gradient.radius)


def test_cotangents_of_an_operand_that_torch_returns_itself_meet_at_once():
    """(g0 + g1) + g2 may round more than g0 + (g1 + g2) where g1 and g2 cancel; torch adds as for one value."""
    builder = ProgramBuilder([Input(contiguous((1.0,), (1,)))])
    first = builder.apply("flatten", Value(0), arguments={"start_dim": 0, "end_dim": 0})
    second = builder.apply("flatten", Value(0))
    third = builder.apply("flatten", first, arguments={"start_dim": 0, "end_dim": 0})
    cotangents = (contiguous((each,), (1,)) for each in (-1.0, -1.467217919569298, 1.0))
    outputs = tuple(map(Output, (first, second, third), cotangents))
    program = replace(builder.program(), outputs=outputs)
    verdict = judge(program, read_answer(program, CPU, "backward"), enclosed(program))
    assert not verdict.wrong
    assert verdict.informative == 1
