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

from benchmarks import store
from benchmarks.records import CHEAP_GRADIENT, Results
from benchmarks.report import (
    accuracy,
    comparison,
    correctness,
    detection,
    facts,
    issue_releases,
    paths,
    quantities,
    timings,
)
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
    files = _files(inputs)
    return environment.get_template("template.html").render(
        commands=COMMANDS,
        inputs=inputs,
        headline=correctness.headline(inputs.gate),
        figures=figures(inputs),
        warnings=warnings(inputs),
        correctness=correctness,
        issue_releases=issue_releases,
        facts=facts,
        paths=paths,
        detection=detection,
        accuracy=accuracy,
        timings=timings,
        comparison=comparison,
        bound=CHEAP_GRADIENT,
        plots=drawn,
        environment=_environment(inputs.results) if inputs.results else [],
        quantities=quantities,
        style=_text("report.css"),
        script=_text("report.js"),
        files=list(files),
        pack=_Packed(files | _drawings(drawn)),
    )


class _Packed:
    """What is long, compressed, so that the page stays small: by name, until the script asks for it."""

    def __init__(self, contents: dict[str, str]) -> None:
        self._packed = {name: _compressed(content) for name, content in contents.items()}

    def add(self, name: str, content: str) -> str:
        """Pack ``content`` too, and return its name."""
        self._packed[name] = _compressed(content)
        return name

    def json(self) -> str:
        """Everything, as JSON that can stand in a script element: names of ours, and letters of base 64."""
        return json.dumps(self._packed)


def _compressed(content: str) -> str:
    return base64.b64encode(gzip.compress(content.encode(), 9, mtime=0)).decode()


def _files(inputs: Inputs) -> dict[str, str]:
    """The files that the page was made of; of the benchmarks what is kept of them for good."""
    kept = {"benchmarks.json": store.text(inputs.results)} if inputs.results else {}
    return {name: content.decode() for name, content in inputs.raw.items()} | kept


def _drawings(drawn: Plots) -> dict[str, str]:
    """Vega, and what it draws."""
    if not drawn.plots:
        return {}
    drawings = {
        "data": {name: _by_column(rows) for name, rows in drawn.data.items()},
        "specifications": {plot.identifier: plot.specification for plot in drawn.plots},
    }
    return {"vega": _bundle(), "drawings": json.dumps(drawings, ensure_ascii=False, allow_nan=False)}


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


@cache
def _bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed, in the version that the specifications are written for."""
    version = SCHEMA_VERSION.removeprefix("v").rpartition(".")[0]
    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", version)


def _by_column(rows: Rows) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


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
