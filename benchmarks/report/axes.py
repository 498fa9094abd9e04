"""What the plots have in common: logarithmic axes, colours beside shapes, tooltips and sizes."""

from __future__ import annotations

from typing import Any, Literal

import altair as alt

CHOICE = "choice"
"""The parameter of a specification that the reader sets."""

COUNTS = "format(datum.value, '~s')"
TIMES = "format(datum.value, '~g') + '×'"
SECONDS = (
    "datum.value < 9.99e-7 ? format(datum.value * 1e9, '~g') + ' ns'"
    " : datum.value < 9.99e-4 ? format(datum.value * 1e6, '~g') + ' µs'"
    " : datum.value < 0.999 ? format(datum.value * 1e3, '~g') + ' ms' : format(datum.value, '~g') + ' s'"
)
"""How the labels of an axis are made of their values, as expressions of Vega."""

_LEADING_DIGIT = "round(datum.value / pow(10, floor(log(datum.value) / LN10 + 1e-9)))"


def logarithmic(channel: Literal["x", "y"], labels: str) -> dict[str, Any]:
    """A logarithmic scale, and an axis with lines at 1, 2, 5, 10 …; over many decades at powers of ten alone."""
    digits = f"(domain('{channel}')[1] / domain('{channel}')[0] > 250 ? [1] : [1, 2, 5])"
    drawn = f"indexof({digits}, {_LEADING_DIGIT}) >= 0"
    opacity = {"condition": {"test": drawn, "value": 1}, "value": 0}
    axis = alt.Axis(labelExpr=f"{drawn} ? {labels} : ''", gridOpacity=opacity, tickOpacity=opacity, labelOverlap=False)
    return {"scale": alt.Scale(type="log", nice=False, padding=14), "axis": axis}


def elements() -> alt.X:
    """The number of elements, from left to right."""
    return alt.X("size:Q", title="elements", **logarithmic("x", COUNTS))


def coloured(name: str, domain: list[str], *, columns: int = 4, **shape: Any) -> dict[str, Any]:
    """Colour and shape of ``domain``, so that neither is needed alone."""
    return {
        "color": alt.Color(f"{name}:N", legend=legend(columns), scale=alt.Scale(domain=domain)),
        "shape": alt.Shape(f"{name}:N", legend=legend(columns), scale=alt.Scale(domain=domain, **shape)),
    }


def legend(columns: int = 4) -> alt.Legend:
    """The legend, above the plot; channels of one field share it where theirs are equal."""
    return alt.Legend(orient="top", title=None, columns=columns, symbolOpacity=1)


def case_tooltip(*measured: alt.Tooltip) -> list[alt.Tooltip]:
    """What a point says of its case, and what was measured."""
    described = [alt.Tooltip(f"{name}:N") for name in ("workload", "dtype", "device")]
    return [*described, alt.Tooltip("size:Q", title="elements", format=","), *measured]


def rule(channel: Literal["x", "y"], at: float) -> alt.Chart:
    """A dashed line across the plot."""
    line = alt.Chart().mark_rule(strokeDash=[6, 4], strokeWidth=1.5)
    placed: alt.Chart = line.encode(x=alt.datum(at)) if channel == "x" else line.encode(y=alt.datum(at))
    return placed


def specification(chart: alt.LayerChart, data: str, height: int, choice: str = "") -> dict[str, Any]:
    """``chart`` in Vega-Lite: as wide as its place, with ``data`` by name, and the first ``choice`` if there is one."""
    chart = chart.properties(
        data=alt.NamedData(data),
        width="container",
        height=height,
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
    )
    if choice:
        chart = chart.add_params(alt.param(name=CHOICE, value=choice))
    return dict(chart.to_dict())
