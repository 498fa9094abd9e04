"""Every definition over what is drawn for its operation: against torch's forward, and its gradient against sympy's."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy

from oracle.enclosure import enclosure
from oracle.exact import NotPolynomial, exact
from oracle.formula import OPERANDS, smooth_parts
from oracle.known_issues import is_undrawable, known_holes
from oracle.operations import OPERATIONS
from oracle.route import leaves, to_numpy, torch_function
from oracle.verdict import fraction
from strategies.random_programs import random_programs
from strategies.samples import sample

DRAWN = [name for name in OPERATIONS if not is_undrawable(name, "float64")]


@pytest.mark.parametrize("name", DRAWN)
def test_definitions_agree_with_forwards_and_with_sympy(name):
    informative = compared = 0
    for program in sample(random_programs(dtype="float64", featured=name, max_operations=1), count=25):
        assert len(program.applications) == 1
        enclosed = enclosure(program, holes=known_holes("float64"))
        informative += agreement_with_forward(program, enclosed.outputs)
        try:
            compared += agreement_with_sympy(enclosure(program), exact(program))
        except NotPolynomial:
            continue
    assert informative >= 10
    assert compared >= 10 or not may_be_polynomial(name)


def may_be_polynomial(name):
    formula = OPERATIONS[name].formula
    if formula is None:
        # The exponentials are polynomials for scalars only, whose exponential is 1.
        exponentials = ("softmax", "log_softmax", "logsumexp", "logcumsumexp")
        return name not in ("negative_power", "fractional_power", "std", *exponentials)
    expressions = [part.expression for part in smooth_parts(formula)]
    return all(each.is_polynomial(*OPERANDS) and not each.atoms(sympy.NumberSymbol) for each in expressions)


def agreement_with_forward(program, due):
    """How many elements of the outputs tell something; each must be within its radius of torch's own."""
    came = torch_function(program, "cpu")(*(each.detach() for each in leaves(program, "cpu")))
    assert len(came) == len(due) == len(program.outputs)
    informative = 0
    for tensor, ball in zip(came, due, strict=True):
        assert tuple(tensor.shape) == ball.shape
        radius = ball.judged_radius()
        with np.errstate(all="ignore"):
            error = np.abs(to_numpy(tensor) - ball.midpoint).astype(np.float64)
            informative += np.count_nonzero(radius <= 1e-6 * np.abs(ball.midpoint).astype(np.float64))
        assert ((error <= radius) | np.isinf(radius)).all()
    return informative


def agreement_with_sympy(enclosed, result):
    """How many elements were compared; each midpoint must be sympy's value to the last bits of 128-bit arithmetic."""
    compared = 0
    assert result.gradients.keys() >= enclosed.gradients.keys()
    for due, ball in [
        *zip(result.outputs, enclosed.outputs, strict=True),
        *((result.gradients[index], ball) for index, ball in enclosed.gradients.items()),
    ]:
        assert due.shape == ball.shape
        for midpoint, radius, expected in zip(ball.midpoint.ravel(), ball.radius.ravel(), due.ravel(), strict=True):
            if np.isfinite(radius) and (expected == 0 or abs(expected) > Fraction(2) ** -900):
                # Its error obeys the same recursion as the radius, with 2^-113 in place of 2^-53.
                assert abs(fraction(midpoint) - expected) <= Fraction(float(radius)) * Fraction(2) ** -47
                compared += 1
    return compared
