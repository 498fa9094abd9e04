"""Elementwise formulas: sympy expressions, and how they are pieced together at kinks.

A formula is written in the symbols A, B, C, D of its operands. It is smooth, or a branch: one formula where an operand
is below a threshold and another where it is above.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Protocol

import sympy
from sympy.printing.pycode import PythonCodePrinter
from sympy.simplify.cse_main import tree_cse

OPERANDS = A, B, C, D = sympy.symbols("a b c d", real=True)
"""The operands of an elementwise formula."""

Y = sympy.Symbol("y", real=True)
"""Its result."""

G = sympy.Symbol("g", real=True)
"""The cotangent of its result."""


@dataclass(frozen=True)
class Smooth:
    """One differentiable expression.

    Attributes:
        expression: what is computed.
        derivatives: the partial derivatives as PyTorch's backward writes them (tools/autograd/derivatives.yaml,
            torch/csrc/autograd/FunctionsManual.cpp), in the operands and in Y, the saved, rounded result; with G the
            whole product with the cotangent. None, or nothing at the end, stands for sympy's own. They change the
            radius only: a test proves each equal to sympy's derivative.
        fused: whether one kernel computes the derivative in float32 for 16-bit formats, so that it rounds once, at its
            end.
        composite: the name under which ``DeviceArithmetic.composite`` lists devices that have no kernel for the
            derivative and compute it step by step; empty where every device has one, or none.
        stepwise: whether the value is not computed in that way: then every step of it rounds to the format.
    """

    expression: sympy.Expr
    derivatives: tuple[sympy.Expr | None, ...] = ()
    fused: bool = False
    stepwise: bool = False
    composite: str = ""

    @cache  # noqa: B019  # the formulas of the catalogue live as long as the program
    def derivative(self, position: int) -> sympy.Expr:
        """The partial derivative by operand number ``position`` (0 for A, 1 for B …), in the operands and Y."""
        given = self.derivatives[position] if position < len(self.derivatives) else None
        return sympy.diff(self.expression, OPERANDS[position]) if given is None else given


@dataclass(frozen=True)
class Branch:
    """A formula that changes where an operand passes a threshold; its values meet there, its slopes need not.

    With ``jumps`` the values need not meet either: then there is no derivative at the threshold.

    Attributes:
        operand: position of the operand that is compared.
        threshold: what it is compared with: a number, or one of the symbols of the operands.
        below, above: the formulas on the two sides.
        at: the formula exactly at the threshold, where the other two fail though the function is smooth.
    """

    operand: int
    threshold: float | sympy.Symbol
    below: Formula
    above: Formula
    at: Formula | None = None
    jumps: bool = False

    @cached_property
    def threshold_operand(self) -> int | None:
        """Position of the operand that is the threshold, if one is."""
        return OPERANDS.index(self.threshold) if isinstance(self.threshold, sympy.Symbol) else None


Formula = Smooth | Branch


def smooth_parts(formula: Formula) -> list[Smooth]:
    """All smooth expressions of ``formula``."""
    if isinstance(formula, Smooth):
        return [formula]
    sides = [formula.below, formula.above, *([formula.at] if formula.at is not None else [])]
    return [part for side in sides for part in smooth_parts(side)]


class Arithmetic(Protocol):
    """What a kind of numbers supplies besides ``+ - * /`` and powers with whole exponents."""

    def constant(self, text: str) -> Any:
        """The number that sympy reads from ``text``."""

    def function(self, name: str, *arguments: Any) -> Any:
        """The elementary function of that name (``oracle.functions``)."""

    def power(self, base: Any, exponent: Any) -> Any:
        """``base`` to a power that is no whole number."""


_SIMPLE_POWERS = (sympy.Rational(1, 2), sympy.Rational(-1, 2), sympy.Integer(-1), sympy.Integer(-2))
"""Exponents whose powers are square roots, products and reciprocals (aten/src/ATen/native/cpu/PowKernel.cpp)."""


class PowerStep(sympy.Function):  # type: ignore[misc]  # sympy ships no types
    """A power with a constant exponent that PyTorch computes as a step of its own, before it multiplies by anything."""

    def doit(self, **hints: bool) -> sympy.Expr:
        """The power."""
        return sympy.Pow(*self.args)


def _inverse(power: sympy.Pow) -> sympy.Expr:
    return power.base if power.exp == -1 else sympy.Pow(power.base, -power.exp)


class _OperandPrinter(PythonCodePrinter):  # type: ignore[misc]  # sympy ships no types
    """Prints an expression so that every operation is left to the operands and to the arithmetic ``K``.

    sympy's own printer writes 1/2 as a division of two Python integers, in float64.
    """

    def _print(self, expression: Any, **settings: Any) -> str:
        if isinstance(expression, sympy.Expr) and expression.is_number and not expression.is_Integer:
            return f"K.constant({str(expression)!r})"
        written: str = super()._print(expression, **settings)
        return written

    def _as_ordered_terms(self, expression: sympy.Add, order: str | None = None) -> list[sympy.Expr]:
        # sympy's own printer sorts them.
        return list(expression.args)

    def _print_Mul(self, expression: sympy.Mul) -> str:
        above: list[str] = []
        below: list[str] = []
        for factor in expression.args:
            if factor.is_Rational:
                above += [str(factor.p)] if factor.p != 1 else []
                below += [str(factor.q)] if factor.q != 1 else []
            elif factor.is_Pow and factor.exp.is_Rational and factor.exp < 0:
                below.append(f"({self._print(_inverse(factor))})")
            else:
                above.append(f"({self._print(factor)})")
        numerator = "*".join(above) or "1"
        return f"({numerator})/({'*'.join(below)})" if below else numerator

    def _print_Pow(self, expression: sympy.Pow, rational: bool = False) -> str:
        base, exponent = expression.args
        if exponent == 1:
            # Left over from a negative power that was taken apart.
            return self._print(base)
        if exponent == sympy.Rational(1, 2):
            return f"K.function('sqrt', {self._print(base)})"
        if exponent.is_Integer and exponent > 0:
            return f"({self._print(base)})**{exponent}"
        if exponent.is_Rational and exponent < 0:
            return f"1/({self._print(_inverse(expression))})"
        return f"K.power({self._print(base)}, {self._print(exponent)})"

    def _print_PowerStep(self, expression: PowerStep) -> str:
        base, exponent = expression.args
        if (exponent.is_positive and exponent.is_Integer) or exponent in _SIMPLE_POWERS:
            return f"({self._print(sympy.Pow(base, exponent))})"
        return f"K.power({self._print(base)}, K.constant({str(exponent)!r}))"

    def _print_Function(self, expression: Any) -> str:
        # The order of a polygamma function is part of its name.
        orders = [each for each in expression.args if each.is_Integer]
        arguments = [self._print(each) for each in expression.args if not each.is_Integer]
        name = type(expression).__name__ + "".join(map(str, orders))
        return f"K.function({name!r}, {', '.join(arguments)})"

    _print_exp = _print_atan2 = _print_hypot = _print_Function
    _print_log = _print_sin = _print_cos = _print_tan = _print_asin = _print_acos = _print_atan = _print_Function
    _print_sinh = _print_cosh = _print_tanh = _print_asinh = _print_acosh = _print_atanh = _print_Function
    _print_expm1 = _print_log1p = _print_exp2 = _print_log2 = _print_log10 = _print_Function
    _print_erf = _print_erfc = _print_erfinv = _print_loggamma = _print_polygamma = _print_Function


@cache
def compiled(expression: sympy.Expr) -> Callable[..., Any]:
    """``expression`` as a function ``(arithmetic, a, b, c, d, y, g)`` of any kind of numbers."""
    arithmetic = sympy.Symbol("K")

    def common_subexpressions(expression: sympy.Expr, **settings: bool) -> tuple[list[Any], sympy.Expr]:
        # Otherwise they are put together anew, and sorted and simplified. ``sympy.cse`` itself would also take products
        # apart, whose factors would change their order.
        with sympy.evaluate(False):
            replacements, (reduced,) = tree_cse([expression], sympy.numbered_symbols(), order="none")
        return replacements, reduced

    function: Callable[..., Any] = sympy.lambdify(
        (arithmetic, *OPERANDS, Y, G), expression, modules=[{}], printer=_OperandPrinter, cse=common_subexpressions
    )
    return function


def evaluated(
    expression: sympy.Expr, arithmetic: Arithmetic, operands: tuple[Any, ...], result: Any = None, cotangent: Any = None
) -> Any:
    """``expression`` at ``operands``, at ``result`` for Y and at ``cotangent`` for G."""
    return compiled(expression)(arithmetic, *operands, *(None,) * (len(OPERANDS) - len(operands)), result, cotangent)


def summed(*terms: sympy.Expr) -> sympy.Expr:
    """The sum of ``terms`` in the order in which they stand, where sympy would sort and simplify them."""
    return sympy.Add(*terms, evaluate=False)


def ordered(*factors: sympy.Expr) -> sympy.Expr:
    """The product of ``factors`` in the order in which they stand, where sympy would sort and simplify them."""
    return sympy.Mul(*factors, evaluate=False)
