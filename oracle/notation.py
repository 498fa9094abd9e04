"""A program as mathematics: what a person can differentiate by hand."""

from __future__ import annotations

import math
from collections import Counter

from oracle.operations import OPERATIONS
from oracle.program import Application, Operand, Program, Value
from oracle.tensor import Fill, TensorSpec

ATOM = 5
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_LISTED = 24


def number(value: float) -> str:
    """``value`` exactly, as short as it can be: integers without their point, -0 with its sign."""
    return repr(value).removesuffix(".0")


def mathematics(program: Program) -> str:
    """The definitions line by line, then the inputs and the cotangents with their exact values.

    A result that is used once is written where it is used; one that is used again gets a line of its own.
    """
    names = [f"x{index}" for index in range(len(program.inputs))]
    if len(names) == 1:
        names = ["x"]
    uses = Counter(
        operand.index
        for application in program.applications
        for operand in application.operands
        if isinstance(operand, Value)
    )
    written: list[tuple[str, int]] = [(name, ATOM) for name in names]
    result_names = {output.value.index: f"z{number}" for number, output in enumerate(program.outputs)}
    if len(result_names) == 1:
        result_names = dict.fromkeys(result_names, "z")
    lines = []
    for application, results in zip(program.applications, program.results, strict=True):
        text, precedence = _written(application, written)
        if len(results) == 1 and results[0] not in result_names and uses[results[0]] <= 1:
            written.append((text, precedence))
            continue
        chosen = [result_names.get(index, f"y{index}") for index in results]
        lines.append(f"{', '.join(chosen)} = {text}")
        written += [(name, ATOM) for name in chosen]
    for name, each in zip(names, program.inputs, strict=True):
        lines.append(f"{name}: {describe(each.tensor)}{'' if each.requires_grad else ', requires no grad'}")
    for output in program.outputs:
        of = "" if len(program.outputs) == 1 else f" of {result_names[output.value.index]}"
        lines.append(f"cotangent{of}: {'1 (implicit)' if output.cotangent is None else describe(output.cotangent)}")
    return "\n".join(lines)


def _written(application: Application, written: list[tuple[str, int]]) -> tuple[str, int]:
    operation = OPERATIONS[application.operation]

    def operand(position: int, each: Operand) -> str:
        if isinstance(each, Value):
            text, precedence = written[each.index]
        else:
            # A minus in front is a sign only at the beginning.
            text, precedence = number(each), ATOM if math.copysign(1, each) > 0 else 2 * (position == 0)
        # The right operand of a minus, and the base of a power, bind tighter than the operation itself.
        least = operation.precedence + (position > 0 or operation.precedence == 3)
        return text if precedence >= least or operation.precedence == 4 else f"({text})"

    operands = tuple(operand(position, each) for position, each in enumerate(application.operands))
    if operation.name == "pow":
        return operands[0] + str(application.arguments["exponent"]).translate(_SUPERSCRIPTS), operation.precedence
    return operation.written(operands, application.arguments), operation.precedence


def describe(spec: TensorSpec) -> str:
    """Dtype, shape, layout and exact values of ``spec`` in one line."""
    sizes = "×".join(map(str, spec.shape)) if spec.shape else "scalar"
    if isinstance(spec.values, Fill):
        values = f"filled from seed {spec.values.seed}, {spec.values.bits} bits times 2^{spec.values.exponent}"
    elif len(spec.values) > _LISTED:
        values = ", ".join(map(number, spec.values[:_LISTED])) + f", … ({len(spec.values)} values)"
    else:
        values = ", ".join(map(number, spec.values)) or "empty"
    return f"{spec.dtype} {sizes}, {spec.layout.kind}: {values}"
