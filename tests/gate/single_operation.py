"""Properties of one operation by itself: pytest makes an item of each."""

from __future__ import annotations

from strategies.random_programs import random_programs
from tests.gate.judge import Check, Judge


def over_operation(judge: Judge, operation: str, check: Check, share: float, *, lattice: bool = False) -> None:
    """Run ``check`` on programs of ``operation`` alone: on ``share`` of the profile's examples, and on one at least.

    With ``lattice`` inputs and cotangents are small integers.
    """
    programs = random_programs(
        dtype=judge.record.dtype, featured=operation, max_operations=1, lattice=lattice, target=judge.target
    )
    judge.over(programs, check, share, about=operation)
