"""Programs in which nothing can round: small integers times powers of two, sized to the dtype's precision."""

from __future__ import annotations

import math
from functools import partial

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import DrawFn

from oracle.operations import OPERATIONS
from oracle.polynomial import WRITTEN_WITH
from oracle.program import Input, Program, ProgramBuilder, Value
from strategies.cotangents import cotangents
from strategies.dice import dice
from strategies.differentiated_inputs import differentiated_inputs
from strategies.polynomials import Room, lattice_polynomials, supports
from strategies.reductions import reductions
from strategies.reuse import reused
from strategies.shapes import BroadcastGroup, broadcast_groups, shapes
from strategies.tensors import tensors
from strategies.values import lattice_numbers, number_format
from strategies.vocabulary import Vocabulary

LATTICE_POLYNOMIALS = Vocabulary(needs=WRITTEN_WITH)
"""What ``lattice_polynomial_programs`` and ``broadcast_lattice_programs`` draw."""

LATTICE_REDUCTIONS = Vocabulary(one_of=("sum", "mean", "prod", "amax", "amin"), besides=("mul",))
"""What ``lattice_reduction_programs`` draws."""

LATTICE = Vocabulary(one_of=LATTICE_REDUCTIONS.one_of, besides=WRITTEN_WITH)
"""What ``lattice_programs`` draws."""

_LARGEST_VALUE = 100


def _largest_term(degree: int, *, bound: int, factor: int) -> int:
    """``factor`` times what a term of ``degree``, or its derivative, is at most with variables up to ``bound``."""
    power: int = bound**degree
    return max(degree, 1) * power * factor


def _fan(group: BroadcastGroup) -> int:
    """How many result elements the gradient of one input element sums over, at most."""
    result = math.prod(group.result_shape)
    return max(result // max(math.prod(shape), 1) for shape in group.shapes) or 1


@reused
@st.composite
def lattice_polynomial_programs(
    draw: DrawFn, *, dtype: str, min_inputs: int = 1, max_inputs: int = 4, max_elements: int = 24, spare: int = 1
) -> Program:
    """Polynomials of several broadcast inputs, or chains of up to three polynomials of one input.

    - ``dtype``: what the certificate is for.
    - ``min_inputs``, ``max_inputs``: 1 to 4.
    - ``max_elements``: of the result.
    - ``spare``: by how much the cotangent may be multiplied without anything rounding.

    Values are integers times one power of two; every certificate holds. Shrinks towards one scalar input and one
    operation.
    """
    if not 1 <= min_inputs <= max_inputs <= 4:
        raise InvalidArgument(f"{min_inputs=} and {max_inputs=} must ascend from 1 to 4")
    dies = dice(draw, count=4)
    links, spelling = 1 + dies.below(3), dies.below(3)
    # The terms come first, so that shrinking them takes inputs away too.
    support = draw(supports(min_variables=min_inputs, max_variables=max_inputs, max_degree=6))
    count = len(support[0])
    size = (2 ** number_format(dtype).precision - 1) // spare
    # bfloat16 has room for 255, or 51 with a spare factor of 5: a linear term of each input must fit, summed over the
    # result.
    group = draw(broadcast_groups(count=count, max_elements=min(max_elements, size // (2 * count))))
    fan = _fan(group)
    value = draw(st.integers(1, max(1, min(_LARGEST_VALUE, int((size / (3 * fan * count)) ** 0.25)))))
    weight = draw(st.integers(1, max(1, min(3, size // (fan * count * value)))))
    scale = dies.among((0, 0, -1) if dtype == "float16" else (0, 0, -1, 1))
    numbers = lattice_numbers(bound=value, exponent=scale)
    inputs = draw(differentiated_inputs(dtype=dtype, shapes=group.shapes, numbers=numbers))
    builder = ProgramBuilder(inputs)
    variables = tuple(Value(index) for index in range(count))
    slope = 1
    for _ in range(links if count == 1 else 1):
        bound, factor = value, slope * weight * fan
        room = Room(size, partial(_largest_term, bound=bound, factor=factor))
        if room.weight(1) * count > size:
            break
        polynomial = draw(lattice_polynomials(support=support, room=room, scale=scale))
        variables = (polynomial.write(builder, variables, spelling),)
        # What the next link of the chain must reckon with: the largest value and the largest derivative of this one.
        sizes = [(abs(term.coefficient) * 2.0 ** (scale * term.degree), term.degree) for term in polynomial.terms]
        slope *= max(1, int(sum(a * k * bound ** max(k - 1, 0) for a, k in sizes)))
        value = max(1, int(sum(a * bound**k for a, k in sizes)))
        scale = 0
        support = draw(supports(max_degree=3)) if count == 1 else support
    exponent = dies.among((0, 0, -1, -2))
    gradient = lattice_numbers(bound=weight, exponent=exponent)
    return builder.program(draw(cotangents(dtype=dtype, shape=group.result_shape, numbers=gradient)))


@reused
@st.composite
def lattice_reduction_programs(
    draw: DrawFn,
    *,
    dtype: str,
    names: tuple[str, ...] = LATTICE_REDUCTIONS.within(OPERATIONS),
    max_elements: int = 24,
    spare: int = 1,
    ties: bool = True,
) -> Program:
    """Sums, products, extrema, and means of 2^k elements, of integers and of multiples of them.

    - ``names``: the operations that may occur, of ``LATTICE_REDUCTIONS``; multiples take ``mul``.
    - ``dtype``, ``max_elements`` (of the input), ``spare``: as in ``lattice_polynomial_programs``.
    - ``ties``: whether extrema may tie: then the certificate holds no longer.

    The variances are left out: their running mean divides by 3, 5, … on the way. Shrinks towards the sum of a scalar.
    """
    shape = draw(shapes(max_elements=max_elements))
    offered = tuple(name for name in LATTICE_REDUCTIONS.one_of if name in names)
    reduction = draw(reductions(dtype=dtype, shape=shape, names=offered, power_of_two=True))
    size = (2 ** number_format(dtype).precision - 1) // spare
    dies = dice(draw, count=2)
    scaled = reduction.operation != "prod" and "mul" in names
    spelling, factor = dies.below(2), dies.among((1, 2, -3)) if scaled else 1
    # A sum needs room for n values; a product of n needs it for their n-th power, and the gradient for one less.
    terms = max(reduction.size, 1)
    exponent = 1 / terms if reduction.operation == "prod" else 1.0
    bound = int((size / 3 / (1 if reduction.operation == "prod" else terms * abs(factor))) ** exponent)
    value = draw(st.integers(1, max(1, min(_LARGEST_VALUE, bound))))
    distinct = not ties and reduction.operation in ("amax", "amin")
    numbers = lattice_numbers(bound=max(value, math.prod(shape)) if distinct else value)
    builder = ProgramBuilder([Input(draw(tensors(dtype=dtype, shape=shape, numbers=numbers, distinct=distinct)))])
    argument = Value(0)
    if factor != 1:
        argument = builder.apply("mul", argument, float(factor))
    builder.apply(reduction.operation, argument, spelling=spelling, arguments=reduction.arguments)
    gradient = lattice_numbers(bound=3 if value * terms * 3 < size / 3 else 1)
    return builder.program(draw(cotangents(dtype=dtype, shape=reduction.result_shape, numbers=gradient)))


def broadcast_lattice_programs(*, dtype: str) -> st.SearchStrategy[Program]:
    """Polynomials of 2 to 4 broadcast inputs."""
    return lattice_polynomial_programs(dtype=dtype, min_inputs=2)


def lattice_programs(
    *, dtype: str, names: tuple[str, ...] = LATTICE.within(OPERATIONS), spare: int = 1
) -> st.SearchStrategy[Program]:
    """Any of the programs of this module without ties: every certificate holds.

    - ``names``: the operations that may occur, of ``LATTICE``; polynomials take all of their own.
    """
    reduced = lattice_reduction_programs(dtype=dtype, names=LATTICE_REDUCTIONS.within(names), spare=spare, ties=False)
    if LATTICE_POLYNOMIALS.lacks(names):
        return reduced
    return st.one_of(lattice_polynomial_programs(dtype=dtype, spare=spare), reduced)
