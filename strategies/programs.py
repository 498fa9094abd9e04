"""Programs over floating-point values of any size, for the enclosure tier."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import DrawFn

from oracle.number_format import NumberFormat
from oracle.operations import OPERATIONS
from oracle.polynomial import WRITTEN_WITH
from oracle.program import Input, Program, ProgramBuilder, Value
from oracle.tensor import Fill, TensorSpec
from strategies.cotangents import cotangents
from strategies.dice import Dice, dice
from strategies.differentiated_inputs import differentiated_inputs
from strategies.layouts import layouts
from strategies.numbers import Numbers
from strategies.polynomials import polynomials, supports
from strategies.reductions import NAMES, reductions
from strategies.reuse import reused
from strategies.shapes import BroadcastGroup, broadcast_groups, shapes
from strategies.values import constants, floats, number_format
from strategies.vocabulary import Vocabulary

POLYNOMIALS = Vocabulary(needs=WRITTEN_WITH)
"""What ``polynomial_programs`` and ``broadcast_programs`` draw."""

REDUCED = Vocabulary(one_of=NAMES, besides=WRITTEN_WITH)
"""What ``reduction_programs`` draws."""

LARGE = Vocabulary(needs=WRITTEN_WITH, besides=("sum", "mean", "amax", "amin", "var"))
"""What ``large_programs`` draws."""


def _largest_exponent(kind: NumberFormat, degree: int, spent: int) -> int:
    """The largest exponent of inputs for which ``degree``-fold products, times ``spent`` bits, stay finite."""
    return max(0, (kind.maximum_exponent - spent) // degree)


def _exponents(dies: Dice, largest: int) -> tuple[int, int]:
    """From moderate magnitudes, four times in five, to the whole range."""
    wide = dies.below(5) == 4
    reach = largest if wide else min(largest, 2)
    return -reach, reach


@reused
@st.composite
def polynomial_programs(
    draw: DrawFn, *, dtype: str, min_inputs: int = 1, max_inputs: int = 4, max_elements: int = 24
) -> Program:
    """Polynomials of ``min_inputs`` to ``max_inputs`` broadcast inputs, or chains of polynomials of one input.

    - ``min_inputs``, ``max_inputs``: 1 to 4.
    - ``max_elements``: of the result.

    Exponents of the inputs are chosen so that the highest power stays finite; special points ignore that. Shrinks
    towards one scalar input and one operation.
    """
    if not 1 <= min_inputs <= max_inputs <= 4:
        raise InvalidArgument(f"{min_inputs=} and {max_inputs=} must ascend from 1 to 4")
    kind = number_format(dtype)
    dies = dice(draw, count=4)
    degree = 1 + dies.below(5)
    chained, spelling = dies.below(2) == 1, dies.below(3)
    # The terms come first, so that shrinking them takes inputs away too.
    support = draw(supports(min_variables=min_inputs, max_variables=max_inputs, max_degree=degree))
    count = len(support[0])
    group = draw(broadcast_groups(count=count, max_elements=max_elements))
    following = draw(supports(max_degree=3)) if count == 1 and degree <= 3 and chained else None
    total = degree * (3 if following else 1)
    # Coefficients and cotangent take 2 bits each and another one for the sum of the terms, in every link.
    low, high = _exponents(dies, _largest_exponent(kind, total, 12 if following else 6))
    numbers = floats(dtype=dtype, min_exponent=low, max_exponent=high)
    inputs = draw(differentiated_inputs(dtype=dtype, shapes=group.shapes, numbers=numbers))
    builder = ProgramBuilder(inputs)
    coefficients = _coefficients(dtype)
    polynomial = draw(polynomials(support=support, coefficients=coefficients))
    result = polynomial.write(builder, tuple(Value(index) for index in range(count)), spelling)
    if following:
        draw(polynomials(support=following, coefficients=coefficients)).write(builder, (result,), spelling)
    return builder.program(draw(_scaled_cotangents(dtype, group.result_shape)))


@cache
def _coefficients(dtype: str) -> Numbers:
    return constants(1.0, 2.0, 3.0, -1.0) | floats(
        dtype=dtype, min_exponent=-2, max_exponent=1, specials=False, zeros=False
    )


def _scaled_cotangents(dtype: str, shape: tuple[int, ...]) -> st.SearchStrategy[TensorSpec | None]:
    numbers = floats(dtype=dtype, min_exponent=-2, max_exponent=1, specials=False)
    return cotangents(dtype=dtype, shape=shape, numbers=numbers)


@reused
@st.composite
def broadcast_programs(draw: DrawFn, *, dtype: str) -> Program:
    """Programs of 2 to 4 inputs with a result of up to 100 elements, so that gradients sum over many of them."""
    return draw(polynomial_programs(dtype=dtype, min_inputs=2, max_elements=100))


@reused
@st.composite
def reduction_programs(
    draw: DrawFn, *, dtype: str, names: tuple[str, ...] = REDUCED.within(OPERATIONS), max_elements: int = 24
) -> Program:
    """A reduction of an input, or of a polynomial of it.

    - ``names``: the operations that may occur, of ``REDUCED``; a polynomial takes all of its own.
    - ``max_elements``: of the input.

    Factors of a product have exponents for which no partial product overflows. Shrinks towards the sum of a scalar.
    """
    kind = number_format(dtype)
    shape = draw(shapes(max_elements=max_elements))
    reduction = draw(reductions(dtype=dtype, shape=shape, names=tuple(name for name in NAMES if name in names)))
    dies = dice(draw, count=3)
    degree, spelling = dies.below(3), dies.below(2)
    if reduction.operation == "prod":
        reach = kind.maximum_exponent // (2 * max(reduction.size, 1))
        low, high = (-1, 0) if reach < 1 else _exponents(dies, reach)
        degree = 0
    else:
        degree = 0 if POLYNOMIALS.lacks(names) else degree
        low, high = _exponents(dies, _largest_exponent(kind, 2 * max(degree, 1), 10))
    numbers = floats(dtype=dtype, min_exponent=low, max_exponent=high)
    inputs = draw(differentiated_inputs(dtype=dtype, shapes=(shape,), numbers=numbers))
    builder = ProgramBuilder(inputs)
    argument = Value(0)
    if degree:
        coefficients = floats(dtype=dtype, min_exponent=-2, max_exponent=1, specials=False, zeros=False)
        support = draw(supports(max_degree=degree))
        polynomial = draw(polynomials(support=support, coefficients=coefficients))
        argument = polynomial.write(builder, (argument,))
    builder.apply(reduction.operation, argument, spelling=spelling, arguments=reduction.arguments)
    return builder.program(draw(_scaled_cotangents(dtype, reduction.result_shape)))


VECTOR_COUNTS = (15, 16, 17, 31, 33, 63, 64, 65, 127, 129, 255, 257, 1023, 1025)
"""Around the widths of vector registers and of the blocks that kernels unroll to."""

THREADED_COUNTS = (32767, 32769, 65537, 100003)
"""Around the 32,768 elements from which PyTorch works in several threads, and beyond."""


@reused
@st.composite
def large_programs(draw: DrawFn, *, dtype: str, names: tuple[str, ...] = LARGE.within(OPERATIONS)) -> Program:
    """Polynomials of degree up to 3 over large tensors, half of them reduced along an axis.

    - ``names``: the operations that may occur, of ``LARGE``; reductions among them are.

    Half have one of ``VECTOR_COUNTS`` elements along their longest axis, half one of ``THREADED_COUNTS``. Values are
    filled from a seed. Shrinks towards small counts, one input and one operation.
    """
    kind = number_format(dtype)
    support = draw(supports(max_variables=2, max_degree=3))
    count = draw(st.sampled_from(VECTOR_COUNTS) | st.sampled_from(THREADED_COUNTS))
    shape = draw(st.sampled_from(((count,), (2, count), (count, 2), (1, count))))
    group = BroadcastGroup((shape,), shape)
    if len(support[0]) == 2:
        other = draw(st.sampled_from((shape, shape[-1:], (1,) * len(shape))))
        group = BroadcastGroup((shape, other), shape)
    # Sums of this size overflow float16.
    offered = ("amax", "amin") if dtype == "float16" else LARGE.besides
    offered = tuple(name for name in offered if name in names)
    reduced = bool(offered) and draw(st.booleans())
    # Elements that are one and the same tie, and vary by nothing.
    inputs = tuple(Input(draw(_filled(kind, each, expand=not reduced))) for each in group.shapes)
    builder = ProgramBuilder(inputs)
    coefficients = floats(dtype=dtype, min_exponent=-1, max_exponent=1, specials=False, zeros=False)
    polynomial = draw(polynomials(support=support, coefficients=coefficients))
    result = polynomial.write(builder, tuple(Value(index) for index in range(len(inputs))))
    if reduced:
        reduction = draw(reductions(dtype=dtype, shape=shape, names=offered))
        builder.apply(reduction.operation, result, arguments=reduction.arguments)
        shape = reduction.result_shape
    cotangent = None if shape == () and draw(st.booleans()) else draw(_filled(kind, shape))
    return builder.program(cotangent)


@reused
@st.composite
def _filled(draw: DrawFn, kind: NumberFormat, shape: tuple[int, ...], *, expand: bool = True) -> TensorSpec:
    bits = min(kind.precision, 29)
    fill = Fill(draw(st.integers(0, 2**14 - 1)), bits, draw(st.integers(-bits, 1 - bits)))
    return TensorSpec(shape, draw(layouts(shape=shape, expand=expand)), kind.name, fill)
