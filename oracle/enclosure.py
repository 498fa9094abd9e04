"""The enclosure tier: for every element of the outputs and of each gradient, an interval that must contain it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from oracle.arithmetic import USUAL, DeviceArithmetic
from oracle.array import Array, Domain
from oracle.ball import Ball
from oracle.functions import QUAD
from oracle.operations import OPERATIONS
from oracle.program import Application, Operand, Program, Value
from oracle.rounding import NoRounding, Rounding, RunningError
from oracle.tape import RecordedArray, Tape

AnyArray = TypeVar("AnyArray", bound=Array)


@dataclass(frozen=True)
class Enclosure:
    """What is true of one program.

    Attributes:
        outputs: the values that are differentiated.
        gradients: by number of the input, for every input that requires grad and that an output depends on.
    """

    outputs: tuple[Ball, ...]
    gradients: dict[int, Ball]


@dataclass(frozen=True)
class Holes:
    """What known issues take out of what is claimed in one dtype.

    Attributes:
        keeping_to_range: operations whose backward is known to lose what leaves the range of the dtype on the way.
        magnitudes: by operation the ranges of magnitudes of the first operand in which it is wrong.
    """

    keeping_to_range: frozenset[str] = frozenset()
    magnitudes: dict[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)


NO_HOLES = Holes()


def applied(application: Application, values: list[AnyArray], holes: Holes = NO_HOLES) -> tuple[AnyArray, ...]:
    """The results of ``application``, by the definition of its operation, on the ``values`` of its program so far."""
    name = application.operation
    keeps = name in holes.keeping_to_range
    gaps = holes.magnitudes.get(name, ())

    def operand(position: int, each: Operand) -> AnyArray | float:
        if not isinstance(each, Value):
            return each
        value = values[each.index]
        for gap in gaps if position == 0 else ():
            value = value.within(_outside(*gap))
        return value.keeping_to_range(True) if keeps else value

    operands = tuple(operand(position, each) for position, each in enumerate(application.operands))
    results = OPERATIONS[name].definition(*operands, **application.arguments)
    together = cast("tuple[AnyArray, ...]", results if isinstance(results, tuple) else (results,))
    return tuple(result.keeping_to_range(False) for result in together) if keeps else together


def _outside(lowest: float, highest: float) -> Domain:
    return lambda least, greatest, number_format: (greatest < lowest) | (least > highest)


def define(program: Program, inputs: list[AnyArray], holes: Holes = NO_HOLES) -> list[AnyArray]:
    """Every value of ``program``, inputs first, by the definitions of its operations."""
    values = list(inputs)
    for application in program.applications:
        values += applied(application, values, holes)
    return values


def values_of(program: Program) -> list[NDArray[np.float64]]:
    """Every value of ``program``, inputs first, rounded to float64."""
    rounding = RunningError(program.number_format)
    with np.errstate(all="ignore"):
        values = define(program, _recorded(Tape(rounding), _given_inputs(program, rounding)))
        return [value.ball.midpoint.astype(np.float64) for value in values]


def _given_inputs(program: Program, rounding: Rounding) -> list[Ball]:
    return [_given(each.tensor.array, rounding) for each in program.inputs]


def _given(values: NDArray[np.float64], rounding: Rounding) -> Ball:
    return Ball(values.astype(QUAD), rounding.of_input(values), rounding)


def _recorded(tape: Tape, inputs: list[Ball]) -> list[RecordedArray]:
    return [tape.record(ball) for ball in inputs]


@lru_cache(maxsize=16)
def value_shapes(program: Program) -> list[tuple[int, ...]]:
    """The shape of every value of ``program``, inputs first."""
    return [value.shape for value in values_of(program)]


def enclosure(
    program: Program,
    rounding: Rounding | None = None,
    *,
    spread: list[NDArray[np.float64]] | None = None,
    forward_only: bool = False,
    holes: Holes = NO_HOLES,
) -> Enclosure:
    """Enclose the outputs and the gradients of ``program``.

    Args:
        program: what is differentiated.
        rounding: what each operation may add; by default, the running error of the program's number format.
        spread: one array of radii for each input, in its shape: then the enclosure holds for every point of that box,
            with gradients in the sense of Clarke. By default the inputs are exact.
        forward_only: leave the gradients out.
        holes: what known issues take out of what is claimed.
    """
    rounding = rounding or RunningError(program.number_format)
    inputs = _given_inputs(program, rounding)
    if spread is not None:
        for ball, radius in zip(inputs, spread, strict=True):
            ball.radius = radius
    tape = Tape(rounding)
    # Overflow, 0 times infinity and division by 0 are expected here: they end in infinite radii.
    with np.errstate(all="ignore"):
        values = define(program, _recorded(tape, inputs), holes)
        outputs = tuple(values[output.value.index] for output in program.outputs)
        balls = tuple(output.ball for output in outputs)
        if forward_only:
            return Enclosure(balls, {})
        seeds = []
        for output, asked in zip(outputs, program.outputs, strict=True):
            seed = np.ones(output.shape) if asked.cotangent is None else asked.cotangent.array
            seeds.append((output.node, _given(seed, rounding)))
        return Enclosure(balls, tape.reverse_sweep(seeds, program.differentiated))


def certificate(program: Program, arithmetic: DeviceArithmetic = USUAL) -> Enclosure:
    """Where nothing can round, in whatever order a device computes: radius 0 there, infinite elsewhere."""
    return enclosure(program, NoRounding(program.number_format, arithmetic))
