"""Elementary and special functions of one operand, and those of two that are smooth."""

from __future__ import annotations

import sympy
from sympy import (
    acos,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cos,
    cosh,
    digamma,
    erf,
    erfc,
    erfinv,
    exp,
    log,
    loggamma,
    pi,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
)
from sympy.codegen.cfunctions import exp2, expm1, log1p, log2, log10

from oracle.formula import A, B, Branch, G, PowerStep, Smooth, Y, ordered
from oracle.operations.elementwise import elementwise
from oracle.operations.operation import ANYWHERE, POSITIVE, Interval, Operation

EXPONENTIAL = Smooth(exp(A), (Y,))
LOGARITHM = Smooth(log(A), (G / A,))
TANH = Smooth(tanh(A), (1 - Y**2,), fused=True)
INSIDE_ONE = Interval(-1, 1, open=True)

# m + log1p(exp(-|a - b|)) with m the larger operand; backward: grad / (1 + exp(b - a)).
LOG_OF_SUM = Branch(
    0,
    B,
    below=Smooth(B + log1p(exp(A - B)), (G / (1 + exp(B - A)), G / (1 + exp(A - B)))),
    above=Smooth(A + log1p(exp(B - A)), (G / (1 + exp(B - A)), G / (1 + exp(A - B)))),
)
LOG_OF_SUM_BASE_2 = Branch(
    0,
    B,
    below=Smooth(B + log1p(exp2(A - B)) / log(2), (G / (1 + exp2(B - A)), G / (1 + exp2(A - B)))),
    above=Smooth(A + log1p(exp2(B - A)) / log(2), (G / (1 + exp2(B - A)), G / (1 + exp2(A - B)))),
)
# (πx cos πx - sin πx) / (πx²), and 0 at 0.
SINC = Branch(
    0,
    0.0,
    below=Smooth(sin(pi * A) / (pi * A), ((pi * A * cos(pi * A) - sin(pi * A)) / (pi * A**2),)),
    above=Smooth(sin(pi * A) / (pi * A), ((pi * A * cos(pi * A) - sin(pi * A)) / (pi * A**2),)),
    at=Smooth(sympy.Integer(1)),
)
# A step of its own: atan2_backward multiplies by it.
_RECIPROCAL = PowerStep(A**2 + B**2, sympy.Integer(-1))

FUNCTIONS: tuple[Operation, ...] = (
    elementwise("exp", EXPONENTIAL),
    elementwise("exp2", Smooth(exp2(A), (ordered(G * Y, log(2)),)), functions=("exp2", "special.exp2")[:1]),
    elementwise("expm1", Smooth(expm1(A), (Y + 1,))),
    elementwise("log", LOGARITHM, domains=(POSITIVE,)),
    elementwise("log2", Smooth(log2(A), (G / (A * log(2)),)), domains=(POSITIVE,)),
    elementwise("log10", Smooth(log10(A), (G / (A * log(10)),)), domains=(POSITIVE,)),
    elementwise("log1p", Smooth(log1p(A), (G / (A + 1),)), domains=(Interval(-1, open=True),)),
    elementwise("sin", Smooth(sin(A))),
    elementwise("cos", Smooth(cos(A))),
    elementwise("tan", Smooth(tan(A), (1 + Y**2,))),
    elementwise("asin", Smooth(asin(A)), domains=(INSIDE_ONE,), functions=("asin", "arcsin")),
    elementwise("acos", Smooth(acos(A)), domains=(INSIDE_ONE,), functions=("acos", "arccos")),
    elementwise("atan", Smooth(atan(A), (G / (A**2 + 1),)), functions=("atan", "arctan")),
    elementwise("sinh", Smooth(sinh(A))),
    elementwise("cosh", Smooth(cosh(A))),
    elementwise("tanh", TANH),
    elementwise("asinh", Smooth(asinh(A)), functions=("asinh", "arcsinh"), in_place=False),
    elementwise(
        "acosh",
        # sympy writes sqrt(a - 1) sqrt(a + 1), PyTorch (a² - 1).rsqrt().
        Smooth(sympy.acosh(A), (1 / sqrt(A**2 - 1),)),
        domains=(Interval(1, open=True),),
        functions=("acosh", "arccosh"),
        in_place=False,
    ),
    elementwise(
        "atanh",
        Smooth(atanh(A), (G / (1 - A**2),)),
        domains=(INSIDE_ONE,),
        functions=("atanh", "arctanh"),
        in_place=False,
    ),
    # a * (1 - b) * b in one kernel
    elementwise("sigmoid", Smooth(1 / (1 + exp(-A)), (ordered(G * (1 - Y), Y),)), functions=("sigmoid",)),
    elementwise(
        "logit", Smooth(log(A / (1 - A)), (G / (A * (1 - A)),), stepwise=True), domains=(Interval(0, 1, open=True),)
    ),
    elementwise("erf", Smooth(erf(A), (ordered(2 / sqrt(pi) * exp(-(A**2)), G),))),
    elementwise("erfc", Smooth(erfc(A), (ordered(-2 / sqrt(pi) * exp(-(A**2)), G),))),
    elementwise("erfinv", Smooth(erfinv(A), (ordered(sqrt(pi) / 2 * exp(erfinv(A) ** 2), G),)), domains=(INSIDE_ONE,)),
    elementwise("lgamma", Smooth(loggamma(A)), domains=(POSITIVE,)),
    elementwise("digamma", Smooth(digamma(A)), domains=(POSITIVE,)),
    elementwise("sinc", SINC),
    elementwise(
        "atan2",
        Smooth(atan2(A, B), (ordered(G * B, _RECIPROCAL), ordered(-G * A, _RECIPROCAL))),
        domains=(ANYWHERE, POSITIVE),
    ),
    elementwise("logaddexp", LOG_OF_SUM, in_place=False),
    elementwise("logaddexp2", LOG_OF_SUM_BASE_2, in_place=False),
    elementwise("xlogy", Smooth(A * log(B), (log(B), G * A / B), stepwise=True), domains=(ANYWHERE, POSITIVE)),
    elementwise(
        "xlog1py",
        Smooth(A * log1p(B), (log1p(B), G * A / (B + 1)), stepwise=True),
        domains=(ANYWHERE, Interval(-1, open=True)),
        module="torch.special",
    ),
    elementwise(
        "entr", Smooth(-A * log(A), (-log(A) - 1,), stepwise=True), domains=(POSITIVE,), module="torch.special"
    ),
    elementwise("deg2rad", Smooth(A * (pi / 180))),
    elementwise("rad2deg", Smooth(A * (180 / pi))),
)
"""Each entry reads: name, formula with the derivative as PyTorch writes it where that differs, domain.

The stepwise ones have kernels that calculate with 16-bit numbers (aten/src/ATen/native/cpu/BinaryOpsKernel.cpp,
UnaryOpsKernel.cpp)."""
