"""Which releases of PyTorch have the known issues, as their reproducers answered there."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.report import correctness, table
from benchmarks.report.inputs import BrokenInput
from benchmarks.report.table import Cell, Table, words
from oracle.known_issues import known_issues
from tests.gate.release_table import ANSWERS, FOLDER, BrokenTable, Column, cell, read

PATH = FOLDER / ANSWERS
"""A file of the repository, unlike what reports are made of otherwise."""


def columns() -> dict[str, Column]:
    """What came on each release, the oldest first; nothing if the file is not there.

    Raises:
        BrokenInput: if it cannot be read.
    """
    try:
        return read(PATH)
    except BrokenTable as error:
        raise BrokenInput(str(error)) from None


def release_table(found: Mapping[str, Column]) -> Table:
    """A row for each entry of the list, and a column for each release."""
    head = (
        words("Issue", "its name in oracle/known_issues.toml, which says what is wrong and where"),
        words("Kind", "whether gradients are wrong or inaccurate, or PyTorch raises an exception or crashes"),
        words("Reported", "the issue in PyTorch's tracker, if there is one"),
        *(words(release, f"what its reproducer answered: {_where(column)}") for release, column in found.items()),
        words("Verified", "the releases on which that is what the entry says of them"),
    )
    rows = [
        (
            Cell(issue.name),
            Cell(issue.kind),
            correctness.reported(issue.link),
            *(Cell(cell(issue, column)) for column in found.values()),
            table.cell(", ".join(issue.verified)),
        )
        for issue in known_issues()
    ]
    return Table("issue-releases", "Known issues by release", head, rows)


def _where(column: Column) -> str:
    return f"torch {column.torch} on {column.processor}, {column.date}"
