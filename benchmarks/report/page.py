"""The page: one HTML file that loads nothing."""

from __future__ import annotations

import base64
import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import vl_convert
from altair import SCHEMA_VERSION

from benchmarks.records import CHEAP_GRADIENT, Results
from benchmarks.report import accuracy, correctness, detection, quantities, timings
from benchmarks.report.chart_data import Rows
from benchmarks.report.charts import Plots, plots
from benchmarks.report.inputs import COMMANDS, Inputs
from benchmarks.report.overview import figures, warnings

_HERE = Path(__file__).parent


def page(inputs: Inputs) -> str:
    """The whole page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    drawn = plots(inputs.results) if inputs.results else Plots()
    return environment.get_template("template.html").render(
        commands=COMMANDS,
        inputs=inputs,
        headline=correctness.headline(inputs.gate),
        figures=figures(inputs),
        warnings=warnings(inputs),
        correctness=correctness,
        detection=detection,
        accuracy=accuracy,
        timings=timings,
        bound=CHEAP_GRADIENT,
        plots=drawn,
        environment=_environment(inputs.results) if inputs.results else [],
        quantities=quantities,
        style=_text("report.css"),
        script=_text("report.js"),
        vega=_bundle() if drawn.plots else "",
        drawings=_json(
            {
                "data": {name: _by_column(rows) for name, rows in drawn.data.items()},
                "specifications": {plot.identifier: plot.specification for plot in drawn.plots},
            }
        ),
        files=_json({name: _packed(name, content) for name, content in inputs.raw.items()}),
    )


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


@cache
def _bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed, in the version that the specifications are written for."""
    version = SCHEMA_VERSION.removeprefix("v").rpartition(".")[0]
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", version)
    return bundle.replace("</script", "<\\/script")


def _json(content: Any) -> str:
    """``content`` as JSON that can stand in a script element: nothing in it ends that, or begins a comment."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _by_column(rows: Rows) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _packed(name: str, content: bytes) -> str:
    """A file, compressed, as text."""
    slim = _slim(content) if name == "benchmarks.json" else content
    return base64.b64encode(gzip.compress(slim, 9, mtime=0)).decode()


def _slim(content: bytes) -> bytes:
    """``benchmarks.json`` without what is most of it and needed least: the time of each round, and digits of noise."""
    whole = json.loads(content, parse_float=lambda digits: float(f"{float(digits):.6g}"))
    for each in whole.get("benchmarks", ()):
        each["stats"].pop("data", None)
        each.pop("params", None)
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def _environment(results: Results) -> list[tuple[str, str]]:
    """What was timed, where and how, as names and values."""
    lines = []
    for name, value in results.provenance.items():
        if name == "devices":
            lines += [(f"device {device}", _device(each)) for device, each in value.items()]
        elif name != "rerun":
            text = ", ".join(f"{key} {each}" for key, each in value.items()) if isinstance(value, dict) else str(value)
            lines.append((name.replace("_", " "), text))
    return lines


def _device(measured: dict[str, Any]) -> str:
    return (
        f"{measured['name']}; copies {quantities.size(measured['bandwidth'])}/s; a graph costs"
        f" {quantities.seconds(measured['call_seconds'])} and {quantities.seconds(measured['node_seconds'])} a node"
    )
