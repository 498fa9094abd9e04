"""Rows of the report: what the items of one property did together on one device in one dtype."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from tests.gate.losses import worst
from tests.gate.record import Record

SUMMED = ("examples", "comparisons", "elements", "informative", "seconds", "left_out", "unclaimed", "passed_over")
"""The fields of a record that add up."""

_COUNTED_BY_NAME = ("met", "waived")
"""Those that count for each entry of users' lists."""

_KEPT_APART = ("operation", "drawn", "judged", "losses", "facts", *_COUNTED_BY_NAME)
"""Those that are of one item, or stand elsewhere in the report."""


@dataclass
class Row:
    """One property on one device in one dtype.

    Attributes:
        total: counts of all items added up; its ``found_after`` counts the programs of the items before the first one
            that failed, too.
        items: how many there were: one for each operation, or one.
        failed: how many of them failed.
    """

    total: Record
    items: int = 0
    failed: int = 0

    def add(self, record: Record, outcome: str) -> None:
        """Take in what one item did."""
        total = self.total
        if total.found_after is None and record.found_after is not None:
            total.found_after = total.examples + record.found_after
        for name in SUMMED:
            setattr(total, name, getattr(total, name) + getattr(record, name))
        for name in _COUNTED_BY_NAME:
            counts = getattr(total, name)
            for entry, count in getattr(record, name).items():
                counts[entry] = counts.get(entry, 0) + count
        total.worst = max(total.worst, record.worst)
        total.facts = record.facts
        if record.losses:
            total.losses = worst([*total.losses, *record.losses])
        self.items += 1
        self.failed += outcome == "failed"

    @property
    def is_empty(self) -> bool:
        """Whether nothing was compared: then nothing was judged, whatever was left out."""
        return not self.total.comparisons

    def entry(self, *, finished: bool) -> dict[str, Any]:
        """The row of ``gate.json``; what has compared nothing has failed once the run is ``finished``."""
        counts = {field.name: getattr(self.total, field.name) for field in fields(Record)}
        outcome = "skipped" if self.is_empty else "passed"
        if self.failed or (finished and self.is_empty):
            outcome = "failed"
        kept = {name: value for name, value in counts.items() if name not in _KEPT_APART}
        return kept | {"items": self.items, "failed": self.failed, "outcome": outcome}


def added_up(rows: Iterable[Row]) -> dict[str, Any]:
    """The sums of what ``rows`` counted, and the largest error in radii."""
    totals = [row.total for row in rows]
    sums: dict[str, Any] = {name: sum(getattr(total, name) for total in totals) for name in SUMMED}
    return sums | {"worst": max((total.worst for total in totals), default=0.0)}
