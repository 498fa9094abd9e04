"""Tensors around vector widths and past the size from which PyTorch works in several threads."""

from __future__ import annotations

from oracle.program import Program
from strategies.programs import LARGE, large_programs
from tests.gate.judge import Judge, for_programs


@for_programs(large_programs, made_of=LARGE, share=0.2)
def test_large_tensors(judge: Judge, program: Program) -> None:
    """Every element of every gradient lies in its enclosure."""
    judge.enclosed(program)
