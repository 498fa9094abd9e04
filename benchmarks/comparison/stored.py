"""One interpreter beside results that were stored on the same machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.comparison.interpreter import Interpreter
from benchmarks.comparison.measurement import GATED, ROUND_SECONDS, Graphs, written
from benchmarks.machine import fingerprint
from benchmarks.records import BrokenResults, read
from oracle.reproducer import definitions

ROUNDS = 15


@dataclass(frozen=True)
class StoredRow:
    """A stored case and what it is now: the fastest backward in seconds, and how its graph differs."""

    workload: str
    size: int
    dtype: str
    stored: float
    now: float
    graphs: Graphs


def against_stored(path: Path, head: Interpreter, device: str) -> Iterator[StoredRow]:
    """Run the gated workloads as they were stored in ``path``, each at its largest stored size.

    Raises:
        BrokenResults: if ``path`` holds no results, those of another machine, or none of the gated workloads.
    """
    results = read(path)
    stored, here = results.provenance["machine"], fingerprint()
    if stored != here:
        others = ", ".join(
            f"{name}: {stored.get(name)}, here {here[name]}" for name in here if stored.get(name) != here[name]
        )
        raise BrokenResults(f"{path}: measured on another machine ({others}); times of two machines are not compared")
    gated = {workload for workload, _, _ in GATED}
    records = [record for record in results.records if record.workload in gated and record.device == device]
    largest = {(record.workload, record.dtype): record for record in sorted(records, key=lambda each: each.size)}
    if not largest:
        raise BrokenResults(f"{path}: none of {', '.join(sorted(gated))} was timed on {device}")
    for record in largest.values():
        program = written(record.workload, record.size, record.dtype)
        counts, _ = head.prepare("program", definitions(program), device)
        calls = head.calibrate("program", "backward", ROUND_SECONDS)
        now = min(head.time("program", "backward", calls) / calls for _ in range(ROUNDS))
        yield StoredRow(
            record.workload,
            record.size,
            record.dtype,
            record.timings["backward"].fastest,
            now,
            Graphs.compared(record.structure, counts),
        )
        head.forget("program")
