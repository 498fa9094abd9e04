"""Kinks and ties: any gradient between the one-sided ones is right, and what PyTorch chooses goes into the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from oracle.kinks import kinks
from oracle.laws import TIES
from oracle.operations import OPERATIONS
from oracle.program import Program
from tests.gate.judge import Judge
from tests.gate.single_operations import over_operations

SELECTIONS = tuple(
    name
    for name, operation in OPERATIONS.items()
    if operation.ties and name not in ("vector_norm", "logaddexp", "logaddexp2")
)
"""Operations that select among elements: not among magnitudes, nor to compute with the larger one."""


def test_ties(judge: Judge) -> None:
    """Elements that tie share the whole cotangent between them."""

    def shared(judge: Judge, program: Program) -> None:
        for law in TIES:
            judge.law(without_frozen_inputs(program), law)

    over_operations(judge, shared, 1 / 10, names=SELECTIONS, lattice=True)


def without_frozen_inputs(program: Program) -> Program:
    """``program``, with all inputs differentiated."""
    return replace(program, inputs=tuple(replace(each, requires_grad=True) for each in program.inputs))


def test_kinks(judge: Judge, record_property: Callable[[str, Any], None]) -> None:
    """At every kink and tie the gradient lies in Clarke's interval."""
    for kink in kinks(judge.record.dtype, judge.target):
        answer = judge.enclosed(kink.program)
        if answer is None:
            continue
        chosen = [gradient.values.tolist() for gradient in answer.gradients.values() if gradient is not None]
        row = {"operation": kink.operation, "place": kink.place, "chosen": chosen}
        record_property("gradcert-kink", row | {"dtype": judge.record.dtype, "device": judge.record.device})
