"""What the sweep of 16-bit numbers says: the accuracy of each operation, in ulp."""

from __future__ import annotations

from benchmarks.report import quantities, table
from benchmarks.report.inputs import Sweep, SweptOperation
from benchmarks.report.table import Cell, Column, Table, words
from oracle.sweep import Accuracy


def accuracy_table(sweep: Sweep) -> Table:
    """A row for each operation, dtype and device."""
    columns = (
        words("Operation", "what was computed of every number"),
        words("Dtype", "of its operand"),
        words("Device", "where it ran"),
        Column("Inputs", "numbers that it was computed of"),
        *_columns("value", "Value"),
        *_columns("gradient", "Gradient"),
    )
    return Table("accuracy", "Accuracy", columns, [_row(each) for each in sweep.operations])


def _columns(of: str, title: str) -> tuple[Column, ...]:
    return (
        Column(f"{title}: worst", f"largest error of the {of} in ulp; below it the input where it is"),
        Column(
            f"{title}: mean",
            f"mean error of the {of} in ulp; below it over how many: those that came finite where the exact {of} is in"
            " the range of the dtype",
        ),
        Column(f"{title}: lost", f"how many {of}s came as 0, infinite or NaN where a normal number was due"),
    )


def _row(each: SweptOperation) -> tuple[Cell, ...]:
    return (
        Cell(each.operation),
        Cell(each.dtype),
        Cell(each.device),
        table.count(each.inputs),
        *_accuracy(each.forward),
        *_accuracy(each.gradient),
    )


def _accuracy(found: Accuracy) -> tuple[Cell, ...]:
    if not found.compared:
        return (Cell(quantities.ABSENT),) * 3
    lost = {"zero": found.zero, "infinite": found.infinite, "NaN": found.nan}
    kinds = [name for name, number in lost.items() if number]
    parts = kinds[0] if len(kinds) == 1 else ", ".join(f"{lost[name]:,} {name}" for name in kinds)
    return (
        Cell(_ulp(found.maximal_ulp), found.maximal_ulp, f"at {found.worst_input:.4g}" if found.maximal_ulp else ""),
        Cell(_ulp(found.mean_ulp), found.mean_ulp, f"of {found.compared:,}"),
        Cell(quantities.count(sum(lost.values())), sum(lost.values()), parts, "bad" if parts else ""),
    )


def _ulp(number: float) -> str:
    return f"{quantities.three_digits(number)} ulp"
