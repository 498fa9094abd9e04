"""A frozen corpus of drawn programs: the same in every run, whatever the strategies draw by then."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.workloads.workload import Workload
from oracle.program import Program
from oracle.program_json import from_json

PATH = Path(__file__).with_name("corpus.json")
"""The programs by name. ``python -m benchmarks.workloads.draw_corpus`` draws new ones."""


def _workload(name: str, program: Program) -> Workload:
    size = sum(each.tensor.count for each in program.inputs)
    operations = ", ".join(each.operation for each in program.applications)
    return Workload(
        name,
        "corpus",
        f"a drawn program: {operations}",
        lambda size, dtype: program,
        sizes=(size,),
        dtypes=(program.dtype,),
    )


def _read() -> tuple[Workload, ...]:
    stored = json.loads(PATH.read_text(encoding="utf-8"))
    return tuple(_workload(name, from_json(json.dumps(program))) for name, program in stored.items())


CORPUS = _read()
"""One workload for each program, of its size and dtype."""
