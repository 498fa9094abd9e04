"""What the last comparison of two interpreters says: its controls, its verdict, and every pass that was timed."""

from __future__ import annotations

import math
from typing import Literal

from benchmarks.report import quantities, table
from benchmarks.report.inputs import ComparedRow, ComparisonFile
from benchmarks.report.table import Cell, Column, Table, words

_COLOURS: dict[str, Literal["", "good", "bad"]] = {"slower": "bad", "wrong gradient": "bad", "faster": "good"}


def lines(comparison: ComparisonFile) -> list[str]:
    """What was compared, how the controls came out, and the verdict."""
    found = [f"Base is {_side(comparison.base)}, head is {_side(comparison.head)}."]
    if comparison.controls:
        for name, what, due in (
            ("alike", "Base beside itself", "must not be slower"),
            ("injected", "Base beside itself with 1.5 times the work", "must be slower"),
        ):
            control = comparison.controls[name]
            found.append(f"Control. {what} {due}: {control.verdict}, {quantities.ratio(control.typical)}.")
    return [*found, comparison.verdict]


def _side(about: dict[str, str]) -> str:
    return f"torch {about['torch']}" if "torch" in about else f"stored in {about['stored']}"


def comparison_table(comparison: ComparisonFile) -> Table:
    """A row for each pass of each workload."""
    columns = (
        words("Workload", "what is computed: its name on the command line of the benchmarks"),
        Column("Elements", "of its largest input, about"),
        words("Dtype", "of its tensors"),
        words("Pass", "forward records the graph; backward asks a graph that is kept for its gradients"),
        Column("Base", "the fastest round"),
        Column("Head", "the fastest round"),
        Column("Fastest", "head over base: ratio of the fastest rounds"),
        Column("Typical", "head over base: median of the ratios of pairs taken one right after the other"),
        Column("Slower in", "share of the pairs in which head took longer"),
        words("Verdict", "of head; nothing is said of times that were stored in another run"),
        words("Graph", "how the counts of head's graph differ from base's: nodes, saved bytes, dispatched operations"),
    )
    return Table("comparison-rows", "Passes of base and head", columns, [_row(row) for row in comparison.rows])


def _row(row: ComparedRow) -> tuple[Cell, ...]:
    times = row.comparison
    base, head = (times.base, times.head) if times else (row.stored, row.now)
    verdict = times.verdict if times else "wrong gradient" if row.wrong else quantities.ABSENT
    return (
        Cell(row.workload),
        table.count(row.size),
        Cell(row.dtype),
        Cell(row.timed),
        table.seconds(base),
        table.seconds(head),
        table.ratio(head / base),
        table.ratio(times.typical if times else math.nan),
        table.share(times.slower if times else math.nan),
        Cell(verdict, verdict=_COLOURS.get(verdict, "")),
        Cell(str(row.graphs), verdict="bad" if row.graphs.heavier else ""),
    )
