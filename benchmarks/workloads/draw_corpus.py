"""``python -m benchmarks.workloads.draw_corpus``: draw the corpus anew, and say what was written."""

from __future__ import annotations

import json

from benchmarks.workloads.corpus import PATH
from benchmarks.workloads.workload import DTYPES
from oracle.program import Program
from oracle.program_json import to_json
from oracle.route import read_answer
from oracle.target import CPU
from oracle.verdict import enclosed, judge
from strategies.random_programs import random_programs
from strategies.samples import sample

EACH = 8
"""Programs of each dtype."""

FEWEST, MOST = 3, 8
"""How many operations a program has."""


def main() -> None:
    """Draw programs of every dtype, whose gradients are right and all of whose elements tell something."""
    programs: dict[str, Program] = {}
    for dtype in DTYPES:
        drawn = (each for each in sample(random_programs(dtype=dtype), count=400) if _serves(each))
        for number, program in zip(range(1, EACH + 1), drawn, strict=False):
            programs[f"drawn-{dtype}-{number}"] = program
    lines = ",\n".join(f"{json.dumps(name)}: {to_json(program)}" for name, program in programs.items())
    PATH.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(f"{PATH}: {len(programs)} programs")


def _serves(program: Program) -> bool:
    if not FEWEST <= len(program.applications) <= MOST:
        return False
    verdict = judge(program, read_answer(program, CPU, "autograd.grad"), enclosed(program))
    return not verdict.wrong and 0 < verdict.elements == verdict.informative


if __name__ == "__main__":
    main()
