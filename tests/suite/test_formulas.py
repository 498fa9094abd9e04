"""Elementwise formulas: the derivatives that backwards write are sympy's, and the sides of branches meet."""

from __future__ import annotations

import pytest
import sympy
from sympy.codegen.cfunctions import exp2, expm1, log1p, log2, log10

from oracle.formula import (
    OPERANDS,
    A,
    B,
    Branch,
    G,
    Smooth,
    Y,
    ordered,
    smooth_parts,
)
from oracle.functions import erf_by_polynomial
from oracle.operations import OPERATIONS
from oracle.operations.activations import softplus
from tests.suite.formulas import FORMULAS

WRITTEN = {
    f"{name}, part {number}, operand {position}": (part, position)
    for name, formula in FORMULAS.items()
    for number, part in enumerate(smooth_parts(formula))
    for position, given in enumerate(part.derivatives)
    if given is not None
}
"""The derivatives that are written down."""


def elementary(expression):
    """``expression`` in functions that sympy can simplify."""
    expression = expression.replace(erf_by_polynomial, sympy.erf)
    expression = expression.replace(sympy.Function("hypot"), lambda a, b: sympy.sqrt(a**2 + b**2))
    for function in (exp2, expm1, log1p, log2, log10):
        expression = expression.replace(function, lambda x, f=function: sympy.expand_func(f(x)))
    return expression


def written_derivative(part, position):
    """The factor of the cotangent in what the backward computes, in the operands alone."""
    claimed = part.derivative(position).subs(Y, part.expression)
    if G in claimed.free_symbols:
        assert claimed.subs(G, 0) == 0, "a cotangent of 0 gives no 0"
        claimed = sympy.diff(claimed, G)
        assert G not in claimed.free_symbols, "the product with the cotangent is not linear in it"
    return elementary(claimed)


def is_zero(difference):
    """Whether sympy proves that ``difference`` is 0, for operands above 1 if it cannot otherwise.

    Every formula is analytic where it is defined: what vanishes there vanishes everywhere.
    """
    if sympy.simplify(difference) == 0:
        return True
    above = {symbol: 1 + sympy.Symbol(f"t{symbol}", positive=True) for symbol in OPERANDS}
    return sympy.simplify(difference.subs(above)) == 0


@pytest.mark.parametrize("name", WRITTEN)
def test_derivatives_that_backwards_write_are_sympys(name):
    part, position = WRITTEN[name]
    due = sympy.diff(elementary(part.expression), OPERANDS[position])
    assert is_zero(written_derivative(part, position) - due)


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        (sympy.tanh(A), 1 + Y**2),
        (sympy.sqrt(A), G / Y),
        (1 / (1 + sympy.exp(-A)), ordered(G * (1 - Y), 1 + Y)),
        (sympy.acosh(A), 1 / sympy.sqrt(A**2 + 1)),
        (exp2(A), Y),
        (log2(A), G / A),
    ],
)
def test_a_wrong_derivative_is_told_from_sympys(expression, wrong):
    part = Smooth(expression, (wrong,))
    assert not is_zero(written_derivative(part, 0) - sympy.diff(elementary(expression), A))


def test_all_families_of_formulas_are_there():
    names = set(FORMULAS)
    assert {"div", "PRODUCT_ADDED", "lerp", "SUBTRACTION_WITH_ALPHA", "TIMES_ITSELF_AND_BACK", "sinc"} <= names
    assert {"fractional_power 0.5", "negative_power -0.5", "softplus 2.0 20", "logaddexp", "tensor_power"} <= names
    assert len(WRITTEN) >= 80


def test_a_derivative_that_is_not_given_is_sympys():
    formula = Smooth(A**2 * B, (None, A * A))
    assert formula.derivative(0) == 2 * A * B
    assert formula.derivative(1) == A * A
    assert formula.derivative(2) == 0


def test_sinc_is_smooth_at_0():
    formula = OPERATIONS["sinc"].formula
    assert sympy.limit(formula.above.expression, A, 0) == formula.at.expression == 1
    assert sympy.limit(sympy.diff(formula.above.expression, A), A, 0) == formula.at.derivative(0) == 0


def branches(formula, conditions=()):
    """Every branch within ``formula``, with the sides of the branches around it: (operand, threshold, is below)."""
    if isinstance(formula, Branch):
        yield formula, conditions
        for side, is_below in ((formula.below, True), (formula.above, False)):
            yield from branches(side, (*conditions, (formula.operand, formula.threshold, is_below)))


def value_at(formula, point):
    while isinstance(formula, Branch):
        threshold = point.get(formula.threshold, formula.threshold)
        formula = formula.below if point[OPERANDS[formula.operand]] < threshold else formula.above
    return elementary(formula.expression).subs(point).evalf(40)


# softplus leaves out log1p(exp(-x)) beyond its threshold.
BRANCHES = [name for name, each in FORMULAS.items() if isinstance(each, Branch) and each.at is None and not each.jumps]


@pytest.mark.parametrize("name", BRANCHES)
def test_the_two_sides_of_a_branch_meet(name):
    met = 0
    for branch, conditions in branches(FORMULAS[name]):
        for number in range(8):
            point = {
                symbol: sympy.Rational(7 * number % 8 * (place + 2) - 9, 5) for place, symbol in enumerate(OPERANDS)
            }
            point[OPERANDS[branch.operand]] = point.get(branch.threshold, branch.threshold)
            held = all(
                (point[OPERANDS[operand]] < point.get(threshold, threshold)) == is_below
                for operand, threshold, is_below in conditions
            )
            if held and point != {A: 0} and branch.at is None:
                gap = abs(value_at(branch.below, point) - value_at(branch.above, point))
                assert gap < 1e-30
                met += 1
    assert met


@pytest.mark.parametrize(("beta", "threshold"), [(1, 20), (2.0, 20), (0.5, 4.0), (1, 8.0)])
def test_softplus_leaves_out_little_beyond_its_threshold(beta, threshold):
    formula = softplus(beta, threshold)
    point = {A: sympy.Rational(threshold) / sympy.Rational(beta)}
    assert formula.threshold == float(point[A])
    gap = value_at(formula.below, point) - value_at(formula.above, point)
    assert abs(gap - sympy.log(1 + sympy.exp(-sympy.Rational(threshold))) / sympy.Rational(beta)) < 1e-30
