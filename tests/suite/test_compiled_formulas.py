"""Compiled formulas take the steps that are written, with constants of 113 bits."""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np
import pytest
import sympy
from sympy.codegen.cfunctions import log1p

from oracle.formula import (
    OPERANDS,
    A,
    B,
    C,
    G,
    Y,
    _OperandPrinter,
    compiled,
    evaluated,
    ordered,
    smooth_parts,
    summed,
)
from oracle.functions import erf_by_polynomial, quad_constant
from oracle.operations import OPERATIONS
from oracle.verdict import fraction
from tests.suite.formulas import FORMULAS


class Traced:
    """A number that writes down what is done with it."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text

    def __neg__(self):
        return Traced(f"-{self}")


def _written(sign, turned):
    def operation(self, other):
        left, right = (other, self) if turned else (self, other)
        return Traced(f"({left}{sign}{right})")

    return operation


for _name, _sign in {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "pow": "^"}.items():
    setattr(Traced, f"__{_name}__", _written(_sign, turned=False))
    setattr(Traced, f"__r{_name}__", _written(_sign, turned=True))


class TracedArithmetic:
    def __init__(self):
        self.constants = []

    def constant(self, text):
        self.constants.append(text)
        return Traced(f"[{text}]")

    def function(self, name, *arguments):
        return Traced(f"{name}({', '.join(map(str, arguments))})")

    def power(self, base, exponent):
        return Traced(f"pow({base}, {exponent})")


def steps(expression):
    operands = tuple(Traced(str(symbol)) for symbol in OPERANDS)
    return str(evaluated(expression, TracedArithmetic(), operands, Traced("y"), Traced("g")))


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        (ordered(C, A, B), "((c*a)*b)"),
        (ordered(B, A, C), "((b*a)*c)"),
        (ordered(G * (1 - Y), Y), "((g*(1-(1*y)))*y)"),
        (ordered(A, 1 + B, sympy.Rational(1, 2)), "((a*(1+b))/2)"),
        (ordered(A, A + 3, sympy.Rational(1, 6)), "((a*(3+a))/6)"),
        (ordered(-G, Y**2), "((-1*g)*(y^2))"),
        (summed(C, A, B), "((c+a)+b)"),
        (summed(B, ordered(C, A)), "(b+(c*a))"),
        (summed(ordered(C, sympy.exp(A), B), sympy.exp(A)), "(((c*exp(a))*b)+exp(a))"),
        (summed(ordered(A, C, B), A * B), "(((a*c)*b)+(a*b))"),
        (ordered(A, 1 + sympy.erf(A / 2), sympy.Rational(1, 2)), "((a*(1+erf((a/2))))/2)"),
        (A / 3, "(a/3)"),
        (A * sympy.Rational(2, 3), "((2*a)/3)"),
        (A / B, "(a/b)"),
        (G / (2 * Y), "(g/(2*y))"),
        (1 / A, "(1/a)"),
        (1 / A**2, "(1/(a^2))"),
        (1 / sympy.sqrt(A), "(1/sqrt(a))"),
        (A + sympy.Rational(1, 3), "([1/3]+a)"),
        (A ** sympy.Rational(3, 2), "pow(a, [3/2])"),
        (A**B, "pow(a, b)"),
        (sympy.pi * A, "([pi]*a)"),
        (sympy.polygamma(1, A), "polygamma1(a)"),
        (sympy.digamma(A), "polygamma0(a)"),
        (sympy.atan2(A, B), "atan2(a, b)"),
        (log1p(sympy.exp(A)), "log1p(exp(a))"),
        (erf_by_polynomial(A), "erf_by_polynomial(a)"),
    ],
    ids=str,
)
def test_compiled_expressions_take_the_steps_that_are_written(expression, due):
    assert steps(expression) == due


def plainly(expression):
    """``expression`` compiled without looking for what occurs twice."""
    function = sympy.lambdify((sympy.Symbol("K"), *OPERANDS, Y, G), expression, modules=[{}], printer=_OperandPrinter)
    return str(function(TracedArithmetic(), *map(Traced, "abcdyg")))


@pytest.mark.parametrize("name", sorted(FORMULAS.keys() - {"silu", "gelu_tanh"}))
def test_looking_for_what_occurs_twice_changes_no_step(name):
    for part in smooth_parts(FORMULAS[name]):
        for expression in (part.expression, *map(part.derivative, range(4))):
            assert steps(expression) == plainly(expression)


def test_a_quotient_that_occurs_twice_is_multiplied():
    sigmoid = 1 / (1 + sympy.exp(-A))
    assert steps(sigmoid + A * sigmoid) == "((1/(1+exp((-1*a))))+(a*(1/(1+exp((-1*a))))))"


def test_what_occurs_twice_is_computed_once():
    calls = []

    class Counting(TracedArithmetic):
        def function(self, name, *arguments):
            calls.append(name)
            return super().function(name, *arguments)

    formula = OPERATIONS["silu"].formula
    evaluated(formula.derivative(0), Counting(), (Traced("a"),))
    assert calls == ["exp"]


POINT = {A: Fraction(3, 7), B: Fraction(-5, 11), C: Fraction(2, 3), OPERANDS[3]: Fraction(-1, 2)}


def is_rational(expression):
    return expression.is_rational_function(*OPERANDS) and all(
        each.is_Rational for each in expression.atoms(sympy.Number, sympy.NumberSymbol)
    )


class Fractions:
    def constant(self, text):
        return Fraction(text)


@pytest.mark.parametrize(
    "name",
    [name for name, formula in FORMULAS.items() if all(is_rational(part.expression) for part in smooth_parts(formula))],
)
def test_rational_formulas_are_evaluated_exactly(name):
    for part in smooth_parts(FORMULAS[name]):
        due = part.expression.subs({symbol: sympy.Rational(value) for symbol, value in POINT.items()}).doit()
        assert evaluated(part.expression, Fractions(), tuple(POINT.values())) == Fraction(int(due.p), int(due.q))


def used_constants():
    """Every number that some formula of the catalogue, or its derivative, asks the arithmetic for."""
    arithmetic = TracedArithmetic()
    operands = tuple(map(Traced, "abcd"))
    for formula in FORMULAS.values():
        for part in smooth_parts(formula):
            for expression in (part.expression, *(part.derivative(place) for place in range(4))):
                compiled(expression)(arithmetic, *operands, Traced("y"), Traced("g"))
    return sorted(set(arithmetic.constants))


def test_constants_are_right_to_113_bits():
    constants = used_constants()
    assert {"pi", "log(2)", "sqrt(pi)", "sqrt(2)"} <= set(constants)
    for text in constants:
        high, digits = quad_constant(text), sympy.sympify(text).evalf(60)
        exact = Fraction(str(digits))
        low = high - high.astype(np.float64)
        rest = low - low.astype(np.float64)
        came = sum(Fraction(float(part.astype(np.float64))) for part in (high, low, rest))
        assert abs(came - exact) <= abs(exact) * Fraction(1, 2**113), text


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("pi", lambda: flint.arb.pi()),
        ("log(2)", lambda: flint.arb(2).log()),
        ("pi/180", lambda: flint.arb.pi() / 180),
        ("sqrt(2)/sqrt(pi)", lambda: (flint.arb(2) / flint.arb.pi()).sqrt()),
        ("1/3", lambda: flint.arb(1) / 3),
        ("8943/200000", lambda: flint.arb(8943) / 200000),
    ],
)
def test_constants_agree_with_balls(text, due):
    with flint.ctx.workprec(200):
        ball = due()
        high = float(ball.mid())
        exact = Fraction(high) + Fraction(float((ball - high).mid()))
    assert abs(fraction(quad_constant(text)) / exact - 1) < Fraction(1, 2**104)
