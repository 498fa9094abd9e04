"""``python -m benchmarks.report``: a page and a summary of whatever reports a folder holds."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report.inputs import BrokenInput, read
from benchmarks.report.page import page
from benchmarks.report.summary import summary
from tests.gate.whole_files import write_whole_texts


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what the command line, or ``arguments``, asks for, and return the exit status."""
    options = _options(arguments)
    try:
        inputs = read(options.reports)
        output = options.output or options.reports / "report.html"
        written = {output: page(inputs), options.reports / "summary.md": summary(inputs)}
        write_whole_texts(written)
    except BrokenInput as error:
        return _refused(str(error))
    except OSError as error:
        return _refused(f"{error.filename2 or error.filename}: cannot be written ({error.strerror})")
    print(*written, sep="\n")
    return 0


def _refused(reason: str) -> int:
    print(reason, file=sys.stderr)
    return 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tox run -e report --", description=__doc__)
    parser.add_argument("--reports", type=Path, default=Path("reports"), metavar="DIR", help="where the JSON files are")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the page (default: report.html in that folder)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
