"""Kinks: every operation that has one is asked there, and the hull is Clarke's."""

from __future__ import annotations

import pytest

from oracle.enclosure import enclosure
from oracle.kinks import kinks
from oracle.operations import OPERATIONS
from oracle.verdict import enclosed, judge
from tests.suite.test_verdicts import answered

BY_PLACE = {(each.operation, each.place): each.program for name in OPERATIONS for each in kinks(name, "float64")}


def test_every_operation_with_a_kink_or_a_tie_is_asked():
    for operation in OPERATIONS.values():
        places = [place for name, place in BY_PLACE if name == operation.name]
        assert len(places) >= len(operation.kinks) + operation.ties or operation.name == "hardsigmoid"


@pytest.mark.parametrize(
    ("operation", "place", "least", "greatest"),
    [
        ("relu", "at 0", 0, 1),
        ("abs", "at 0", -1, 1),
        ("leaky_relu", "at 0", 0.01, 1),
        ("hardtanh", "at 1", 0, 1),
        ("clamp", "at -1", 0, 1),
        ("hardswish", "at -3", -0.5, 0),
        ("hardswish", "at 3", 1, 1.5),
        ("softshrink", "at 0.5", 0, 1),
        ("elu", "at 0", 1, 1),
        ("maximum", "tie", 0, 1),
        ("amax", "tie", 0, 1),
    ],
)
def test_hulls_are_those_of_the_one_sided_derivatives(operation, place, least, greatest):
    ball = enclosure(BY_PLACE[operation, place]).gradients[0]
    middle, radius = float(ball.midpoint.ravel()[0]), ball.radius.ravel()[0]
    assert middle - radius == pytest.approx(least, abs=1e-12)
    assert middle + radius == pytest.approx(greatest, abs=1e-12)


@pytest.mark.parametrize(("wrong", "count"), [(1.1, 1), (-0.1, 1), (0.0, 0), (0.3, 0), (1.0, 0)])
def test_a_gradient_outside_the_hull_is_objected_to(wrong, count):
    program = BY_PLACE["relu", "at 0"]
    verdict = judge(program, answered(program, 0, lambda program, gradient: gradient * 0 + wrong), enclosed(program))
    assert len(verdict.wrong) == count
