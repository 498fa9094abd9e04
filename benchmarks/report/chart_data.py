"""The numbers that the plots draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from benchmarks.records import Record

Rows = list[dict[str, Any]]

_PASSES = {"primal": "primal", "backward": "backward", "total": "total", "closed form": "closed"}
"""Passes that are drawn, and what their fields are called."""

CHAIN_SIZES = (1, 1000)
"""Numbers of elements at which a node of a chain costs more than what it computes."""


def cases(records: Sequence[Record]) -> Rows:
    """A row for each case: times in seconds with their quartiles, ratios, and the time that a copy would take."""
    return [_case(record) for record in records]


def _case(record: Record) -> dict[str, Any]:
    row: dict[str, Any] = {
        "workload": record.workload,
        "family": record.family,
        "dtype": record.dtype,
        "device": record.device,
        "size": record.size,
        "copy": _short(record.structure["backward_bytes"] / record.bandwidth),
        "bound": "within the bound" if record.is_cheap else "above the bound",
        "total_to_primal": _short(record.total_to_primal),
        "backward_to_forward": _short(record.backward_to_forward),
        "to_closed_form": _short(record.to_closed_form),
    }
    for name, field in _PASSES.items():
        if name in record.timings:
            timing = record.timings[name]
            row |= {
                field: _short(timing.median),
                f"{field}_low": _short(timing.low),
                f"{field}_high": _short(timing.high),
            }
    return row


def chains(records: Sequence[Record]) -> Rows:
    """A row for each chain of few elements: microseconds of backward for each node, with their quartiles."""
    rows = []
    for record in records:
        if record.family == "chains" and record.size in CHAIN_SIZES and "backward" in record.timings:
            timing, nodes = record.timings["backward"], record.structure["nodes"]
            kind = record.workload.rsplit("-", 1)[0]
            rows.append(
                {
                    "chain": f"{kind}, n = {record.size:,}",
                    "arithmetic": arithmetic(record),
                    "nodes": nodes,
                    "microseconds": _short(timing.median / nodes * 1e6),
                    "low": _short(timing.low / nodes * 1e6),
                    "high": _short(timing.high / nodes * 1e6),
                }
            )
    return rows


def accelerators(records: Sequence[Record]) -> Rows:
    """A row for each case that was timed on the CPU and on another device: how many times faster backward is there."""
    on_cpu = {(each.workload, each.dtype, each.size): each for each in records if each.device == "cpu"}
    rows = []
    for record in records:
        beside = on_cpu.get((record.workload, record.dtype, record.size))
        if record.device == "cpu" or beside is None:
            continue
        if "backward" in record.timings and "backward" in beside.timings:
            here, there = beside.timings["backward"], record.timings["backward"]
            rows.append(
                {
                    "workload": record.workload,
                    "family": record.family,
                    "arithmetic": arithmetic(record),
                    "size": record.size,
                    "speed": _short(here.median / there.median),
                    "low": _short(here.median / there.high),
                    "high": _short(here.median / there.low),
                }
            )
    return rows


def arithmetic(record: Record) -> str:
    """Dtype and device."""
    return f"{record.dtype} on {record.device}"


def _short(number: float) -> float | None:
    return float(f"{number:.4g}") if math.isfinite(number) else None
