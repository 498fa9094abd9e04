"""Elementwise formulas on balls: values, and cotangents pulled back, with Clarke's hull at kinks."""

from __future__ import annotations

import numpy as np
import sympy
from numpy.typing import NDArray

from oracle.ball import Ball, as_ball
from oracle.formula import Branch, Formula, G, Smooth, evaluated
from oracle.functions import FUNCTIONS, FUNCTIONS_OF_TWO, quad_constant
from oracle.number_format import NUMBER_FORMATS
from oracle.rounding import POWER_ULPS, Rounding

Balls = tuple[Ball, ...]


class BallArithmetic:
    """The arithmetic that compiled expressions find their constants and functions in (``formula.Arithmetic``)."""

    def __init__(self, rounding: Rounding) -> None:
        self.rounding = rounding

    def constant(self, text: str) -> Ball:
        """A constant as kernels hold it: rounded to the format that they compute in."""
        computed = NUMBER_FORMATS[self.rounding.number_format.accumulation]
        midpoint = quad_constant(text)
        value = np.asarray(midpoint.astype(np.float64))
        held = bool(midpoint == value) and computed.contains(value)
        radius = 0.0 if held else computed.unit_roundoff * abs(float(value))
        return Ball(midpoint, np.asarray(radius), self.rounding)

    def function(self, name: str, *arguments: Ball | int) -> Ball:
        """An elementary function: how it spreads, then the library's error."""
        balls = tuple(as_ball(each, self.rounding) for each in arguments)
        if len(balls) == 2:
            of_two = FUNCTIONS_OF_TWO[name]
            midpoint = np.asarray(of_two.value(*(ball.midpoint for ball in balls)))
            spread = of_two.spread(balls[0].midpoint, balls[1].midpoint, balls[0].radius, balls[1].radius)
            spread = _unless_anything(spread, balls)
            return Ball(midpoint, self.rounding.of_function(midpoint, spread, of_two.ulps), self.rounding)
        (ball,) = balls
        if name == "sqrt":
            return ball.square_root()
        function = FUNCTIONS[name]
        midpoint = np.asarray(function.value(ball.midpoint))
        moved = ball.radius.any()
        spread = np.zeros(ball.shape)
        if moved:
            spread = _unless_anything(function.spread(function.value, ball.midpoint, ball.radius), balls)
        reach = function.reach[self.rounding.number_format.accumulation == "float64"]
        if reach < np.inf:
            spread = np.where(ball.magnitude + ball.radius <= reach, spread, np.inf)
        scale = None if function.scale is None else function.scale(ball.midpoint, midpoint)
        return Ball(midpoint, self.rounding.of_function(midpoint, spread, function.ulps, scale), self.rounding)

    def power(self, base: Ball | int, exponent: Ball) -> Ball:
        """A power with any exponent: monotone in each operand, so it spreads furthest at a corner; NaN for none."""
        base = as_ball(base, self.rounding)
        midpoint = np.asarray(np.power(base.midpoint, exponent.midpoint))
        spread = np.zeros(midpoint.shape)
        if base.radius.any() or exponent.radius.any():
            for base_end in (base.midpoint - base.radius, base.midpoint + base.radius):
                for exponent_end in (exponent.midpoint - exponent.radius, exponent.midpoint + exponent.radius):
                    corner = np.abs(np.power(base_end, exponent_end) - midpoint).astype(np.float64)
                    spread = np.maximum(spread, np.where(np.isnan(corner), np.inf, corner))
            # Through 0 a power is not monotone.
            crossing = (base.radius > 0) & (base.least_magnitude <= 0)
            spread = np.where(crossing, np.inf, spread)
        return Ball(midpoint, self.rounding.of_function(midpoint, spread, POWER_ULPS), self.rounding)


def _unless_anything(spread: NDArray[np.float64], balls: Balls) -> NDArray[np.float64]:
    """``spread``, infinite where an operand may be anything: then it may be NaN, and so may the result."""
    known = np.all(np.broadcast_arrays(*(np.isfinite(ball.radius) for ball in balls)), axis=0)
    return np.where(known, spread, np.inf)


def value(formula: Formula, operands: Balls) -> Ball:
    """The formula's values at ``operands``, balls of one shape, or of shape ``()`` for numbers."""
    if isinstance(formula, Smooth):
        return _stored(formula.expression, operands, (), fused=not formula.stepwise)
    below, above, at = _sides(formula, operands)
    result = _joined(value(formula.below, operands), value(formula.above, operands), below, above)
    return result if formula.at is None else _replaced(result, value(formula.at, operands), at)


def pulled_back(formula: Formula, operands: Balls, result: Ball, cotangent: Ball, position: int) -> Ball:
    """The product of ``cotangent`` and the partial derivatives by operand number ``position``."""
    if isinstance(formula, Smooth):
        expression = formula.derivative(position)
        fused = formula.fused and formula.composite not in cotangent.rounding.arithmetic.composite
        if G in expression.free_symbols:
            return _stored(expression, operands, (result, cotangent), fused=fused)
        if expression.is_Integer:
            return cotangent.weighted(int(expression))
        return cotangent.weighted(_stored(expression, operands, (result,), fused=fused))
    below, above, at = _sides(formula, operands)
    low = pulled_back(formula.below, operands, result, cotangent, position)
    high = pulled_back(formula.above, operands, result, cotangent, position)
    joined = _joined(low, high, below, above)
    if formula.jumps:
        return Ball(joined.midpoint, np.where(below | above, joined.radius, np.inf), joined.rounding)
    if formula.at is None:
        return joined
    return _replaced(joined, pulled_back(formula.at, operands, result, cotangent, position), at)


def _stored(expression: sympy.Expr, operands: Balls, others: Balls, *, fused: bool) -> Ball:
    rounding = operands[0].rounding
    inner = rounding.within_formula(fused)
    if inner is rounding:
        return as_ball(evaluated(expression, BallArithmetic(rounding), operands, *others), rounding)
    held = tuple(ball.under(inner) for ball in operands)
    saved = tuple(ball.under(inner) for ball in others)
    ball = as_ball(evaluated(expression, BallArithmetic(inner), held, *saved), inner)
    if any(ball is each for each in held + saved):
        return ball.under(rounding)
    return Ball(ball.midpoint, rounding.stored(ball.midpoint, ball.radius, fused), rounding)


def _sides(formula: Branch, operands: Balls) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Where the operand is surely below the threshold, surely above it, and surely at it."""
    key = operands[formula.operand]
    if formula.threshold_operand is not None:
        threshold = operands[formula.threshold_operand]
    else:
        threshold = Ball.exact(np.array(float(formula.threshold)), key.rounding)
    distance = key.midpoint - threshold.midpoint
    slack = key.radius + threshold.radius
    shape = np.broadcast_shapes(*(each.shape for each in operands))
    sides = (distance < -slack, distance > slack, (distance == 0) & (slack == 0))
    below, above, at = (np.broadcast_to(side, shape) for side in sides)
    return below, above, at


def _joined(below: Ball, above: Ball, is_below: NDArray[np.bool_], is_above: NDArray[np.bool_]) -> Ball:
    """One ball or the other; where either may hold, the hull of both."""
    first, second, low, high = np.broadcast_arrays(below.midpoint, above.midpoint, below.radius, above.radius)
    middle = (first + second) / 2
    half = np.abs(first - second).astype(np.float64) / 2 + np.maximum(low, high)
    midpoint = np.where(is_below, first, np.where(is_above, second, middle))
    radius = np.where(is_below, low, np.where(is_above, high, np.where(np.isnan(half), np.inf, half)))
    return Ball(midpoint, radius, below.rounding)


def _replaced(ball: Ball, other: Ball, where: NDArray[np.bool_]) -> Ball:
    return Ball(
        np.where(where, other.midpoint, ball.midpoint), np.where(where, other.radius, ball.radius), ball.rounding
    )
