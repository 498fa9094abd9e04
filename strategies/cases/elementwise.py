"""Cases of elementwise operations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis.strategies import DrawFn

from oracle.program import Argument
from strategies.cases.case import Case, Rule, broadcast_partner
from strategies.dice import Dice
from strategies.shapes import Shape

# Numbers that every format holds.
SCALARS = (2.0, 1.0, -1.0, 0.5, 3.0, -0.75, 0.0, 1.5)


def _unary(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case()


def _binary(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case((broadcast_partner(dies, shape),))


def _arithmetic(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    """A tensor, or a number three times in ten, which is never 0: it may divide."""
    if dies.between(0, 9) >= 7:
        return Case((dies.among(tuple(each for each in SCALARS if each)),))
    return _binary(draw, dies, shape)


def _ternary(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    second = broadcast_partner(dies, shape)
    return Case((second, broadcast_partner(dies, tuple(map(int, np.broadcast_shapes(shape, second))))))


def _with(
    rule: Callable[[DrawFn, Dice, Shape], Case], name: str, options: tuple[Argument, ...], *, may_lack: bool = False
) -> Callable[[DrawFn, Dice, Shape], Case]:
    """``rule`` with an argument from ``options``; half of the time without it, if it ``may_lack``."""

    def drawn(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
        case = rule(draw, dies, shape)
        if may_lack and dies.between(0, 1) == 0:
            return case
        return Case(case.others, {name: dies.among(options)})

    return drawn


def _bounds(low: str, high: str) -> Callable[[DrawFn, Dice, Shape], Case]:
    def drawn(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
        lowest = dies.among((-1.0, 0.0, -0.5, -2.0))
        return Case((), {low: lowest, high: lowest + dies.among((1.0, 2.0, 0.5, 4.0))})

    return drawn


def _softplus(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return dies.among(
        (Case(), Case((), {"beta": 2.0}), Case((), {"beta": 0.5, "threshold": 4.0}), Case((), {"threshold": 8.0}))
    )


ELEMENTWISE: dict[str, Rule] = {
    "unary": Rule(_unary),
    "binary": Rule(_binary, others=1),
    "arithmetic": Rule(_arithmetic, others=1),
    "ternary": Rule(_ternary, others=2),
    "binary with alpha": Rule(_with(_binary, "alpha", (2.0, -1.0, 0.5, -0.75, 0.0)), others=1),
    "binary with weight": Rule(_with(_binary, "weight", (0.25, 0.5, 0.75, 0.0, 1.0, -0.5, 1.5)), others=1),
    "ternary with value": Rule(_with(_ternary, "value", (2.0, -1.0, 0.5, -0.75), may_lack=True), others=2),
    "integer power": Rule(_with(_unary, "exponent", (2, 3, 1, 4, 5))),
    "negative power": Rule(_with(_unary, "exponent", (-1.0, -2.0, -0.5, -1.5, -3.0))),
    "fractional power": Rule(_with(_unary, "exponent", (0.5, 1.5, 2.5, 0.25, 3.5))),
    "softplus": Rule(_softplus),
    "elu": Rule(_with(_unary, "alpha", (2.0, 0.5, 1.5), may_lack=True)),
    "celu": Rule(_with(_unary, "alpha", (2.0, 0.5), may_lack=True)),
    "leaky_relu": Rule(_with(_unary, "negative_slope", (0.5, 0.25, 2.0), may_lack=True)),
    "hardtanh": Rule(_bounds("min_val", "max_val")),
    "softshrink": Rule(_with(_unary, "lambd", (1.0, 0.25, 0.0), may_lack=True)),
    "clamp": Rule(_bounds("min", "max")),
    "clamp_min": Rule(_with(_unary, "min", (0.0, 1.0, -0.5))),
}
"""Every rule of elementwise operations by the name that ``Operation.case`` gives it."""
