"""Arithmetic with broadcasting."""

from __future__ import annotations

import sympy

from oracle.array import Array
from oracle.formula import A, B, Branch, C, D, G, PowerStep, Smooth, Y, ordered
from oracle.operations.elementwise import elementwise, with_arguments
from oracle.operations.operation import ANYWHERE, POSITIVE, Definition, Interval, Operation

ADDITION_WITH_ALPHA = Smooth(A + C * B, stepwise=True)
SUBTRACTION_WITH_ALPHA = Smooth(A - C * B, stepwise=True)
PRODUCT_ADDED = Smooth(A + D * B * C)
# -grad * value * t1 / (t2 * t2)
QUOTIENT_ADDED = Smooth(A + D * B / C, (None, D / C, -(D * B) / (C * C)))
# From the start for small weights, from the end for others (aten/src/ATen/native/Lerp.h).
_NEAR = Smooth(A + C * (B - A), (1 - C, C, B - A))
_FAR = Smooth(B - (B - A) * (1 - C), (1 - C, C, B - A))
INTERPOLATION = Branch(2, -0.5, _FAR, Branch(2, 0.5, _NEAR, _FAR))
QUOTIENT = Smooth(A / B, (G / B,))
POWER = Smooth(A**B, (B * A ** (B - 1), Y * sympy.log(A)))


def _add(a: Array, b: Array | float, alpha: float = 1) -> Array:
    return a + b if alpha == 1 else a.elementwise(ADDITION_WITH_ALPHA, b, alpha)


def _subtract(a: Array, b: Array | float, alpha: float = 1) -> Array:
    return a - b if alpha == 1 else a.elementwise(SUBTRACTION_WITH_ALPHA, b, alpha)


def _real_power(x: Array, exponent: float) -> Array:
    """A constant power; PyTorch's derivative is exponent * x ** (exponent - 1)."""
    power, slope = sympy.Rational(exponent), sympy.Rational(exponent - 1)
    # 1/2, -1/2, -1 and -2 are computed by square roots, products and reciprocals in the dtype (PowKernel.cpp).
    return x.elementwise(Smooth(A**power, (ordered(power, PowerStep(A, slope)),), stepwise=True))


def _operator(
    name: str, spelling: str, definition: Definition, notation: str, precedence: int, arguments: str = ""
) -> Operation:
    """One of ``+ - *``, with a number for either operand."""
    return Operation(
        name,
        (spelling, f"torch.{name}({{0}}, {{1}}{arguments})", f"{{0}}.{name}({{1}}{arguments})"),
        definition,
        "arithmetic",
        in_place=(f"{{0}}.clone().{name}_({{1}}{arguments})",),
        notation=notation,
        precedence=precedence,
    )


def _constant_power(case: str) -> Operation:
    return Operation(
        case.replace(" ", "_"),
        ("{0} ** ({exponent})", "torch.pow({0}, {exponent})", "{0}.pow({exponent})"),
        _real_power,
        case,
        domains=(POSITIVE,),
        in_place=("{0}.clone().pow_({exponent})",),
    )


ARITHMETIC = (
    _operator("add", "{0} + {1}", _add, "{0} + {1}", 0, arguments="{arguments}"),
    _operator("sub", "{0} - {1}", _subtract, "{0} - {1}", 0, arguments="{arguments}"),
    _operator("mul", "{0} * {1}", lambda a, b: a * b, "{0}·{1}", 1),
    Operation(
        "neg",
        ("-{0}", "torch.neg({0})", "{0}.neg()"),
        lambda a: -a,
        "unary",
        in_place=("{0}.clone().neg_()",),
        notation="-{0}",
        precedence=2,
    ),
    Operation(
        "pow",
        ("{0} ** {exponent}", "torch.pow({0}, {exponent})", "{0}.pow({exponent})"),
        lambda a, exponent: a**exponent,
        "integer power",
        in_place=("{0}.clone().pow_({exponent})",),
        notation="{0}^{exponent}",
        precedence=3,
    ),
    with_arguments(
        "scaled_add", _add, "binary with alpha", spellings=("torch.add({0}, {1}{arguments})", "{0}.add({1}{arguments})")
    ),
    with_arguments(
        "scaled_sub",
        _subtract,
        "binary with alpha",
        spellings=("torch.sub({0}, {1}{arguments})", "{0}.sub({1}{arguments})"),
    ),
    Operation(
        "rsub", ("torch.rsub({0}, {1})",), lambda a, b: b - a if isinstance(b, Array) else -(a - b), "arithmetic"
    ),
    elementwise(
        "div",
        QUOTIENT,
        "{0} / {1}",
        domains=(ANYWHERE, Interval(2.0**-4, open=True)),
        functions=("div", "divide"),
        case="arithmetic",
    ),
    elementwise("square", Smooth(A**2, (2 * A,))),
    # -grad * result * result
    elementwise("reciprocal", Smooth(1 / A, (ordered(-G, Y**2),)), domains=(POSITIVE,)),
    elementwise("sqrt", Smooth(sympy.sqrt(A), (G / (2 * Y),)), domains=(POSITIVE,)),
    # PyTorch's kernels divide 1 by the square root; the derivative is -0.5 * grad * result ** 3.
    elementwise("rsqrt", Smooth(1 / sympy.sqrt(A), (ordered(-G / 2, Y**3),), stepwise=True), domains=(POSITIVE,)),
    _constant_power("negative power"),
    _constant_power("fractional power"),
    elementwise("tensor_power", POWER, "{0} ** {1}", domains=(POSITIVE, ANYWHERE), functions=("pow",)),
    elementwise("hypot", Smooth(sympy.Function("hypot")(A, B), (G * A / Y, G * B / Y)), domains=(POSITIVE, POSITIVE)),
    with_arguments(
        "addcmul",
        lambda a, b, c, value=1: a.elementwise(PRODUCT_ADDED, b, c, value),
        "ternary with value",
        spellings=("torch.addcmul({0}, {1}, {2}{arguments})", "{0}.addcmul({1}, {2}{arguments})"),
        in_place=("{0}.clone().addcmul_({1}, {2}{arguments})",),
    ),
    with_arguments(
        "addcdiv",
        lambda a, b, c, value=1: a.elementwise(QUOTIENT_ADDED, b, c, value),
        "ternary with value",
        spellings=("torch.addcdiv({0}, {1}, {2}{arguments})", "{0}.addcdiv({1}, {2}{arguments})"),
        in_place=("{0}.clone().addcdiv_({1}, {2}{arguments})",),
        domains=(ANYWHERE, ANYWHERE, Interval(2.0**-4, open=True)),
    ),
    elementwise("lerp", INTERPOLATION, case="ternary"),
    with_arguments(
        "scalar_lerp",
        lambda a, b, weight: a.elementwise(INTERPOLATION, b, weight),
        "binary with weight",
        spellings=("torch.lerp({0}, {1}, {weight})", "{0}.lerp({1}, {weight})"),
        in_place=("{0}.clone().lerp_({1}, {weight})",),
    ),
)
"""Each entry reads: name, spellings, definition, how it is drawn, and where."""
