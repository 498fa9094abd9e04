"""The table of code paths, and ``paths.json``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from oracle.target import CPU, Target
from tests.gate.report import as_text, environment, write_whole
from tests.paths.runs import Run


@dataclass
class Report:
    """Everything that was found out.

    Attributes:
        drawn: the run that drew the programs.
        programs: how many it stored.
        runs: those that judged them, the base's first.
        unavailable: what this machine lacks, and why.
    """

    drawn: Run
    programs: int
    runs: list[Run] = field(default_factory=list)
    unavailable: list[tuple[Target, str]] = field(default_factory=list)

    @property
    def is_green(self) -> bool:
        """Whether nothing was wrong in any run, and each came to its end."""
        return self.drawn.is_green and all(run.is_green for run in self.runs)

    def findings(self) -> list[dict[str, Any]]:
        """Every finding once, with the paths on which the same is wrong with the same program."""
        found: dict[str, dict[str, Any]] = {}
        for run in self.runs:
            for each in run.report.get("findings", []):
                same = str([each[name] for name in ("program", "dtype", "route", "place")])
                found.setdefault(same, {**each, "paths": []})["paths"].append(str(run.target))
        return list(found.values())

    def text(self) -> str:
        """The table, what is wrong, and what is not told by it."""
        lines = [
            f"{each['message']}\n\n  wrong on: {', '.join(each['paths'])}{_reproducer(each)}\n"
            for each in self.findings()
        ]
        return "\n".join([*lines, as_text(160, self._table()), *self._closing()])

    def write(self, path: Path) -> Path:
        """Write everything to ``path``, whole or not at all, and return it."""
        content = {
            **environment(),
            "verdict": "green" if self.is_green else "red",
            "stored": self._stored(),
            "paths": [_as_json(run) for run in self.runs],
            "unavailable": [{"target": str(target), "why": why} for target, why in self.unavailable],
            "findings": self.findings(),
        }
        return write_whole(path, content)

    def _stored(self) -> dict[str, Any]:
        report = self.drawn.report
        chosen = {name: report.get(name) for name in ("profile", "max_examples", "seed", "dtypes", "operations_chosen")}
        return {"programs": self.programs, "seconds": self.drawn.seconds, "ended": self.drawn.ended, **chosen}

    def _closing(self) -> list[str]:
        stored = self._stored()
        lines = [
            f"drawn: {self.programs:,} programs in {self.drawn.seconds:.0f} s, profile {stored['profile']},"
            f" {stored['max_examples']} examples a property, seed {stored['seed']}"
        ]
        if self.drawn.ended:
            lines.append(f"the run that drew them did not come to its end: {self.drawn.ended}")
        elif not self.drawn.is_green:
            lines.append("something was wrong already when they were drawn")
        return lines

    def _table(self) -> Table:
        dtypes = list(dict.fromkeys(dtype for run in self.runs for dtype in run.report.get("dtypes", [])))
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column in ("path", *dtypes):
            table.add_column(column, no_wrap=True)
        for column in ("programs", "seconds"):
            table.add_column(column, justify="right", no_wrap=True)
        table.add_column("")
        for run in self.runs:
            summary = _by_dtype(run.report)
            verdicts = [summary[dtype]["verdict"] if dtype in summary else "-" for dtype in dtypes]
            programs = sum(each["examples"] for each in summary.values())
            said = run.ended or run.remark
            table.add_row(str(run.target), *verdicts, f"{programs:,}", f"{run.seconds:.0f}", said)
        for target, why in self.unavailable:
            table.add_row(str(target), *["-"] * len(dtypes), "-", "-", f"not on this machine: {why}")
        return table


def _by_dtype(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What was compared in each dtype, and how many properties were wrong."""
    summary = {}
    for dtype in report.get("dtypes", []):
        rows: Sequence[dict[str, Any]] = [each for each in report["properties"] if each["dtype"] == dtype]
        wrong = sum(row["outcome"] == "failed" for row in rows)
        totals = {name: sum(row[name] for row in rows) for name in ("examples", "comparisons", "elements")}
        worst = max((row["worst"] for row in rows), default=0.0)
        summary[dtype] = {**totals, "worst": worst, "verdict": f"WRONG {wrong}" if wrong else "right"}
    return summary


def _as_json(run: Run) -> dict[str, Any]:
    facts = {name.split()[1]: each for name, each in run.report.get("facts", {}).items()}
    return {
        "target": str(run.target),
        "green": run.is_green,
        "ended": run.ended,
        "remark": run.remark,
        "seconds": run.seconds,
        "facts": facts,
        "dtypes": _by_dtype(run.report),
    }


def _reproducer(finding: dict[str, Any]) -> str:
    too = "" if str(CPU) in finding["paths"] else f", and not on {CPU}"
    return f"{too}\n  reproducer: python {finding['reproducer']}" if finding["reproducer"] else too
