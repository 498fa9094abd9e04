"""Activation functions of neural networks, and others with kinks."""

from __future__ import annotations

from sympy import Integer, Rational, exp, pi, sqrt, tanh
from sympy.codegen.cfunctions import expm1, log1p

from oracle.formula import A, B, Branch, C, Formula, Smooth, ordered, summed
from oracle.functions import erf_by_polynomial
from oracle.operations.elementwise import elementwise, parametric, with_arguments
from oracle.operations.functions import TANH
from oracle.operations.operation import Operation

FUNCTIONAL = "torch.nn.functional"

IDENTITY = Smooth(A)
ZERO = Smooth(Integer(0))


def between(lowest: Formula, low: float, middle: Formula, high: float, highest: Formula) -> Formula:
    """Three formulas with kinks at ``low`` and ``high``."""
    return Branch(0, low, lowest, Branch(0, high, middle, highest))


_SIGMOID = 1 / (1 + exp(-A))
SILU = Smooth(A * _SIGMOID, (_SIGMOID * (1 + A * (1 - _SIGMOID)),), fused=True, composite="silu")
_TANH_SOFTPLUS = tanh(log1p(exp(A)))
MISH = Smooth(
    A * _TANH_SOFTPLUS,
    (_TANH_SOFTPLUS + A * _SIGMOID * (1 - _TANH_SOFTPLUS**2),),
    fused=True,
    composite="mish",
)
_HALF = Rational(1, 2)
_NORMAL_CDF = ordered(1 + erf_by_polynomial(A * sqrt(_HALF)), _HALF)
GELU = Smooth(
    ordered(A, 1 + erf_by_polynomial(A * sqrt(_HALF)), _HALF),
    (summed(_NORMAL_CDF, A * exp(-(A**2) / 2) / sqrt(2 * pi)),),
    fused=True,
)
_BETA, _KAPPA = sqrt(2 / pi), Rational("0.044715")
_INNER = tanh(_BETA * (A + _KAPPA * A**3))
GELU_TANH = Smooth(
    ordered(A, 1 + _INNER, _HALF),
    (summed(ordered(1 + _INNER, _HALF), A / 2 * (1 - _INNER**2) * (_BETA * (1 + 3 * _KAPPA * A**2))),),
    fused=True,
)
# min(x, 0) - log1p(exp(-|x|)); backward with z = exp(-|x|): 1 - z / (1 + z) below 0, z / (1 + z) above.
LOG_SIGMOID = Branch(
    0,
    0.0,
    below=Smooth(A - log1p(exp(A)), (1 - exp(A) / (1 + exp(A)),), fused=True),
    above=Smooth(-log1p(exp(-A)), (exp(-A) / (1 + exp(-A)),), fused=True),
)
# One formula for all: x·min(max(x + 3, 0), 6) / 6, rounded three times above 3 too.
_SIXTH = Rational(1, 6)
HARD_SWISH = between(
    ZERO,
    -3.0,
    Smooth(ordered(A, A + 3, _SIXTH), (A / 3 + _HALF,), fused=True),
    3.0,
    Smooth(ordered(A, Integer(6), _SIXTH), (Integer(1),)),
)
HARD_SIGMOID = between(ZERO, -3.0, Smooth(ordered(A + 3, _SIXTH), (_SIXTH,)), 3.0, Smooth(Integer(1)))


def softplus(beta: float = 1, threshold: float = 20) -> Formula:
    """log1p(exp(βx)) / β, and x where βx exceeds the threshold (documentation of ``torch.nn.functional.softplus``).

    The two differ at the threshold, by exp(-threshold) / β and less.
    """
    b = Rational(beta)
    below = Smooth(log1p(exp(b * A)) / b, (exp(b * A) / (exp(b * A) + 1),), fused=True)
    return Branch(0, threshold / beta, below, IDENTITY, jumps=True)


def exponential_linear(alpha: float = 1, scale: float = 1, input_scale: float = 1) -> Formula:
    """scale·α·(exp(s·x) - 1) below 0 and scale·x above; elu, celu (s = 1/α) and selu are of this kind."""
    a, k, s = Rational(alpha), Rational(scale), Rational(input_scale)
    return Branch(0, 0.0, Smooth(k * a * expm1(s * A), (k * a * s * exp(s * A),), fused=True), Smooth(k * A))


def leaky(negative_slope: float = 0.01) -> Formula:
    """Slope ``negative_slope`` below 0 and 1 above."""
    return Branch(0, 0.0, Smooth(Rational(negative_slope) * A), IDENTITY)


def clipped(low: float, high: float) -> Formula:
    """X between ``low`` and ``high``."""
    return between(Smooth(Rational(low)), low, IDENTITY, high, Smooth(Rational(high)))


def shrunk(lambd: float = 0.5) -> Formula:
    """X moved towards 0 by ``lambd``, and 0 in between."""
    step = Rational(lambd)
    return between(Smooth(A + step), -lambd, ZERO, lambd, Smooth(A - step))


ABSOLUTE = Branch(0, 0.0, Smooth(-A), IDENTITY)
MAXIMUM = Branch(0, B, Smooth(B), IDENTITY)
MINIMUM = Branch(0, B, IDENTITY, Smooth(B))
# min(max(a, b), c), also where b > c.
CLAMPED = Branch(0, B, Branch(1, C, Smooth(B), Smooth(C)), Branch(0, C, IDENTITY, Smooth(C)))


def _functional(name: str, formula: Formula, in_place: bool = True) -> Operation:
    return elementwise(name, formula, module=FUNCTIONAL, in_place=in_place)


ACTIVATIONS = (
    _functional("logsigmoid", LOG_SIGMOID, in_place=False),
    parametric("softplus", softplus, "softplus", spellings=(f"{FUNCTIONAL}.softplus({{0}}{{arguments}})",)),
    _functional("silu", SILU),
    parametric("gelu", lambda: GELU, "unary", spellings=(f"{FUNCTIONAL}.gelu({{0}})",)),
    parametric("gelu_tanh", lambda: GELU_TANH, "unary", spellings=(f"{FUNCTIONAL}.gelu({{0}}, approximate='tanh')",)),
    _functional("mish", MISH),
    parametric(
        "elu",
        lambda alpha=1: exponential_linear(alpha),
        "elu",
        spellings=(f"{FUNCTIONAL}.elu({{0}}{{arguments}})",),
        kinks=(0.0,),
    ),
    parametric(
        "celu",
        lambda alpha=1: exponential_linear(alpha, input_scale=1 / alpha),
        "celu",
        spellings=(f"{FUNCTIONAL}.celu({{0}}{{arguments}})", "torch.celu({0}{arguments})"),
        kinks=(0.0,),
    ),
    elementwise(
        "selu", exponential_linear(1.6732632423543772848170429916717, 1.0507009873554804934193349852946), methods=False
    ),
    elementwise("relu", Branch(0, 0.0, ZERO, IDENTITY)),
    _functional("relu6", clipped(0.0, 6.0)),
    parametric(
        "leaky_relu",
        leaky,
        "leaky_relu",
        spellings=(f"{FUNCTIONAL}.leaky_relu({{0}}{{arguments}})",),
        in_place=(f"{FUNCTIONAL}.leaky_relu({{0}}.clone(), inplace=True{{arguments}})",),
        kinks=(0.0,),
    ),
    parametric(
        "hardtanh",
        lambda min_val=-1.0, max_val=1.0: clipped(min_val, max_val),
        "hardtanh",
        spellings=(f"{FUNCTIONAL}.hardtanh({{0}}{{arguments}})",),
        in_place=(f"{FUNCTIONAL}.hardtanh({{0}}.clone(), inplace=True{{arguments}})",),
        kinks=(-1.0, 1.0),
    ),
    _functional("hardswish", HARD_SWISH),
    _functional("hardsigmoid", HARD_SIGMOID),
    parametric(
        "softshrink",
        shrunk,
        "softshrink",
        spellings=(f"{FUNCTIONAL}.softshrink({{0}}{{arguments}})",),
        kinks=(-0.5, 0.5),
    ),
    Operation(
        "softsign",
        (f"{FUNCTIONAL}.softsign({{0}})",),
        lambda x: x / (x.elementwise(ABSOLUTE) + 1.0),
        "unary",
        formula=Branch(0, 0.0, Smooth(A / (1 - A)), Smooth(A / (1 + A))),
        kinks=(0.0,),
    ),
    Operation(
        "tanhshrink",
        (f"{FUNCTIONAL}.tanhshrink({{0}})",),
        lambda x: x - x.elementwise(TANH),
        "unary",
        formula=Smooth(A - tanh(A)),
    ),
    elementwise("abs", ABSOLUTE, "abs({0})", functions=("abs", "absolute")),
    elementwise("maximum", MAXIMUM, in_place=False),
    elementwise("minimum", MINIMUM, in_place=False),
    elementwise("fmax", MAXIMUM, in_place=False),
    elementwise("fmin", MINIMUM, in_place=False),
    with_arguments(
        "clamp",
        lambda x, min, max: x.elementwise(clipped(min, max)),  # noqa: A006  # torch's own names
        "clamp",
        spellings=("torch.clamp({0}{arguments})", "{0}.clamp({bare_arguments})", "torch.clip({0}{arguments})"),
        in_place=("{0}.clone().clamp_({bare_arguments})",),
        kinks=(-1.0, 1.0),
    ),
    with_arguments(
        "clamp_min",
        lambda x, min: x.elementwise(Branch(0, min, Smooth(Rational(min)), IDENTITY)),  # noqa: A006  # as above
        "clamp_min",
        spellings=("torch.clamp({0}, min={min})", "{0}.clamp_min({min})"),
        kinks=(0.0,),
    ),
    with_arguments(
        "tensor_clamp",
        lambda x, low, high: x.elementwise(CLAMPED, low, high),
        "ternary",
        spellings=("torch.clamp({0}, {1}, {2})", "{0}.clamp({1}, {2})"),
    ),
)
"""Each entry reads: name, formula, and how it is spelled or drawn where that is special."""
