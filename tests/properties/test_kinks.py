"""Kinks and ties: any gradient between the one-sided ones is right, and what PyTorch chooses goes into the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from oracle.kinks import KINKED, kinks
from oracle.laws import TIES
from oracle.operations import OPERATIONS
from oracle.program import Program
from tests.gate.judge import Judge
from tests.gate.single_operation import over_operation

SELECTIONS = tuple(
    name
    for name, operation in OPERATIONS.items()
    if operation.ties and name not in ("vector_norm", "logaddexp", "logaddexp2")
)
"""Operations that select among elements: not among magnitudes, nor to compute with the larger one."""


@pytest.mark.operations(*SELECTIONS)
def test_ties(judge: Judge, operation: str) -> None:
    """Elements that tie share the whole cotangent between them."""

    def shared(judge: Judge, program: Program) -> None:
        for law in TIES:
            judge.law(without_frozen_inputs(program), law)

    over_operation(judge, operation, shared, 1 / 10, lattice=True)


def without_frozen_inputs(program: Program) -> Program:
    """``program``, with all inputs differentiated."""
    return replace(program, inputs=tuple(replace(each, requires_grad=True) for each in program.inputs))


@pytest.mark.operations(*KINKED)
def test_kinks(judge: Judge, operation: str, attach: Callable[[str, Any], None]) -> None:
    """At every kink and tie the gradient lies in Clarke's interval."""
    dtype, device = judge.record.dtype, judge.record.device
    for kink in kinks(operation, dtype):

        def enclosed(judge: Judge, program: Program, place: str = kink.place) -> None:
            answer = judge.enclosed(program)
            if answer is None:
                return
            chosen = [gradient.values.tolist() for gradient in answer.gradients.values() if gradient is not None]
            row = {"operation": operation, "place": place, "chosen": chosen}
            attach("gradcert-kink", row | {"dtype": dtype, "device": device})

        judge.count(enclosed, kink.program)
