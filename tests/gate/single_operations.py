"""Properties of every operation by itself."""

from __future__ import annotations

from collections.abc import Iterable

from oracle.known_issues import is_undrawable
from oracle.operations import OPERATIONS
from strategies.random_programs import random_programs
from tests.gate.judge import Check, Judge


def over_operations(
    judge: Judge, check: Check, share: float, *, names: Iterable[str] = OPERATIONS, lattice: bool = False
) -> None:
    """Run ``check`` on ``share`` of the profile's examples for each operation, and on one of each at least.

    With ``lattice`` inputs and cotangents are small integers.
    """
    dtype, target = judge.record.dtype, judge.target
    for name in names:
        if not is_undrawable(name, dtype, target):
            programs = random_programs(dtype=dtype, featured=name, max_operations=1, lattice=lattice, target=target)
            judge.over(programs, check, share, about=name)
