"""Random programs over the whole catalogue: drawn by evaluating as they grow."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache, lru_cache
from itertools import repeat

import numpy as np
from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import DrawFn

from oracle.known_issues import is_undrawable, undrawn_issues
from oracle.known_operands import KnownOperand
from oracle.number_format import NumberFormat
from oracle.operations import OPERATIONS
from oracle.operations.operation import Interval, Operation
from oracle.program import Application, Operand, Program, Value
from oracle.target import CPU, Target
from oracle.tensor import TensorSpec
from strategies.cases import RULES
from strategies.cases.case import Case
from strategies.cotangents import cotangent
from strategies.dice import Dice, endless_dice
from strategies.numbers import Numbers
from strategies.reuse import reused
from strategies.shapes import Shape, shape_of_rank
from strategies.tensors import tensor
from strategies.values import constants, floats, floats_between, lattice_numbers, number_format
from strategies.vocabulary import Vocabulary
from strategies.workbench import Workbench

ALL = Vocabulary(one_of=tuple(OPERATIONS))
"""What ``random_programs`` draws."""

MOST_INPUTS = 4


@reused
@st.composite
def random_programs(
    draw: DrawFn,
    *,
    dtype: str,
    names: tuple[str, ...] = ALL.within(OPERATIONS),
    max_operations: int = 8,
    max_elements: int = 24,
    featured: str | None = None,
    lattice: bool = False,
    target: Target = CPU,
) -> Program:
    """Programs of 1 to ``max_operations`` operations over 1 to 4 inputs.

    - ``names``: the operations that may occur.
    - ``max_elements``: of the inputs, but for those that have to fit another operand; results may have more.
    - ``featured``: an operation that every program has; by default each program draws its own, all equally often.
    - ``lattice``: whether inputs and cotangents are small integers, so that many programs round nothing.
    - ``target``: where they will run; what known issues cover there is not drawn.

    A program grows operation by operation. Every operation is chosen among those whose domain contains the values that
    are there, and new inputs are made to lie in the domain of the operation that asks for them. Results are used again,
    so there is fan-out, and those that nobody used are outputs with a cotangent each. Shrinks towards one operation.
    """
    kind = number_format(dtype)
    if not names or any(name not in OPERATIONS for name in (*names, *([featured] if featured else []))):
        raise InvalidArgument(f"{names=} and {featured=} must be in the catalogue")
    names = _drawable(names, dtype, target)
    if max_operations < 1:
        raise InvalidArgument(f"{max_operations=} must be at least 1")
    maker = _Maker(draw, kind, max_elements, lattice, target)
    dies = maker.dies
    count = dies.between(1, max_operations)
    place = dies.below(count)
    chosen = OPERATIONS[featured or names[dies.below_many(len(names))]]
    # It may need new inputs for all of its operands.
    reserved = 1 + RULES[chosen.case].others
    for step in range(count):
        if step == place:
            maker.feature(chosen)
            reserved = 0
            continue
        maker.follow(names, MOST_INPUTS - reserved)
    return maker.finish()


@lru_cache(maxsize=64)
def _drawable(names: tuple[str, ...], dtype: str, target: Target) -> tuple[str, ...]:
    return tuple(name for name in names if not is_undrawable(name, dtype, target))


class _Maker:
    """Draws the parts of one program."""

    def __init__(self, draw: DrawFn, kind: NumberFormat, max_elements: int, lattice: bool, target: Target) -> None:
        self.draw = draw
        self.kind = kind
        self.max_elements = max_elements
        self.lattice = lattice
        self.dies = endless_dice(draw)
        self.bench = Workbench(kind, target)

    def feature(self, operation: Operation) -> None:
        """Apply ``operation``, to a value that suits it or to a new input."""
        suitable = self._suitable(operation)
        if undrawn_issues(operation.name, self.kind.name, self.bench.target):
            suitable = [value for value in suitable if not self._refuses(operation, value)]
        first = self.dies.among([None, *suitable]) if suitable and self._room(MOST_INPUTS) else None
        if first is None and suitable and not self._room(MOST_INPUTS):
            first = self.dies.among(suitable)
        if first is None:
            rule = RULES[operation.case]
            shape = shape_of_rank(
                self.dies, ranks=rule.ranks, max_elements=self.max_elements, min_side=0 if rule.empty else 1
            )
            while not rule.fits(shape):
                # A side that the rule cannot take: the smallest tensor of the same rank is always fine.
                shape = (1,) * len(shape)
            first = self._new_input(shape, operation, 0)
        # A known issue may cover what was drawn; the simplest arguments and layouts are never covered.
        if any(self._apply(operation, first, MOST_INPUTS, whatever=True) for _ in range(2)):
            return
        if first.index == len(self.bench.known) - 1:
            self.bench.make_contiguous(1)
        self._apply(operation, first, MOST_INPUTS, Dice(repeat(0)), whatever=True)

    def _refuses(self, operation: Operation, value: Value) -> bool:
        """Whether a known issue covers ``operation`` of ``value`` even with the simplest arguments."""
        case = RULES[operation.case].draw(self.draw, Dice(repeat(0)), self.bench.known[value.index].shape)
        others = (KnownOperand.plain(other) for other in case.others if isinstance(other, tuple))
        known = (self.bench.known[value.index].operand, *others)
        return self.bench.is_covered(operation.name, case.arguments, known)

    def follow(self, names: tuple[str, ...], most_inputs: int) -> None:
        """Apply some operation that suits a value that is there, or a new input."""
        values = [
            Value(place) for place, known in enumerate(self.bench.known) if known.greatest - known.least < math.inf
        ]
        if not values or (self._room(most_inputs) and self.dies.below(4) == 3):
            if not self._room(most_inputs):
                return
            shape = shape_of_rank(self.dies, ranks=(0, 1, 2, 3, 4, 5), max_elements=self.max_elements)
            first = self._new_input(shape, None, 0)
        else:
            # The newest value is the first choice: programs become deep rather than wide.
            first = self.dies.among(values[::-1])
        known = self.bench.known[first.index]
        offered = _offered(names, known.shape, known.least, known.greatest)
        if offered:
            self._apply(OPERATIONS[offered[self.dies.below_many(len(offered))]], first, most_inputs)

    def _apply(
        self, operation: Operation, first: Value, most_inputs: int, dies: Dice | None = None, *, whatever: bool = False
    ) -> bool:
        """Apply ``operation`` to ``first`` in a way that ``dies`` tell, if that works out."""
        shape = self.bench.known[first.index].shape
        case = RULES[operation.case].draw(self.draw, dies or self.dies, shape)
        before = len(self.bench.tensors)
        operands: list[Operand] = [first]
        for position, other in enumerate(case.others, start=1):
            operand = self._operand(other, operation, position, most_inputs)
            if operand is None:
                return False
            operands.append(operand)
        if not self._is_allowed(operation, case, operands, before):
            self.bench.take_back(len(self.bench.tensors) - before)
            return False
        application = Application(operation.name, tuple(operands), case.arguments, results=case.results)
        results = self.bench.apply(application, whatever=whatever)
        if results:
            # In place, the result takes the place of the first operand, and must fit it.
            fits = self.bench.known[results[0].index].shape == self.bench.known[first.index].shape
            spellings = operation.all_spellings if fits else operation.spellings
            self.bench.spell(self.dies.below(len(spellings)))
        return bool(results)

    def _is_allowed(self, operation: Operation, case: Case, operands: list[Operand], inputs: int) -> bool:
        """Whether no known issue covers it, once the inputs after the first ``inputs`` lie as usual, if that helps."""

        def covered() -> bool:
            return self.bench.is_covered(operation.name, case.arguments, self.bench.known_operands(operands))

        if not covered():
            return True
        self.bench.make_contiguous(len(self.bench.tensors) - inputs)
        return not covered()

    def _operand(
        self, other: Shape | float | Value, operation: Operation, position: int, most_inputs: int
    ) -> Operand | None:
        if not isinstance(other, tuple):
            return other
        suitable = [
            Value(place)
            for place, known in enumerate(self.bench.known)
            if known.shape == other and self.bench.fits(Value(place), operation, position)
        ]
        if not self._room(most_inputs):
            return self.dies.among(suitable) if suitable else None
        if suitable and self.dies.perhaps():
            return self.dies.among(suitable)
        return self._new_input(other, operation, position)

    def _room(self, most_inputs: int) -> bool:
        return len(self.bench.tensors) < most_inputs

    def _suitable(self, operation: Operation) -> list[Value]:
        fits = RULES[operation.case].fits
        return [
            Value(place)
            for place, known in enumerate(self.bench.known)
            if fits(known.shape) and self.bench.fits(Value(place), operation, 0)
        ]

    def _new_input(self, shape: Shape, operation: Operation | None, position: int) -> Value:
        domain = operation.domain(position) if operation else Interval()
        if self.lattice:
            numbers = lattice_numbers(bound=3) if not domain.open else constants(1.0, 2.0)
        else:
            numbers = _numbers(self.kind, domain, _kinks(operation, position))
        drawn = tensor(self.draw, dtype=self.kind.name, shape=shape, numbers=numbers)
        return self.bench.add_input(drawn)

    def finish(self) -> Program:
        """The program, with the results that nobody used as outputs, and perhaps others."""
        if not self.bench.applications:
            # Known issues covered all that was tried.
            reject()
        used = self.bench.used()
        results = self.bench.results()
        outputs = [value for value in results if value.index not in used or self.dies.below(6) == 5]
        frozen = self.dies.below(2 ** len(self.bench.tensors)) if self.dies.perhaps() else 0
        weights = lattice_numbers(bound=2) if self.lattice else _weights(self.kind)
        asked: list[tuple[Value, TensorSpec | None]] = []
        for value in outputs:
            shape = self.bench.known[value.index].shape
            drawn = cotangent(self.draw, self.dies, dtype=self.kind.name, shape=shape, numbers=weights)
            asked.append((value, drawn))
        return self.bench.program(frozen, asked)


def _kinks(operation: Operation | None, position: int) -> tuple[float, ...]:
    return operation.kinks if operation is not None and position == 0 else ()


@cache
def _weights(kind: NumberFormat) -> Numbers:
    """Numbers for cotangents: about 1 in most lists, of any magnitude whose square is a normal number in some."""
    moderate = floats(dtype=kind.name, min_exponent=-2, max_exponent=1, specials=False)
    any_magnitude = floats(
        dtype=kind.name,
        min_exponent=kind.minimum_exponent // 2,
        max_exponent=kind.maximum_exponent // 2,
        specials=False,
    )
    return replace(moderate, wide=any_magnitude.decode)


@lru_cache(maxsize=4096)
def _numbers(kind: NumberFormat, domain: Interval, kinks: tuple[float, ...]) -> Numbers:
    lowest, highest = domain.lowest, domain.highest
    if domain.open:
        lowest, highest = math.nextafter(lowest, math.inf), math.nextafter(highest, -math.inf)
    # Beyond its square root a square overflows.
    numbers = floats_between(dtype=kind.name, lowest=lowest, highest=highest, max_magnitude=math.sqrt(kind.largest))
    return numbers | (numbers | constants(*kinks)) if kinks else numbers


@lru_cache(maxsize=4096)
def _fitting(names: tuple[str, ...], shape: Shape) -> tuple[tuple[str, ...], np.ndarray, np.ndarray, np.ndarray]:
    fitting = tuple(name for name in names if RULES[OPERATIONS[name].case].fits(shape))
    domains = [OPERATIONS[name].domain(0) for name in fitting]
    return (
        fitting,
        np.array([domain.lowest for domain in domains]),
        np.array([domain.highest for domain in domains]),
        np.array([domain.open for domain in domains]),
    )


def _offered(names: tuple[str, ...], shape: Shape, least: float, greatest: float) -> list[str]:
    """The operations whose domain contains the numbers from ``least`` to ``greatest``, for a value of ``shape``."""
    fitting, lowest, highest, opened = _fitting(names, shape)
    inside = np.where(opened, (lowest < least) & (greatest < highest), (lowest <= least) & (greatest <= highest))
    return [fitting[place] for place in np.flatnonzero(inside)]
