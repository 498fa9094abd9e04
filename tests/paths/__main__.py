"""``python -m tests.paths``: draw programs once, and judge them on every code path that this machine's CPU has."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from pathlib import Path

from oracle.number_format import NUMBER_FORMATS
from oracle.target import CPU, Target, listed_targets
from tests.gate.options import positive
from tests.gate.profiles import DEFAULT, PROFILES
from tests.paths.report import Report
from tests.paths.runs import Gate, Run
from tests.paths.trial import Trial, absence, remark, tried

PATHS = (
    "cpu/onednn=off",
    "cpu/isa=avx2",
    "cpu/isa=sse41",
    "cpu/capability=default",
    "cpu/capability=avx2",
    "cpu/threads=1",
    "cpu/threads=2",
    "cpu/flush=on",
    "cpu/deterministic=on",
    "cpu/mkl=compatible",
    "cpu/products=bfloat16",
)
"""The paths that are taken by default, besides the CPU as it is."""


def main() -> int:
    """Run what the command line asks for, and return the exit status."""
    options = _options()
    folder = options.reports / "paths"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"--reports {options.reports}: cannot be made ({error.strerror}); choose another folder", file=sys.stderr)
        return 2
    properties = tuple(options.properties or ["tests/properties"])
    gate = Gate(properties, folder.absolute(), tuple(options.plugins), tuple(options.lists))
    drawn = gate.draw(*_drawing(options))
    programs = gate.programs()
    if not programs:
        print(f"nothing was drawn: {drawn.ended or 'these tests draw nothing'}", file=sys.stderr)
        return 2
    print(f"drawn: {programs:,} programs, {_said(drawn)}, {drawn.seconds:.0f} s", flush=True)
    report = Report(drawn, programs)
    targets = [CPU, *(target for target in options.paths if target != CPU)]
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        trials = dict(zip(targets, pool.map(tried, targets), strict=True))
        reasons = {target: absence(target, trial, trials[CPU]) for target, trial in trials.items()}
        report.unavailable += [(target, why) for target, why in reasons.items() if why is not None]
        present = {target: trials[target] for target, why in reasons.items() if why is None}
        for run in _judged(gate, present, pool):
            report.runs.append(run)
            print(f"[{len(report.runs)}/{len(present)}] {run.target}: {_said(run)}, {run.seconds:.0f} s", flush=True)
    report.runs.sort(key=lambda run: targets.index(run.target))
    print(report.text())
    print(report.write(options.reports / "paths.json"))
    return 0 if report.is_green else 1


def _judged(gate: Gate, trials: dict[Target, Trial], pool: Executor) -> Iterator[Run]:
    """The runs as they come: side by side, but for those that take several threads, which come last."""
    remarks = {target: remark(target, trial, trials[CPU]) for target, trial in trials.items()}
    alone = [target for target in trials if "threads" in dict(target.settings)]
    runs = [pool.submit(gate.judge, target, remarks[target]) for target in trials if target not in alone]
    for done in as_completed(runs):
        yield done.result()
    for target in alone:
        yield gate.judge(target, remarks[target])


def _said(run: Run) -> str:
    return "right" if run.is_green else run.ended or "WRONG"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tox run -e paths --", description=__doc__)
    parser.add_argument("properties", nargs="*", help="files or names of tests (default: tests/properties)")
    parser.add_argument(
        "--paths", type=_paths, default=listed_targets(",".join(PATHS)), metavar="P,…", help="code paths (default: all)"
    )
    parser.add_argument("--dtype", type=_dtypes, metavar="T,…", help="dtypes (default: all four)")
    parser.add_argument(
        "--operations", type=_operations, metavar="O,…", help="programs of these alone; @FILE has names (default: all)"
    )
    parser.add_argument("--max-examples", type=positive, metavar="N", help="examples of each property")
    parser.add_argument("--seed", type=int, metavar="N", help="draw the same programs again (default: a fresh one)")
    parser.add_argument("--hypothesis-profile", choices=PROFILES, default=DEFAULT, help=f"default: {DEFAULT}")
    parser.add_argument(
        "-p", dest="plugins", action="append", default=[], metavar="MODULE", help="a module that pytest imports first"
    )
    parser.add_argument(
        "--known-issues",
        dest="lists",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="a list of your own of known issues; may be given again",
    )
    parser.add_argument("--reports", type=Path, default=Path("reports"), metavar="DIR", help="where reports go")
    return parser.parse_args()


def _drawing(options: argparse.Namespace) -> list[str]:
    """What the command line says of drawing, as pytest's options."""
    given = {
        "--dtype": options.dtype,
        "--operations": options.operations,
        "--max-examples": options.max_examples,
        "--hypothesis-seed": options.seed,
        "--hypothesis-profile": options.hypothesis_profile,
    }
    return [f"{name}={value}" for name, value in given.items() if value is not None]


def _paths(text: str) -> list[Target]:
    try:
        targets = listed_targets(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error}") from None
    for target in targets:
        if target.device != CPU.device:
            raise argparse.ArgumentTypeError(f"{target} is no path of the CPU; the gate takes it with --device")
    return targets


def _operations(text: str) -> str:
    """``text`` for pytest, which runs in another folder."""
    return f"@{Path(text[1:]).absolute()}" if text.startswith("@") else text


def _dtypes(text: str) -> str:
    for name in text.split(","):
        if name not in NUMBER_FORMATS:
            raise argparse.ArgumentTypeError(f"{name}: unknown; choose from {','.join(NUMBER_FORMATS)}")
    return text


if __name__ == "__main__":
    sys.exit(main())
