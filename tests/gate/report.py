"""The verdict table and ``gate.json``."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Iterable
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import torch
from rich import box
from rich.console import Console
from rich.table import Table

from oracle.known_issues import present_issues
from oracle.operations import OPERATIONS
from tests.gate.record import Record
from tests.gate.whole_files import write_whole_texts


class GateReport:
    """Collects the records and findings of a run, from however many processes."""

    def __init__(self, header: dict[str, Any]) -> None:
        self.header = header
        self.records: list[tuple[Record, str]] = []
        self.findings: list[dict[str, Any]] = []
        self.kinks: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.red = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what one test attached to its report, in this process or in another (pytest calls this)."""
        # Whatever fails, a known issue that is mended included.
        self.red |= report.failed
        if report.when != "call":
            return
        content: Any
        for name, content in report.user_properties:
            if name == "gradcert":
                self.records.append((Record(**content), report.outcome))
            elif name == "gradcert-finding":
                self.findings.append(content)
            elif name == "gradcert-kink":
                self.kinks.append(content)
            elif name == "gradcert-known-issue":
                self.issues.append(content)

    def write(self, folder: Path) -> Path:
        """Write ``gate.json`` into ``folder``, whole or not at all, and return its path."""
        totals = _total(record for record, _ in self.records)
        content = {
            **environment(),
            **self.header,
            "verdict": "red" if self.red else "green",
            "totals": {name: totals[name] for name in ("examples", "comparisons", "elements", "informative", "worst")},
            "properties": [_without_counts(record) | {"outcome": outcome} for record, outcome in self.records],
            "facts": {f"{record.device} {record.dtype}": record.facts for record, _ in self.records},
            "operations": self._operations(),
            "findings": self.findings,
            "kinks": self.kinks,
            "known_issues": self._known_issues(),
        }
        return write_whole(folder / "gate.json", content)

    def _operations(self) -> dict[str, dict[str, dict[str, int]]]:
        """How often each operation was drawn, and how often judged, by device and dtype."""
        counts: dict[str, dict[str, dict[str, int]]] = {}
        for name in OPERATIONS:
            counts[name] = {}
            for record, _ in self.records:
                here = counts[name].setdefault(f"{record.device} {record.dtype}", {"drawn": 0, "judged": 0})
                here["drawn"] += record.drawn.get(name, 0)
                here["judged"] += record.judged.get(name, 0)
        return counts

    def coverage(self) -> str:
        """How many operations were judged, by dtype; which were not, where that is said to be impossible."""
        counts = self._operations()
        cases = dict.fromkeys(case for by_case in counts.values() for case in by_case)
        parts = []
        for case in cases:
            judged = sum(by_case[case]["judged"] > 0 for by_case in counts.values())
            if judged:
                parts.append(f"{judged} in {case.split()[1]} on {case.split()[0]}")
        return f"operations judged, of {len(counts)}: {', '.join(parts)}" if parts else ""

    def _known_issues(self) -> list[dict[str, Any]]:
        """What is known, and what its reproducers answered, by target."""
        return [
            {
                "name": issue.name,
                "kind": issue.kind,
                "targets": issue.targets,
                "link": issue.link,
                "reason": issue.reason,
                "answers": {
                    each["target"]: {"status": each["status"], "said": each["said"]}
                    for each in self.issues
                    if each["name"] == issue.name
                },
            }
            for issue in present_issues()
        ]

    def not_shown(self) -> str:
        """Which known issues could not be shown, and what their reproducers said; empty if all were."""
        lines = [
            f"  {each['name']} on {each['target']}: {each['said']}"
            for each in self.issues
            if each["status"] == "cannot be shown"
        ]
        return "\n".join(["known issues that cannot be shown here:", *lines]) if lines else ""

    def left_out(self) -> str:
        """How many laws were not asked, by device; empty if all were."""
        counts: dict[str, int] = {}
        for record, _ in self.records:
            counts[record.device] = counts.get(record.device, 0) + record.left_out
        parts = [f"{count:,} on {device}, which has no storages" for device, count in counts.items() if count]
        return f"laws not asked: {', '.join(parts)}" if parts else ""

    def table(self, width: int) -> str:
        """The verdict table, as wide as it must be: a row for each property, then one for each device and dtype."""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column, justify in _COLUMNS:
            table.add_column(column, justify=justify, no_wrap=True)
        for name in dict.fromkeys(record.property for record, _ in self.records):
            _add_row(table, name, [each for each in self.records if each[0].property == name])
        table.add_section()
        for device, dtype in dict.fromkeys((record.device, record.dtype) for record, _ in self.records):
            rows = [each for each in self.records if (each[0].device, each[0].dtype) == (device, dtype)]
            _add_row(table, f"{dtype} on {device}", rows)
        table.add_section()
        _add_row(table, "all", self.records)
        # Names of properties have 26 columns, and those of code paths may be longer.
        cases = {f"{record.dtype} on {record.device}" for record, _ in self.records}
        return as_text(max(width, 84 + max(26, *map(len, cases))), table)


def as_text(width: int, *parts: Table | str) -> str:
    """``parts`` below each other, at most ``width`` columns wide, without colours."""
    console = Console(file=StringIO(), width=width, color_system=None, markup=False)
    for part in parts:
        console.print(part)
    assert isinstance(console.file, StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def environment() -> dict[str, str]:
    """What every report says of where it was made."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "torch": str(torch.__version__),
        "python": platform.python_version(),
        "machine": platform.platform(),
    }


def write_whole(path: Path, content: dict[str, Any]) -> Path:
    """Write ``content`` as JSON, whole or not at all, and return ``path``."""
    write_whole_texts({path: json.dumps(content, indent=1, ensure_ascii=False) + "\n"})
    return path


_COLUMNS: tuple[tuple[str, Any], ...] = (
    ("property", "left"),
    ("examples", "right"),
    ("comparisons", "right"),
    ("gradients", "right"),
    ("informative", "right"),
    ("radii", "right"),
    ("seconds", "right"),
    ("verdict", "left"),
)
"""``gradients`` counts compared gradient elements, ``radii`` is the largest error in radii."""


def _add_row(table: Table, name: str, rows: list[tuple[Record, str]]) -> None:
    total = _total(record for record, _ in rows)
    elements = total["elements"]
    failed = sum(outcome == "failed" for _, outcome in rows)
    table.add_row(
        name,
        f"{total['examples']:,}",
        f"{total['comparisons']:,}",
        f"{elements:,}" if elements else "-",
        f"{total['informative'] / elements:.1%}" if elements else "-",
        f"{total['worst']:.2f}" if total["worst"] else "-",
        f"{total['seconds']:.1f}",
        f"WRONG {failed}/{len(rows)}" if failed else "right",
    )


def _without_counts(record: Record) -> dict[str, Any]:
    return {name: value for name, value in asdict(record).items() if name not in ("drawn", "judged", "facts")}


def _total(records: Iterable[Record]) -> dict[str, Any]:
    records = list(records)
    total: dict[str, Any] = {
        name: sum(getattr(record, name) for record in records)
        for name in ("examples", "comparisons", "elements", "informative", "seconds")
    }
    return total | {"worst": max((record.worst for record in records), default=0.0)}
