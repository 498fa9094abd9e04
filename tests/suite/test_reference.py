"""The rigorous reference against well-known constants, 128-bit functions, the enclosures, and hand-made kinks."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy
from sympy import exp, log, sin, sqrt, tanh
from sympy.codegen.cfunctions import expm1, log1p

from oracle.formula import A, Branch, Smooth
from oracle.functions import FUNCTIONS as QUAD_FUNCTIONS
from oracle.functions import QUAD, quad_constant
from oracle.operations import OPERATIONS
from oracle.reference import FUNCTIONS, NotResolved, Span, slopes, values
from oracle.sweep import inputs, swept_operations, swept_program
from oracle.verdict import enclosed, fraction

SYMPY = {
    "erf": sympy.erf,
    "erfc": sympy.erfc,
    "erfinv": sympy.erfinv,
    "loggamma": sympy.loggamma,
    "polygamma0": sympy.digamma,
    "polygamma1": lambda x: sympy.polygamma(1, x),
}


def only(span: Span) -> Fraction:
    assert span.least.shape == (1,)
    assert span.least[0] == span.greatest[0]
    return fraction(span.least[0])


# log Γ(1/2) = log √π, ψ(1) = -γ, ψ'(1) = π²/6, and the probable error of a normal distribution over √2.
@pytest.mark.parametrize(
    ("expression", "point", "digits"),
    [
        (sympy.erf(A), 1.0, "0.842700792949714869341220635082609259"),
        (sympy.erfinv(A), 0.5, "0.476936276204469873381418353643130560"),
        (sympy.loggamma(A), 0.5, "0.572364942924700087071713675676529356"),
        (sympy.digamma(A), 1.0, "-0.577215664901532860606512090082402431"),
        (sympy.polygamma(1, A), 1.0, "1.644934066848226436472415166646025189"),
        (exp(A), 1.0, "2.718281828459045235360287471352662498"),
        (log(A), 2.0, "0.693147180559945309417232121458176568"),
        (sympy.atan(A), 1.0, "0.785398163397448309615660845819875721"),
        (sympy.sinh(A), 1.0, "1.175201193643801456882381850595600815"),
        (sqrt(A), 2.0, "1.414213562373095048801688724209698079"),
        (A * (sympy.pi / 180), 180.0, "3.141592653589793238462643383279502884"),
        (A / 3, 1.0, "0.333333333333333333333333333333333333"),
    ],
)
def test_values_are_well_known_constants(expression, point, digits):
    assert abs(only(values(Smooth(expression), np.array([point]))) - Fraction(digits)) < Fraction(10) ** -31


@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - {"sqrt", "erf_by_polynomial"}))
def test_functions_agree_with_128_bit_ones(name):
    function = SYMPY.get(name) or getattr(sympy, name, None) or getattr(sympy.codegen.cfunctions, name)
    start = 1.0 if name == "acosh" else 0.0
    points = start + np.linspace(0.03, 0.96, 32)
    due = QUAD_FUNCTIONS[name].value(points.astype(QUAD))
    came = values(Smooth(function(A)), points)
    assert np.array_equal(came.least, came.greatest)
    assert (np.abs(came.least - due) <= np.abs(due) * 1e-30).all()


@pytest.mark.parametrize("operation", swept_operations(), ids=lambda operation: operation.name)
def test_it_is_enclosed_with_the_derivatives_that_backwards_use(operation):
    points = inputs(operation, "bfloat16", 997)
    truth = enclosed(swept_program(operation, "float64", points))
    for span, due in (
        (values(operation.formula, points), truth.outputs[0]),
        (slopes(operation.formula, points), truth.gradients[0]),
    ):
        claimed = np.isfinite(due.radius)
        # Some overflow, or their intermediate products may.
        assert np.count_nonzero(claimed) >= 0.3 * len(points)
        with np.errstate(all="ignore"):
            off = np.abs(span.midpoint - due.midpoint).astype(np.float64)
        assert (off <= due.radius)[claimed].all()


def at(expression: sympy.Expr, point: float) -> Fraction:
    return only(values(Smooth(expression), np.array([point])))


def slope_at(expression: sympy.Expr, point: float) -> Fraction:
    return only(slopes(Smooth(expression), np.array([point])))


@pytest.mark.parametrize(
    ("came", "due"),
    [
        # tanh' = 4 e^-2x / (1 + e^-2x)², where 1 - tanh² cancels all digits.
        (slope_at(tanh(A), 40.0), at(4 * exp(-2 * A) / (1 + exp(-2 * A)) ** 2, 40.0)),
        (slope_at(1 / (1 + exp(-A)), 80.0), at(exp(-A) / (1 + exp(-A)) ** 2, 80.0)),
        # Taylor: (sin x / x)' = -x/3 + x³/30 - …, e^x - 1 = x + …, log(1 + x) = x - …
        (slope_at(sin(A) / A, 2.0**-70), Fraction(-1, 3) / 2**70),
        (at(exp(A) - 1, 2.0**-120), Fraction(1, 2**120)),
        (at(expm1(A), 2.0**-120), Fraction(1, 2**120)),
        (at(log1p(A), 2.0**-120), Fraction(1, 2**120)),
        (at(A * (1 + sympy.erf(A)), -12.0), at(A * sympy.erfc(-A), -12.0)),
    ],
)
def test_cancellation_costs_no_digits(came, due):
    assert abs(came / due - 1) < Fraction(1, 10**31)


def test_beyond_float64_it_is_infinite_or_0():
    assert values(Smooth(exp(A)), np.array([1e38])).least[0] == np.inf
    assert values(Smooth(-exp(A)), np.array([1e38])).least[0] == -np.inf
    assert at(exp(A), -1e38) == 0


@pytest.mark.parametrize(
    ("name", "point", "least", "greatest"),
    [
        ("relu", 0.0, 0, 1),
        ("relu", -0.0, 0, 1),
        ("relu", 2.0**-133, 1, 1),
        ("abs", 0.0, -1, 1),
        ("hardswish", -3.0, -0.5, 0),
        ("hardswish", 3.0, 1, 1.5),
        ("relu6", 6.0, 0, 1),
        ("softshrink", -0.5, 0, 1),
        ("elu", 0.0, 1, 1),
        ("sinc", 0.0, 0, 0),
        ("logsigmoid", 0.0, 0.5, 0.5),
    ],
)
def test_slopes_at_kinks_are_all_between_the_two_sides(name, point, least, greatest):
    span = slopes(OPERATIONS[name].formula, np.array([point]))
    assert (float(span.least[0]), float(span.greatest[0])) == (least, greatest)


def test_the_nearest_and_the_middle():
    span = slopes(Branch(0, 0.0, Smooth(-A), Smooth(A)), np.zeros(4))
    assert span.nearest(np.array([-3.0, 0.25, 1.5, np.nan]))[:3].astype(np.float64).tolist() == [-1, 0.25, 1]
    assert np.isnan(span.nearest(np.full(4, np.nan))).all()
    assert (span.midpoint == 0).all()


def test_constants_have_all_digits():
    assert abs(at(A * sqrt(2 / sympy.pi), 1.0) - fraction(quad_constant("sqrt(2/pi)"))) < Fraction(1, 10**31)


def test_no_real_value_is_refused():
    with pytest.raises(NotResolved, match=r"at -1\.0"):
        values(Smooth(log(A)), np.array([1.0, -1.0]))
