"""``python -m tests.power``: how many planted faults the gate catches, and how often it is red without one."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from pathlib import Path

from oracle.number_format import NUMBER_FORMATS
from tests.gate.options import positive
from tests.power.gate_run import GateRun, run_gate
from tests.power.peers import peers_say
from tests.power.report import FaultRow, Report
from tests.power.thresholds import CHAINS, SIZES, Threshold, threshold
from tests.suite.faults import FAULTS


def main() -> int:
    """Run what the command line asks for, and return the exit status."""
    options = _options()
    report = Report(seed=options.seed)
    name = "false_alarms.json" if options.false_alarms else "power.json"
    if options.false_alarms:
        report.alarms += _alarms(options.false_alarms, options.seed, options.jobs)
    else:
        report.rows += _faults(options.faults or list(FAULTS), options.seed, options.jobs)
    if not (options.false_alarms or options.faults):
        report.thresholds += _thresholds(options.jobs)
    print(report.table())
    print(report.write(options.reports / name))
    return 1 if report.is_disappointing() else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tox run -e power --", description=__doc__)
    parser.add_argument("--faults", type=_named, metavar="NAME,…", help="these faults only, and no thresholds")
    parser.add_argument("--seed", type=int, default=1, help="of the gate's runs (default: 1)")
    parser.add_argument("--jobs", type=positive, default=2, help="runs side by side (default: 2)")
    parser.add_argument(
        "--false-alarms", type=positive, metavar="N", help="run the gate without a fault for N seeds instead"
    )
    parser.add_argument("--reports", type=Path, default=Path("reports"), metavar="DIR", help="where reports go")
    return parser.parse_args()


def _named(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in FAULTS:
            raise argparse.ArgumentTypeError(f"{name} is no fault; there are {', '.join(FAULTS)}")
    return names


def _faults(names: list[str], seed: int, jobs: int) -> Iterator[FaultRow]:
    with ThreadPoolExecutor(jobs) as pool:
        runs = {pool.submit(run_gate, seed=seed, fault=name): name for name in names}
        for number, done in enumerate(as_completed(runs), start=1):
            name, run = runs[done], done.result()
            _say(number, len(runs), name, run)
            yield FaultRow(FAULTS[name], run, peers_say(FAULTS[name]))


def _thresholds(jobs: int) -> Iterator[Threshold]:
    cases = [(dtype, *chain, size) for size in SIZES for chain in CHAINS for dtype in NUMBER_FORMATS]
    # Other processes, as faults are planted for a whole process.
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        for number, found in enumerate(pool.map(threshold, *zip(*cases, strict=True)), start=1):
            what = f"{found.operations} operations on {found.size} elements in {found.dtype}"
            print(f"[{number}/{len(cases)}] {what}, {found.tier} tier: {found.error:.1e}", flush=True)
            yield found


def _alarms(count: int, first: int, jobs: int) -> Iterator[tuple[int, GateRun]]:
    with ThreadPoolExecutor(jobs) as pool:
        runs = {pool.submit(run_gate, seed=seed): seed for seed in range(first, first + count)}
        for number, done in enumerate(as_completed(runs), start=1):
            _say(number, count, f"seed {runs[done]}", done.result())
            yield runs[done], done.result()


def _say(number: int, count: int, name: str, run: GateRun) -> None:
    found = f"{run.property} in {run.dtype} after {run.examples} programs, " if run.verdict == "red" else ""
    print(f"[{number}/{count}] {name}: {run.verdict}, {found}{run.seconds:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
