"""The plots, as Vega-Lite specifications that name their data instead of holding it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import altair as alt

from benchmarks.records import CHEAP_GRADIENT, Record, Results
from benchmarks.report import chart_data
from benchmarks.report.axes import (
    CHOICE,
    COUNTS,
    SECONDS,
    TIMES,
    case_tooltip,
    coloured,
    elements,
    logarithmic,
    rule,
    specification,
)
from benchmarks.report.chart_data import Rows
from benchmarks.report.plot import Choice, Plot
from benchmarks.report.time_chart import time_plot


@dataclass
class Plots:
    """Plots, the rows that they draw by name, and why some are missing."""

    plots: list[Plot] = field(default_factory=list)
    data: dict[str, Rows] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def plots(results: Results) -> Plots:
    """Every plot that there is something for."""
    records = results.records
    found = Plots()
    if not records:
        return found
    found.data = {"cases": chart_data.cases(records)}
    found.plots = [time_plot(records), _total_to_primal(records), _backward_to_forward(records)]
    accelerators = chart_data.accelerators(records)
    if chains := chart_data.chains(records):
        found.data["chains"] = chains
        found.plots.append(_chains(chains, wide=not accelerators))
    else:
        found.missing.append("Time a node: no chain was timed; 'tox run -e bench -- --workload chains' does it.")
    if accelerators:
        found.data["accelerators"] = accelerators
        found.plots.append(_accelerators(accelerators))
    else:
        found.missing.append("CPU beside accelerator: no case was timed on the CPU and on another device.")
    if any(map(_is_beside_closed_form, records)):
        found.plots.append(_closed_form(records))
    else:
        found.missing.append("Gradient by hand: no workload was timed that has one.")
    return found


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _total_to_primal(records: Sequence[Record]) -> Plot:
    ratio = alt.Tooltip("total_to_primal:Q", title="total / primal", format=".3~g")
    both = coloured("bound", ["within the bound", "above the bound"])
    return Plot(
        "plot-total",
        "Forward and backward, over the function alone",
        f"One point for each case, with a bar from quartile to quartile of total. The dashed line is {CHEAP_GRADIENT} ×"
        " primal. A short function may lie above it and within the bound, which allows for the overhead of its graph.",
        _ratio("total", "total_to_primal", "total / primal", CHEAP_GRADIENT, ratio, both, _devices(records)),
        _devices(records),
    )


def _backward_to_forward(records: Sequence[Record]) -> Plot:
    ratio = alt.Tooltip("backward_to_forward:Q", title="backward / forward", format=".3~g")
    both = coloured("dtype", _distinct(record.dtype for record in records))
    return Plot(
        "plot-backward",
        "Backward, over forward",
        "One point for each case, with a bar from quartile to quartile of backward. On the dashed line both take the"
        " same time.",
        _ratio("backward", "backward_to_forward", "backward / forward", 1, ratio, both, _devices(records)),
        _devices(records),
    )


def _devices(records: Sequence[Record]) -> Choice:
    devices = _distinct(record.device for record in records)
    return Choice("Device", {"": devices}, devices[0])


def _ratio(
    timed: str, name: str, title: str, line: float, tooltip: alt.Tooltip, both: dict[str, Any], devices: Choice
) -> dict[str, Any]:
    """Points of a ratio against the time of the function alone."""
    base = (
        alt.Chart()
        .transform_filter(f"isValid(datum.{name}) && datum.device == {CHOICE}")
        .transform_calculate(
            low=f"datum.{name} * datum.{timed}_low / datum.{timed}",
            high=f"datum.{name} * datum.{timed}_high / datum.{timed}",
            microseconds="datum.primal * 1e6",
        )
        .encode(x=alt.X("primal:Q", title="time of primal", **logarithmic("x", SECONDS)), color=both["color"])
    )
    y = alt.Y(f"{name}:Q", title=title, **logarithmic("y", TIMES))
    bars = base.mark_rule(strokeWidth=1.5, opacity=0.35).encode(y=alt.Y("low:Q", title=title), y2="high:Q")
    primal = alt.Tooltip("microseconds:Q", title="primal in µs", format=",.4~g")
    points = base.mark_point(filled=True, size=40, opacity=0.85).encode(
        y=y, shape=both["shape"], tooltip=case_tooltip(tooltip, primal)
    )
    return specification(bars + points + rule("y", line), "cases", 300, devices.default)


def _chains(rows: Rows, *, wide: bool) -> Plot:
    lengths: dict[str, set[int]] = {}
    for row in rows:
        lengths.setdefault(row["arithmetic"], set()).add(row["nodes"])
    default = max(lengths, key=lambda value: len(lengths[value]))
    both = coloured("chain", _distinct(row["chain"] for row in rows), columns=2)
    base = (
        alt.Chart()
        .transform_filter(f"datum.arithmetic == {CHOICE}")
        .encode(x=alt.X("nodes:Q", title="nodes of the graph", **logarithmic("x", COUNTS)), color=both["color"])
    )
    y = alt.Y("microseconds:Q", title="µs a node", scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=6))
    lines = base.mark_line(strokeWidth=1.75).encode(y=y)
    bars = base.mark_rule(strokeWidth=2, opacity=0.45).encode(y=alt.Y("low:Q", title="µs a node"), y2="high:Q")
    points = base.mark_point(filled=True, size=55, opacity=1).encode(
        y=y,
        shape=both["shape"],
        tooltip=[
            alt.Tooltip("chain:N"),
            alt.Tooltip("nodes:Q", format=","),
            alt.Tooltip("microseconds:Q", title="µs a node", format=".3~g"),
        ],
    )
    return Plot(
        "plot-chains",
        "Time a node, against the size of the graph",
        "Backward of chains of operations on n elements, so few that the graph itself is the work. On a flat line each"
        " node costs the same however many there are. Bars go from quartile to quartile.",
        specification(lines + bars + points, "chains", 300, default),
        Choice("Dtype and device", {"": list(lengths)}, default),
        wide,
    )


def _is_beside_closed_form(record: Record) -> bool:
    return "closed form" in record.timings and record.family != "chains"


def _closed_form(records: Sequence[Record]) -> Plot:
    workloads: dict[tuple[str, int], set[str]] = {}
    for record in records:
        if _is_beside_closed_form(record):
            workloads.setdefault((record.device, record.size), set()).add(record.workload)
    options = {(device, size): f"{size:,} on {device}" for device, size in sorted(workloads)}
    most = max(map(len, workloads.values()))
    # The largest size that is not an exception: at smaller ones the overhead of a graph is most of the time.
    default = options[max((key for key in workloads if len(workloads[key]) > most / 2), key=lambda key: key[1])]
    both = coloured("dtype", _distinct(record.dtype for record in records))
    described = "format(datum.size, ',') + ' on ' + datum.device"
    base = (
        alt.Chart()
        .transform_filter(f"isValid(datum.to_closed_form) && datum.family != 'chains' && {described} == {CHOICE}")
        .transform_calculate(
            low="datum.to_closed_form * datum.backward_low / datum.backward",
            high="datum.to_closed_form * datum.backward_high / datum.backward",
        )
        .encode(y=alt.Y("workload:N", title=None, sort=None, axis=alt.Axis(grid=True)), color=both["color"])
    )
    title = "backward / gradient by hand"
    x = alt.X("to_closed_form:Q", title=title, **logarithmic("x", TIMES))
    bars = base.mark_rule(strokeWidth=1.5, opacity=0.45).encode(x=alt.X("low:Q", title=title), x2="high:Q")
    points = base.mark_point(filled=True, size=50, opacity=0.9).encode(
        x=x,
        shape=both["shape"],
        tooltip=case_tooltip(alt.Tooltip("to_closed_form:Q", title="backward / by hand", format=".3~g")),
    )
    return Plot(
        "plot-closed-form",
        "Backward, over the gradient written by hand",
        "On the dashed line autograd is as fast as the closed form in PyTorch, which is about the best it could do."
        " Bars go from quartile to quartile of backward. Chains are left out: by hand their gradient is a single copy.",
        specification(bars + points + rule("x", 1), "cases", 40 + 18 * most, default),
        Choice("Elements and device", {"": list(options.values())}, default),
        wide=True,
    )


def _accelerators(rows: Rows) -> Plot:
    sizes: dict[str, set[int]] = {}
    for row in rows:
        sizes.setdefault(row["arithmetic"], set()).add(row["size"])
    default = max(sizes, key=lambda setting: len(sizes[setting]))
    both = coloured("family", _distinct(row["family"] for row in rows), columns=5)
    base = alt.Chart().transform_filter(f"datum.arithmetic == {CHOICE}").encode(x=elements(), color=both["color"])
    title = "CPU / accelerator"
    y = alt.Y("speed:Q", title=title, **logarithmic("y", TIMES))
    bars = base.mark_rule(strokeWidth=1.5, opacity=0.35).encode(y=alt.Y("low:Q", title=title), y2="high:Q")
    points = base.mark_point(filled=True, size=50, opacity=0.85).encode(
        y=y,
        shape=both["shape"],
        tooltip=[
            alt.Tooltip("workload:N"),
            alt.Tooltip("size:Q", title="elements", format=","),
            alt.Tooltip("speed:Q", title="times faster", format=".3~g"),
        ],
    )
    return Plot(
        "plot-accelerators",
        "CPU beside accelerator",
        "How many times faster backward is on the accelerator than on the CPU: above the dashed line it is faster"
        " there. Bars go from quartile to quartile of the accelerator's time.",
        specification(bars + points + rule("y", 1), "accelerators", 300, default),
        Choice("Dtype and device", {"": list(sizes)}, default),
    )
