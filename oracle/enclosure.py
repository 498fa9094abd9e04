"""The enclosure tier: for every element of the outputs and of each gradient, an interval that must contain it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from oracle.array import Array
from oracle.ball import Ball
from oracle.operations import OPERATIONS
from oracle.program import Application, Program, Value
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


def applied(application: Application, values: list[AnyArray]) -> tuple[AnyArray, ...]:
    """The results of ``application``, by the definition of its operation, on the ``values`` of its program so far."""
    operands = tuple(values[each.index] if isinstance(each, Value) else each for each in application.operands)
    results = OPERATIONS[application.operation].definition(*operands, **application.arguments)
    return cast("tuple[AnyArray, ...]", results if isinstance(results, tuple) else (results,))


def define(program: Program, inputs: list[AnyArray]) -> list[AnyArray]:
    """Every value of ``program``, inputs first, by the definitions of its operations."""
    values = list(inputs)
    for application in program.applications:
        values += applied(application, values)
    return values


def value_shapes(program: Program) -> list[tuple[int, ...]]:
    """The shape of every value of ``program``, inputs first."""
    with np.errstate(all="ignore"):
        tape = Tape()
        rounding = RunningError(program.number_format)
        inputs = [tape.record(Ball.exact(each.tensor.array, rounding)) for each in program.inputs]
        return [value.shape for value in define(program, inputs)]


def enclosure(
    program: Program,
    rounding: Rounding | None = None,
    *,
    spread: list[NDArray[np.float64]] | None = None,
    forward_only: bool = False,
) -> Enclosure:
    """Enclose the outputs and the gradients of ``program``.

    Args:
        program: what is differentiated.
        rounding: what each operation may add; by default, the running error of the program's number format.
        spread: one array of radii for each input, in its shape: then the enclosure holds for every point of that box,
            with gradients in the sense of Clarke. By default the inputs are exact.
        forward_only: leave the gradients out.
    """
    rounding = rounding or RunningError(program.number_format)
    inputs = [Ball.exact(each.tensor.array, rounding) for each in program.inputs]
    if spread is not None:
        for ball, radius in zip(inputs, spread, strict=True):
            ball.radius = radius
    tape = Tape()
    # Overflow, 0 times infinity and division by 0 are expected here: they end in infinite radii.
    with np.errstate(all="ignore"):
        values = define(program, [tape.record(ball) for ball in inputs])
        outputs = tuple(values[output.value.index] for output in program.outputs)
        balls = tuple(output.ball for output in outputs)
        if forward_only:
            return Enclosure(balls, {})
        seeds = []
        for output, asked in zip(outputs, program.outputs, strict=True):
            seed = np.ones(output.shape) if asked.cotangent is None else asked.cotangent.array
            seeds.append((output.node, Ball.exact(seed, rounding)))
        return Enclosure(balls, tape.reverse_sweep(seeds, program.differentiated))


def certificate(program: Program, powers_are_exact: bool) -> Enclosure:
    """Where nothing can round, in whatever order a device computes: radius 0 there, infinite elsewhere."""
    return enclosure(program, NoRounding(program.number_format, powers_are_exact))
