"""The table of detection power, and what goes into ``power.json`` and ``false_alarms.json``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rich import box
from rich.table import Table
from scipy.stats import binomtest

from oracle.number_format import NUMBER_FORMATS
from tests.gate.report import as_text, environment, write_whole
from tests.power.gate_run import GateRun
from tests.power.thresholds import Threshold
from tests.suite.faults import AREAS
from tests.suite.faults.fault import Fault

PEERS = ("slow", "fast", "opinfo")


@dataclass(frozen=True)
class FaultRow:
    """What the gate and its peers say of one fault."""

    fault: Fault
    run: GateRun
    peers: dict[str, bool | None]


@dataclass
class Report:
    """Everything that was found out."""

    seed: int
    rows: list[FaultRow] = field(default_factory=list)
    alarms: list[tuple[int, GateRun]] = field(default_factory=list)
    thresholds: list[Threshold] = field(default_factory=list)

    def is_disappointing(self) -> bool:
        """Whether a fault was missed, a reproducer failed, or the gate was red without a fault."""
        missed = any(row.run.verdict != "red" or row.run.reproduced is False for row in self.rows)
        return missed or any(run.verdict != "green" for _, run in self.alarms)

    def table(self) -> str:
        """A row for each fault, in the order of the areas, one for each area, and a summary."""
        tables = [_table(self._in_order()), _area_table(self.rows)] if self.rows else []
        tables += [_threshold_table(self.thresholds)] if self.thresholds else []
        return as_text(200, *tables, *self.summary())

    def summary(self) -> list[str]:
        """What it comes to, in a few lines."""
        lines = []
        if self.rows:
            count = len(self.rows)
            caught = [row.run for row in self.rows if row.run.verdict == "red"]
            lines.append(f"caught: {len(caught)} of {count} by the gate (seed {self.seed}); " + self._by_peers())
            sized = [(run.operations, run.elements) for run in caught if run.operations is not None]
            if sized:
                operations, elements = (median(each) for each in zip(*sized, strict=True))
                lines.append(f"findings: median of {operations:g} operations and {elements:g} elements")
            reproduced = [run.reproduced for run in caught if run.reproduced is not None]
            lines.append(f"reproducers: {sum(reproduced)} of {len(reproduced)} exit with 1 with the fault, 0 without")
        if self.alarms:
            lines.append(f"false alarms: {_rate([run.verdict != 'green' for _, run in self.alarms])} runs of the gate")
            for dtype in NUMBER_FORMATS:
                red = [run.verdict != "green" and run.dtype in (dtype, "") for _, run in self.alarms]
                lines.append(f"  in {dtype}: {_rate(red)}")
            for seed, run in self.alarms:
                if run.verdict != "green":
                    lines.append(f"  not green under seed {seed}: {run.property or run.verdict}")
        return lines

    def write(self, path: Path) -> Path:
        """Write everything to ``path``, whole or not at all, and return it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {
            **environment(),
            "seed": self.seed,
            "summary": self.summary(),
            "faults": [_as_json(row) for row in self._in_order()],
            "thresholds": [asdict(found) for found in self.thresholds],
            "alarms": [{"seed": seed} | asdict(run) for seed, run in self.alarms],
        }
        return write_whole(path, content)

    def _in_order(self) -> list[FaultRow]:
        places = {fault.name: place for place, fault in enumerate(each for area in AREAS.values() for each in area)}
        return sorted(self.rows, key=lambda row: places[row.fault.name])

    def _by_peers(self) -> str:
        parts = []
        for peer, name in zip(PEERS, ("gradcheck slow", "gradcheck fast", "OpInfo samples"), strict=True):
            said = [row.peers[peer] for row in self.rows if row.peers[peer] is not None]
            parts.append(f"{sum(map(bool, said))} of {len(said)} by {name}")
        return ", ".join(parts)


def _area(fault: Fault) -> str:
    return next(name for name, faults in AREAS.items() if fault in faults)


def _as_json(row: FaultRow) -> dict[str, Any]:
    fault = {"name": row.fault.name, "area": _area(row.fault), "says": row.fault.says}
    return fault | {"modelled_on": row.fault.modelled_on} | {"gate": asdict(row.run)} | {"peers": row.peers}


def _table(rows: Sequence[FaultRow]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("area", "fault", "gate", "by", "tier"):
        table.add_column(column, no_wrap=True)
    for column in ("programs", "s", "ops", "elements"):
        table.add_column(column, justify="right", no_wrap=True)
    for column in ("reproduced", "slow", "fast", "OpInfo"):
        table.add_column(column, no_wrap=True)
    for row in rows:
        run = row.run
        sizes = ("" if each is None else str(each) for each in (run.operations, run.elements))
        table.add_row(
            _area(row.fault),
            row.fault.name,
            "caught" if run.verdict == "red" else "MISSED" if run.verdict == "green" else "BROKEN",
            f"{run.property} in {run.dtype}" if run.property else "",
            run.tier,
            str(run.examples or ""),
            f"{run.seconds:.0f}",
            *sizes,
            _yes(run.reproduced),
            *(_yes(row.peers[peer]) for peer in PEERS),
        )
    return table


def _area_table(rows: Sequence[FaultRow]) -> Table:
    """How many of each area's faults were caught; of fewer, where a peer has nothing to say of some."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("area")
    for column in ("faults", "gate", "slow", "fast", "OpInfo"):
        table.add_column(column, justify="right")
    for area in dict.fromkeys(_area(row.fault) for row in rows):
        there = [row for row in rows if _area(row.fault) == area]
        caught = sum(row.run.verdict == "red" for row in there)
        said = [[row.peers[peer] for row in there if row.peers[peer] is not None] for peer in PEERS]
        counts = (
            str(sum(map(bool, each))) if len(each) == len(there) else f"{sum(map(bool, each))} of {len(each)}"
            for each in said
        )
        table.add_row(area, str(len(there)), str(caught), *counts)
    return table


def _threshold_table(thresholds: Sequence[Threshold]) -> Table:
    """The relative error that is caught in 99 of 100 trials, in one element of one operation's gradient."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("tier")
    for column in ("operations", "elements", *NUMBER_FORMATS):
        table.add_column(column, justify="right")
    errors = {(found.tier, found.operations, found.size, found.dtype): f"{found.error:.1e}" for found in thresholds}
    for tier, operations, size in dict.fromkeys((each.tier, each.operations, each.size) for each in thresholds):
        found = (errors.get((tier, operations, size, dtype), "") for dtype in NUMBER_FORMATS)
        table.add_row(tier, str(operations), f"{size:,}", *found)
    return table


def _yes(answer: bool | None) -> str:
    return "" if answer is None else "yes" if answer else "no"


def _rate(red: list[bool]) -> str:
    """How many, and the upper end of the interval of Clopper & Pearson that leaves out 5 % above."""
    bound = binomtest(sum(red), len(red), alternative="less").proportion_ci(0.95, method="exact").high
    return f"{sum(red)} of {len(red)} (below {bound:.1%} with 95 % confidence)"
