"""``python -m benchmarks.comparison``: whether the backward of one PyTorch is slower than that of another."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from benchmarks.comparison.interpreter import Interpreter, NoGradients, Unusable
from benchmarks.comparison.measurement import CACHE_RESIDENT, Controls, Row, controls, rows
from benchmarks.comparison.rule import NOISY
from benchmarks.comparison.stored import StoredRow, against_stored
from benchmarks.machine import fingerprint
from benchmarks.passes import WrongGradient
from benchmarks.records import BrokenResults
from tests.gate.options import positive
from tests.gate.report import as_text, write_whole

PASSED, FAILED, TOO_NOISY = 0, 1, 3
"""Exit statuses; argparse's own is 2."""


def main() -> int:
    """Compare what the command line names, and return the exit status."""
    options = _options()
    try:
        with ExitStack() as stack:

            def start(python: str) -> Interpreter:
                return stack.enter_context(Interpreter(python, options.threads))

            if options.trials:
                return _trials(start(options.base), start(options.base), options)
            if options.base.endswith(".json"):
                return _stored(start, options)
            return _compared(start, options)
    except (Unusable, NoGradients, BrokenResults, WrongGradient) as error:
        print(error, file=sys.stderr)
        return 2


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tox run -e compare --", description=__doc__)
    parser.add_argument("--base", required=True, metavar="PYTHON", help="what head is set against; or stored results")
    parser.add_argument("--head", default=sys.executable, metavar="PYTHON", help="what is judged (default: this one)")
    parser.add_argument("--device", default="cpu", metavar="D", help="where (default: cpu)")
    parser.add_argument("--threads", type=positive, default=1, metavar="N", help="of PyTorch on the CPU (default: 1)")
    parser.add_argument("--reports", type=Path, default=Path("reports"), metavar="DIR", help="where reports go")
    parser.add_argument(
        "--trials", type=positive, metavar="N", help="measure the rule instead: N times base beside itself"
    )
    return parser.parse_args()


def _compared(start: Callable[[str], Interpreter], options: argparse.Namespace) -> int:
    base, other, head = start(options.base), start(options.base), start(options.head)
    print(f"base: torch {base.about['torch']} ({options.base})\nhead: torch {head.about['torch']} ({options.head})\n")
    control = controls(base, other, options.device)
    found = list(_shown(rows(base, head, options.device)))
    found = found if control.hold else [_unclear(row) for row in found]
    status, words = verdict(control, found)
    print(as_text(160, _table(found)))
    print(f"control, base beside itself: {_said(control.alike.verdict, control.alike.typical)} (must not be slower)")
    print(f"control, 1.5 times the work: {_said(control.injected.verdict, control.injected.typical)} (must be slower)")
    print(words)
    content = {
        "base": base.about,
        "head": head.about,
        "machine": fingerprint(),
        "verdict": words,
        "controls": {"alike": asdict(control.alike), "injected": asdict(control.injected)},
        "rows": [asdict(row) for row in found],
    }
    _write(options.reports, content)
    return status


def _shown(found: Iterator[Row]) -> Iterator[Row]:
    for row in found:
        print(f"{row.workload} of {row.size} in {row.dtype}, {row.timed}", file=sys.stderr, flush=True)
        yield row


def _unclear(row: Row) -> Row:
    return replace(row, comparison=row.comparison and replace(row.comparison, verdict="unclear"))


def verdict(control: Controls, found: list[Row]) -> tuple[int, str]:
    """The exit status and a line that says why.

    A wrong gradient and a heavier graph fail whatever the times say: they are exact.
    """
    wrong = [row.workload for row in found if row.wrong]
    heavier = _heavier(found)
    slower = [f"{row.workload} ({row.timed})" for row in found if row.comparison and row.comparison.verdict == "slower"]
    unclear = sum(row.comparison is not None and row.comparison.verdict == "unclear" for row in found)
    failures = [
        f"{what}: {', '.join(names)}"
        for what, names in (("wrong gradient", wrong), ("heavier graph", heavier), ("slower", slower))
        if names
    ]
    if failures:
        return FAILED, f"FAILED: {'; '.join(failures)}"
    if not control.hold:
        return TOO_NOISY, "TOO NOISY: a control failed, so that nothing is said of any time"
    if unclear > NOISY * len(found):
        return TOO_NOISY, f"TOO NOISY: {unclear} of {len(found)} times are unclear; run it again on a quieter machine"
    return PASSED, f"PASSED: nothing is slower ({unclear} of {len(found)} unclear)"


def _heavier(found: Sequence[Row | StoredRow]) -> list[str]:
    """The workloads whose graph is heavier, each once."""
    return list(dict.fromkeys(row.workload for row in found if row.graphs.heavier))


def _table(found: list[Row]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("workload", "elements", "dtype", "pass", "base µs", "head µs", "fastest", "typical", "slower in"):
        table.add_column(column, justify="left" if column in ("workload", "dtype", "pass") else "right")
    table.add_column("verdict")
    table.add_column("graph")
    for row in found:
        times = row.comparison
        if times is None:
            table.add_row(row.workload, f"{row.size:,}", row.dtype, row.timed, *[""] * 5, "WRONG GRADIENT", "")
            continue
        table.add_row(
            row.workload,
            f"{row.size:,}",
            row.dtype,
            row.timed,
            f"{times.base * 1e6:.2f}",
            f"{times.head * 1e6:.2f}",
            f"{times.fastest:.2f}",
            f"{times.typical:.2f}",
            f"{times.slower:.0%}",
            times.verdict,
            str(row.graphs),
        )
    return table


def _said(verdict: str, ratio: float) -> str:
    return f"{verdict}, {ratio:.2f}"


def _write(folder: Path, content: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    print(write_whole(folder / "comparison.json", content))


def _stored(start: Callable[[str], Interpreter], options: argparse.Namespace) -> int:
    head = start(options.head)
    found: list[StoredRow] = list(against_stored(Path(options.base), head, options.device))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("workload", "elements", "dtype", "stored µs", "now µs", "ratio", "graph"):
        table.add_column(column, justify="left" if column in ("workload", "dtype", "graph") else "right")
    for row in found:
        times = (f"{row.stored * 1e6:.2f}", f"{row.now * 1e6:.2f}", f"{row.now / row.stored:.2f}")
        table.add_row(row.workload, f"{row.size:,}", row.dtype, *times, str(row.graphs))
    print(as_text(140, table))
    heavier = _heavier(found)
    words = f"FAILED: heavier graph: {', '.join(heavier)}" if heavier else "PASSED: no graph is heavier"
    print("Times of another run say little on a machine that others use, and decide nothing.")
    print(words)
    content = {
        "base": {"stored": options.base},
        "head": head.about,
        "machine": fingerprint(),
        "verdict": words,
        "rows": [asdict(row) for row in found],
    }
    _write(options.reports, content)
    return FAILED if heavier else PASSED


def _trials(base: Interpreter, other: Interpreter, options: argparse.Namespace) -> int:
    """How often the rule errs, on each cache-resident workload in turn: with nothing, a quarter, a half more to do."""
    alike = quarter = half = 0
    for number, chosen in enumerate(islice(cycle(CACHE_RESIDENT), options.trials), start=1):
        found = controls(base, other, options.device, chosen=chosen)
        again = controls(base, other, options.device, chosen=chosen, injected=Fraction(5, 4))
        alike += found.alike.verdict == "slower"
        half += found.injected.verdict == "slower"
        quarter += again.injected.verdict == "slower"
        said = f"slower: {alike} alike, {quarter} at 1.25, {half} at 1.5"
        print(f"[{number}/{options.trials}] {chosen[0]}: {said}", flush=True)
    return PASSED if alike == 0 and half == options.trials else FAILED


if __name__ == "__main__":
    sys.exit(main())
