"""What sums lose whose partial sums PyTorch keeps in 16 bits, where a known issue says so."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from oracle.arithmetic import Accumulation
from oracle.index import Index, IndexTensor
from oracle.known_issue import KnownIssue
from oracle.program import Program, Value
from oracle.verdict import Inaccurate, Mismatch, Verdict


@dataclass(frozen=True)
class Loss:
    """One element of the result or of a gradient of one operation, too small because its sum is kept in the dtype.

    Attributes:
        operation, dtype, device: what was asked, in what dtype, of which target.
        quantity: ``output``, or ``gradient of operand 1``.
        size: the largest number of elements of an operand, a cotangent or an index, or of operands.
        came, due: what PyTorch said, and the exact value.
        factor: how many times too small it is; None where 0 came, as JSON has no infinity.
        issue: the name of the known issue.
    """

    operation: str
    dtype: str
    device: str
    quantity: str
    size: int
    came: float
    due: float
    factor: float | None
    issue: str


def explained(
    mismatch: Mismatch, kept: Iterable[Accumulation], within: Callable[[Accumulation], Verdict]
) -> Inaccurate:
    """``mismatch`` with the one kind of sums under which its tensor is right; ``within`` judges the answer by each."""

    def is_right(kind: Accumulation) -> bool:
        return all((wrong.source, wrong.output) != (mismatch.source, mismatch.output) for wrong in within(kind).wrong)

    return Inaccurate(**vars(mismatch), kept=next(filter(is_right, sorted(kept)), None))


def loss(program: Program, device: str, wrong: Inaccurate, issues: Iterable[KnownIssue]) -> Loss | None:
    """What was lost in the program's only application, if one of ``issues`` says so."""
    (application,) = program.applications
    issue = next((each for each in issues if each.loses(application.operation, program.dtype, wrong.kept)), None)
    if issue is None:
        return None
    quantity = "output"
    if wrong.source is not None:
        quantity = f"gradient of operand {application.operands.index(Value(wrong.source))}"
    factor = float(abs(wrong.due / Fraction(wrong.came))) if wrong.came else None
    due = float(wrong.due)
    return Loss(
        application.operation, program.dtype, device, quantity, _size(program), wrong.came, due, factor, issue.name
    )


def _size(program: Program) -> int:
    indices = []
    for application in program.applications:
        indices.append(len(application.operands))
        for argument in application.arguments.values():
            entries = argument.entries if isinstance(argument, Index) else (argument,)
            indices += [math.prod(each.shape) for each in entries if isinstance(each, IndexTensor)]
    cotangents = [each.cotangent.count for each in program.outputs if each.cotangent is not None]
    return max(*indices, *cotangents, *(each.tensor.count for each in program.inputs))


def times_too_small(factor: float | None) -> float:
    """``factor`` of a loss as a number: infinite where 0 came."""
    return math.inf if factor is None else factor


def worst(losses: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each issue, device, dtype, operation and quantity the loss with the largest factor."""
    kept: dict[tuple[str, ...], dict[str, Any]] = {}
    for each in losses:
        key = tuple(each[name] for name in ("issue", "device", "dtype", "operation", "quantity"))
        if key not in kept or times_too_small(each["factor"]) > times_too_small(kept[key]["factor"]):
            kept[key] = each
    return [kept[key] for key in sorted(kept)]
