"""Elementwise sympy expressions, compiled once into Python code that any kind of number can run."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import sympy
from sympy.printing.pycode import PythonCodePrinter

from oracle.array import SYMBOLS


class _ArithmeticPrinter(PythonCodePrinter):  # type: ignore[misc]  # sympy ships no types
    """Prints an expression so that every operation is left to the operands.

    sympy's own printer writes 1/2 as a division of two Python integers, in float64; here a fraction in a product
    divides the operands, and a fraction elsewhere is refused.
    """

    def _print_Rational(self, expression: sympy.Rational) -> str:
        raise NotImplementedError(f"{expression} must be written as a quotient of operands")

    def _print_Mul(self, expression: sympy.Mul) -> str:
        numerator, denominator = expression.as_numer_denom()
        if denominator == 1:
            return super()._print_Mul(expression)  # type: ignore[no-any-return]
        return f"({self._print(numerator)})/({self._print(denominator)})"

    def _print_Pow(self, expression: sympy.Pow, rational: bool = False) -> str:
        base, exponent = expression.as_base_exp()
        if exponent == sympy.Rational(1, 2):
            return f"({self._print(base)}).square_root()"
        if exponent.is_Integer and exponent > 0:
            return f"({self._print(base)})**{exponent}"
        return f"1/({self._print(base**-exponent)})"


@cache
def compiled(expression: sympy.Expr) -> Callable[..., Any]:
    """A function of A, B and Y that evaluates ``expression`` with the operators of whatever it is given.

    Raises:
        NotImplementedError: if the expression holds a lone fraction.
    """
    return sympy.lambdify(SYMBOLS, expression, modules=[{}], printer=_ArithmeticPrinter)  # type: ignore[no-any-return]


@cache
def partial_derivative(expression: sympy.Expr, operand: int) -> sympy.Expr:
    """Sympy's derivative of ``expression`` by its operand number ``operand`` (0 for A, 1 for B)."""
    return sympy.diff(expression, SYMBOLS[operand])
