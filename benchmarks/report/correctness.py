"""What the gate says: its verdict, its properties, its findings and the issues that are known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.report import quantities, table
from benchmarks.report.inputs import Gate, KnownIssue, Property
from benchmarks.report.table import Cell, Column, Table, words


@dataclass(frozen=True)
class Totals:
    """What some records of properties add up to; ``wrong_in`` names those whose property does not hold."""

    name: str
    examples: int
    comparisons: int
    elements: int
    informative: int
    worst: float
    seconds: float
    records: int
    wrong_in: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """In words: right, or where it is wrong."""
        if not self.wrong_in:
            return "right"
        everywhere = len(self.wrong_in) == self.records > 1
        return "wrong everywhere" if everywhere else f"wrong in {', '.join(self.wrong_in)}"

    @property
    def informative_share(self) -> float:
        """The share of gradient elements that tell something; NaN if there are none."""
        return self.informative / self.elements if self.elements else math.nan


_Name = Callable[[Property], str]


def _of_property(record: Property) -> str:
    return record.property


def _of_dtype(record: Property) -> str:
    return f"{record.dtype} on {record.device}"


def _totals(name: str, records: Sequence[Property], part: _Name) -> Totals:
    """What ``records`` add up to; ``part`` names each of them."""
    return Totals(
        name,
        sum(each.examples for each in records),
        sum(each.comparisons for each in records),
        sum(each.elements for each in records),
        sum(each.informative for each in records),
        max((each.worst for each in records), default=0.0),
        sum(each.seconds for each in records),
        len(records),
        tuple(part(each) for each in records if each.outcome == "failed"),
    )


def by_property(gate: Gate) -> list[Totals]:
    """One for each property, over devices and dtypes."""
    return _grouped(gate, _of_property, _of_dtype)


def _grouped(gate: Gate, name: _Name, part: _Name) -> list[Totals]:
    groups: dict[str, list[Property]] = {}
    for each in gate.properties:
        groups.setdefault(name(each), []).append(each)
    return [_totals(key, records, part) for key, records in groups.items()]


@dataclass(frozen=True)
class Headline:
    """The verdict on top of the page, with the facts that say what it is about."""

    colour: Literal["green", "red", "none"]
    title: str
    sentence: str
    facts: tuple[tuple[str, str], ...] = ()


def headline(gate: Gate | None) -> Headline:
    """The verdict of the gate, or that there is none."""
    if gate is None:
        return Headline("none", "The gate has not been run", "Nothing here says whether these gradients are right.")
    total = _totals("all", gate.properties, _of_property)
    compared = quantities.counted(total.elements, "gradient element")
    if not total.elements:
        compared = quantities.counted(total.comparisons, "value")
    facts = [
        ("PyTorch", gate.torch),
        ("Devices", ", ".join(gate.devices)),
        ("Dtypes", ", ".join(gate.dtypes)),
        ("Profile", f"{gate.profile}, {quantities.counted(gate.max_examples, 'example')} a property"),
        ("Seed", gate.seed or "none"),
    ]
    facts += [("Date", gate.date)] if gate.date else []
    facts += [("Left out", "; ".join(gate.left_out))] if gate.left_out else []
    if gate.verdict == "unfinished":
        sentence = f"It was ended before its time. {compared} compared until then; none was found wrong."
        return Headline("none", "The gate was not finished", sentence, tuple(facts))
    if gate.verdict == "green":
        evidence = f", {quantities.share(total.informative_share)} of them informative" if total.elements else ""
        return Headline("green", "Gate green", f"{compared} compared{evidence}; none was found wrong.", tuple(facts))
    found = quantities.counted(len(gate.findings), "finding") if gate.findings else "No finding, but a failure"
    failed = [each.name for each in by_property(gate) if each.wrong_in]
    where = f" in {', '.join(failed)}" if failed else "; the output of the gate says what failed"
    return Headline("red", "Gate red", f"{found}{where}. {compared} compared.", tuple(facts))


_COLUMNS = (
    Column("Examples", "programs that were drawn and run"),
    Column("Comparisons", "everything compared: elements of gradients and outputs, laws, finite differences"),
    Column("Gradients", "gradient elements that were compared, each on its own"),
    Column("Informative", "share of them whose radius is at most a tenth of the gradient, so that they are evidence"),
    Column("Radii", "the largest error, in units of what error analysis allows; at most 1 if right"),
    Column("Time", "for drawing, running and judging"),
    words("Verdict", "right, or where it is wrong"),
    Column("Run again", "what draws the same programs again; copy it", "command"),
)


def property_table(gate: Gate) -> Table:
    """A row for each property."""
    column = words("Property", "what must hold; the README says it of each")
    rows = [_row(each, _again(gate, f"-k 'test_{each.name.replace(' ', '_')}['")) for each in by_property(gate)]
    return Table("properties", "Properties", (column, *_COLUMNS), rows)


def dtype_table(gate: Gate) -> Table:
    """A row for each device and dtype."""
    groups = _grouped(gate, _of_dtype, _of_property)
    column = words("Dtype and device", "where the programs ran")
    rows = []
    for each in groups:
        dtype, _, device = each.name.partition(" on ")
        rows.append(_row(each, _again(gate, f"--device {device} --dtype {dtype}")))
    return Table("dtypes", "Dtypes and devices", (column, *_COLUMNS), rows)


def _again(gate: Gate, chosen: str) -> str:
    """The command that draws the ``chosen`` programs of this run again."""
    seed = f" --hypothesis-seed={gate.seed}" if gate.seed else ""
    return f"tox run -e gate -- {chosen} --hypothesis-profile={gate.profile}{seed}"


def _row(each: Totals, command: str) -> tuple[Cell, ...]:
    return (
        Cell(each.name),
        table.count(each.examples),
        table.count(each.comparisons),
        table.count(each.elements or None),
        table.share(each.informative_share),
        Cell(f"{each.worst:.2f}", each.worst) if each.worst else Cell(quantities.ABSENT),
        Cell(f"{each.seconds:.1f} s", each.seconds),
        Cell(each.verdict, verdict="bad" if each.wrong_in else "good"),
        Cell(command),
    )


def coverage(gate: Gate) -> str:
    """How many operations were judged in each dtype, in a sentence."""
    cases = dict.fromkeys(case for by_case in gate.operations.values() for case in by_case)
    judged = {
        case: sum(case in by_case and by_case[case].judged > 0 for by_case in gate.operations.values())
        for case in cases
    }
    parts = [f"{number} in {' on '.join(reversed(case.split()))}" for case, number in judged.items() if number]
    return f"Operations judged, of {len(gate.operations)}: {', '.join(parts)}." if parts else "No operation was judged."


def known_issue_table(issues: tuple[KnownIssue, ...]) -> Table:
    """A row for each issue that this PyTorch has."""
    columns = (
        words("Issue", "its name in oracle/known_issues.toml, where its reproducer is"),
        words("Reason", "what goes wrong, and where"),
        words("Reported", "the issue in PyTorch's tracker, if there is one"),
    )
    rows = [(Cell(each.name), Cell(each.reason), _reported(each.link)) for each in issues]
    return Table("known-issues", "Known issues", columns, rows)


def _reported(link: str) -> Cell:
    if not link.startswith("https://"):
        return Cell(link)
    return Cell(link.removeprefix("https://").removeprefix("github.com/"), link=link)
