"""The plot of time against the number of elements, for a workload or a family, with the limit that memory sets."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from benchmarks.records import Record
from benchmarks.report.axes import CHOICE, SECONDS, case_tooltip, coloured, elements, legend, logarithmic, specification
from benchmarks.report.chart_data import arithmetic
from benchmarks.report.plot import Choice, Plot

_LINES = {"primal": "primal", "backward": "backward", "copy": "limit of a copy"}

_SHORTEST_COPY = 1e-7
"""Seconds; shorter copies would be lines far below everything that can be timed."""


def time_plot(records: Sequence[Record]) -> Plot:
    """Time against the number of elements."""
    choice = _choice(records)
    names = " : ".join(f"datum.line == '{line}' ? '{name}'" for line, name in _LINES.items())
    both = coloured("name", list(_LINES.values()), range=["circle", "square", "stroke"])
    base = (
        alt.Chart()
        .transform_calculate(ending="', ' + datum.dtype + ' on ' + datum.device")
        .transform_filter(
            f"datum.workload + datum.ending == {CHOICE} || 'all of ' + datum.family + datum.ending == {CHOICE}"
        )
        .transform_fold(list(_LINES), as_=["line", "seconds"])
        .transform_filter(f"isValid(datum.seconds) && (datum.line != 'copy' || datum.seconds >= {_SHORTEST_COPY})")
        .transform_calculate(
            name=f"{names} : ''",
            low="datum[datum.line + '_low']",
            high="datum[datum.line + '_high']",
            microseconds="datum.seconds * 1e6",
        )
        .encode(x=elements(), color=both["color"])
    )
    y = alt.Y("seconds:Q", title="time", **logarithmic("y", SECONDS))
    dashes = alt.StrokeDash(
        "name:N",
        scale=alt.Scale(domain=list(_LINES.values()), range=[[1, 0], [1, 0], [5, 3]]),
        legend=legend(),
    )
    lines = base.mark_line(strokeWidth=1.75).encode(y=y, detail="workload:N", strokeDash=dashes)
    measured = base.transform_filter("isValid(datum.low)")
    bars = measured.mark_rule(strokeWidth=3, opacity=0.4).encode(y=alt.Y("low:Q", title="time"), y2="high:Q")
    points = measured.mark_point(filled=True, size=55, opacity=1).encode(
        y=y,
        shape=both["shape"],
        tooltip=case_tooltip(
            alt.Tooltip("name:N", title="pass"), alt.Tooltip("microseconds:Q", title="median in µs", format=",.4~g")
        ),
    )
    return Plot(
        "plot-times",
        "Time against size",
        "Medians, with bars from the lower to the upper quartile. The dashed line is the limit that memory sets: how"
        " long the device takes to copy as many bytes as backward must read and write. Times below it came from a"
        " cache.",
        specification(lines + bars + points, "cases", 340, choice.default),
        choice,
        wide=True,
    )


def _choice(records: Sequence[Record]) -> Choice:
    """Every workload, and every family as a whole; at first the workload of the most sizes."""
    wholes: dict[str, dict[str, None]] = {}
    singles: dict[str, dict[str, None]] = {}
    sizes: dict[str, set[int]] = {}
    for record in records:
        single = f"{record.workload}, {arithmetic(record)}"
        wholes.setdefault(record.family, {})[f"all of {record.family}, {arithmetic(record)}"] = None
        singles.setdefault(record.family, {})[single] = None
        sizes.setdefault(single, set()).add(record.size)
    groups = {family: [*wholes[family], *singles[family]] for family in wholes}
    return Choice("Workload or family", groups, max(sizes, key=lambda single: len(sizes[single])))
