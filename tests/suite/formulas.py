"""Every elementwise formula of the catalogue, for self-tests that look at all of them."""

from __future__ import annotations

import importlib
import pkgutil

from oracle import array, operations
from oracle.formula import Branch, Smooth
from oracle.operations import OPERATIONS
from oracle.operations.activations import clipped, exponential_linear, leaky, shrunk, softplus

MADE = {
    **{f"softplus {b} {t}": softplus(b, t) for b, t in ((1, 20), (2.0, 20), (0.5, 4.0), (1, 8.0))},
    **{f"exponential_linear {a} {s}": exponential_linear(a, s, 1 / a) for a, s in ((2.0, 1), (0.5, 1.5), (1.5, 1))},
    **{f"leaky {slope}": leaky(slope) for slope in (0.01, 0.5, 2.0)},
    **{f"clipped {low} {high}": clipped(low, high) for low, high in ((-1.0, 1.0), (0.0, 6.0), (-2.0, -1.5))},
    **{f"shrunk {step}": shrunk(step) for step in (0.5, 0.0, 1.0)},
}
"""Formulas that are made from arguments."""


class Noted:
    """An operand that notes the formulas which a definition applies to it."""

    def __init__(self):
        self.formulas = []

    def elementwise(self, formula, *operands):
        self.formulas.append(formula)
        return self


def power_formulas():
    for name, exponents in (
        ("fractional_power", (0.5, 1.5, 2.5, 0.25, 3.5)),
        ("negative_power", (-1.0, -2.0, -0.5, -1.5, -3.0)),
    ):
        for exponent in exponents:
            noted = Noted()
            OPERATIONS[name].definition(noted, exponent=exponent)
            yield f"{name} {exponent}", noted.formulas[0]


def all_formulas():
    """Every formula by a name, none twice."""
    found = {name: each.formula for name, each in OPERATIONS.items() if each.formula is not None}
    modules = [
        importlib.import_module(f"oracle.operations.{each.name}") for each in pkgutil.iter_modules(operations.__path__)
    ]
    for module in (array, *modules):
        found |= {name: each for name, each in vars(module).items() if isinstance(each, Smooth | Branch)}
    found |= MADE | dict(power_formulas())
    unique = {}
    for name, each in found.items():
        unique.setdefault(each, name)
    return {name: each for each, name in unique.items()}


FORMULAS = all_formulas()
