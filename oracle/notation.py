"""A program as mathematics: what a person can differentiate by hand."""

from __future__ import annotations

import math

from oracle.operations import OPERATIONS
from oracle.operations.operation import fill_in
from oracle.program import Application, Operand, Program, Value
from oracle.tensor import Fill, TensorSpec

ATOM = 5
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_LISTED = 24


def number(value: float) -> str:
    """``value`` exactly, as short as it can be: integers without their point, -0 with its sign."""
    return repr(value).removesuffix(".0")


def mathematics(program: Program) -> str:
    """The definitions line by line, then the inputs and the cotangent with their exact values.

    A result that is used once is written where it is used; one that is used again gets a line of its own.
    """
    names = [f"x{index}" for index in range(len(program.inputs))]
    if len(names) == 1:
        names = ["x"]
    uses = [0] * (program.output + 1)
    for application in program.applications:
        for operand in application.operands:
            if isinstance(operand, Value):
                uses[operand.index] += 1
    written: list[tuple[str, int]] = [(name, ATOM) for name in names]
    lines = []
    for index, application in enumerate(program.applications, start=len(program.inputs)):
        text, precedence = _written(application, written)
        if index == program.output or uses[index] > 1:
            name = "z" if index == program.output else f"y{index}"
            lines.append(f"{name} = {text}")
            text, precedence = name, ATOM
        written.append((text, precedence))
    for name, each in zip(names, program.inputs, strict=True):
        lines.append(f"{name}: {describe(each.tensor)}{'' if each.requires_grad else ', requires no grad'}")
    lines.append(f"cotangent: {'1 (implicit)' if program.cotangent is None else describe(program.cotangent)}")
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
    return fill_in(operation.notation, operands, application.arguments), operation.precedence


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
