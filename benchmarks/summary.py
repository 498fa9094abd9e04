"""A table of results: one row for each family of workloads."""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import median

from rich import box
from rich.table import Table

from benchmarks.records import CHEAP_GRADIENT, Results

COLUMNS = (
    "family",
    "device",
    "cases",
    "backward/forward",
    "total/primal",
    f"within {CHEAP_GRADIENT}×",
    "bandwidth",
    "µs a node",
    "× closed form",
)
"""Medians over a family's cases; how many keep to the cheap-gradient bound; the largest share of the copy bandwidth."""


def rows(results: Results) -> list[tuple[str, ...]]:
    """One row of ``COLUMNS`` for each family and device, in the order in which they were timed."""
    found = []
    for family, device in dict.fromkeys((record.family, record.device) for record in results.records):
        records = [each for each in results.records if (each.family, each.device) == (family, device)]
        found.append(
            (
                family,
                device,
                str(len(records)),
                _middle(record.backward_to_forward for record in records),
                _middle(record.total_to_primal for record in records),
                f"{sum(record.is_cheap for record in records)} of {len(records)}",
                f"{max(record.bandwidth_share for record in records):.0%}",
                _middle(record.node_microseconds for record in records),
                _middle(record.to_closed_form for record in records),
            )
        )
    return found


def _middle(values: Iterable[float]) -> str:
    known = [value for value in values if not math.isnan(value)]
    return f"{median(known):.2f}" if known else "-"


def table(results: Results) -> Table:
    """The rows as a table for a terminal."""
    found = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in COLUMNS:
        found.add_column(column, justify="left" if column in ("family", "device") else "right", no_wrap=True)
    for row in rows(results):
        found.add_row(*row)
    return found
