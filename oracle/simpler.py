"""Programs that are a step simpler than a given one, for what Hypothesis' shrinking leaves.

Hypothesis shrinks what was drawn; where an operation in the middle goes, what follows has to be drawn anew. Here
whatever leads to no output is dropped, operations are bypassed, and results become inputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from oracle.enclosure import values_of
from oracle.program import Application, Input, Operand, Output, Program, Value
from oracle.tensor import Layout, TensorSpec


def simpler_programs(program: Program) -> Iterator[Program]:
    """Every program that is one step simpler than ``program``, those that lose most first."""
    if len(program.outputs) > 1:
        for output in program.outputs:
            yield without_dead_code(replace(program, outputs=(output,)))
    values = values_of(program)
    for application, results in zip(program.applications, program.results, strict=True):
        if len(results) > 1:
            continue
        (result,) = results
        middle = values[result]
        number_format = program.number_format
        with np.errstate(all="ignore"):
            rounded = number_format.rounded(middle)
        if np.isfinite(rounded).all():
            tensor = TensorSpec(
                middle.shape, Layout.contiguous(middle.ndim), number_format.name, tuple(rounded.ravel().tolist())
            )
            yield from _with_input_instead(program, result, tensor)
        for operand in application.operands:
            if isinstance(operand, Value) and values[operand.index].shape == middle.shape:
                yield from _with_value_instead(program, result, operand)
    if len(program.differentiated) > 1:
        for index in program.differentiated:
            inputs = list(program.inputs)
            inputs[index] = replace(inputs[index], requires_grad=False)
            yield from _if_possible(tuple(inputs), program.applications, program.outputs)


def _if_possible(
    inputs: tuple[Input, ...], applications: tuple[Application, ...], outputs: tuple[Output, ...]
) -> Iterator[Program]:
    """The program of these parts, if it is one, and each of its outputs depends on an input that requires grad."""
    try:
        program = without_dead_code(Program(inputs, applications, outputs))
    except ValueError:
        return
    reached = {index: each.requires_grad for index, each in enumerate(program.inputs)}
    for application, results in zip(program.applications, program.results, strict=True):
        depends = any(reached[each.index] for each in application.operands if isinstance(each, Value))
        reached |= dict.fromkeys(results, depends)
    if all(reached[output.value.index] for output in program.outputs):
        yield program


def _with_value_instead(program: Program, result: int, other: Value) -> Iterator[Program]:
    """``program`` with ``other`` wherever the value number ``result`` is used."""

    def changed(operand: Operand) -> Operand:
        return other if operand == Value(result) else operand

    applications = tuple(replace(each, operands=tuple(map(changed, each.operands))) for each in program.applications)
    outputs = tuple(
        replace(each, value=other if each.value.index == result else each.value) for each in program.outputs
    )
    if len({each.value.index for each in outputs}) == len(outputs):
        yield from _if_possible(program.inputs, applications, outputs)


def _with_input_instead(program: Program, result: int, tensor: TensorSpec) -> Iterator[Program]:
    """``program`` with a new input of ``tensor`` wherever the value number ``result`` is used; it is no output."""
    if any(output.value.index == result for output in program.outputs):
        return
    new = len(program.inputs)

    def changed(operand: Operand) -> Operand:
        if not isinstance(operand, Value):
            return operand
        if operand.index == result:
            return Value(new)
        return Value(operand.index + (operand.index >= new))

    yield from _if_possible(
        (*program.inputs, Input(tensor)),
        tuple(replace(each, operands=tuple(map(changed, each.operands))) for each in program.applications),
        tuple(replace(each, value=Value(each.value.index + 1)) for each in program.outputs),
    )


def without_dead_code(program: Program) -> Program:
    """``program`` without the operations and inputs that lead to no output.

    Raises:
        ValueError: if nothing that requires grad is left.
    """
    needed = {output.value.index for output in program.outputs}
    kept = []
    for application, results in zip(reversed(program.applications), reversed(program.results), strict=True):
        if needed.intersection(results):
            needed |= {operand.index for operand in application.operands if isinstance(operand, Value)}
            kept.append((application, results))
    kept.reverse()
    inputs = [index for index in range(len(program.inputs)) if index in needed]
    places = [*inputs, *(index for _, results in kept for index in results)]
    numbers = {place: Value(number) for number, place in enumerate(places)}

    def renumbered(operand: Operand) -> Operand:
        return numbers[operand.index] if isinstance(operand, Value) else operand

    return Program(
        tuple(program.inputs[index] for index in inputs),
        tuple(replace(each, operands=tuple(map(renumbered, each.operands))) for each, _ in kept),
        tuple(replace(each, value=numbers[each.value.index]) for each in program.outputs),
    )
