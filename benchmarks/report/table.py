"""Tables of the page: columns that explain themselves, cells that can be sorted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.report import quantities
from benchmarks.report.quantities import ABSENT


@dataclass(frozen=True)
class Column:
    """A column: its heading, what it means, and whether it holds numbers or commands."""

    name: str
    means: str
    kind: Literal["words", "number", "command"] = "number"


@dataclass(frozen=True)
class Cell:
    """A cell.

    Attributes:
        text: what it says.
        value: what it is sorted by, if not by its text.
        detail: a second, quieter line.
        verdict: ``good`` or ``bad``, where it is one; it says so in words too.
        link: where its text leads when somebody follows it.
    """

    text: str
    value: float | None = None
    detail: str = ""
    verdict: Literal["", "good", "bad"] = ""
    link: str = ""

    @property
    def key(self) -> str:
        """The value with the digits that sorting needs; empty if the text does."""
        if self.value is None or math.isnan(self.value):
            return ""
        # As the page's script reads it.
        return "Infinity" if self.value == math.inf else f"{self.value:.5g}"


@dataclass(frozen=True)
class Table:
    """A table; ``identifier`` is its anchor, ``caption`` says what a row is."""

    identifier: str
    caption: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]]

    def __post_init__(self) -> None:
        assert all(len(row) == len(self.columns) for row in self.rows)


def words(name: str, means: str) -> Column:
    """A column of words."""
    return Column(name, means, "words")


def cell(text: str) -> Cell:
    """A cell of words."""
    return Cell(text or ABSENT)


def count(number: int | None) -> Cell:
    """A cell with a whole number."""
    return Cell(ABSENT) if number is None else Cell(quantities.count(number), number)


def ratio(number: float) -> Cell:
    """A cell that says how many times."""
    return Cell(quantities.ratio(number), number)


def share(number: float) -> Cell:
    """A cell with a part of a whole."""
    return Cell(quantities.share(number), number)


def seconds(number: float) -> Cell:
    """A cell with a time."""
    return Cell(quantities.seconds(number), number)


def plain(number: float) -> Cell:
    """A cell with a number of no unit, or with the unit that its column says."""
    return Cell(ABSENT) if math.isnan(number) else Cell(quantities.three_digits(number), number)
