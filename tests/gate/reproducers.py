"""Runs the reproducers of known issues; as a command, prints what each of them says at each target.

python -m tests.gate.reproducers --targets cpu,cpu/onednn=off,cpu/isa=sse41
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from rich.table import Table

from oracle.known_issue import KnownIssue
from oracle.known_issues import present_issues
from oracle.target import CPU, Target, listed_targets
from tests.gate.report import as_text

MENDED, WRONG, NOT_SHOWN = "mended", "wrong", "cannot be shown"
STATUSES = {0: MENDED, 1: WRONG, 2: NOT_SHOWN}
"""What the exit status of a reproducer says."""

BROKEN = "broken"
"""The status of one that ends in another way, or in an exception."""

AT_ONCE = 2
"""So many reproducers run side by side: more would share the cores of a small machine, and its memory."""


@dataclass(frozen=True)
class Answer:
    """What a reproducer answered.

    Attributes:
        code: its exit status.
        said: the last line that it printed.
        errors: what it wrote to its standard error.
    """

    code: int
    said: str
    errors: str

    @property
    def status(self) -> str:
        """One of ``STATUSES``, or "broken"."""
        # Python exits 1 too where nobody catches an exception: that shows nothing of a gradient.
        raised = self.code == 1 and "Traceback (most recent call last):" in self.errors
        return BROKEN if raised else STATUSES.get(self.code, BROKEN)

    @property
    def last_line(self) -> str:
        """What is worth telling of it: what it said, or of a broken one the end of its errors, too."""
        if self.status != BROKEN:
            return self.said
        ended = f"it exits {self.code}"
        return "; ".join(part for part in (ended, self.said, *self.errors.strip().splitlines()[-1:]) if part)


def script(issue: KnownIssue, target: Target) -> str:
    """The reproducer of ``issue``, so that it runs at ``target``."""
    device = "" if target.device == CPU.device else f"import torch\n\ntorch.set_default_device({target.device!r})"
    # A script of its own: imports from ``__future__`` must come first in it.
    script = f"exec(compile({issue.reproducer!r}, 'reproducer', 'exec', dont_inherit=True))"
    return "\n".join(part for part in (target.source, device, script) if part)


def answer(issue: KnownIssue, target: Target) -> Answer:
    """Run the reproducer of ``issue`` at ``target``."""
    run = subprocess.run([sys.executable, "-c", script(issue, target)], capture_output=True, text=True, check=False)
    lines = run.stdout.split("\n")
    return Answer(run.returncode, next((line.strip() for line in reversed(lines) if line.strip()), ""), run.stderr)


def answers(issues: Sequence[KnownIssue], targets: Sequence[Target]) -> Iterator[tuple[KnownIssue, list[Answer]]]:
    """Each of ``issues`` with the answer of its reproducer at each of ``targets``, as they come; some run at once."""
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        coming = [[pool.submit(answer, issue, target) for target in targets] for issue in issues]
        for issue, row in zip(issues, coming, strict=True):
            yield issue, [each.result() for each in row]
    finally:
        # Whoever has seen enough does not wait for the rest.
        pool.shutdown(cancel_futures=True)


def table(issues: tuple[KnownIssue, ...], targets: list[Target]) -> tuple[Table, bool]:
    """A row for each issue and a column for each target; and whether all is as the entries say.

    Where an entry does not concern a target, its status is in brackets.
    """
    shown = Table(box=None, pad_edge=False)
    for heading in ("issue", "kind", *map(str, targets)):
        shown.add_column(heading, no_wrap=True)
    sound = True
    for issue, came in answers(issues, targets):
        concerned = [issue.is_at(target) for target in targets]
        codes = [str(BROKEN if each.status == BROKEN else each.code) for each in came]
        cells = [code if here else f"({code})" for code, here in zip(codes, concerned, strict=True)]
        shown.add_row(issue.name, issue.kind, *cells)
        sound &= all(each.status in (WRONG, NOT_SHOWN) or not here for each, here in zip(came, concerned, strict=True))
    return shown, sound


def main(arguments: list[str] | None = None) -> int:
    """Print the table of the issues that are present."""
    parser = argparse.ArgumentParser(prog="python -m tests.gate.reproducers", description=main.__doc__)
    parser.add_argument("--targets", type=listed_targets, default=[CPU], help="such as cpu,cpu/onednn=off")
    parser.add_argument("--issues", type=partial(str.split, sep=","), help="names; all by default")
    chosen = parser.parse_args(arguments)
    issues = tuple(issue for issue in present_issues() if not chosen.issues or issue.name in chosen.issues)
    shown, sound = table(issues, chosen.targets)
    print(as_text(200, shown))
    print(
        ", ".join(f"{code}: {status}" for code, status in STATUSES.items()) + "; in brackets: not said of this target"
    )
    return 0 if sound else 1


if __name__ == "__main__":
    raise SystemExit(main())
