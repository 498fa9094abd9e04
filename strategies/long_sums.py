"""Programs of one operation that adds up thousands of terms: there a sum in 16 bits may be wrong by a factor."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from itertools import repeat

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import DrawFn

from oracle.number_format import NumberFormat
from oracle.operations import OPERATIONS
from oracle.operations.operation import Operation
from oracle.program import Application, Operand, Program
from oracle.target import CPU, Target
from oracle.tensor import TensorSpec
from strategies.cases.long_sums import LONG_SUMS, Way
from strategies.dice import Dice, endless_dice
from strategies.layouts import layout
from strategies.reuse import reused
from strategies.shapes import Shape
from strategies.values import number_format
from strategies.workbench import Workbench

MOST_TERMS = 8192


Values = Callable[[Dice, int], list[float]]
"""(dice, count) -> so many numbers."""


def ways_of(operation: str) -> tuple[Way, ...]:
    """The ways in which ``operation`` adds terms up; none if it does not."""
    return LONG_SUMS.get(operation) or LONG_SUMS.get(OPERATIONS[operation].case, ())


@reused
@st.composite
def long_sum_programs(draw: DrawFn, *, dtype: str, operation: str, target: Target = CPU) -> Program:
    """Programs of one application of ``operation`` in which an output or a gradient is a sum of up to 8,192 terms.

    - ``operation``: one that has ``ways_of``.
    - ``target``: where they will run; what known issues cover there is not drawn.

    The number of terms is log-uniform from 2 to 8,192. Half of the tensors hold nothing but ones; a sum of those stops
    growing in 16 bits where 1 is half an ulp. The others hold numbers of a quarter ulp of 1 between two ones, each of
    which alone is lost against the sum, or small integers of one sign. Shrinks towards few terms and ones.
    """
    kind = number_format(dtype)
    if not ways_of(operation):
        raise InvalidArgument(f"{operation=} adds up no terms")
    dies = endless_dice(draw)
    octave = dies.between(1, MOST_TERMS.bit_length() - 1)
    terms = min(MOST_TERMS, 2**octave + dies.below_many(2**octave))
    entry = OPERATIONS[operation]
    chosen: tuple[Values, ...] = (_ones, _ones, partial(_small_between_ones, kind), _of_one_sign)
    way = dies.among(ways_of(operation))
    return program_of(kind, entry, way, dies, terms, lambda position: dies.among(chosen), target)


def saturating_sums(*, dtype: str, operation: str, target: Target = CPU) -> list[Program]:
    """For each way in which ``operation`` adds terms up, programs whose ``MOST_TERMS`` terms do not fit into 16 bits.

    All terms are ones. Where no operand is so long, which may mean that there are fewer terms, the cotangent of another
    program holds numbers of a quarter ulp of 1 between two ones.
    """
    entry, kind = OPERATIONS[operation], number_format(dtype)

    def program(way: Way, weights: Values) -> Program:
        return program_of(
            kind,
            entry,
            way,
            Dice(repeat(0)),
            MOST_TERMS,
            lambda position: weights if position is None else _ones,
            target,
        )

    found = []
    for way in ways_of(operation):
        found.append(program(way, _ones))
        if _largest(found[-1]) < MOST_TERMS:
            # float16 holds every whole number up to 2,048.
            found.append(program(way, partial(_small_between_ones, kind)))
    return found


def _largest(program: Program) -> int:
    """The number of elements of the largest operand."""
    return max(each.tensor.count for each in program.inputs)


def _ones(dies: Dice, count: int) -> list[float]:
    return [1.0] * count


def _small_between_ones(kind: NumberFormat, dies: Dice, count: int) -> list[float]:
    # Whether a sum begins at the one end or the other.
    return [1.0, *[kind.unit_roundoff / 2] * (count - 2), 1.0][:count]


def _of_one_sign(dies: Dice, count: int) -> list[float]:
    sign = -1.0 if dies.perhaps() else 1.0
    some = [sign * (1 + dies.below(3)) for _ in range(4)]
    return (some * (count // 4 + 1))[:count]


def program_of(
    kind: NumberFormat,
    operation: Operation,
    way: Way,
    dies: Dice,
    terms: int,
    values_of: Callable[[int | None], Values],
    target: Target = CPU,
) -> Program:
    """One application of ``operation``, in a ``way`` that adds ``terms`` up.

    ``values_of`` tells the values of each operand by its number, and those of the cotangents (None).
    """

    def tensor(shape: Shape, position: int | None) -> TensorSpec:
        place = layout(dies, shape, expand=False)
        values = values_of(position)(dies, math.prod(shape))
        if position is not None and not all(operation.domain(position).contains(each, each) for each in set(values)):
            values = [0.5] * len(values)
        return TensorSpec(shape, place, kind.name, tuple(values))

    for told in (dies, Dice(repeat(0))):
        bench = Workbench(kind, target)
        shape, case = way(told, terms)
        operands: list[Operand] = [bench.add_input(tensor(shape, 0))]
        for position, other in enumerate(case.others, start=1):
            operands.append(bench.add_input(tensor(other, position)) if isinstance(other, tuple) else other)
        # The simplest arguments of contiguous operands are covered by no known issue.
        if not bench.is_covered(operation.name, case.arguments, bench.known_operands(operands)):
            break
        bench.make_contiguous(len(bench.tensors))
    application = Application(operation.name, tuple(operands), case.arguments, results=case.results)
    results = bench.apply(application, whatever=True)
    bench.spell(dies.below(len(operation.spellings)))
    return bench.program(0, [(each, tensor(bench.known[each.index].shape, None)) for each in results])
