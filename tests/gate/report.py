"""The verdict table and ``gate.json``."""

from __future__ import annotations

import json
import platform
import textwrap
import time
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import torch
from rich import box
from rich.console import Console
from rich.table import Table

from oracle.known_issues import present_issues, users_issues
from oracle.operations import OPERATIONS
from tests.gate.losses import times_too_small, worst
from tests.gate.record import Record
from tests.gate.waivers import waiver_content, waiver_table
from tests.gate.whole_files import write_whole_texts


class GateReport:
    """Collects the records and findings of a run, from however many processes, and writes them as they come.

    What ends the run before its time leaves a file that calls it unfinished, or red if something has failed until then.

    Attributes:
        operations: how often each was drawn, and how often judged, by device and dtype.
    """

    def __init__(self, header: dict[str, Any], folder: Path) -> None:
        self.header = header
        self.folder = folder
        self.begun = False
        self.finished = False
        self.records: list[tuple[Record, str]] = []
        self.operations: dict[str, dict[str, dict[str, int]]] = {name: {} for name in OPERATIONS}
        self.findings: list[dict[str, Any]] = []
        self.kinks: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.red = False

    def begin(self) -> None:
        """Remove what an earlier run left in the folder, and write that this one is unfinished."""
        for path in (self.folder / "accuracy.json", *(self.folder / "findings").glob("*.*")):
            path.unlink(missing_ok=True)
        self.begun = True
        self.write()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what one test attached to its report, in this process or in another (pytest calls this)."""
        # Whatever fails, a known issue that is mended included.
        self.red |= report.failed
        if report.when == "call":
            self._take_in(report)
        if (self.begun or self.records) and (report.when == "call" or report.failed):
            self.write()

    def _take_in(self, report: pytest.TestReport) -> None:
        content: Any
        for name, content in report.user_properties:
            if name == "gradcert":
                self.records.append((Record(**content), report.outcome))
                self._count_operations(self.records[-1][0])
            elif name == "gradcert-finding":
                self.findings.append(content)
            elif name == "gradcert-finding-texts":
                write_whole_texts({self.folder / "findings" / name: text for name, text in content.items()})
            elif name == "gradcert-kink":
                self.kinks.append(content)
            elif name == "gradcert-known-issue":
                self.issues.append(content)

    @property
    def verdict(self) -> str:
        """Red once anything has failed; green if the run came to its end and judged something; else unfinished."""
        if self.red:
            return "red"
        return "green" if self.finished and self.records else "unfinished"

    def finish(self) -> Path:
        """Write that the run has come to its end, and return the path."""
        self.finished = True
        return self.write()

    def write(self) -> Path:
        """Write ``gate.json``, whole or not at all, and return its path."""
        totals = _total(record for record, _ in self.records)
        content = {
            **environment(),
            **self.header,
            "verdict": self.verdict,
            "totals": {name: totals[name] for name in ("examples", "comparisons", "elements", "informative", "worst")},
            "properties": [_without_counts(record) | {"outcome": outcome} for record, outcome in self.records],
            "facts": {f"{record.device} {record.dtype}": record.facts for record, _ in self.records},
            "losses": self.losses(),
            "operations": self.operations,
            "findings": self.findings,
            "kinks": self.kinks,
            "known_issues": self._known_issues(),
        }
        # Line breaks take most of the time, and are for people.
        return write_whole(self.folder / "gate.json", content, indent=1 if self.finished else None)

    def _count_operations(self, record: Record) -> None:
        for name, by_case in self.operations.items():
            here = by_case.setdefault(f"{record.device} {record.dtype}", {"drawn": 0, "judged": 0})
            here["drawn"] += record.drawn.get(name, 0)
            here["judged"] += record.judged.get(name, 0)

    def coverage(self) -> str:
        """How many operations were judged, by dtype; which were not, where that is said to be impossible."""
        counts = self.operations
        cases = dict.fromkeys(case for by_case in counts.values() for case in by_case)
        parts = []
        for case in cases:
            judged = sum(by_case[case]["judged"] > 0 for by_case in counts.values())
            if judged:
                parts.append(f"{judged} in {case.split()[1]} on {case.split()[0]}")
        return f"operations judged, of {len(counts)}: {', '.join(parts)}" if parts else ""

    def losses(self) -> list[dict[str, Any]]:
        """What sums lose that are kept in the dtype, as ``losses.Loss``: the worst of each kind."""
        return worst(each for record, _ in self.records for each in record.losses)

    def lost(self, width: int) -> str:
        """The same as a table: a row for each issue, device and dtype with its worst; empty if nothing is lost."""
        losses = self.losses()
        if not losses:
            return ""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column, justify in _LOST_COLUMNS:
            table.add_column(column, justify=justify, no_wrap=True)
        table.add_column("operations", overflow="fold")
        for issue, device, dtype in dict.fromkeys((each["issue"], each["device"], each["dtype"]) for each in losses):
            here = [each for each in losses if (each["issue"], each["device"], each["dtype"]) == (issue, device, dtype)]
            _add_lost_row(table, here)
        return as_text(self._width(width), "what sums lose that are kept in 16 bits, at most:", table).rstrip()

    def _known_issues(self) -> list[dict[str, Any]]:
        """What is known, what its reproducers answered, by target, and what users' lists waived."""
        records = [record for record, _ in self.records]
        cases = [(device, dtype) for device in self.header.get("devices", ()) for dtype in self.header["dtypes"]]
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
                **waiver_content(issue, cases, records),
            }
            for issue in dict.fromkeys((*present_issues(), *users_issues()))
        ]

    def waived(self, width: int) -> str:
        """What users' lists of known issues waived, as a table: a row an entry; empty if there are no such lists."""
        if not users_issues():
            return ""
        table = waiver_table(users_issues(), [record for record, _ in self.records], self._width(width))
        return as_text(self._width(width), "waived by lists of your own:", table).rstrip()

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
        return as_text(self._width(width), table)

    def _width(self, width: int) -> int:
        """How wide a table may be on a terminal of ``width`` columns: what the verdict table needs, at least."""
        # Names of properties have 26 columns, and those of code paths may be longer.
        cases = {f"{record.dtype} on {record.device}" for record, _ in self.records}
        return max(width, 84 + max([26, *map(len, cases)]))


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


def write_whole(path: Path, content: dict[str, Any], indent: int | None = 1) -> Path:
    """Write ``content`` as JSON, whole or not at all, and return ``path``."""
    write_whole_texts({path: json.dumps(content, indent=indent, ensure_ascii=False) + "\n"})
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


_LOST_COLUMNS: tuple[tuple[str, Any], ...] = (
    ("dtype", "left"),
    ("device", "left"),
    ("came", "right"),
    ("due", "right"),
    ("times\ntoo small", "right"),
    ("known issue", "left"),
)

_ISSUE_WIDTH = 30
"""Columns for the name of an issue, which may have more than 50: the operations need room beside it."""


def _add_lost_row(table: Table, losses: list[dict[str, Any]]) -> None:
    """Add the worst of ``losses``, which are of one issue, device and dtype, and the operations of all."""
    most = max(losses, key=lambda each: times_too_small(each["factor"]))
    table.add_row(
        most["dtype"],
        most["device"],
        f"{most['came']:,.4g}",
        f"{most['due']:,.4g}",
        "∞" if most["factor"] is None else f"{most['factor']:,.3g}",
        "\n".join(textwrap.wrap(most["issue"], _ISSUE_WIDTH)),
        ", ".join(dict.fromkeys(each["operation"] for each in losses)),
    )


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
    left = ("drawn", "judged", "losses", "facts", "met", "waived")
    return {name: value for name, value in vars(record).items() if name not in left}


def _total(records: Iterable[Record]) -> dict[str, Any]:
    records = list(records)
    total: dict[str, Any] = {
        name: sum(getattr(record, name) for record in records)
        for name in ("examples", "comparisons", "elements", "informative", "seconds")
    }
    return total | {"worst": max((record.worst for record in records), default=0.0)}
