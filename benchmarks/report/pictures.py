"""``python -m benchmarks.report.pictures RESULTS``: two plots of stored results as SVG files beside them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import vl_convert

from benchmarks.records import BrokenResults, Results, read
from benchmarks.report.charts import plots
from benchmarks.report.plot import Plot
from tests.gate.whole_files import write_whole_texts

SHOWN = ("plot-times", "plot-total")
"""The plots of the report that stand alone: what the reader may choose there is set here."""

WIDTH = 760

_CONFIGURATION = {
    "background": "white",
    "font": "sans-serif",
    "aria": False,
    "view": {"stroke": None},
    "axis": {"titleFontWeight": "normal", "titleFontSize": 12, "labelFontSize": 12},
    "legend": {"labelFontSize": 12},
    "title": {"anchor": "start", "fontWeight": "normal", "fontSize": 14, "offset": 10},
}


def main() -> int:
    """Draw what the command line names, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report.pictures", description=__doc__)
    parser.add_argument("results", type=Path, help="a file of benchmarks/results, or reports/benchmarks.json")
    options = parser.parse_args()
    try:
        drawn = pictures(read(options.results))
    except BrokenResults as error:
        print(error, file=sys.stderr)
        return 2
    written = {options.results.with_name(f"{options.results.stem}-{name}.svg"): svg for name, svg in drawn.items()}
    write_whole_texts(written)
    print(*written, sep="\n")
    return 0


def pictures(results: Results) -> dict[str, str]:
    """SVG by the last word of the plot's identifier."""
    found = plots(results)
    return {
        plot.identifier.removeprefix("plot-"): _drawn(plot, found.data)
        for plot in found.plots
        if plot.identifier in SHOWN
    }


def _drawn(plot: Plot, data: dict[str, list[dict[str, object]]]) -> str:
    choice = f" ({plot.choice.default})" if plot.choice else ""
    whole = {
        **plot.specification,
        "datasets": data,
        "width": WIDTH,
        "title": plot.title + choice,
        "config": _CONFIGURATION,
    }
    return str(vl_convert.vegalite_to_svg(whole)) + "\n"


if __name__ == "__main__":
    sys.exit(main())
