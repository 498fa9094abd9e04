"""``python -m tests.gate.releases``: what the reproducers of all known issues answer on the PyTorch that is installed.

Fills its column in ``docs/known-issues.json``, whatever versions the entries name, and writes ``docs/known-issues.md``.
The exit status is 0 if entries, table and answers agree, 1 if they do not, and 2 for bad input.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from packaging.version import Version

from oracle.known_issue import minor_release
from oracle.known_issues import known_issues
from oracle.target import VARIABLES, Target, listed_targets
from tests.gate.agreement import disagreements
from tests.gate.release_table import ANSWERS, FOLDER, PAGE, BrokenTable, Column, Told, cell, read, write
from tests.gate.report import environment
from tests.gate.reproducers import answers

TARGETS = ("cpu", "cpu/onednn=off", "cpu/isa=avx2", "cpu/capability=avx2", "cpu/isa=sse41")
"""Where reproducers run by default: on kernels of oneDNN, of ATen, and on those for older processors."""

ROOT = Path(__file__).parents[2]


class BadInput(Exception):
    """Nothing can be run, and why, in one line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line, or ``arguments``, asks for, and return the exit status."""
    options = _options(arguments)
    issues = known_issues()
    path = options.folder / ANSWERS
    try:
        columns = read(path)
        if not options.render:
            options.folder.mkdir(parents=True, exist_ok=True)
            release, column = _asked(environment(), options.targets)
            # Read again: meanwhile another release may have filled in its own.
            columns = read(path) | {release: column}
        elif not columns:
            raise BadInput(f"{path}: not there; run 'python -m tests.gate.releases' to make it")
        write(options.folder, issues, columns)
    except (BadInput, BrokenTable) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename2 or error.filename}: cannot be written ({error.strerror})", file=sys.stderr)
        return 2
    lines = disagreements(issues, columns)
    print(*lines, path, options.folder / PAGE, sep="\n")
    return 1 if lines else 0


def _asked(about: dict[str, str], targets: Sequence[Target]) -> tuple[str, Column]:
    """The release that is installed, and what reproducers answer at ``targets``, which is printed as it comes."""
    if Version(about["torch"]).is_prerelease:
        raise BadInput(
            f"torch {about['torch']} is no release and has no column; ask it with 'python -m tests.gate.reproducers'"
        )
    for name in VARIABLES:
        if name in os.environ:
            raise BadInput(f"{name} is set to {os.environ[name]}, so that no target is what it is called; unset it")
    usable = []
    for target in targets:
        why = absence_there(target)
        if why is None:
            usable.append(target)
        else:
            print(f"{target} is left out: {why}", flush=True)
    if not usable:
        raise BadInput("none of these targets can be used on this machine; name others with --targets")
    column = Column(about["torch"], about["date"], about["processor"], {})
    for issue, came in answers(known_issues(), usable):
        told = [Told(each.status, each.last_line) for each in came]
        column.answers[issue.name] = dict(zip(map(str, usable), told, strict=True))
        print(f"{issue.name}: {cell(issue, column)}", flush=True)
    return minor_release(about["torch"]), column


def absence_there(target: Target) -> str | None:
    """Why ``target`` cannot be used, as a process with its variables finds out; None if it can."""
    script = (
        f"{target.source}\nfrom oracle.device import absence\nfrom oracle.target import Target\n"
        f"print(absence(Target.parse({str(target)!r})) or '')"
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    if run.returncode:
        return f"Python ends there with status {run.returncode}"
    return run.stdout.strip() or None


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tox run -e known-issues --", description=__doc__)
    parser.add_argument(
        "--targets",
        type=_targets,
        default=[Target.parse(each) for each in TARGETS],
        metavar="D,…",
        help=f"where reproducers run (default: {','.join(TARGETS)})",
    )
    parser.add_argument("--render", action="store_true", help="run nothing, and write the page from what is there")
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, metavar="DIR", help=f"where {ANSWERS} and {PAGE} are (default: docs)"
    )
    return parser.parse_args(arguments)


def _targets(text: str) -> list[Target]:
    try:
        return listed_targets(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())
