"""The table of results that a terminal shows: one row for each family of workloads."""

from __future__ import annotations

import math

from rich import box
from rich.table import Table

from benchmarks.families import above_bound, families
from benchmarks.records import CHEAP_GRADIENT, Results


def table(results: Results) -> Table:
    """Medians over the cases of each family and device, and how many keep to the cheap-gradient bound."""
    found = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("family", "device"):
        found.add_column(column, no_wrap=True)
    for column in ("cases", "backward/forward", "total/primal", f"within {CHEAP_GRADIENT}×", "bandwidth", "µs a node"):
        found.add_column(column, justify="right", no_wrap=True)
    found.add_column("× closed form", justify="right", no_wrap=True)
    for family in families(results):
        count = len(family.records)
        found.add_row(
            family.name,
            family.device,
            str(count),
            f"{family.backward_to_forward:.2f}",
            f"{family.total_to_primal:.2f}",
            f"{count - len(above_bound(family.records))} of {count}",
            f"{family.bandwidth_share:.0%}",
            f"{family.node_microseconds:.2f}",
            "-" if math.isnan(family.to_closed_form) else f"{family.to_closed_form:.2f}",
        )
    return found
