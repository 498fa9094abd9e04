"""Both oracles, and PyTorch, against derivatives from the textbook, written out by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from oracle.enclosure import enclosure
from oracle.exact import NotPolynomial, exact
from oracle.program import Input, ProgramBuilder, Value
from oracle.verdict import fraction
from tests.suite.examples import broadcast_product, contiguous, notebook_polynomial, reduction

X = (1.0, 2.0, 4.0, 7.0)
HALF = Fraction(1, 2)


def gradients(program):
    """The exact gradients, after checking that the enclosure's midpoints agree to a hundred bits."""
    exact_result, enclosed = exact(program), enclosure(program)
    for index, values in exact_result.gradients.items():
        for element, due in zip(enclosed.gradients[index].midpoint.ravel(), values.ravel(), strict=True):
            assert abs(fraction(element) - due) <= abs(due) / 2**100
    return {index: values.ravel().tolist() for index, values in exact_result.gradients.items()}


def test_the_notebook():
    assert gradients(notebook_polynomial()) == {0: [93]}
    assert exact(notebook_polynomial()).outputs[0].item() == 63


def test_the_product_rule_with_broadcasting():
    assert gradients(broadcast_product()) == {
        0: [1 * 7, -2 * 8, 3 * 9, -1 * 7, 2 * 8, 2 * 9],
        1: [1 * 1 - 1 * 4, -2 * 2 + 2 * 5, 3 * 3 + 2 * 6],
    }


@pytest.mark.parametrize(
    ("operation", "arguments", "value", "gradient"),
    [
        # d/dx of the sum is 1; of the mean, 1/n
        ("sum", {}, 14, [1, 1, 1, 1]),
        ("mean", {}, Fraction(7, 2), [Fraction(1, 4)] * 4),
        # of the product, the product of the others
        ("prod", {}, 56, [56, 28, 14, 8]),
        # of an extremum, 1 where it is
        ("amax", {}, 7, [0, 0, 0, 1]),
        ("amin", {}, 1, [1, 0, 0, 0]),
        # of the variance, 2 (x - mean) / (n - correction)
        ("var", {}, 7, [Fraction(-5, 3), -1, Fraction(1, 3), Fraction(7, 3)]),
        ("var", {"correction": 0}, Fraction(21, 4), [-5 * HALF / 2, -3 * HALF / 2, HALF / 2, 7 * HALF / 2]),
        ("var", {"correction": 2}, 21 * HALF, [-5 * HALF, -3 * HALF, HALF, 7 * HALF]),
    ],
)
def test_reductions(operation, arguments, value, gradient):
    program = reduction(operation, X, (4,), **arguments)
    assert exact(program).outputs[0].item() == value
    assert gradients(program) == {0: gradient}


@pytest.mark.parametrize(
    ("values", "gradient"), [((0, 2, 3), [6, 0, 0]), ((0, 0, 3), [0, 0, 0]), ((0, 0, 0), [0, 0, 0])]
)
def test_products_with_zeros(values, gradient):
    assert gradients(reduction("prod", values, (3,))) == {0: gradient}


def test_the_standard_deviation_is_enclosed():
    # d/dx of the standard deviation s is (x - mean) / (s (n - 1)); here s is the root of 7.
    ball = enclosure(reduction("std", X, (4,))).gradients[0]
    for element, deviation in zip(ball.midpoint, (-5, -3, 1, 7), strict=True):
        due_squared = Fraction(deviation, 2) ** 2 / 7 / 9
        assert abs(fraction(element) ** 2 - due_squared) <= due_squared / 2**100
        assert (fraction(element) > 0) == (deviation > 0)
    with pytest.raises(NotPolynomial):
        exact(reduction("std", X, (4,)))


@pytest.mark.parametrize(("shape", "dim"), [((), 0), ((1,), None), ((3, 1), -1)])
def test_the_variance_of_a_single_element_is_exactly_zero(shape, dim):
    count = 3 if shape == (3, 1) else 1
    builder = ProgramBuilder([Input(contiguous(X[:count], shape))])
    third = builder.apply("mul", Value(0), 1 / 3)
    builder.apply("var", third, arguments={"dim": dim, "correction": 0})
    ones = contiguous((1.0,) * count, (count,) if count > 1 else ())
    ball = enclosure(builder.program(ones)).gradients[0]
    assert not ball.midpoint.astype(float).any()
    assert not ball.radius.any()


def test_a_tie_has_no_exact_gradient_and_encloses_every_share():
    program = reduction("amax", (3.0, 3.0, 1.0), (3,))
    with pytest.raises(NotPolynomial, match="tie"):
        exact(program)
    ball = enclosure(program).gradients[0]
    assert ball.midpoint.astype(float).tolist() == [0.5, 0.5, 0]
    assert ball.radius.tolist() == [0.5, 0.5, 0]


def test_empty_groups():
    assert exact(reduction("prod", (), (0,))).outputs[0].item() == 1
    assert exact(reduction("sum", (), (0, 2), dim=0)).outputs[0].tolist() == [0, 0]
    assert enclosure(reduction("prod", (), (0,))).gradients[0].shape == (0,)


def test_a_frozen_input_has_no_gradient():
    program = broadcast_product()
    frozen = type(program)(
        (type(program.inputs[0])(contiguous((1.0,) * 6, (2, 3)), False), program.inputs[1]),
        program.applications,
        program.outputs,
    )
    assert set(exact(frozen).gradients) == set(enclosure(frozen).gradients) == {1}
