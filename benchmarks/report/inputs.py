"""What a report is made of: the JSON files that a folder holds."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cattrs import BaseValidationError, structure, transform_error

from benchmarks import records
from benchmarks.comparison.measurement import Graphs
from benchmarks.comparison.rule import Comparison
from oracle.sweep import Accuracy
from tests.gate.losses import Loss
from tests.gate.report import SCHEMA_VERSION
from tests.power.gate_run import GateRun
from tests.power.thresholds import Threshold

COMMANDS = {
    "gate.json": "tox run -e gate",
    "power.json": "tox run -e power",
    "false_alarms.json": "tox run -e power -- --false-alarms 50",
    "accuracy.json": "tox run -e gate",
    "paths.json": "tox run -e paths",
    "benchmarks.json": "tox run -e bench",
    "comparison.json": "tox run -e compare -- --base PYTHON",
}
"""The files, and what makes each."""


class BrokenInput(Exception):
    """A report cannot be made of what is there, and why, in one line."""


@dataclass(frozen=True)
class Property:
    """What one property did on one device with one dtype; ``seconds`` and counts as in ``tests.gate.record.Record``.

    Of its ``items``, one for each operation or one, so many have ``failed``; reports from before there were several do
    not say.
    """

    property: str
    device: str
    dtype: str
    examples: int
    comparisons: int
    elements: int
    informative: int
    worst: float
    seconds: float
    outcome: str
    items: int = 1
    failed: int = 0


@dataclass(frozen=True)
class Finding:
    """Something wrong: its full message, and where its reproducer lies; None if it did not come again."""

    identifier: str
    device: str
    dtype: str
    route: str
    tier: str
    message: str
    reproducer: str | None


@dataclass(frozen=True)
class Answer:
    """What the reproducer of a known issue showed on one target, and what it said."""

    status: str
    said: str = ""


@dataclass(frozen=True)
class KnownIssue:
    """A wrong gradient that this PyTorch is known to have; ``answers`` by target, ``targets`` empty if it is at all.

    ``newer_than_verified`` says whether this PyTorch is newer than every release on which that was verified.
    Reports from before an issue had a kind have none of these.
    """

    name: str
    reason: str
    link: str
    kind: str = ""
    targets: tuple[str, ...] = ()
    newer_than_verified: bool = False
    answers: dict[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """What was measured of the arithmetic of one dtype on one target, as in ``oracle.arithmetic.DeviceArithmetic``.

    None where it was not measured.
    """

    powers_are_exact: bool | None = None
    flushes_subnormals: bool | None = None
    kept_in_dtype: tuple[str, ...] | None = None
    composite: tuple[str, ...] | None = None
    product_roundoff: float | None = None
    products_flush_subnormals: bool | None = None


@dataclass(frozen=True)
class Judged:
    """How often an operation was drawn, and how often a gradient of it told something."""

    drawn: int
    judged: int


@dataclass(frozen=True)
class Gate:
    """``gate.json``; operations by name, then by device and dtype; facts by both, as in ``cpu float16``.

    ``operations_chosen`` are those to which the run kept; None if it kept to none.
    """

    schema_version: int
    torch: str
    python: str
    machine: str
    devices: tuple[str, ...]
    dtypes: tuple[str, ...]
    left_out: tuple[str, ...]
    profile: str
    max_examples: int
    seed: str | None
    verdict: str
    properties: tuple[Property, ...]
    operations: dict[str, dict[str, Judged]]
    findings: tuple[Finding, ...]
    known_issues: tuple[KnownIssue, ...]
    facts: dict[str, Facts] = field(default_factory=dict)
    losses: tuple[Loss, ...] = ()
    operations_chosen: tuple[str, ...] | None = None
    date: str = ""


@dataclass(frozen=True)
class PlantedFault:
    """What the gate and its peers say of one fault; a peer that could not be asked says None."""

    name: str
    area: str
    says: str
    gate: GateRun
    peers: dict[str, bool | None]


@dataclass(frozen=True)
class Power:
    """``power.json``, and ``false_alarms.json``, which has a summary alone."""

    torch: str
    seed: int
    summary: tuple[str, ...]
    faults: tuple[PlantedFault, ...]
    thresholds: tuple[Threshold, ...]
    date: str = ""


@dataclass(frozen=True)
class SweptOperation:
    """One operation in the sweep, at every ``stride``-th number of its dtype."""

    operation: str
    dtype: str
    device: str
    stride: int
    inputs: int
    forward: Accuracy
    gradient: Accuracy


@dataclass(frozen=True)
class Sweep:
    """``accuracy.json``."""

    torch: str
    operations: tuple[SweptOperation, ...]
    date: str = ""


@dataclass(frozen=True)
class PathDtype:
    """What was judged of one dtype on one code path; the verdict is ``right``, or ``WRONG`` and how many properties."""

    examples: int
    verdict: str


@dataclass(frozen=True)
class CodePath:
    """The programs judged on one code path; ``ended`` says how if not by themselves. Facts and dtypes by dtype."""

    target: str
    green: bool
    ended: str
    remark: str
    seconds: float
    facts: dict[str, Facts]
    dtypes: dict[str, PathDtype]


@dataclass(frozen=True)
class Unavailable:
    """A code path that the machine lacks, and why."""

    target: str
    why: str


@dataclass(frozen=True)
class PathFinding(Finding):
    """Something wrong, and the code paths on which it is."""

    paths: tuple[str, ...] = field(kw_only=True)


@dataclass(frozen=True)
class Drawn:
    """How the programs were drawn; what the gate did not come to say is None."""

    programs: int
    seconds: float
    ended: str
    profile: str | None = None
    max_examples: int | None = None
    seed: str | None = None


@dataclass(frozen=True)
class Paths:
    """``paths.json``; the first of the paths is the base."""

    torch: str
    python: str
    machine: str
    verdict: str
    stored: Drawn
    paths: tuple[CodePath, ...]
    unavailable: tuple[Unavailable, ...]
    findings: tuple[PathFinding, ...]
    date: str = ""


@dataclass(frozen=True)
class ComparedRow:
    """One pass of one workload: ``comparison`` if both sides were timed in turn, else seconds ``stored`` and ``now``.

    Neither, if ``wrong`` says what is wrong with head's gradient.
    """

    workload: str
    size: int
    dtype: str
    graphs: Graphs
    timed: str = "backward"
    comparison: Comparison | None = None
    stored: float = math.nan
    now: float = math.nan
    wrong: str = ""


@dataclass(frozen=True)
class ComparisonFile:
    """``comparison.json``; results that were stored have no controls."""

    base: dict[str, str]
    head: dict[str, str]
    verdict: str
    rows: tuple[ComparedRow, ...]
    controls: dict[str, Comparison] | None = None


@dataclass
class Inputs:
    """Whatever of the files is there; ``raw`` holds their bytes by name."""

    gate: Gate | None = None
    power: Power | None = None
    false_alarms: Power | None = None
    sweep: Sweep | None = None
    paths: Paths | None = None
    results: records.Results | None = None
    comparison: ComparisonFile | None = None
    raw: dict[str, bytes] = field(default_factory=dict)

    @property
    def releases(self) -> dict[str, str]:
        """The version of PyTorch that each file is about."""
        of = {
            "gate.json": self.gate,
            "power.json": self.power,
            "false_alarms.json": self.false_alarms,
            "accuracy.json": self.sweep,
            "paths.json": self.paths,
        }
        found = {name: each.torch for name, each in of.items() if each is not None}
        return found | ({"benchmarks.json": str(self.results.provenance["torch"])} if self.results else {})


def read(folder: Path) -> Inputs:
    """The files of ``folder`` that a report is made of.

    Raises:
        BrokenInput: if there are none, or one cannot be read.
    """
    if not folder.is_dir():
        raise BrokenInput(f"{folder}: no such folder")
    found = Inputs()
    for name in COMMANDS:
        path = folder / name
        if path.exists():
            found.raw[name] = _bytes(path)
    if not found.raw:
        raise BrokenInput(f"{folder}: none of {', '.join(COMMANDS)} is there; {_what_makes_them()}")
    found.gate = _structured(folder, "gate.json", Gate, found.raw)
    if found.gate is not None and found.gate.schema_version != SCHEMA_VERSION:
        raise BrokenInput(
            f"{folder / 'gate.json'}: has schema_version {found.gate.schema_version}, and {SCHEMA_VERSION} is read here"
        )
    found.power = _structured(folder, "power.json", Power, found.raw)
    found.false_alarms = _structured(folder, "false_alarms.json", Power, found.raw)
    found.sweep = _structured(folder, "accuracy.json", Sweep, found.raw)
    found.paths = _structured(folder, "paths.json", Paths, found.raw)
    found.comparison = _structured(folder, "comparison.json", ComparisonFile, found.raw)
    if "benchmarks.json" in found.raw:
        try:
            found.results = records.read(folder / "benchmarks.json")
        except records.BrokenResults as error:
            raise BrokenInput(str(error)) from None
    return found


def _what_makes_them() -> str:
    by_command: dict[str, list[str]] = {}
    for name, command in COMMANDS.items():
        by_command.setdefault(command, []).append(name)
    return ", ".join(f"'{command}' makes {' and '.join(names)}" for command, names in by_command.items())


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BrokenInput(f"{path}: cannot be read ({error.strerror})") from None


_T = TypeVar("_T")


def _structured(folder: Path, name: str, kind: type[_T], raw: dict[str, bytes]) -> _T | None:
    if name not in raw:
        return None
    try:
        return structure(json.loads(raw[name]), kind)
    except BaseValidationError as error:
        complaint = next(_lines(error))
        raise BrokenInput(f"{folder / name}: not what '{COMMANDS[name]}' writes ({complaint})") from None
    except ValueError as error:
        raise BrokenInput(f"{folder / name}: broken JSON ({error})") from None


def _lines(error: BaseValidationError) -> Iterator[str]:
    for line in transform_error(error, path="it"):
        yield " ".join(line.split())
