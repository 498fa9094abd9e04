"""The enclosure tier: for every element of the output and of each gradient, an interval that must contain it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from oracle.array import Array
from oracle.ball import Ball
from oracle.operations import OPERATIONS
from oracle.program import Operand, Program, Value
from oracle.rounding import NoRounding, Rounding, RunningError
from oracle.tape import RecordedArray, Tape

AnyArray = TypeVar("AnyArray", bound=Array)


@dataclass(frozen=True)
class Enclosure:
    """What is true of one program.

    Attributes:
        output: the value that is differentiated.
        gradients: by number of the input, for every input that requires grad and that the output depends on.
    """

    output: Ball
    gradients: dict[int, Ball]


def define(program: Program, inputs: list[AnyArray]) -> list[AnyArray]:
    """Every value of ``program``, inputs first, by the definitions of its operations."""
    values = list(inputs)

    def operand(each: Operand) -> AnyArray | float:
        return values[each.index] if isinstance(each, Value) else each

    for application in program.applications:
        operands = tuple(operand(each) for each in application.operands)
        values.append(cast("AnyArray", OPERATIONS[application.operation].apply(operands, application.arguments)))
    return values


def value_shapes(program: Program) -> list[tuple[int, ...]]:
    """The shape of every value of ``program``, inputs first."""
    return [value.shape for value in _record(program, RunningError(program.number_format))[1]]


def _record(program: Program, rounding: Rounding) -> tuple[Tape, list[RecordedArray]]:
    tape = Tape(len(program.inputs))
    inputs = [RecordedArray(tape, node, each.tensor.shape, rounding) for node, each in enumerate(program.inputs)]
    return tape, define(program, inputs)


def enclosure(
    program: Program,
    rounding: Rounding | None = None,
    *,
    spread: list[NDArray[np.float64]] | None = None,
    forward_only: bool = False,
) -> Enclosure:
    """Enclose the output and the gradients of ``program``.

    Args:
        program: what is differentiated.
        rounding: what each operation may add; by default, the running error of the program's number format.
        spread: one array of radii for each input, in its shape: then the enclosure holds for every point of that box,
            with gradients in the sense of Clarke. By default the inputs are exact.
        forward_only: leave the gradients out.
    """
    rounding = rounding or RunningError(program.number_format)
    tape, values = _record(program, rounding)
    output = values[-1]
    inputs = [Ball.exact(each.tensor.array, rounding) for each in program.inputs]
    if spread is not None:
        for ball, radius in zip(inputs, spread, strict=True):
            ball.radius = radius
    # Overflow, 0 times infinity and division by 0 are expected here: they end in infinite radii.
    with np.errstate(all="ignore"):
        balls = tape.forward_sweep(tuple(inputs))
        if forward_only:
            return Enclosure(balls[output.node], {})
        seed = np.ones(output.shape) if program.cotangent is None else program.cotangent.array
        cotangents = tape.reverse_sweep(balls, output.node, Ball.exact(seed, rounding), program.differentiated)
    return Enclosure(balls[output.node], cotangents)


def certificate(program: Program, powers_are_exact: bool) -> Enclosure:
    """Where nothing can round, in whatever order a device computes: radius 0 there, infinite elsewhere."""
    return enclosure(program, NoRounding(program.number_format, powers_are_exact))
