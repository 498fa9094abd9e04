"""The verdict table and ``gate.json``."""

from __future__ import annotations

import json
import platform
import textwrap
import time
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
from tests.gate.attachments import attachments
from tests.gate.losses import times_too_small, worst
from tests.gate.pace import Pace
from tests.gate.processor import processor
from tests.gate.record import Record
from tests.gate.rows import Row, added_up
from tests.gate.waivers import waiver_content, waiver_table
from tests.gate.whole_files import write_whole_texts

SCHEMA_VERSION = 1
"""Of ``gate.json`` (``docs/schemas/gate.schema.json``)."""

SECONDS_BETWEEN_WRITES = 3.0
"""A file takes milliseconds, and a run has thousands of tests."""


class GateReport:
    """Collects the records and findings of a run, from however many processes, and writes them as they come.

    A failure is written at once, anything else within ``SECONDS_BETWEEN_WRITES``. What ends the run before its time
    leaves a file that calls it unfinished, or red if something has failed until then.

    Attributes:
        rows: what was done, by property, device and dtype.
        operations: how often each was drawn, and how often judged, by device and dtype.
    """

    def __init__(self, header: dict[str, Any], folder: Path) -> None:
        self.header = header
        self.folder = folder
        self.begun = False
        self.finished = False
        self.rows: dict[tuple[str, str, str], Row] = {}
        chosen = header.get("operations_chosen") or OPERATIONS
        self.operations: dict[str, dict[str, dict[str, int]]] = {name: {} for name in chosen}
        self.findings: list[dict[str, Any]] = []
        self.kinks: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.red = False
        self._pace = Pace(self._write, SECONDS_BETWEEN_WRITES)

    def begin(self) -> None:
        """Remove what an earlier run left in the folder, and write that this one is unfinished."""
        for path in (self.folder / "accuracy.json", *(self.folder / "findings").glob("*.*")):
            path.unlink(missing_ok=True)
        self.begun = True
        self.write()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what one test attached to its report, in this process or in another (pytest calls this)."""
        with self._pace.lock:
            # Whatever fails, a known issue that is mended included.
            self.red |= report.failed
            if report.when == "call":
                self._take_in(report)
        if self.begun or self.rows:
            if report.failed:
                self._pace.now()
            elif report.when == "call":
                self._pace.soon()

    def _take_in(self, report: pytest.TestReport) -> None:
        content: Any
        for name, content in attachments(report):
            if name == "gradcert":
                record = Record(**content)
                case = (record.property, record.device, record.dtype)
                self.rows.setdefault(case, Row(Record(*case))).add(record, report.outcome)
                self._count_operations(record)
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
        """Red once anything has failed; green if the run came to its end and judged something; else unfinished.

        A property that compared nothing on some device in some dtype makes it red at its end.
        """
        if self.red or self.empty():
            return "red"
        return "green" if self.finished and self.rows else "unfinished"

    def empty(self) -> str:
        """Which properties compared nothing, and where; empty if there are none, or before the end."""
        cases = [f"{name} on {device} in {dtype}" for (name, device, dtype), row in self.rows.items() if row.is_empty]
        return f"compared nothing: {'; '.join(cases)}" if cases and self.finished else ""

    def finish(self) -> Path:
        """Write that the run has come to its end, and return the path."""
        self.finished = True
        return self.write()

    def write(self) -> Path:
        """Write ``gate.json`` at once, whole or not at all, and return its path."""
        self._pace.now()
        return self.folder / "gate.json"

    def _write(self) -> None:
        totals = added_up(self.rows.values())
        content = {
            "schema_version": SCHEMA_VERSION,
            **environment(),
            **self.header,
            "verdict": self.verdict,
            "totals": {name: totals[name] for name in ("examples", "comparisons", "elements", "informative", "worst")},
            "properties": [row.entry(finished=self.finished) for row in self.rows.values()],
            "facts": {f"{device} {dtype}": row.total.facts for (_, device, dtype), row in self.rows.items()},
            "losses": self.losses(),
            "operations": self.operations,
            "findings": self.findings,
            "kinks": self.kinks,
            "known_issues": self._known_issues(),
        }
        # Line breaks take most of the time, and are for people.
        write_whole(self.folder / "gate.json", content, indent=1 if self.finished else None)

    def _count_operations(self, record: Record) -> None:
        case = f"{record.device} {record.dtype}"
        for by_case in self.operations.values():
            by_case.setdefault(case, {"drawn": 0, "judged": 0})
        for kind, counts in (("drawn", record.drawn), ("judged", record.judged)):
            for name, count in counts.items():
                # One that was not chosen would be a fault of this suite, which the report must show.
                here = self.operations.setdefault(name, {}).setdefault(case, {"drawn": 0, "judged": 0})
                here[kind] += count

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
        return worst(each for row in self.rows.values() for each in row.total.losses)

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
        records = [row.total for row in self.rows.values()]
        cases = [(device, dtype) for device in self.header.get("devices", ()) for dtype in self.header["dtypes"]]
        return [
            {
                "name": issue.name,
                "kind": issue.kind,
                "targets": issue.targets,
                "newer_than_verified": issue.predates(str(torch.__version__)),
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
        table = waiver_table(users_issues(), [row.total for row in self.rows.values()], self._width(width))
        return as_text(self._width(width), "waived by lists of your own:", table).rstrip()

    def not_shown(self) -> str:
        """Which known issues could not be shown, and what their reproducers said; empty if all were."""
        lines = [
            f"  {each['name']} on {each['target']}: {each['said']}"
            for each in self.issues
            if each["status"] == "cannot be shown"
        ]
        return "\n".join(["known issues that cannot be shown here:", *lines]) if lines else ""

    def news(self) -> str:
        """Which known issues are mended in this PyTorch, which is newer than what they were verified on; or empty."""
        release = str(torch.__version__)
        newer = {issue.name for issue in present_issues() if issue.predates(release)}
        lines = [
            f"  {each['name']} on {each['target']}: {each['said']}"
            for each in self.issues
            if each["status"] == "mended" and each["name"] in newer
        ]
        title = (
            f"mended in torch {release}, which is newer than what these entries were verified on; bound their versions:"
        )
        return "\n".join([title, *lines]) if lines else ""

    def left_out(self) -> str:
        """How many laws were not asked, by device; empty if all were."""
        counts: dict[str, int] = {}
        for (_, device, _), row in self.rows.items():
            counts[device] = counts.get(device, 0) + row.total.left_out
        parts = [f"{count:,} on {device}, which has no storages" for device, count in counts.items() if count]
        return f"laws not asked: {', '.join(parts)}" if parts else ""

    def table(self, width: int) -> str:
        """The verdict table, as wide as it must be: a row for each property, then one for each device and dtype.

        ``WRONG 3/716`` says that 3 of 716 items failed: of a property of operations, each is one operation in one dtype
        on one device; of any other, a dtype on a device. ``EMPTY 1/4`` says that nothing failed, but nothing was
        compared in one of four dtypes on some device.
        """
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column, justify in _COLUMNS:
            table.add_column(column, justify=justify, no_wrap=True)
        for name in dict.fromkeys(name for name, _, _ in self.rows):
            self._add_row(table, name, [row for case, row in self.rows.items() if case[0] == name])
        table.add_section()
        for place in dict.fromkeys((device, dtype) for _, device, dtype in self.rows):
            rows = [row for case, row in self.rows.items() if case[1:] == place]
            self._add_row(table, f"{place[1]} on {place[0]}", rows)
        table.add_section()
        self._add_row(table, "all", list(self.rows.values()))
        return as_text(self._width(width), table)

    def _add_row(self, table: Table, name: str, rows: list[Row]) -> None:
        total = added_up(rows)
        elements = total["elements"]
        failed, empty = sum(row.failed for row in rows), sum(row.is_empty for row in rows) if self.finished else 0
        verdict = f"EMPTY {empty}/{len(rows)}" if empty else "right"
        table.add_row(
            name,
            f"{total['examples']:,}",
            f"{total['comparisons']:,}",
            f"{elements:,}" if elements else "-",
            f"{total['informative'] / elements:.1%}" if elements else "-",
            f"{total['worst']:.2f}" if total["worst"] else "-",
            f"{total['seconds']:.1f}",
            f"WRONG {failed}/{sum(row.items for row in rows)}" if failed else verdict,
        )

    def _width(self, width: int) -> int:
        """How wide a table may be on a terminal of ``width`` columns: what the verdict table needs, at least."""
        # Names of properties have 26 columns, and those of code paths may be longer.
        cases = {f"{dtype} on {device}" for _, device, dtype in self.rows}
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
        "processor": processor(),
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
