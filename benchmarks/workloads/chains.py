"""Chains of operations: what a node of the graph costs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import Tensor

from benchmarks.workloads.workload import Workload, of_tensors, with_cotangent
from oracle.program import Program, ProgramBuilder, Value

LENGTHS = (10, 30, 100, 300, 1000)

_LARGEST = 10**6
"""Of the product of length and elements."""


def _doubled_and_halved(length: int, size: int, dtype: str) -> Program:
    def steps(builder: ProgramBuilder, value: Value) -> Value:
        for number in range(length):
            value = builder.apply("mul", value, 0.5 if number % 2 else 2.0)
        return value

    return with_cotangent(of_tensors((size,), dtype=dtype, steps=steps), (size,), dtype)


def _sines(length: int, size: int, dtype: str) -> Program:
    def steps(builder: ProgramBuilder, value: Value) -> Value:
        for _ in range(length):
            value = builder.apply("sin", value)
        return value

    return with_cotangent(of_tensors((size,), dtype=dtype, steps=steps), (size,), dtype)


def _copied(inputs: Sequence[Tensor], cotangent: Tensor | None) -> list[Tensor]:
    """Doubled and halved as often: the cotangent itself (all lengths are even)."""
    assert cotangent is not None
    return [cotangent.clone()]


CHAINS = (
    *(
        Workload(
            f"products-{length}",
            "chains",
            f"{length} products with 2 and 1/2 in turn, which save nothing and round nothing",
            partial(_doubled_and_halved, length),
            largest=_LARGEST // length,
            closed_form=_copied,
        )
        for length in LENGTHS
    ),
    *(
        Workload(
            f"sines-{length}",
            "chains",
            f"{length} sines after one another, each of which saves its operand",
            partial(_sines, length),
            largest=_LARGEST // length,
        )
        for length in LENGTHS[:3]
    ),
)
